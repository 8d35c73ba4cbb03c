export type { BrokerKind } from './guarantees';
export * as jobs from './jobs';
export * as others from './others';

export * as jobs from './jobs';
export * as others from './others';

import type { RabbitBroker } from '../../../brokers/rabbitmq/port';
import type { CeleryOptions } from '../parts';
import type { TransportOverview } from '../types';
import type { Named } from './classify';
import { Looks } from './looks';
import type { QueueFact } from './queue-facts';

/** What the parts of this transport share: where it is, what was seen last, and what was looked at. */
export interface RabbitState {
  readonly broker: RabbitBroker;
  /** Key of the installation, for refs. */
  readonly installation: string;
  readonly named: Named;
  /** Looks by itself where a page is asked for: the option `peek`, for programs. */
  readonly peek: boolean;
  readonly looks: Looks;
  /** The app's queues as of the last overview, by name; null before the first. */
  queues: ReadonlyMap<string, QueueFact> | null;
  /** Delay queues likewise. */
  delayed: ReadonlyMap<string, QueueFact>;
  /** What was read last, and when (Unix milliseconds). */
  last: { readonly at: number; readonly overview: TransportOverview } | null;
  /** Routing keys of the app's queues. */
  targets: ReadonlyMap<string, string>;
}

/** Nothing has been looked at yet. */
export function newState(broker: RabbitBroker, installation: string, options: CeleryOptions): RabbitState {
  return {
    broker,
    installation,
    named: { queues: options.queues, eventExchange: options.eventExchange },
    peek: options.peek,
    looks: new Looks(),
    queues: null,
    delayed: new Map(),
    last: null,
    targets: new Map(),
  };
}

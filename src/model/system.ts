import type { ActionDeclaration, Offer, Plan, Report, Step, Target } from './action';
import type { Diagnosis } from './finding';
import type { Job, JobPage, JobQuery, JobRow } from './job';
import type { Evidence, Overview } from './overview';
import type { Ref } from './ref';
import type { State } from './state';
import type { Surroundings } from './surroundings';

/** A place that holds jobs. Systems narrow it to the driver interface of its kind (src/brokers). */
export interface Broker {
  readonly kind: 'redis' | 'rabbitmq' | 'sqlite';
  /** `host:port/db`, without secrets. */
  readonly address: string;
}

/** Options a person may set per connection and system: key prefix, job store names … */
export type SystemOptions = Readonly<Record<string, unknown>>;

/** What a system records and offers, for the comparison page and for words. */
export interface SystemFacts {
  readonly noun: { readonly one: string; readonly other: string };
  /** The system's own word for each state it has a notion of, in state order. */
  readonly nativeStates: Readonly<Partial<Record<State, string>>>;
  /** States whose jobs stand in the section that comes first: `failed`, or `dead`. */
  readonly troubleState: State;
  /** How each state's list is read, for tooltips: `ZCARD rq:failed:{queue}`. */
  readonly sources: Readonly<Partial<Record<State, string>>>;
}

export interface QueueSystem {
  readonly id: string;
  readonly title: string;
  readonly facts: SystemFacts;
  /** Cheap: fixed names first, one round trip. Answers with what is there; changes nothing. */
  detect(broker: Broker, options: SystemOptions, signal: AbortSignal): Promise<readonly Installation[]>;
}

/** One system found on one broker. */
export interface Installation {
  readonly system: QueueSystem;
  /** Distinguishes several on one broker: namespace, prefix; '' for the only one. */
  readonly key: string;
  readonly name: string;
  readonly evidence: readonly Evidence[];
  /** Every action this installation knows, whatever the target. */
  readonly declarations: readonly ActionDeclaration[];

  /** Queues with counts, workers, schedules; a fixed number of round trips (at most 3). */
  overview(signal: AbortSignal): Promise<Overview>;
  /** One page; at most 2 round trips; time independent of the queue's length. */
  jobs(query: JobQuery, signal: AbortSignal): Promise<JobPage>;
  /** Hits as they come, and how far it has looked. */
  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<Found | Looked>;
  /** Everything about one job. @throws InspectorError `gone` */
  job(ref: Ref, signal: AbortSignal): Promise<Job>;
  /** Refs of every job with this id (usually one). */
  find(id: string, queue: string | null, signal: AbortSignal): Promise<readonly JobRow[]>;
  /** Which actions make sense on the target and why others are not available; no round trip. */
  actions(target: Target, state: State | null): readonly Offer[];
  /** The dry run; changes nothing. @throws InspectorError `bad-value` for wrong parameters, `gone`, `unknown-action`. */
  plan(request: ActionRequest, signal: AbortSignal): Promise<Plan>;
  /** Runs the plan in small steps. Abort = stop after this step; it always ends in a report. */
  perform(plan: Plan, signal: AbortSignal): AsyncGenerator<Step, Report, void>;
  /** Findings, what could not be checked, and what was. */
  diagnose(seen: Seen, signal: AbortSignal): AsyncIterable<Diagnosis>;
}

export interface ActionRequest {
  readonly action: string;
  readonly targets: readonly Target[];
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface SearchQuery {
  readonly text: string;
  readonly queue: string | null;
  readonly state: State | null;
  /** Stops after this many hits. */
  readonly limit: number;
}

export interface Found {
  readonly found: JobRow;
}

export interface Looked {
  readonly looked: number;
  readonly of: number;
}

/** What rules may use: the overviews of the whole broker, samples over time, facts of the surroundings. */
export interface Seen {
  readonly connection: string;
  readonly overview: Overview;
  readonly surroundings: Surroundings;
}

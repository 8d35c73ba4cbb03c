import type { ActionDeclaration, Offer, ParameterSchema, Plan, Report, Step, Target } from './action';
import type { Diagnosis } from './finding';
import type { Job, JobPage, JobQuery, JobRow } from './job';
import type { Evidence, Overview, WorkerSummary } from './overview';
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
  detect(
    broker: Broker,
    options: SystemOptions,
    signal: AbortSignal,
    companions?: Companions,
  ): Promise<readonly Installation[]>;
  /** Options that a person may set for this system, by name: forms and `inspect --options` come from it. */
  readonly options?: ParameterSchema;
}

/** A way to the further brokers that an installation needs. What was opened is kept, and closed with the connection. */
export interface Companions {
  /**
   * The broker at this URL; the same URL answers with the same broker. Its password is the one saved for this role, the
   * URL's own, or, on the same host and port, that of the connection.
   * @throws InspectorError as connecting does
   */
  open(role: string, url: string, signal: AbortSignal): Promise<Broker>;
  /** Another database of this very Redis; null where the broker has none. Opening it changes nothing. */
  database(number: number, signal: AbortSignal): Promise<Broker | null>;
  /** The open folder and this machine; absent where nobody looks at them. */
  readonly surroundings?: Surroundings;
  /** Other databases of this Redis that hold keys; one round trip. */
  otherDatabases(signal: AbortSignal): Promise<readonly { readonly db: number; readonly keys: number }[]>;
}

/** A further broker that an installation needs: where it is, or that nobody has said so yet. */
export interface Companion {
  /** Names the option that holds its URL: `results`. */
  readonly role: string;
  /** `Result backend` */
  readonly title: string;
  readonly state: 'found' | 'missing' | 'failed';
  /** Address without password; null where it is missing. */
  readonly address: string | null;
  /** What is not known without it, or why it failed. */
  readonly reason: string | null;
  /** URLs that something on the broker names, without passwords. */
  readonly candidates: readonly string[];
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
  /** Where its states are read, where that depends on the broker; else `SystemFacts.sources`. */
  readonly sources?: SystemFacts['sources'];
  /** Names of tasks that workers have told to know, in order; forms offer them. */
  readonly taskNames?: readonly string[];

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
  /** Further brokers it needs, as of the last look. */
  readonly companions?: readonly Companion[];
  /**
   * Asks the workers: sends one message to all of them and yields what they answer as it comes, then who was silent. The
   * next overview holds what they said. It sends something, so it runs by itself on local and development connections
   * only; elsewhere it is the action `ask`.
   */
  ask?(signal: AbortSignal): AsyncIterable<Asked>;
  /**
   * Hears the small signs of life that workers give by themselves, until the signal; yields all workers whenever rows
   * changed. Sends nothing and leaves nothing on the broker, so that it runs while workers are in sight.
   */
  hear?(signal: AbortSignal): AsyncIterable<readonly WorkerSummary[]>;
  /** What workers and producers tell by themselves, as it happens; needs a listener of our own. */
  listen?(signal: AbortSignal): AsyncIterable<JobEvent>;
  /** Why `listen` may hear little, and the action on workers that mends it. */
  readonly eventsNeed?: { readonly text: string; readonly action: string };
  /**
   * Completes in small steps what an overview can only begin, e.g. an index of results; ends when all has been looked at.
   * Overviews and pages say meanwhile how far it is. A second call joins the first.
   */
  complete?(signal: AbortSignal): AsyncIterable<Looked>;
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

/** An answer of a worker, or that there was none. */
export interface Asked {
  readonly worker: string;
  readonly answered: boolean;
  /** Workers that have answered so far, and how many were asked where that is known. */
  readonly answers: number;
  readonly of: number | null;
  /** All workers as known now, for the rows in sight. */
  readonly workers: readonly WorkerSummary[];
}

/** One thing that happened, told by a worker or producer. */
export interface JobEvent {
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** The system's own word: `task-failed`, `worker-heartbeat`. */
  readonly kind: string;
  readonly id: string | null;
  readonly task: string | null;
  readonly queue: string | null;
  readonly worker: string | null;
  readonly state: State | null;
  /** One short line: an error, a runtime, a result. */
  readonly text: string | null;
}

/** What rules may use: the overviews of the whole broker, samples over time, facts of the surroundings. */
export interface Seen {
  readonly connection: string;
  readonly overview: Overview;
  readonly surroundings: Surroundings;
}

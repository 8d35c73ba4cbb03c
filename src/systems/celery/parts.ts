/**
 * The factories by which the parts of Celery are put together in compose.ts, and what each is given. Whoever writes a
 * part exports a function of the type named here; what the parts hand to each other stands in types.ts.
 */
import type {
  Asked,
  AskedSummary,
  Broker,
  Companion,
  Companions,
  Diagnosis,
  Evidence,
  Job,
  JobEvent,
  JobRow,
  Problem,
  Ref,
  Seen,
  SystemOptions,
  WorkerSummary,
} from '../../model';
import type { Actions } from '../acting/actions';
import type { RedisResultStore } from './results/store';
import type { Fleet, Mailbox, ScheduleSource, TaskMessage, Transport } from './types';

/** Options of a person for Celery on one connection (`QueueSystem.options`), parsed. */
export interface CeleryOptions {
  /** URL of the result backend; null = look for it. */
  readonly results: string | null;
  /** `global_keyprefix` of the broker's transport options; null = every one that is found. */
  readonly prefix: string | null;
  /** `global_keyprefix` of the result backend, where it has one. */
  readonly resultPrefix: string;
  /** Queues that are named nowhere on the broker. */
  readonly queues: readonly string[];
  /** `control_exchange`, `celery` unless told. */
  readonly controlExchange: string;
  /** `event_exchange`, `celeryev` unless told. */
  readonly eventExchange: string;
  /** Seconds; null = as a worker tells, else 3,600. */
  readonly visibilityTimeout: number | null;
  /** `priority_steps`, 0 to 255 and 20 at most; null = kombu's own and those of lists that are met. */
  readonly prioritySteps: readonly number[] | null;
  /** Whether heartbeats are heard; null = where that makes no queue of our own. */
  readonly hear: boolean | null;
  /** URL of the Redis of RedBeat; null = look for it. */
  readonly redbeat: string | null;
  /** `redbeat_key_prefix`, where it is not RedBeat's own; null = not told. */
  readonly redbeatPrefix: string | null;
  /** Whether messages on RabbitMQ are looked at without being asked to. */
  readonly peek: boolean;
  /** As it was given: installations of other options are other ones. */
  readonly raw: SystemOptions;
}

/** What every part is given: where the installation is, and its options. */
export interface Place {
  /** Of the messages. */
  readonly broker: Broker;
  /** Key of the installation: its `global_keyprefix`, '' for the usual one. */
  readonly key: string;
  readonly options: CeleryOptions;
  readonly companions: Companions | null;
}

/** A result backend as the configuration of a worker names it. */
export interface NamedBackend {
  /** Without its password. */
  readonly url: string;
  /** Number of the database on the very Redis that the worker has as its broker; null where that cannot be told. */
  readonly database: number | 'elsewhere' | null;
}

/** results/index.ts: `export const createResults: CreateResults`. No round trip. */
export type CreateResults = (
  place: Place,
  /** Result backends that configurations of workers name, as of now. */
  named: () => readonly NamedBackend[],
) => Results;

/** The results of an installation, wherever they are. */
export interface Results {
  /** Null until they were found, or where they cannot be reached. */
  readonly store: RedisResultStore | null;
  /** Of the last `locate`. */
  readonly companion: Companion;
  /**
   * Finds where they are, before every overview and whatever needs them: the option `results`, the database that workers
   * name, the broker's own, the one other database of the same Redis that has results and no messages. Free of round
   * trips once they are found; never throws but on abort.
   */
  locate(signal: AbortSignal): Promise<void>;
}

/** Ref of a result: place `result`, locator the task id. */
export const RESULT_PLACE = 'result';
/** Ref of a task that a worker has told of and that stands in no list: place `held:<worker>`, locator the task id. */
export const HELD_PLACE = 'held';

/** workers/index.ts: `export const createWorkers: CreateWorkers`. No round trip. */
export type CreateWorkers = (place: Place, mailbox: Mailbox) => Workers;

/** Workers as they answered and as their heartbeats show them. */
export interface Workers {
  /** As known now; replaced as a whole whenever something is learned. */
  readonly fleet: Fleet;
  /** @param destination node names; every worker unless told */
  ask(signal: AbortSignal, destination?: readonly string[] | null): AsyncIterable<Asked>;
  listen(signal: AbortSignal): AsyncIterable<JobEvent>;
  /** Hears heartbeats until the signal; yields when rows changed. Sends nothing. Null where it needs a queue of our own. */
  readonly hear: ((signal: AbortSignal) => AsyncIterable<readonly WorkerSummary[]>) | null;
  /** For `Overview.asked`; null before the first question. */
  readonly asked: AskedSummary | null;
  /** Workers with what time has changed (`alive`); no round trip. */
  summaries(now: number): readonly WorkerSummary[];
  /** Remembers what the broker itself tells of workers (RabbitMQ: consumers and connections); optional. */
  learn?(workers: readonly WorkerSummary[]): void;
}

/** workers/mailbox…: `export const createMailbox: CreateMailbox`, for a Redis or a RabbitMQ. */
export type CreateMailbox = (place: Place) => Mailbox;

/** schedules/index.ts: `export const createSchedules: CreateSchedules`. */
export type CreateSchedules = (place: Place) => ScheduleSource;

/** rabbitmq/index.ts: `export const createRabbitTransport: CreateRabbitTransport`. */
export type CreateRabbitTransport = (place: Place, mailbox: Mailbox, evidence: readonly Evidence[]) => Transport;
/** rabbitmq/index.ts: `export const detectRabbit: DetectRabbit`. Empty where nothing shows that Celery is there. */
export type DetectRabbit = (
  broker: Broker,
  options: CeleryOptions,
  signal: AbortSignal,
) => Promise<readonly Evidence[]>;

/** A list element or an entry of `unacked` with what removing and moving it exactly needs (Redis only). */
export interface StoredElement {
  readonly ref: Ref;
  readonly kind: 'list' | 'unacked';
  /** Key of the list, or of the hash `unacked`. */
  readonly key: string | Buffer;
  /** Null where it cannot be told (an entry of unacked whose routing key is bound nowhere). */
  readonly queue: string | null;
  /** Priority step of the list: 0, 3, 6, 9. */
  readonly step: number;
  /** The list element exactly, or the value of the hash exactly: `[message, exchange, routing_key]`. */
  readonly bytes: Buffer;
  /** unacked: field of the hash and member of the index, exactly. */
  readonly tag: Buffer | null;
  /** unacked: score in the index as the server writes it; null where the index does not have it. */
  readonly score: string | null;
  /** List: exact neighbours, nearest first, at most 3 each; `before` = those nearer to the head (run later). */
  readonly before: readonly Buffer[];
  readonly after: readonly Buffer[];
  readonly message: TaskMessage;
}

/** What Redis offers beyond `Transport`, for acting. */
export interface RedisTransport extends Transport {
  readonly kind: 'redis';
  /** Elements by their refs as they stand now, exact bytes; null = gone. Two round trips for those seen lately. */
  elements(refs: readonly Ref[], signal: AbortSignal): Promise<readonly (StoredElement | null)[]>;
  /** All elements of a queue (or of every queue) in a state, in serving order, in steps of at most `size`. */
  walk(
    query: { readonly queue: string | null; readonly state: 'waiting' | 'taken'; readonly size: number },
    signal: AbortSignal,
  ): AsyncIterable<readonly StoredElement[]>;
  /** Keys of a queue's lists by priority step, in serving order. */
  listKeys(queue: string): readonly { readonly step: number; readonly key: string | Buffer }[];
  /** Of these, the ones that workers take from, as far as it is known: what is put into another waits for ever. */
  servedListKeys(queue: string): readonly { readonly step: number; readonly key: string | Buffer }[];
  /** `sep` of the transport options: between the parts of a binding, and between a queue and its priority step. */
  readonly separator: string;
  /** Names of queues as of the last look; learns them where there was none. */
  queueNames(signal: AbortSignal): Promise<readonly string[]>;
}

/** act.ts: `export const createCeleryActions: CreateActions`. */
export type CreateActions = (context: CeleryContext) => Actions;
/** rules/index.ts: `export const diagnose: Diagnose`. */
export type Diagnose = (context: CeleryContext, seen: Seen, signal: AbortSignal) => AsyncIterable<Diagnosis>;

/** What an installation is put together from. Getters answer with what is known now. */
export interface CeleryParts extends Place {
  readonly transport: Transport;
  /** The transport where it is one of Redis, else null. */
  readonly redis: RedisTransport | null;
  readonly results: Results;
  readonly workers: Workers;
  readonly schedules: ScheduleSource;
  /** Shown in the next overview. */
  readonly problems: Problem[];
}

/** The installation as actions and rules see it. */
export interface CeleryContext extends CeleryParts {
  /** Rows by their refs as they stand now; those that are gone are left out. */
  rows(refs: readonly Ref[], signal: AbortSignal): Promise<readonly JobRow[]>;
  job(ref: Ref, signal: AbortSignal): Promise<Job>;
  readonly search: Transport['search'];
  /** Pages of any state, as the installation shows them. */
  readonly page: Transport['page'];
  /** Runs the question to its end; the action `ask` on installation and workers does this. */
  readonly ask: Workers['ask'];
}

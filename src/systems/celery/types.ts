/**
 * What the parts of Celery hand to each other. A broker's own ways (lists of a Redis, queues of a RabbitMQ) stay behind
 * `Transport` and `Mailbox`; results stay behind `ResultStore`. Formats: docs/formats/celery.md.
 */
import type { RabbitProperties } from '../../brokers/rabbitmq/port';
import type { PyNode } from '../../codecs/python';
import type {
  Broker,
  Companion,
  Count,
  Evidence,
  Found,
  JobEvent,
  JobPage,
  JobQuery,
  JobRow,
  Looked,
  Problem,
  QueueSummary,
  RawPart,
  Ref,
  RenderedValue,
  ScheduleSummary,
  SearchQuery,
  State,
  WorkerSummary,
} from '../../model';

/** A task message as it was read: an element of a Redis list, or a delivery of RabbitMQ; protocol 1 or 2. */
export interface TaskMessage {
  readonly id: string | null;
  readonly task: string | null;
  /** null where neither header nor body tells. */
  readonly protocol: 1 | 2 | null;
  /** Rendered lazily: nothing is decoded before it is asked for. */
  readonly args: RenderedValue | null;
  readonly kwargs: RenderedValue | null;
  /** One line for rows: from `argsrepr` and `kwargsrepr` where they are whole, else from the body. */
  readonly callText: string | null;
  /** ISO 8601 UTC. */
  readonly eta: string | null;
  readonly expires: string | null;
  readonly retries: number | null;
  /** [hard, soft] seconds. */
  readonly timeLimit: readonly [number | null, number | null];
  readonly rootId: string | null;
  readonly parentId: string | null;
  readonly groupId: string | null;
  /** Ids and names of tasks that follow: chain in the order in which they run, chord callback, callbacks, errbacks. */
  readonly chain: readonly TaskSignature[];
  readonly chord: TaskSignature | null;
  readonly callbacks: readonly TaskSignature[];
  readonly errbacks: readonly TaskSignature[];
  readonly origin: string | null;
  readonly priority: number | null;
  readonly redelivered: boolean;
  readonly exchange: string | null;
  readonly routingKey: string | null;
  readonly replyTo: string | null;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  readonly compression: string | null;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Bytes of the body as they go into the serializer: base64 taken off, compression still on. */
  readonly body: Uint8Array;
  readonly problems: readonly Problem[];
}

export interface TaskSignature {
  readonly id: string | null;
  readonly task: string | null;
}

/** A task to publish. Values are written by the serializer that the queue's workers accept (JSON unless told). */
export interface TaskCall {
  readonly id: string;
  readonly task: string;
  /** Serialized `[args, kwargs, embed]` (protocol 2). */
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: 'utf-8' | 'binary';
  /** Headers of protocol 2, complete. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly priority: number;
}

/** A row of a result store. */
export interface TaskResult {
  readonly id: string;
  /** Celery's own word: `SUCCESS`, `FAILURE`, `PROGRESS` … */
  readonly status: string;
  readonly state: State;
  readonly task: string | null;
  readonly queue: string | null;
  readonly worker: string | null;
  readonly retries: number | null;
  /** ISO 8601 UTC; when the state was written. */
  readonly dateDone: string | null;
  readonly args: RenderedValue | null;
  readonly kwargs: RenderedValue | null;
  readonly result: RenderedValue | null;
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly traceback: string | null;
  readonly children: readonly string[];
  readonly groupId: string | null;
  readonly parentId: string | null;
  /** True where name and arguments were recorded (`result_extended`). */
  readonly extended: boolean;
  readonly serializer: 'json' | 'pickle' | 'yaml' | 'msgpack' | 'unknown';
  /** The payload as it stands. */
  readonly raw: Uint8Array;
  readonly problems: readonly Problem[];
}

/** Where results are. One of a Redis database; absent where nobody has said where they are. */
export interface ResultStore {
  readonly broker: Broker;
  /** Counts by state, as far as the index is: exact once it is complete. */
  counts(): Readonly<Partial<Record<State, Count>>>;
  page(query: JobQuery, signal: AbortSignal): Promise<JobPage>;
  /** null = there is none (never stored, or expired). */
  get(id: string, signal: AbortSignal): Promise<TaskResult | null>;
  /** States and names of many, in one round trip, for relations. */
  many(ids: readonly string[], signal: AbortSignal): Promise<readonly (TaskResult | null)[]>;
  row(id: string, signal: AbortSignal): Promise<JobRow | null>;
  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<Found | Looked>;
  complete(signal: AbortSignal): AsyncIterable<Looked>;
  /** Reads what is new since the last look: small, for each overview. */
  refresh(signal: AbortSignal): Promise<void>;
}

/** What a transport tells of its queues at one look. */
export interface TransportOverview {
  readonly queues: readonly QueueSummary[];
  /** Held by workers, of all queues together where the broker cannot tell which. */
  readonly taken: Count;
  /** Held by the broker itself until they are due (native delayed delivery of Celery 5.5); absent where there is none. */
  readonly scheduled?: Count;
  /** Workers as the broker itself shows them (RabbitMQ: their queues for remote control), for `Workers.learn`. */
  readonly workers?: readonly WorkerSummary[];
  readonly problems: readonly Problem[];
  readonly roundTrips: number;
}

/** A message in its place, with what deleting and moving it needs. */
export interface StoredMessage {
  readonly ref: Ref;
  readonly state: State;
  readonly nativeState: string;
  readonly queue: string | null;
  readonly message: TaskMessage;
  /** Unix milliseconds since when a worker holds it; null where none does or it is not recorded. */
  readonly heldSince: number | null;
  readonly raw: readonly RawPart[];
  readonly sources: readonly string[];
}

/** How Celery's messages lie on one kind of broker. */
export interface Transport {
  readonly broker: Broker;
  readonly evidence: readonly Evidence[];
  overview(signal: AbortSignal): Promise<TransportOverview>;
  /** A page of `waiting` or `taken`. */
  page(query: JobQuery, signal: AbortSignal): Promise<JobPage>;
  /** @throws InspectorError `gone` */
  message(ref: Ref, signal: AbortSignal): Promise<StoredMessage>;
  /** Messages with this task id, wherever they stand; bounded, and says so by `search`. */
  find(id: string, queue: string | null, signal: AbortSignal): Promise<readonly StoredMessage[]>;
  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<Found | Looked>;
  readonly mailbox: Mailbox;
}

/** Remote control and events: a way to send to all workers and to hear them (kombu.pidbox, celeryev). */
export interface Mailbox {
  /**
   * Broadcasts a command and yields replies as they come, until `expected` have come or the time is over. Leaves nothing
   * behind on the broker.
   */
  ask(command: ControlCommand, signal: AbortSignal): AsyncIterable<ControlReply>;
  /**
   * Broadcasts several commands in one go, each with its own ticket, and yields first how many listened (null where the
   * broker does not tell), then replies as they come. Ends as `ask` does; `expected` is then of workers, each of which
   * answers every command.
   */
  askAll(
    commands: readonly Pick<ControlCommand, 'method' | 'arguments'>[],
    order: Pick<ControlCommand, 'destination' | 'timeoutMs' | 'expected'>,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly heard: number | null } | AnsweredCommand>;
  /** Node names that the broker still knows of, stale ones among them; small. */
  nodes(signal: AbortSignal): Promise<readonly string[]>;
  /** Broadcasts without waiting for an answer. @returns how many listened, null where the broker does not tell */
  tell(command: ControlCommand, signal: AbortSignal): Promise<number | null>;
  /** Events as they come. `heartbeats` = `worker.*` alone. */
  events(which: 'heartbeats' | 'all', signal: AbortSignal): AsyncIterable<JobEvent & { readonly fields: EventFields }>;
}

/** Fields of an event as the worker sent them. */
export type EventFields = Readonly<Record<string, unknown>>;

export interface ControlCommand {
  /** `ping`, `stats`, `active` … */
  readonly method: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Node names; null = every worker. */
  readonly destination: readonly string[] | null;
  /** Milliseconds to wait for answers. */
  readonly timeoutMs: number;
  /** Ends early when so many have answered; null = as many as the broker says listened, where it says. */
  readonly expected: number | null;
}

/** A reply to one of several commands. */
export interface AnsweredCommand extends ControlReply {
  readonly method: string;
  /** The value as Python had it; null where `value` is all that anybody needs (long lists of names). */
  readonly tree: PyNode | null;
}

export interface ControlReply {
  readonly worker: string;
  /** Decoded with the codecs, never run; `{error: '…'}` where the worker refused. */
  readonly value: unknown;
  readonly milliseconds: number;
}

/** What workers have said and shown so far, kept by the installation between looks. */
export interface Fleet {
  readonly workers: readonly WorkerSummary[];
  /** Task names by worker, as registered; empty where nobody was asked. */
  readonly registered: ReadonlyMap<string, ReadonlySet<string>>;
  /** Tasks with a rate limit: a worker that holds one back tells of it neither as reserved nor as scheduled. */
  readonly limited?: ReadonlySet<string>;
  /** Queues by worker, as consumed. */
  readonly queues: ReadonlyMap<string, readonly string[]>;
  /** Tasks that workers hold, by id: running, reserved or waiting for their ETA. */
  readonly held: ReadonlyMap<string, HeldTask>;
  /** What a worker said that it holds, also where it is gone. */
  heldBy(worker: string): readonly HeldTask[];
  /** When workers were last asked; null = never. */
  readonly askedAt: number | null;
  /** Transport option `visibility_timeout` in seconds, where a worker's configuration tells. */
  readonly visibilityTimeout: number | null;
  /** Transport option `priority_steps`, where a worker's configuration tells. */
  readonly prioritySteps: readonly number[] | null;
  /** Configurations of workers, passwords taken out. */
  readonly configurations: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Ids that workers skip (`revoked`), as far as they told; at most 50,000 of each. */
  readonly revoked: ReadonlySet<string>;
  /** Node names that several workers use at once: how many answered under it, and their pids. */
  readonly twins: ReadonlyMap<string, { readonly answers: number; readonly pids: readonly number[] }>;
  /** Workers that were expected to answer the last question and did not. */
  readonly silent: readonly string[];
  /** How many listened to the last question, as the broker counted; null where it does not tell or nobody was asked. */
  readonly heard: number | null;
  /** Of these, the ones that have not answered. */
  readonly listeningSilently: number | null;
  /** What events told of a task, where they were followed meanwhile; the newest 10,000 are remembered. */
  seen(id: string): SeenTask | null;
}

/** A task as events told of it: arguments are Python's reprs, cut by the sender. */
export interface SeenTask {
  readonly id: string;
  readonly task: string | null;
  readonly args: string | null;
  readonly kwargs: string | null;
  readonly queue: string | null;
  readonly worker: string | null;
  readonly state: State | null;
  /** ISO 8601 UTC of the last event. */
  readonly at: string;
}

export interface HeldTask {
  readonly id: string;
  readonly task: string | null;
  readonly worker: string;
  readonly how: 'active' | 'reserved' | 'scheduled';
  readonly eta: string | null;
  readonly startedAt: number | null;
  readonly workerPid: number | null;
  /** From its delivery's routing key. */
  readonly queue: string | null;
  /** As the worker told them: values, or their reprs from old workers. */
  readonly args: RenderedValue | null;
  readonly kwargs: RenderedValue | null;
}

/** Periodic tasks: RedBeat's entries, and the file of celery beat in the open folder. */
export interface ScheduleSource {
  schedules(signal: AbortSignal): Promise<readonly ScheduleSummary[]>;
  /** Places where a schedule was found at the last look, were it empty. */
  readonly found?: number;
  /** What could not be read at the last look, or was left out: for the overview. */
  readonly problems?: readonly Problem[];
}

export type { Companion, RabbitProperties };

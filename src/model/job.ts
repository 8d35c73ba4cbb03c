import type { Count } from './count';
import type { Ref } from './ref';
import type { State } from './state';
import type { RenderedValue } from './value';

/** Instants are ISO 8601 in UTC, or null where the system recorded none. */
export type Instant = string | null;

export interface JobTimes {
  readonly createdAt: Instant;
  readonly enqueuedAt: Instant;
  /** Since when a worker holds it, where the broker records that; absent where the system has no such notion. */
  readonly takenAt?: Instant;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly dueAt: Instant;
  readonly expiresAt: Instant;
}

/** Something of a job that could not be read; the rest still shows. */
export interface Problem {
  /** What: `args`, `meta`, `hash`, `result` … */
  readonly part: string;
  readonly reason: string;
  /** Byte offset inside the part, where known. */
  readonly offset: number | null;
}

/** One line of a table or a tree: small fields only. */
export interface JobRow extends JobTimes {
  readonly ref: Ref;
  readonly id: string | null;
  readonly queue: string | null;
  /** Dotted name, verbatim; null where it could not be read. */
  readonly task: string | null;
  readonly state: State;
  /** The system's own word. */
  readonly nativeState: string;
  /** Call arguments in one line, cut: `(4821, 'EUR', retry=True)`; null where they could not be read. */
  readonly args: { readonly text: string } | null;
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly worker: string | null;
  readonly problems: readonly Problem[];
}

export interface JobQuery {
  /** null = every queue of the installation. */
  readonly queue: string | null;
  readonly state: State;
  readonly cursor: string | null;
  /** Rows on the page, 1 to 1,000. */
  readonly size: number;
}

export interface JobPage {
  readonly items: readonly JobRow[];
  /** Cursor of the next page; null at the end. */
  readonly next: string | null;
  readonly total: Count;
  /** The order of the rows in words, e.g. `newest failure first`. */
  readonly order: string;
  /** By how many places the list moved since the cursor was made; null on a first page or where it cannot be told. */
  readonly moved: number | null;
  /** Set where the system does not show jobs by itself: why, and the action that would. */
  readonly withheld: { readonly reason: string; readonly action: string } | null;
}

export interface Frame {
  readonly file: string;
  readonly line: number | null;
  readonly function: string | null;
  readonly source: string | null;
  /** True for the application's own code, false for libraries and the standard library, null where it cannot be told. */
  readonly own: boolean | null;
}

export interface JobError {
  readonly type: string;
  readonly message: string;
  /** The whole text as recorded. */
  readonly traceback: string;
  readonly frames: readonly Frame[];
}

export interface Relation {
  readonly kind: 'depends-on' | 'dependent' | 'group' | 'chain' | 'parent' | 'child' | 'root' | 'dead-letter';
  readonly ref: Ref | null;
  readonly id: string;
  readonly state: State | null;
  readonly task: string | null;
}

/** A name and value of the side column, in the system's own terms. */
export interface Fact {
  readonly name: string;
  /** null = not recorded; then `note` says by whom or why. */
  readonly value: string | null;
  /** `instant`, `duration` (seconds) and `size` (bytes) are formatted by the reader's settings. */
  readonly format: 'text' | 'instant' | 'duration' | 'size' | 'code';
  readonly note?: string;
}

export interface TimelineEvent {
  readonly at: Instant;
  readonly endAt: Instant;
  readonly kind:
    | 'created'
    | 'enqueued'
    | 'scheduled'
    | 'run'
    | 'retried'
    | 'failed'
    | 'finished'
    | 'canceled'
    | 'stopped'
    | 'due';
  /** One short line: `Attempt 2 failed`. */
  readonly title: string;
  readonly detail: string | null;
  readonly error: JobError | null;
  readonly worker: string | null;
  /** False where it was worked out and not read. */
  readonly recorded: boolean;
}

/** One key, header set or body as it stands on the broker. */
export interface RawPart {
  readonly name: string;
  readonly type: string;
  /** Seconds to live; null = none; undefined = not asked. */
  readonly ttlSeconds?: number | null;
  readonly entries: readonly RawEntry[];
  /** A command that shows the same in a terminal, without secrets. */
  readonly command: string | null;
}

export interface RawEntry {
  readonly name: string;
  /** At most the first 64 kB. */
  readonly bytes: Uint8Array;
  readonly totalBytes: number;
  /** What the decoder made of it: `zlib, pickle protocol 5`. */
  readonly decoded: string | null;
}

export interface Job extends Omit<JobRow, 'args' | 'error'> {
  readonly args: RenderedValue | null;
  readonly kwargs: RenderedValue | null;
  readonly result: RenderedValue | null;
  readonly meta: RenderedValue | null;
  readonly error: JobError | null;
  readonly description: string | null;
  readonly timeoutSeconds: number | null;
  readonly attempts: number | null;
  readonly retriesLeft: number | null;
  readonly relations: readonly Relation[];
  /** What a relation cannot tell, in words. */
  readonly relationNotes: readonly string[];
  readonly timeline: readonly TimelineEvent[];
  readonly timelineNotes: readonly string[];
  readonly facts: readonly Fact[];
  /** Keys and streams that were read. */
  readonly sources: readonly string[];
  readonly raw: readonly RawPart[];
  /** Values that pre-fill an enqueue form with this job's own: parameters of the action `enqueue`. */
  readonly enqueueParameters: Readonly<Record<string, unknown>> | null;
}

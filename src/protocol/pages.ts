import type { OutlineNode, ParameterSchema, Severity, State } from '../model';
import type { ActionView, ActView, BannerView, ConnectionView, JobRowView, OutcomeCounts, Text } from './common';

// ---- Job panel -----------------------------------------------------------------------------------------------------

export interface JobPage {
  readonly requests: {
    readonly load: { params: { readonly fresh: boolean }; result: JobView };
    readonly act: { params: { readonly action: string }; result: ActView };
    readonly undo: { params: { readonly token: string }; result: ActView };
    readonly openFrame: { params: { readonly file: string; readonly line: number | null }; result: null };
    readonly openDocument: { params: { readonly part: DocumentPart }; result: null };
    readonly openJob: { params: { readonly ref: string }; result: null };
    readonly showThere: { params: null; result: null };
    readonly allowWriting: { params: null; result: null };
    readonly copy: { params: { readonly text: string; readonly what: string }; result: null };
    readonly unfold: {
      params: { readonly part: ValuePart; readonly path: string; readonly from: number; readonly count: number };
      result: readonly OutlineNode[];
    };
  };
  readonly events: { readonly changed: null; readonly keys: { readonly single: boolean } };
}

export type DocumentPart = 'job' | 'arguments' | 'traceback' | 'result' | 'meta' | 'raw';
export type ValuePart = 'args' | 'kwargs' | 'result' | 'meta';

export interface JobView {
  readonly connection: ConnectionView;
  readonly banners: readonly BannerView[];
  readonly title: string;
  readonly state: State;
  readonly stateWord: string;
  readonly since: Text | null;
  readonly queue: string | null;
  readonly id: string | null;
  readonly noun: string;
  readonly actions: readonly ActionView[];
  readonly error: ErrorView | null;
  readonly arguments: ArgumentsView;
  readonly result: ValueView;
  /** null = the job has none. */
  readonly meta: ValueView | null;
  readonly facts: readonly FactView[];
  readonly sources: readonly string[];
  readonly problems: readonly string[];
  readonly history: HistoryView;
  readonly raw: readonly RawView[];
  readonly singleKeys: boolean;
}

export interface ErrorView {
  readonly type: string;
  readonly message: string;
  readonly frames: readonly FrameView[];
  /** Why frames cannot be opened, if they cannot. */
  readonly note: string | null;
  readonly traceback: string;
}

export interface FrameView {
  /** As shown: relative to the folder where it lies inside. */
  readonly place: string;
  readonly file: string;
  readonly line: number | null;
  readonly function: string | null;
  readonly source: string | null;
  readonly own: boolean;
  readonly opens: boolean;
  /** Foreign frames are folded under this: `site-packages/rq`. */
  readonly library: string;
}

export interface ArgumentsView {
  readonly rows: readonly ArgumentRowView[];
  /** `names from payments/tasks.py:38`; null where only positions are known. */
  readonly namesFrom: string | null;
  /** The whole call: `charge_card(4821, 'EUR')`. */
  readonly call: string;
  /** Set instead of rows where they could not be read. */
  readonly problem: string | null;
  /** Set instead of rows where the system has not recorded them: why. */
  readonly unknown: string | null;
  readonly masked: boolean;
}

export interface ArgumentRowView {
  readonly name: string;
  readonly positional: boolean;
  readonly part: ValuePart;
  readonly path: string;
  readonly type: string;
  readonly text: string;
  readonly childCount: number;
}

export interface ValueView {
  /** Python's repr; null with the reason. */
  readonly text: string | null;
  readonly note: string | null;
  readonly type: string;
  readonly childCount: number;
}

export interface FactView {
  readonly name: string;
  readonly value: Text;
  readonly note: string | null;
  readonly dim: boolean;
  /** Starts a new block. */
  readonly gap: boolean;
  readonly code: boolean;
}

export interface HistoryView {
  /** `3 min 12 s, of which 1 min 30 s running` */
  readonly head: string;
  readonly events: readonly EventView[];
  readonly notes: readonly string[];
  readonly relations: readonly { readonly title: string; readonly jobs: readonly JobRowView[] }[];
  readonly relationNotes: readonly string[];
  /** ms since the epoch of both ends of the shared axis. */
  readonly axis: { readonly from: number; readonly to: number } | null;
}

export interface EventView {
  readonly at: Text;
  readonly icon: string;
  readonly title: string;
  readonly detail: string | null;
  readonly failed: boolean;
  /** Fractions of the axis, 0 to 1; null where it has no length. */
  readonly bar: {
    readonly kind: 'run' | 'failed' | 'wait' | 'late';
    readonly from: number;
    readonly to: number;
    readonly label: string;
  } | null;
}

export interface RawView {
  readonly name: string;
  readonly type: string;
  readonly ttl: string;
  readonly command: string | null;
  readonly entries: readonly {
    readonly name: string;
    readonly size: string;
    readonly decoded: string | null;
    /** Text where the bytes are printable, else null. */
    readonly text: string | null;
    /** Classic dump: offset, hex, characters. */
    readonly hex: string;
    /** How much of it is here, where that is not all: `16 kB`. */
    readonly shown: string | null;
  }[];
}

// ---- Enqueue -------------------------------------------------------------------------------------------------------

export interface EnqueuePage {
  readonly requests: {
    readonly load: { params: null; result: EnqueueView };
    readonly check: { params: { readonly values: FormValues }; result: CheckView };
    readonly submit: { params: { readonly values: FormValues }; result: EnqueuedView };
    readonly openJob: { params: { readonly ref: string }; result: null };
    readonly undo: { params: { readonly token: string }; result: ActView };
    readonly copy: { params: { readonly text: string; readonly what: string }; result: null };
  };
  readonly events: { readonly changed: null };
}

export type FormValues = Readonly<Record<string, string | number | boolean | null>>;

export interface EnqueueView {
  readonly connection: ConnectionView;
  readonly title: string;
  /** `Copied from 9c1f04e2, which stays where it is. Values are Python.` */
  readonly source: string;
  readonly schema: ParameterSchema;
  readonly values: FormValues;
  readonly queues: readonly { readonly name: string; readonly note: string }[];
  readonly tasks: readonly string[];
  /** `to default on shop-local` without the queue: `on shop-local`. */
  readonly where: string;
}

export interface CheckView {
  /** By field; a problem stops, a caution does not. */
  readonly problems: Readonly<Record<string, string>>;
  readonly cautions: readonly string[];
  /** `charge_card(4821, 'EUR', retry=True)`; null while it cannot be written. */
  readonly call: string | null;
  /** `74 B, pickle protocol 4` */
  readonly size: string | null;
  readonly python: string | null;
}

export interface EnqueuedView {
  readonly text: string | null;
  readonly ref: string | null;
  readonly undo: string | null;
}

// ---- Bulk sheet ----------------------------------------------------------------------------------------------------

export interface BulkPage {
  readonly requests: {
    readonly load: { params: null; result: BulkView };
    readonly start: { params: { readonly values: FormValues }; result: BulkView };
    readonly stop: { params: null; result: null };
    readonly leave: { params: null; result: null };
    readonly close: { params: null; result: null };
    readonly undo: { params: { readonly token: string }; result: ActView };
    readonly exportReport: { params: null; result: null };
    readonly openJournal: { params: null; result: null };
    readonly allowWriting: { params: null; result: BulkView };
  };
  readonly events: { readonly progress: BulkProgress; readonly ended: BulkReport; readonly changed: null };
}

export interface BulkView {
  readonly connection: ConnectionView;
  readonly stage: 'preview' | 'running' | 'report';
  readonly plan: PlanView;
  readonly progress: BulkProgress | null;
  readonly report: BulkReport | null;
}

export interface PlanView {
  /** `Retry 1,322 failed jobs?` */
  readonly title: string;
  /** While it runs: `Retrying 1,322 failed jobs`. */
  readonly runningTitle: string;
  readonly where: string;
  readonly detail: string;
  readonly button: string;
  readonly destroys: boolean;
  readonly total: number;
  readonly byQueue: readonly { readonly queue: string; readonly count: string; readonly note: string | null }[];
  readonly leftOut: readonly { readonly count: string; readonly reason: string }[];
  readonly guarantee: string;
  readonly undo: string;
  readonly sample: readonly JobRowView[];
  readonly sampleOf: string;
  readonly cautions: readonly string[];
  readonly schema: ParameterSchema | null;
  readonly values: FormValues;
}

export interface BulkProgress {
  readonly done: number;
  readonly total: number;
  /** `412 of 1,314` */
  readonly text: string;
  /** `180/s · 5 s left` */
  readonly rate: string;
  readonly counts: OutcomeCounts;
}

export interface BulkReport {
  /** `Retried 1,309 jobs.` */
  readonly text: string;
  readonly stopped: boolean;
  readonly counts: OutcomeCounts;
  readonly rest: readonly { readonly id: string; readonly outcome: string; readonly reason: string }[];
  readonly undo: string | null;
  readonly notUndoable: string | null;
  readonly failure: string | null;
}

// ---- Finding -------------------------------------------------------------------------------------------------------

export interface FindingPage {
  readonly requests: {
    readonly load: { params: null; result: FindingView };
    readonly remedy: { params: { readonly index: number }; result: ActView };
    readonly openFile: { params: { readonly index: number }; result: null };
    readonly copy: { params: { readonly text: string; readonly what: string }; result: null };
    readonly hide: { params: { readonly span: 'day' | 'always' }; result: null };
  };
  readonly events: { readonly changed: null };
}

export interface FindingView {
  readonly title: string;
  readonly severity: Severity;
  readonly severityWord: string;
  /** `Seen` or `Likely: the broker does not record this directly.` */
  readonly certainty: string;
  readonly where: string;
  readonly since: Text | null;
  readonly rule: string;
  /** Set once it is no longer true: `Not seen any more, 12 s ago.` */
  readonly over: string | null;
  readonly production: boolean;
  readonly evidence: readonly {
    readonly what: string;
    readonly value: string;
    readonly source: string;
    readonly command: string | null;
  }[];
  readonly consequence: string;
  readonly remedies: readonly {
    readonly text: string;
    readonly button: string | null;
    readonly code: { readonly language: string; readonly text: string } | null;
    readonly file: string | null;
  }[];
  readonly notProblemWhen: string | null;
}

// ---- Journal -------------------------------------------------------------------------------------------------------

export interface JournalPage {
  readonly requests: {
    readonly load: { params: null; result: JournalView };
    readonly items: { params: { readonly token: string }; result: readonly JournalItemView[] };
    readonly undo: { params: { readonly token: string }; result: ActView };
    readonly exportAll: { params: null; result: null };
    readonly clear: { params: null; result: null };
  };
  readonly events: { readonly changed: null };
}

export interface JournalView {
  readonly entries: readonly JournalEntryView[];
  /** `Kept for 30 days, at most 256 MB; 1.2 MB now.` */
  readonly kept: string;
}

export interface JournalEntryView {
  readonly token: string;
  readonly at: Text;
  readonly title: string;
  readonly where: string;
  readonly production: boolean;
  /** `214 done`, `2 gone` … */
  readonly outcome: string;
  /** null = can be undone. */
  readonly notUndoable: string | null;
  readonly saved: string | null;
}

export interface JournalItemView {
  readonly id: string;
  readonly outcome: string;
  readonly reason: string;
}

// ---- Task events ---------------------------------------------------------------------------------------------------

export interface EventsPage {
  readonly requests: {
    /** Events with a number above `after`; -1 for all that are kept. */
    readonly load: { params: { readonly after: number }; result: EventsView };
    readonly follow: { params: { readonly on: boolean }; result: null };
    readonly clear: { params: null; result: null };
    readonly open: { params: { readonly number: number }; result: null };
    /** Runs the action that makes workers send events, after asking. */
    readonly enable: { params: null; result: null };
  };
  readonly events: { readonly changed: null };
}

export interface EventsView {
  readonly connection: ConnectionView;
  readonly on: boolean;
  readonly canFollow: boolean;
  /** `12/s, 1,204 so far` */
  readonly rate: string;
  /** How many of each kind, the most frequent first. */
  readonly kinds: readonly string[];
  /** Why it stopped by itself. */
  readonly stopped: string | null;
  /** What may be missing, with the button that mends it where an action does. */
  readonly need: { readonly text: string; readonly button: string | null } | null;
  /** Newest first. */
  readonly events: readonly FollowedEventView[];
  /** Number of the newest event that is kept; -1 = there is none. */
  readonly newest: number;
}

export interface FollowedEventView {
  readonly number: number;
  readonly at: Text;
  readonly kind: string;
  readonly state: State | null;
  readonly task: string;
  readonly id: string;
  readonly worker: string;
  readonly queue: string;
  readonly text: string;
}

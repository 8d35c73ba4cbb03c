import type { JobRow, Ref, State, Target } from '../../../model';

/** A node's identity: stable over refreshes, so that expansion and selection survive. */
export type NodeId = string;

/** What a row stands for; everything that acts on a row starts from it. The tree knows no system by name. */
export type Subject =
  | { readonly kind: 'connection'; readonly connection: string }
  | { readonly kind: 'installation'; readonly at: InstallationAddress }
  | { readonly kind: 'trouble'; readonly at: InstallationAddress; readonly state: State }
  | { readonly kind: 'queues'; readonly at: InstallationAddress }
  | { readonly kind: 'queue'; readonly at: InstallationAddress; readonly queue: string }
  /** `queue` null: the state is recorded for no queue. */
  | { readonly kind: 'state'; readonly at: InstallationAddress; readonly queue: string | null; readonly state: State }
  | { readonly kind: 'results'; readonly at: InstallationAddress }
  | {
      readonly kind: 'withheld';
      readonly at: InstallationAddress;
      readonly queue: string | null;
      readonly state: State;
      /** Id of the declared action that shows what is held back. */
      readonly action: string;
    }
  | { readonly kind: 'job'; readonly at: InstallationAddress; readonly row: JobRow }
  | { readonly kind: 'workers'; readonly at: InstallationAddress }
  | { readonly kind: 'worker'; readonly at: InstallationAddress; readonly name: string; readonly job: Ref | null }
  | { readonly kind: 'schedules'; readonly at: InstallationAddress }
  | {
      readonly kind: 'schedule';
      readonly at: InstallationAddress;
      readonly id: string;
      readonly owner: string;
      readonly job: Ref | null;
    }
  | { readonly kind: 'companion'; readonly at: InstallationAddress; readonly role: string }
  | { readonly kind: 'more'; readonly list: NodeId }
  | { readonly kind: 'note'; readonly connection: string };

export interface InstallationAddress {
  readonly connection: string;
  readonly system: string;
  readonly key: string;
}

/** Colours by their role; the adapter knows the theme's names. */
export type Tint = 'failed' | 'warning' | 'running' | 'production';

export interface Icon {
  /** Codicon name without `$()`. */
  readonly id: string;
  readonly tint?: Tint;
}

/** What a click on a row that does not expand does. */
export type Click =
  | 'open-job'
  | 'show-more'
  | 'find-job'
  | 'show-log'
  | 'connect'
  | 'refresh'
  | 'clear-filter'
  | 'set-companion'
  | 'show-withheld'
  | 'set-management';

/** What a private scheme tells the decorations of a row. */
export interface Mark {
  readonly failed: number;
  readonly fresh: number;
  readonly word: string;
  readonly production: boolean;
}

/** One row as it is shown: plain data, made by pure functions and compared by value. */
export interface Row {
  readonly id: NodeId;
  readonly subject: Subject;
  readonly label: string;
  readonly description: string;
  readonly icon: Icon | null;
  readonly children: 'none' | 'collapsed' | 'expanded';
  /** Flags for when-clauses; see context-value.ts. */
  readonly context: string;
  /** The accessible name. */
  readonly spoken: string;
  readonly click?: Click;
  readonly mark?: Mark;
  /** What a note says in full on hover. */
  readonly detail?: string;
}

/** The target that actions on this row get; null where none act on it. */
export function targetOf(subject: Subject): { readonly target: Target; readonly state: State | null } | null {
  switch (subject.kind) {
    case 'job':
      return { target: { kind: 'jobs', refs: [subject.row.ref] }, state: subject.row.state };
    case 'trouble':
      return { target: { kind: 'selector', queue: null, state: subject.state }, state: subject.state };
    case 'state':
      return { target: { kind: 'selector', queue: subject.queue, state: subject.state }, state: subject.state };
    case 'queue':
      return { target: { kind: 'queue', name: subject.queue }, state: null };
    case 'worker':
      return { target: { kind: 'worker', name: subject.name }, state: null };
    case 'schedule':
      return { target: { kind: 'schedule', id: subject.id }, state: null };
    case 'installation':
      return { target: { kind: 'installation' }, state: null };
    default:
      return null;
  }
}

/** The installation a row belongs to; null for rows of a connection. */
export function addressOf(subject: Subject): InstallationAddress | null {
  return 'at' in subject ? subject.at : null;
}

/** The connection a row belongs to. */
export function connectionOf(subject: Subject): string | null {
  if ('at' in subject) return subject.at.connection;
  return 'connection' in subject ? subject.connection : null;
}

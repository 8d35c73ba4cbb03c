import type {
  ActionRequest,
  Broker,
  Count,
  Diagnosis,
  InspectorError,
  Installation,
  ItemOutcome,
  JobEvent,
  Outcome,
  Overview,
  Plan,
  Plural,
  Surroundings,
} from '../model';
import type { Find } from './find';

export type { Find } from './find';

/** The user's saved way to a broker. Never holds a password. */
export interface ConnectionProfile {
  readonly id: string;
  readonly name: string;
  /** Without password. */
  readonly url: string;
  readonly environment: Environment;
  readonly access: Access;
  /** Paths of PEM files, server name, and other options of the kind of broker. */
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly serverName?: string;
  };
  /** Per system id: key prefix, job store names … */
  readonly options?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Whether exact copies are kept for undo; true by default. */
  readonly keepPayloads?: boolean;
}

export const ENVIRONMENTS = ['local', 'development', 'staging', 'production'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** `own` = read-write while the broker is shown to be this machine's own, else read-only. */
export type Access = 'own' | 'read-only' | 'read-write';

export type ConnectionState =
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'connecting'; readonly since: number; readonly what: string }
  | { readonly kind: 'live'; readonly since: number }
  /**
   * Was live, or was never reached though it may be soon (nothing listens yet, it is loading): tries again by itself at
   * `retryAt` (ms since the epoch), attempt n, while something is in sight.
   */
  | {
      readonly kind: 'lost';
      readonly error: InspectorError;
      readonly since: number;
      readonly retryAt: number;
      readonly attempt: number;
    }
  /** Will not work by itself: wrong password, wrong name, wrong database. */
  | { readonly kind: 'refused'; readonly error: InspectorError };

/** What may be written now, and why; shown at every connect. */
export interface AccessNow {
  readonly writable: boolean;
  /** `This machine's own Redis (pid 812).`, `Read-only: localhost may lead elsewhere, through a tunnel.` */
  readonly reason: string;
  /** Set while writing is allowed for a time: ms since the epoch. */
  readonly until: number | null;
}

/** An installation as last read. Rows stay when the broker is lost: then `stale` says since when. */
export interface InstallationView {
  readonly installation: Installation;
  readonly overview: Overview | null;
  /** The last failure of a refresh, while the rows of before stand. */
  readonly problem: InspectorError | null;
}

export interface DetectionProblem {
  readonly system: string;
  readonly error: InspectorError;
}

export interface LiveConnection {
  readonly profile: ConnectionProfile;
  readonly state: ConnectionState;
  readonly access: AccessNow;
  readonly broker: Broker | null;
  readonly installations: readonly InstallationView[];
  /** Systems that could not be looked for, and why: then nothing found does not mean that nothing is there. */
  readonly detectionProblems: readonly DetectionProblem[];
  /** ms since the epoch of the last whole refresh; null before the first. */
  readonly refreshedAt: number | null;
  /** True when what is shown was read before the connection was lost. */
  readonly stale: boolean;
  /** Server product and version, e.g. `Redis 7.0.15`; null before the first connect. */
  readonly serverText: string | null;

  connect(signal?: AbortSignal): Promise<void>;
  disconnect(): Promise<void>;
  /** One at a time; a second call while one runs joins it. */
  refresh(reason: RefreshReason): Promise<void>;
  onDidChange(listener: () => void): Unsubscribe;

  /**
   * Asks the workers of an installation now; rows change as answers come. Never rejects. Whether it may be done without a
   * person's word, `asksByItself` says.
   */
  ask(installation: Installation): Promise<void>;
  /** Events that were followed so far; `follow` switches it. */
  readonly events: FollowedEvents;
  /** Follows what workers and producers tell, on every installation that can; off after a disconnect. */
  follow(on: boolean): void;
}

/** Events of one connection as they are followed. */
export interface FollowedEvents {
  readonly state: FollowState;
  /** Those with a number above `after`, newest first. */
  recent(after?: number, atMost?: number): readonly FollowedEvent[];
  clear(): void;
  onDidChange(listener: () => void): Unsubscribe;
}

export interface FollowedEvent extends JobEvent {
  /** Counts up from 0 while the connection lives. */
  readonly number: number;
  readonly installation: { readonly system: string; readonly key: string };
}

export interface FollowState {
  readonly on: boolean;
  /** ms since the epoch. */
  readonly since: number | null;
  /** Over the last seconds. */
  readonly perSecond: number;
  readonly total: number;
  /** How many of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Why it stopped by itself; null where it did not. */
  readonly stopped: string | null;
}

/** `asked`: workers have answered, which changes counts. */
export type RefreshReason = 'interval' | 'manual' | 'action' | 'shown' | 'connected' | 'asked' | 'completed';
export type Unsubscribe = () => void;

export interface Inspector {
  readonly connections: readonly LiveConnection[];
  readonly journal: Journal;
  readonly surroundings: Surroundings;

  connection(id: string): LiveConnection | undefined;
  /** Adds or replaces a profile; the password goes to the secrets only. */
  save(profile: ConnectionProfile, password?: string): Promise<LiveConnection>;
  /**
   * Says where a further broker of an installation is (null = look for it again): the URL goes to the profile's options,
   * its password to the secrets. The connection is closed where that changes anything.
   * @throws InspectorError `bad-value` for a URL that cannot be read
   */
  saveCompanion(id: string, which: CompanionName, url: string | null): Promise<LiveConnection>;
  remove(id: string): Promise<void>;
  /** Connects without saving anything; the caller disposes. @throws InspectorError with the remedy, e.g. the published port of a compose service. */
  probe(profile: ConnectionProfile, password: string | undefined, signal: AbortSignal): Promise<Probe>;

  /** Starts and stops refreshing: nothing is sent while nothing is in sight. */
  setVisible(visible: boolean): void;
  /** Lets a connection be written: `once` for the next action, minutes, or until made read-only again. */
  allowWriting(id: string, span: 'once' | 'until-revoked' | { readonly minutes: number }): void;
  makeReadOnly(id: string): void;

  /** What has to be asked before this plan runs, from one table: declared effect × environment × access. */
  confirmation(connection: string, plan: Plan): Confirmation;
  /** Guard, journal, perform, journal, refresh. Ends in a receipt also when stopped half-way. */
  perform(request: PerformRequest, signal: AbortSignal): Promise<Receipt>;
  /** The words of a plan, filled in, for modals, sheets and the chat's own confirmation. */
  planWords(connection: string, installation: PerformRequest['installation'], plan: Plan): PlanWords;
  /** What `undo` would do. @throws InspectorError `gone` for an unknown token. */
  undoPlan(token: string): Promise<UndoPlan>;
  /**
   * Passes the access guard like any change. `on` names another connection to the same broker than the one that the
   * journal names. @throws InspectorError `changed` when it cannot be undone (any more), or not on this broker.
   */
  undo(token: string, signal: AbortSignal, on?: string): Promise<Receipt>;

  /** A job by its id, part of it, or `task:…`, on every live connection at once; hits as they come. */
  find(text: string, signal: AbortSignal): AsyncIterable<Find>;
  findings(
    connection: string | null,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly connection: string | null; readonly diagnosis: Diagnosis }>;
  onDidChange(listener: () => void): Unsubscribe;
  dispose(): Promise<void>;
}

export interface CompanionName {
  /** Id of the system. */
  readonly system: string;
  readonly role: string;
}

export interface Probe {
  readonly serverText: string;
  readonly installations: readonly Installation[];
  readonly access: AccessNow;
  /** Other databases with keys: `{db: 1, keys: 412}`. */
  readonly otherDatabases: readonly { readonly db: number; readonly keys: number }[];
  dispose(): Promise<void>;
}

export interface Confirmation {
  /** Read-only now: a step `Allow writing on {name}` comes first. */
  readonly needsWriting: boolean;
  readonly ask: 'nothing' | 'modal' | 'sheet' | 'sheet-modal' | 'typed' | 'sheet-typed';
  /** What has to be typed: the name of the connection. */
  readonly typed: string | null;
}

export interface PerformRequest {
  readonly connection: string;
  /** system id + key of the installation. */
  readonly installation: { readonly system: string; readonly key: string };
  readonly request: ActionRequest;
  /** A plan that was shown; made anew when absent. */
  readonly plan?: Plan;
  /**
   * What the person confirmed: must reach what `confirmation` asks for. A `sheet` is itself the confirmation: handing
   * over the `plan` it showed is enough.
   */
  readonly confirmed: 'nothing' | 'modal' | { readonly typed: string };
  readonly onProgress?: (progress: PerformProgress) => void;
}

export interface PlanWords {
  readonly ask: string;
  readonly detail: string;
  readonly button: string;
}

export interface UndoPlan {
  readonly token: string;
  readonly connection: string;
  readonly total: number;
  /** `Put back 214 jobs?` */
  readonly ask: string;
  readonly detail: string;
  readonly button: string;
  /** null = can be undone. */
  readonly notUndoable: string | null;
  readonly needsWriting: boolean;
}

export interface PerformProgress {
  readonly done: number;
  readonly total: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly perSecond: number | null;
  readonly secondsLeft: number | null;
}

export interface Receipt {
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly items: readonly ItemOutcome[];
  readonly stopped: boolean;
  /** Token of the journal entry that `undo` takes; null where it cannot be undone, with the reason. */
  readonly undo: string | null;
  readonly notUndoable: string | null;
  /** The sentence of the action's `done`, filled in. */
  readonly text: string;
}

export interface Journal {
  entries(): Promise<readonly JournalEntry[]>;
  clear(): Promise<void>;
  onDidChange(listener: () => void): Unsubscribe;
}

export interface JournalEntry {
  readonly token: string;
  readonly at: string;
  readonly connection: { readonly id: string; readonly name: string };
  readonly system: string;
  readonly action: string;
  /** `Deleted 214 jobs` */
  readonly title: string;
  /** What it acted on: `job`, `jobs`; absent in entries of earlier versions. */
  readonly noun?: Plural;
  /** `default on shop-local` */
  readonly where: string;
  readonly total: Count;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly items: readonly ItemOutcome[];
  readonly state: 'running' | 'done' | 'stopped' | 'undone';
  /** null = can be undone. */
  readonly notUndoable: string | null;
  readonly savedBytes: number;
}

/** What the inspector is given by whoever puts the product together: stores, systems, a way to brokers, surroundings. */
import type { Broker, Diagnosis, InspectorError, QueueSystem, Surroundings, UndoUnit } from '../model';
import type { ConnectionProfile, Unsubscribe } from './api';

/** Where profiles are saved: VS Code's settings, or the memory of one run of the command line. */
export interface ProfileStore {
  read(): Promise<readonly ConnectionProfile[]>;
  write(profiles: readonly ConnectionProfile[]): Promise<void>;
  /** Somebody else changed them (settings edited by hand, another window). */
  onDidChange(listener: () => void): Unsubscribe;
}

/** Passwords, by the id of the profile. */
export interface SecretStore {
  get(id: string): Promise<string | undefined>;
  set(id: string, password: string): Promise<void>;
  delete(id: string): Promise<void>;
}

/** A broker that was reached: what systems see of it, and what only the inspector needs. */
export interface Link {
  readonly broker: Broker;
  /** `Redis 7.0.15` */
  readonly serverText: string;
  /** What the server says of its own process; it is believed only where this machine's process table agrees. */
  readonly process: { readonly pid: number | null; readonly port: number | null };
  /** Where this side connected to. */
  readonly endpoint: Endpoint;
  /** Why this server takes no writes at all (it is a replica), or null. */
  readonly writeRefusal: string | null;
  /** Other databases with keys. */
  otherDatabases(signal: AbortSignal): Promise<readonly { readonly db: number; readonly keys: number }[]>;
  /** Undoes units, each atomically and in this order; true = put back, text = why not. */
  undo(units: readonly UndoUnit[], record: string, signal: AbortSignal): Promise<readonly (true | string)[]>;
  /** Opens it anew in place, so that installations and what they learned stay. @throws InspectorError as opening does */
  reconnect(signal: AbortSignal): Promise<void>;
  /** Called at every loss that was not asked for. */
  onDidClose(listener: (error: InspectorError) => void): Unsubscribe;
  close(): Promise<void>;
}

export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Reaches a broker. @throws InspectorError `unreachable unresolved unauthorized tls no-such-database loading …` */
export type OpenLink = (profile: ConnectionProfile, password: string | undefined, signal: AbortSignal) => Promise<Link>;

export interface InspectorParts {
  readonly profiles: ProfileStore;
  readonly secrets: SecretStore;
  readonly systems: readonly QueueSystem[];
  readonly surroundings: Surroundings;
  readonly open: OpenLink;
  readonly journal: JournalOptions;
  /** Improves an error of connecting by what the folder tells: the published port of a compose service … */
  readonly explain?: (
    error: InspectorError,
    profile: ConnectionProfile,
    signal: AbortSignal,
  ) => Promise<InspectorError>;
  /** Rules about the open folder alone. */
  readonly folderRules?: (surroundings: Surroundings, signal: AbortSignal) => AsyncIterable<Diagnosis>;
  /** Seconds between refreshes; `auto` adapts to their cost, 0 = never by itself. Asked before each wait. */
  readonly refreshInterval?: () => number | 'auto';
  /** A line for the log: details without secrets. */
  readonly log?: (line: string) => void;
  /** ms since the epoch; the clock unless told. */
  readonly now?: () => number;
}

export interface JournalOptions {
  readonly folder: string;
  /** Bytes of exact copies that are kept; 256 MB unless told. */
  readonly maxBytes?: number;
  /** Days that entries are kept; 30 unless told. Asked whenever something is removed. */
  readonly keepDays?: () => number;
  readonly now?: () => number;
}

/** What the open folder and this machine tell; filled by workspace/, read by inspector and rules. Never touches a broker. */
export interface Surroundings {
  /** Services of compose files with the ports they publish. */
  composeServices(signal: AbortSignal): Promise<readonly ComposeService[]>;
  /** Brokers that files of the folder name (compose, .env, settings modules). */
  brokers(signal: AbortSignal): Promise<readonly BrokerCandidate[]>;
  /** Version requirements and Python versions, read statically from requirements files, pyproject and Dockerfiles. */
  pythonSets(signal: AbortSignal): Promise<readonly PythonSet[]>;
  /** True, false, or null where it cannot be told, for a process of this machine. */
  processIsOurs(
    pid: number,
    listensOn: { readonly port: number } | { readonly unixSocket: string },
  ): Promise<boolean | null>;
  /** How the folder's files start workers; read statically. Absent where nobody looks at files. */
  launches?(signal: AbortSignal): Promise<Launches>;
  /** Names of this machine, as a worker that runs here would give them; absent where nobody has looked. */
  readonly hostNames?: readonly string[];
  /** What this machine's process table says of a process; null, or no such function, where it cannot be told. */
  process?(pid: number, signal: AbortSignal): Promise<ProcessFacts | null>;
  /** Files of the folder as bytes, by name (`*` = any characters), each up to so many bytes. */
  fileBytes?(names: readonly string[], maximum: number, signal: AbortSignal): Promise<readonly FileBytes[]>;
  /** True where code runs on another machine than the person sits at (SSH remote window). */
  readonly remote: boolean;
  /** Whether files of the folder may be read (workspace trust), and the reason when not. */
  readonly restricted: string | null;
}

export interface ComposeService {
  readonly file: string;
  readonly line: number;
  readonly service: string;
  readonly image: string | null;
  readonly aliases: readonly string[];
  readonly ports: readonly { readonly host: string; readonly published: number; readonly target: number }[];
}

export interface BrokerCandidate {
  /** Without password. */
  readonly url: string;
  readonly label: string;
  /** `compose.yml:12 publishes it as 6379.` */
  readonly detail: string;
  readonly file: string;
  readonly line: number;
  /** The password that the file holds; goes to secret storage only. */
  readonly password: string | null;
}

/** What one image or environment installs, as far as its files tell. */
export interface PythonSet {
  /** The file that stands for the set: a Dockerfile or a requirements file. */
  readonly file: string;
  readonly python: { readonly version: string; readonly file: string; readonly line: number } | null;
  readonly requirements: readonly Requirement[];
}

export interface Requirement {
  /** Normalised (PEP 503). */
  readonly name: string;
  /** `==0.4.0`, `>=1.0,<2`; '' where none. */
  readonly specifier: string;
  readonly file: string;
  readonly line: number;
}

/** A process of this machine. */
export interface ProcessFacts {
  readonly pid: number;
  /** `defunct`: it has ended, and its parent has not taken notice. */
  readonly state: 'alive' | 'defunct' | 'gone';
  readonly parent: number | null;
  readonly command: string | null;
  /** ISO 8601 UTC, to the second. */
  readonly startedAt: string | null;
  /**
   * True where the process that started it has ended and process 1 has taken it over, though it did not detach itself
   * as a daemon does.
   */
  readonly orphaned: boolean;
  readonly children: readonly { readonly pid: number; readonly defunct: boolean; readonly command: string }[];
}

/** A file of the open folder. */
export interface FileBytes {
  readonly path: string;
  /** Null where it is larger than asked for. */
  readonly bytes: Uint8Array | null;
  readonly size: number;
  /** ISO 8601 UTC. */
  readonly modifiedAt: string;
}

/** How files of the folder start workers of Celery. */
export interface Launches {
  readonly supervised: readonly SupervisedProgram[];
  readonly containers: readonly ContainerStart[];
  readonly hangUps: readonly HangUp[];
}

/** A `[program:…]` of supervisord that runs a worker or beat. */
export interface SupervisedProgram {
  readonly name: string;
  readonly runs: 'worker' | 'beat';
  readonly file: string;
  /** Of its command. */
  readonly line: number;
  readonly command: string;
  /** What stands between supervisord and Celery and stays there; null where Celery is started directly, or by `exec`. */
  readonly wrapper: Wrapper | null;
  readonly stopAsGroup: boolean;
  readonly killAsGroup: boolean;
}

/** A shell or tool that starts Celery as its child. */
export interface Wrapper {
  /** `sh`, `invoke`. */
  readonly name: string;
  /** Where it starts Celery, and how. */
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** False where the wrapper may yet replace itself. */
  readonly sure: boolean;
}

/** What the first process of a container that runs Celery is. */
export interface ContainerStart {
  /** Service of a compose file; null = the image as it is. */
  readonly service: string | null;
  readonly file: string;
  readonly line: number;
  /** `CMD ["supervisord", "-n"]` */
  readonly text: string;
  /** Name of what becomes process 1. */
  readonly first: string;
  readonly is: 'init' | 'celery' | 'other';
  readonly sure: boolean;
  /** How Celery comes into it, where that stands elsewhere. */
  readonly celery: { readonly file: string; readonly line: number; readonly text: string };
}

/** A line that sends SIGHUP to Celery. */
export interface HangUp {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** False where the line does not name Celery. */
  readonly sure: boolean;
}

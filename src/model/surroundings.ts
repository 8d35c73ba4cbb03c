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

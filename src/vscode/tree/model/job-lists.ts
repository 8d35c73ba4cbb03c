import type { InstallationView, LiveConnection } from '../../../inspector/api';
import { formatCount } from '../../../inspector/present/format';
import { asInspectorError, type JobPage, type State } from '../../../model';
import { LISTED_JOBS, PAGE } from './jobs';
import type { InstallationAddress, NodeId } from './row';
import { type JobList, viewOf } from './world';

/** Which jobs a list holds. */
export interface JobListKey {
  readonly id: NodeId;
  readonly at: InstallationAddress;
  readonly queue: string | null;
  readonly state: State;
}

interface Entry {
  list: JobList;
  /** `refreshedAt` of the connection when the list was read. */
  readAt: number | null;
  running: Promise<void> | null;
  /** Whether anything has been read yet. */
  loaded: boolean;
}

/** The job lists that somebody has opened, page by page; nothing is read before. */
export class JobLists {
  readonly #entries = new Map<NodeId, Entry>();
  readonly #connection: (id: string) => LiveConnection | undefined;
  readonly #locale: () => string;

  constructor(connection: (id: string) => LiveConnection | undefined, locale: () => string) {
    this.#connection = connection;
    this.#locale = locale;
  }

  /** What has been read of a list; undefined before the first page. */
  read(id: NodeId): JobList | undefined {
    return this.#entries.get(id)?.list;
  }

  /**
   * The list, reading its first page where none was read yet. What is being read again is not waited for: VS Code drops
   * the rows that it asked for when others change meanwhile, and would never ask for these again.
   */
  async ensure(key: JobListKey): Promise<JobList> {
    const known = this.#entries.get(key.id);
    if (known?.loaded === true) return known.list;
    if (known?.running) await known.running;
    const entry = this.#entries.get(key.id);
    if (entry !== undefined) return entry.list;
    await this.#load(key, PAGE);
    return this.read(key.id) ?? EMPTY;
  }

  /** Reads as much as was read before again, in one page. Answers whether there was anything to read. */
  async reload(key: JobListKey): Promise<boolean> {
    const entry = this.#entries.get(key.id);
    if (entry === undefined) return false;
    if (entry.running) return entry.running.then(() => false);
    const size = Math.min(LISTED_JOBS, Math.max(PAGE, entry.list.items.length));
    await this.#load(key, size);
    return true;
  }

  /** True where the connection was read again since this list was. */
  isOld(key: JobListKey): boolean {
    const entry = this.#entries.get(key.id);
    const live = this.#connection(key.at.connection);
    return entry !== undefined && live?.state.kind === 'live' && entry.readAt !== live.refreshedAt;
  }

  /** Reads the next page. */
  async more(key: JobListKey): Promise<void> {
    const entry = this.#entries.get(key.id);
    if (entry === undefined || entry.list.next === null) return;
    if (entry.running) await entry.running;
    const { list } = entry;
    const size = Math.min(PAGE, LISTED_JOBS - list.items.length);
    if (size <= 0) return;
    await this.#run(key, entry, async signal => {
      const page = await this.#page(key, list.next, size, signal);
      entry.list = { ...this.#made(page), items: [...list.items, ...page.items] };
    });
  }

  /** Forgets a list, so that opening it reads it again. */
  forget(id: NodeId): void {
    this.#entries.delete(id);
  }

  async #load(key: JobListKey, size: number): Promise<void> {
    const entry: Entry = this.#entries.get(key.id) ?? { list: EMPTY, readAt: null, running: null, loaded: false };
    this.#entries.set(key.id, entry);
    await this.#run(key, entry, async signal => {
      entry.list = this.#made(await this.#page(key, null, size, signal));
    });
  }

  async #run(key: JobListKey, entry: Entry, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const readAt = this.#connection(key.at.connection)?.refreshedAt ?? null;
    const running = (async () => {
      try {
        await work(AbortSignal.timeout(READ_LIMIT_MS));
      } catch (thrown) {
        const { message, answer } = asInspectorError(thrown, `reading ${key.state} jobs`);
        entry.list = { ...entry.list, failure: { message, answer } };
      } finally {
        entry.running = null;
        entry.loaded = true;
        entry.readAt = readAt;
      }
    })();
    entry.running = running;
    await running;
  }

  async #page(key: JobListKey, cursor: string | null, size: number, signal: AbortSignal): Promise<JobPage> {
    const view = this.#view(key);
    if (view === undefined) return NO_PAGE;
    return view.installation.jobs({ queue: key.queue, state: key.state, cursor, size }, signal);
  }

  #view({ at }: JobListKey): InstallationView | undefined {
    const live = this.#connection(at.connection);
    return live === undefined ? undefined : viewOf(live, at);
  }

  #made(page: JobPage): JobList {
    const { total } = page;
    return {
      items: page.items,
      next: page.next,
      total: 'exact' in total ? total.exact : null,
      totalText: 'unknown' in total ? '' : formatCount(total, this.#locale()),
      withheld: page.withheld,
      order: page.order,
      unknown: 'unknown' in total ? total.unknown : null,
      failure: null,
    };
  }
}

const READ_LIMIT_MS = 30_000;
const EMPTY: JobList = {
  items: [],
  next: null,
  total: null,
  totalText: '',
  withheld: null,
  order: null,
  unknown: null,
  failure: null,
};
const NO_PAGE: JobPage = {
  items: [],
  next: null,
  total: { exact: 0 },
  order: '',
  moved: null,
  withheld: null,
};

import type {
  AccessNow,
  ConnectionProfile,
  ConnectionState,
  InstallationView,
  LiveConnection,
} from '../../../src/inspector/api';
import type {
  ActionDeclaration,
  Installation,
  JobPage,
  JobQuery,
  JobRow,
  Offer,
  Overview,
  QueueSummary,
  QueueSystem,
  Target,
} from '../../../src/model';
import type { World } from '../../../src/vscode/tree/model/world';

export const NOW = Date.parse('2026-11-20T14:05:00Z');
export const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

export const world = (given: Partial<World> = {}): World => ({
  now: NOW,
  locale: 'en',
  times: 'relative',
  masked: false,
  filter: '',
  fresh: () => 0,
  ...given,
});

const words = { one: '', other: '' };

export const action = (id: string, given: Partial<ActionDeclaration> = {}): ActionDeclaration => ({
  id,
  title: id,
  target: 'job',
  effect: 'changes',
  guarantee: { kind: 'atomic', words: 'All or nothing.' },
  undo: { kind: 'exact' },
  words: { ask: words, detail: '', button: words, done: words },
  icon: 'redo',
  group: '2_do',
  ...given,
});

export const queue = (name: string, given: Partial<QueueSummary> = {}): QueueSummary => ({
  name,
  counts: { waiting: { exact: 0 }, running: { exact: 0 }, failed: { exact: 0 } },
  paused: null,
  oldestWaitingAt: null,
  workers: ['worker-1'],
  keys: [`q:${name}`],
  ...given,
});

export const overview = (given: Partial<Overview> = {}): Overview => ({
  system: 'sys',
  name: 'Sys',
  version: '2.6.1',
  versions: ['2.6.1'],
  evidence: [],
  counts: { failed: { exact: 0 } },
  nativeStates: { waiting: 'queued', running: 'started', failed: 'failed' },
  queues: [],
  workers: [],
  schedules: [],
  notRecorded: {},
  absent: [],
  notices: [],
  problems: [],
  readAt: ago(2),
  cost: { roundTrips: 3, milliseconds: 14 },
  ...given,
});

const system: QueueSystem = {
  id: 'sys',
  title: 'Sys',
  facts: {
    noun: { one: 'job', other: 'jobs' },
    nativeStates: { waiting: 'queued', running: 'started', failed: 'failed' },
    troubleState: 'failed',
    sources: { failed: 'ZCARD sys:failed:{queue}' },
  },
  detect: async () => [],
};

export const jobRow = (n: number, given: Partial<JobRow> = {}): JobRow => ({
  ref: `sys//failed:default/${n}`,
  id: `id-${n}`,
  queue: 'default',
  task: 'payments.tasks.charge_card',
  state: 'failed',
  nativeState: 'failed',
  args: { text: `(${n}, 'EUR')` },
  error: { type: 'StripeTimeout', message: 'no answer' },
  worker: null,
  problems: [],
  createdAt: ago(600),
  enqueuedAt: ago(500),
  startedAt: ago(200),
  endedAt: ago(180),
  dueAt: null,
  expiresAt: null,
  ...given,
});

export interface Fake {
  /** What `jobs` answers from; refs in order. */
  jobs?: JobRow[];
  offers?: (target: Target) => readonly Offer[];
  /** Counts the pages that were read. */
  readonly read?: JobQuery[];
}

export function installation(fake: Fake = {}): Installation {
  const missing = () => {
    throw new Error('not part of this test');
  };
  return {
    system,
    key: '',
    name: 'Sys',
    evidence: [{ what: 'key sys:queues', value: 'set with 4 members', source: 'SCARD' }],
    declarations: [],
    overview: missing,
    jobs: async (query): Promise<JobPage> => {
      fake.read?.push(query);
      const all = fake.jobs ?? [];
      const from = query.cursor === null ? 0 : Number(query.cursor);
      const to = from + query.size;
      return {
        items: all.slice(from, to),
        next: to < all.length ? String(to) : null,
        total: { exact: all.length },
        order: 'newest first',
        moved: null,
        withheld: null,
      };
    },
    search: missing,
    job: missing,
    find: missing,
    actions: target => fake.offers?.(target) ?? [],
    plan: missing,
    perform: missing,
    diagnose: missing,
  };
}

export interface LiveParts {
  readonly detectionProblems?: LiveConnection['detectionProblems'];
  profile?: Partial<ConnectionProfile>;
  state?: ConnectionState;
  access?: AccessNow;
  installations?: readonly InstallationView[];
  refreshedAt?: number | null;
  stale?: boolean;
}

/** A connection whose parts a test may change as it goes. */
export function live(parts: LiveParts = {}): LiveConnection {
  const profile: ConnectionProfile = {
    id: 'a',
    name: 'shop-local',
    url: 'redis://localhost:6379/0',
    environment: 'local',
    access: 'own',
    ...parts.profile,
  };
  return {
    get profile() {
      return { ...profile, ...parts.profile };
    },
    detectionProblems: parts.detectionProblems ?? [],
    get state() {
      return parts.state ?? { kind: 'live', since: NOW };
    },
    get access() {
      return parts.access ?? { writable: true, reason: "This machine's own Redis.", until: null };
    },
    broker: { kind: 'redis', address: 'localhost:6379/0' },
    get installations() {
      return parts.installations ?? [];
    },
    get refreshedAt() {
      return parts.refreshedAt === undefined ? NOW - 2000 : parts.refreshedAt;
    },
    get stale() {
      return parts.stale ?? false;
    },
    serverText: 'Redis 7.0.15',
    connect: async () => undefined,
    disconnect: async () => undefined,
    refresh: async () => undefined,
    onDidChange: () => () => undefined,
    ask: async () => undefined,
    events: {
      state: { on: false, since: null, perSecond: 0, total: 0, kinds: {}, stopped: null },
      recent: () => [],
      clear: () => undefined,
      onDidChange: () => () => undefined,
    },
    follow: () => undefined,
  };
}

export const view = (over: Overview | null, fake: Fake = {}): InstallationView => ({
  installation: installation(fake),
  overview: over,
  problem: null,
});

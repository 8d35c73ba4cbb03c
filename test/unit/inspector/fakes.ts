/** A tiny system in memory, for what a real broker does not do at will: steps that break, answers that are lost. */

import type { ConnectionProfile } from '../../../src/inspector';
import type { Link } from '../../../src/inspector/ports';
import type {
  ActionDeclaration,
  Broker,
  InspectorError,
  Installation,
  Overview,
  Plan,
  QueueSystem,
  RedisUndoUnit,
  Report,
  Step,
  UndoUnit,
  WorkerSummary,
} from '../../../src/model';

export const DELETE: ActionDeclaration = {
  id: 'delete',
  title: 'Delete…',
  target: 'job',
  effect: 'destroys',
  guarantee: { kind: 'atomic', words: 'All or nothing.' },
  undo: { kind: 'exact' },
  words: {
    ask: { one: 'Delete {n} {noun} from {queue}?', other: 'Delete {n} {noun} from {queue}?' },
    detail: 'They are removed.',
    button: { one: 'Delete {n} {noun}', other: 'Delete {n} {noun}' },
    done: { one: 'Deleted {n} {noun}.', other: 'Deleted {n} {noun}.' },
  },
  icon: 'trash',
  group: '4_destroy',
};

export const RETRY: ActionDeclaration = {
  ...DELETE,
  id: 'retry',
  effect: 'changes',
  undo: { kind: 'while-waiting' },
  words: { ...DELETE.words, done: { one: 'Retried {n} {noun}.', other: 'Retried {n} {noun}.' } },
};

export function planOf(action: ActionDeclaration, total: number, more: Partial<Plan> = {}): Plan {
  return {
    action,
    targets: [{ kind: 'selector', queue: 'default', state: 'failed' }],
    parameters: {},
    total,
    byQueue: [{ queue: 'default', count: total, note: null }],
    sample: [],
    leftOut: [],
    undoable: true,
    notUndoable: null,
    savedBytes: 100 * total,
    cautions: [],
    ...more,
  };
}

export const profileOf = (more: Partial<ConnectionProfile> = {}): ConnectionProfile => ({
  id: 'shop',
  name: 'shop-local',
  url: 'redis://localhost:6379/0',
  environment: 'local',
  access: 'read-write',
  ...more,
});

/** A worker of which nothing but the name is known, and that it lives. */
export const workerOf = (name: string, more: Partial<WorkerSummary> = {}): WorkerSummary => ({
  ...{ name, state: 'idle', queues: [], pid: null, host: null, version: null, runtime: null, startedAt: null },
  ...{ lastHeartbeat: null, currentJob: null, currentJobRef: null, currentTask: null, alive: true, aliveReason: null },
  ...{ succeeded: null, failed: null, workingSeconds: null },
  ...more,
});

export const unitFor = (subject: string): RedisUndoUnit => ({ broker: 'redis', subject, guards: [], operations: [] });

const overviewOf = (system: string): Overview => ({
  system,
  name: system,
  version: null,
  versions: [],
  evidence: [],
  counts: { failed: { exact: 0 } },
  nativeStates: { failed: 'failed' },
  queues: [],
  workers: [],
  schedules: [],
  notRecorded: {},
  absent: [],
  notices: [],
  problems: [],
  readAt: new Date().toISOString(),
  cost: { roundTrips: 1, milliseconds: 1 },
});

export interface FakeOptions {
  readonly id?: string;
  readonly detect?: () => Promise<void>;
  readonly overview?: () => Promise<void>;
  readonly perform?: (plan: Plan, signal: AbortSignal) => AsyncGenerator<Step, Report, void>;
  readonly workers?: Overview['workers'];
  readonly diagnose?: Installation['diagnose'];
}

/** A system with one installation; each of its parts can be made to wait or fail. */
export function fakeSystem(options: FakeOptions = {}): QueueSystem {
  const id = options.id ?? 'fake';
  const never = async () => {
    throw new Error('not part of this test');
  };
  const system: QueueSystem = {
    id,
    title: 'Fake',
    facts: { noun: { one: 'job', other: 'jobs' }, nativeStates: {}, troubleState: 'failed', sources: {} },
    async detect() {
      await options.detect?.();
      return [installation];
    },
  };
  const installation: Installation = {
    system,
    key: '',
    name: 'Fake',
    evidence: [],
    declarations: [DELETE, RETRY],
    async overview() {
      await options.overview?.();
      return { ...overviewOf(id), workers: options.workers ?? [] };
    },
    jobs: never,
    search: () => (async function* () {})(),
    job: never,
    find: async () => [],
    actions: () => [],
    plan: async () => planOf(DELETE, 1),
    perform: options.perform ?? performAll,
    diagnose: options.diagnose ?? (() => (async function* () {})()),
  };
  return system;
}

async function* performAll(plan: Plan): AsyncGenerator<Step, Report, void> {
  for (let i = 0; i < plan.total; i++) yield* stepOf(`step-${i}`, [`job-${i}`], plan.total, i + 1);
  return { counts: { done: plan.total, gone: 0, refused: 0, failed: 0, unknown: 0 }, items: [], stopped: false };
}

export function* stepOf(stepId: string, subjects: readonly string[], total: number, done: number): Generator<Step> {
  yield { phase: 'about', stepId, subjects, undo: subjects.map(unitFor) };
  yield {
    phase: 'did',
    stepId,
    outcomes: subjects.map(id => ({ ref: null, id, outcome: 'done', reason: null })),
    undo: [],
    progress: { done, total },
  };
}

export interface FakeLink extends Link {
  /** As if the broker went away. */
  lose(error: InspectorError): void;
  readonly undone: UndoUnit[][];
  closed: boolean;
}

export function fakeLink(more: Partial<Link> = {}): FakeLink {
  const listeners = new Set<(error: InspectorError) => void>();
  const broker: Broker = { kind: 'redis', address: 'localhost:6379/0' };
  const undone: UndoUnit[][] = [];
  const link: FakeLink = {
    broker,
    serverText: 'Redis 7.0.15',
    process: { pid: 812, port: 6379 },
    endpoint: { kind: 'tcp', host: 'localhost', port: 6379 },
    writeRefusal: null,
    otherDatabases: async () => [],
    undo: async units => {
      undone.push([...units]);
      return units.map(() => true as const);
    },
    onDidClose: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reconnect: async () => undefined,
    close: async () => {
      link.closed = true;
    },
    lose: error => {
      for (const listener of listeners) listener(error);
    },
    undone,
    closed: false,
    ...more,
  };
  return link;
}

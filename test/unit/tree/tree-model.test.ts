import { expect, test, vi } from 'vitest';
import type { JobQuery, Overview } from '../../../src/model';
import { FreshFailures } from '../../../src/vscode/tree/model/fresh';
import { connectionId, installationId, queueId, queuesId, troubleId } from '../../../src/vscode/tree/model/ids';
import { type Changed, TreeModel } from '../../../src/vscode/tree/model/tree-model';
import { jobRow, type LiveParts, live, NOW, overview, queue, view, world } from './fixtures';

const at = { connection: 'a', system: 'sys', key: '' };
const counts = (waiting: number, failed = 0) => ({ waiting: { exact: waiting }, failed: { exact: failed } });

/** A model over one connection whose parts the test changes. */
function setUp(over: Overview, fake: Parameters<typeof view>[1] = {}) {
  const parts: LiveParts = { installations: [view(over, fake)], refreshedAt: NOW };
  const connection = live(parts);
  const model = new TreeModel({ connections: () => [connection], world: () => world() });
  const changes: Changed[] = [];
  model.onDidChange(changed => changes.push(changed));
  const become = (next: Overview) => {
    const [before] = parts.installations ?? [];
    if (before !== undefined) parts.installations = [{ ...before, overview: next }];
    parts.refreshedAt = (parts.refreshedAt ?? 0) + 1000;
    model.refresh();
  };
  return { model, changes, parts, connection, become };
}

async function open(model: TreeModel, ...path: readonly string[]): Promise<void> {
  await model.children(null);
  for (const id of path) {
    model.setExpanded(id, true);
    await model.children(id);
  }
}

const toQueues = [connectionId('a'), installationId(at), queuesId(at)];

test('a refresh tells only the row that differs', async () => {
  const { model, changes, become } = setUp(overview({ queues: [queue('a'), queue('b')] }));
  await open(model, ...toQueues);
  become(overview({ queues: [queue('a'), queue('b', { counts: counts(3) })] }));
  expect(changes).toEqual([[queueId(at, 'b')]]);
});

test('a refresh that changes nothing tells nothing', async () => {
  const { model, changes, become } = setUp(overview({ queues: [queue('a')] }));
  await open(model, ...toQueues);
  become(overview({ queues: [queue('a')] }));
  expect(changes).toEqual([]);
});

test('a new queue tells its section alone', async () => {
  const { model, changes, become } = setUp(overview({ queues: [queue('a')] }));
  await open(model, ...toQueues);
  become(overview({ queues: [queue('a'), queue('b')] }));
  expect(changes).toEqual([[queuesId(at)]]);
  expect(await model.children(queuesId(at))).toEqual([queueId(at, 'a'), queueId(at, 'b')]);
});

test('ids do not depend on what a queue is called', () => {
  const names = ['a/b', 'a%2Fb', '../x', 'é', '\ud800'];
  expect(new Set(names.map(name => queueId(at, name))).size).toBe(names.length);
});

test('every row knows the row above it', async () => {
  const { model } = setUp(overview({ queues: [queue('a')] }));
  await open(model, ...toQueues);
  expect(model.parent(queueId(at, 'a'))).toBe(queuesId(at));
  expect(model.parent(queuesId(at))).toBe(installationId(at));
  expect(model.parent(connectionId('a'))).toBeUndefined();
});

test('jobs are read when their list is opened, a page at a time, and never before', async () => {
  const read: JobQuery[] = [];
  const jobs = Array.from({ length: 250 }, (_, n) => jobRow(n));
  const { model } = setUp(overview({ counts: { failed: { exact: 250 } } }), { jobs, read });
  await open(model, connectionId('a'), installationId(at));
  expect(read).toEqual([]);
  const first = await model.children(troubleId(at));
  expect(first).toHaveLength(101);
  expect(read).toMatchObject([{ queue: null, state: 'failed', cursor: null, size: 100 }]);
  await model.showMore(troubleId(at));
  expect(await model.children(troubleId(at))).toHaveLength(201);
  await model.showMore(troubleId(at));
  expect(await model.children(troubleId(at))).toHaveLength(250);
  expect(read).toHaveLength(3);
});

test('an open list is read again when its connection was, as far as it was read; a closed one is not', async () => {
  const read: JobQuery[] = [];
  const jobs = Array.from({ length: 150 }, (_, n) => jobRow(n));
  const { model, changes, become } = setUp(overview({ counts: { failed: { exact: 150 } } }), { jobs, read });
  await open(model, connectionId('a'), installationId(at), troubleId(at));
  await model.showMore(troubleId(at));
  read.length = 0;
  changes.length = 0;
  jobs.shift();
  const told = new Promise(resolve => {
    const stop = model.onDidChange(changed => {
      if (changed?.includes(troubleId(at)) === true && model.row(troubleId(at)) !== undefined && read.length > 0) {
        stop();
        resolve(changed);
      }
    });
  });
  become(overview({ counts: { failed: { exact: 150 } } }));
  await told;
  expect(read).toMatchObject([{ cursor: null, size: 150 }]);
  expect(await model.children(troubleId(at))).toHaveLength(149);
  model.setExpanded(troubleId(at), false);
  become(overview({ counts: { failed: { exact: 149 } } }));
  expect(read).toHaveLength(1);
});

test('a list that cannot be read says so and keeps what it had', async () => {
  const { model, parts, become } = setUp(overview({ counts: { failed: { exact: 1 } } }), { jobs: [jobRow(1)] });
  await open(model, connectionId('a'), installationId(at), troubleId(at));
  const [before] = parts.installations ?? [];
  const failing = { ...before!.installation, jobs: () => Promise.reject(new Error('socket closed')) };
  parts.installations = [{ ...before!, installation: failing }];
  const told = new Promise<void>(resolve =>
    model.onDidChange(changed => changed?.includes(troubleId(at)) && resolve()),
  );
  become(overview({ counts: { failed: { exact: 1 } } }));
  await told;
  const labels = (await model.children(troubleId(at))).map(id => model.row(id)?.label);
  expect(labels).toEqual([expect.stringContaining('socket closed'), 'charge_card']);
});

test('a row keeps the state it was first shown in, so that a second connection does not fold the first', async () => {
  const connections = [live({ installations: [view(overview())] })];
  const model = new TreeModel({ connections: () => connections, world: () => world() });
  await model.children(null);
  expect(model.row(connectionId('a'))?.children).toBe('expanded');
  connections.push(live({ profile: { id: 'b', name: 'other' } }));
  model.refresh();
  await model.children(null);
  expect(model.row(connectionId('a'))?.children).toBe('expanded');
});

test('new failures are those since they were last in sight; retried ones do not count against them', () => {
  let kept: Readonly<Record<string, number>> = {};
  const store = {
    get: () => kept,
    set: (seen: typeof kept) => {
      kept = seen;
    },
  };
  const fresh = new FreshFailures(store);
  const parts: LiveParts = {};
  const connection = live(parts);
  const failed = (n: number) => {
    parts.installations = [view(overview({ queues: [queue('q', { counts: counts(0, n) })] }))];
    fresh.update(connection);
    return fresh.total(connection);
  };
  expect(failed(14)).toBe(0);
  expect(failed(17)).toBe(3);
  fresh.saw(connection, at, null);
  expect(fresh.total(connection)).toBe(0);
  expect(failed(10)).toBe(0);
  expect(failed(12)).toBe(2);
  const later = new FreshFailures(store);
  later.update(connection);
  expect(later.total(connection)).toBe(2);
});

test('new failures that belong to no queue are those of the installation, once its count is exact', () => {
  const fresh = new FreshFailures({ get: () => ({}), set: () => undefined });
  const parts: LiveParts = {};
  const connection = live(parts);
  const failed = (count: Overview['counts']['failed']) => {
    const waiting = { waiting: { exact: 1 } };
    parts.installations = [
      view(
        overview({
          queues: [queue('q', { counts: waiting })],
          counts: { ...waiting, ...(count && { failed: count }) },
        }),
      ),
    ];
    fresh.update(connection);
    return fresh.total(connection);
  };
  expect(failed({ unknown: 'not looked through yet' })).toBe(0);
  expect(failed({ atLeast: 3 })).toBe(0);
  expect(failed({ exact: 8 })).toBe(0);
  expect(failed({ exact: 10 })).toBe(2);
  expect(fresh.count(at, 'q')).toBe(0);
  fresh.saw(connection, at, 'q');
  expect(fresh.count(at, null)).toBe(2);
  fresh.saw(connection, at, null);
  expect(fresh.total(connection)).toBe(0);
});

test('what was open when it left is open when it comes back', async () => {
  const { model, parts, connection } = setUp(overview({ queues: [queue('a'), queue('b')] }));
  await open(model, ...toQueues, queueId(at, 'a'));
  const { installations = [] } = parts;
  parts.installations = [];
  expect(connection.installations).toEqual([]);
  model.refresh();
  expect(await model.children(connectionId('a'))).not.toContain(installationId(at));
  expect(model.isExpanded(queuesId(at))).toBe(false);
  parts.installations = installations;
  model.refresh();
  for (const id of toQueues) await model.children(id);
  expect(model.row(queuesId(at))?.children).toBe('expanded');
  expect(model.row(queueId(at, 'a'))?.children).toBe('expanded');
  expect(model.row(queueId(at, 'b'))?.children).toBe('collapsed');
  expect(model.isExpanded(queueId(at, 'a'))).toBe(true);
});

test('rows that VS Code asks for while they are read again come at once, and are told when they have changed', async () => {
  const fake = { jobs: [jobRow(1), jobRow(2)] };
  const { model, changes, become } = setUp(overview({ counts: { failed: { exact: 2 } } }), fake);
  await open(model, connectionId('a'), installationId(at), troubleId(at));
  fake.jobs = [jobRow(1)];
  become(overview({ counts: { failed: { exact: 1 } } }));
  const first = changes.length;
  // It may drop what it asked for here: only a change that is told later makes it ask again.
  expect(await model.children(troubleId(at))).toHaveLength(2);
  await vi.waitFor(() => expect(changes.length).toBeGreaterThan(first));
  expect(changes.slice(first).flat()).toContain(troubleId(at));
  expect(await model.children(troubleId(at))).toHaveLength(1);
});

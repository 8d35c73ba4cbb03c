import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInspector, type Inspector, type PerformProgress } from '../../../src/inspector';
import type { InspectorParts } from '../../../src/inspector/ports';
import { InspectorError, type Plan, type Step } from '../../../src/model';
import { nothingKnown } from '../../support/surroundings';
import {
  DELETE,
  type FakeLink,
  type FakeOptions,
  fakeLink,
  fakeSystem,
  planOf,
  profileOf,
  RETRY,
  stepOf,
  workerOf,
} from './fakes';

let folder = '';
let link: FakeLink;
let inspector: Inspector;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jqi-perform-'));
});
afterEach(async () => {
  await inspector.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: FakeOptions = {}, profile = profileOf(), more: Partial<InspectorParts> = {}) {
  link = fakeLink();
  inspector = await createInspector({
    profiles: { read: async () => [profile], write: async () => undefined, onDidChange: () => () => undefined },
    secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
    systems: [fakeSystem(options)],
    surroundings: nothingKnown,
    open: async () => link,
    journal: { folder },
    ...more,
  });
  await inspector.connections[0]?.connect();
}

const never = new AbortController().signal;
const perform = (plan: Plan, signal = never, onProgress?: (progress: PerformProgress) => void) =>
  inspector.perform(
    {
      connection: 'shop',
      installation: { system: 'fake', key: '' },
      request: { action: plan.action.id, targets: plan.targets, parameters: {} },
      plan,
      confirmed: 'modal',
      ...(onProgress === undefined ? {} : { onProgress }),
    },
    signal,
  );

const lost = () =>
  new InspectorError('connection-lost', { message: 'The connection broke.', tried: 'x', answer: 'y', remedy: 'z' });

test('ends in a receipt, is in the journal, and can be undone once, last step first', async () => {
  await start();
  const seen: PerformProgress[] = [];
  const receipt = await perform(planOf(DELETE, 3), never, progress => seen.push(progress));
  expect(receipt).toMatchObject({ text: 'Deleted 3 jobs.', stopped: false, counts: { done: 3 }, notUndoable: null });
  expect(seen.map(({ done, total }) => [done, total])).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  expect(seen.at(-1)?.counts.done).toBe(3);
  const [entry] = await inspector.journal.entries();
  expect(entry).toMatchObject({
    title: 'Deleted 3 jobs',
    where: 'default on shop-local',
    state: 'done',
    action: 'delete',
  });
  const token = receipt.undo ?? '';
  expect(await inspector.undoPlan(token)).toMatchObject({ ask: 'Put back 3 jobs?', total: 3, notUndoable: null });
  expect(await inspector.undo(token, never)).toMatchObject({
    text: 'Put back 3 jobs.',
    undo: null,
    counts: { done: 3 },
  });
  expect(link.undone.flat().map(({ subject }) => subject)).toEqual(['job-2', 'job-1', 'job-0']);
  await expect(inspector.undo(token, never)).rejects.toMatchObject({ code: 'changed' });
  expect((await inspector.journal.entries()).map(({ action, state }) => [action, state])).toEqual([
    ['undo', 'done'],
    ['delete', 'undone'],
  ]);
});

test('the journal knows of a step before the step runs', async () => {
  let atStep = '';
  async function* watching(): AsyncGenerator<Step, ReturnType<typeof report>, void> {
    const [about, did] = [...stepOf('s1', ['a'], 1, 1)];
    if (about === undefined || did === undefined) throw new Error('no step');
    yield about;
    const [entry] = await inspector.journal.entries();
    atStep = readFileSync(join(folder, `${entry?.token}.jsonl`), 'utf8');
    yield did;
    return report();
  }
  const report = () => ({ counts: { done: 1, gone: 0, refused: 0, failed: 0, unknown: 0 }, items: [], stopped: false });
  await start({ perform: watching });
  await perform(planOf(DELETE, 1));
  expect(atStep).toContain('"about"');
  expect(atStep).not.toContain('"did"');
});

describe('a system that breaks', () => {
  async function breaking(error: Error, atStep: boolean) {
    await start({
      async *perform() {
        yield* stepOf('s1', ['a'], 2, 1);
        if (atStep) yield { phase: 'about', stepId: 's2', subjects: ['b'], undo: [] };
        throw error;
      },
    });
    return perform(planOf(DELETE, 2));
  }

  test('with a lost connection in a step leaves that step unknown, and keeps what was done', async () => {
    const receipt = await breaking(lost(), true);
    expect(receipt.counts).toEqual({ done: 1, gone: 0, refused: 0, failed: 0, unknown: 1 });
    expect(receipt.items.at(-1)).toEqual({ ref: null, id: 'b', outcome: 'unknown', reason: 'The connection broke.' });
    expect(receipt.stopped).toBe(true);
    expect(receipt.undo).not.toBeNull();
  });

  test('between steps says why it ended', async () => {
    const receipt = await breaking(new TypeError('a fault of ours'), false);
    expect(receipt.counts).toMatchObject({ done: 1, failed: 1 });
    expect(receipt.items.at(-1)?.reason).toContain('a fault of ours');
  });
});

describe('undo', () => {
  test('several of one id are put back each for itself', async () => {
    await start({
      async *perform() {
        yield* stepOf('s1', ['twice', 'twice', 'once'], 3, 3);
        return { counts: { done: 3, gone: 0, refused: 0, failed: 0, unknown: 0 }, items: [], stopped: false };
      },
    });
    const receipt = await perform(planOf(DELETE, 3));
    let asked = 0;
    link.undo = async units => units.map(({ subject }) => (subject === 'twice' && asked++ === 0 ? 'taken' : true));
    const undone = await inspector.undo(receipt.undo ?? '', never);
    expect(undone.counts).toMatchObject({ done: 2, refused: 1 });
    expect(undone.items.map(({ id, outcome }) => `${id} ${outcome}`).sort()).toEqual([
      'once done',
      'twice done',
      'twice refused',
    ]);
  });

  test('says what is taken, and leaves the rest of a lost answer open for another try', async () => {
    await start();
    const receipt = await perform(planOf(RETRY, 30));
    let calls = 0;
    link.undo = async units => {
      if (++calls === 2) throw lost();
      return units.map(({ subject }) => (subject === 'job-29' ? 'already taken by a worker' : true));
    };
    const first = await inspector.undo(receipt.undo ?? '', never);
    expect(first.items[0]).toEqual({
      ref: null,
      id: 'job-29',
      outcome: 'refused',
      reason: 'already taken by a worker',
    });
    expect(first).toMatchObject({ stopped: true, counts: { refused: 1, unknown: 1 } });
    link.undo = async units => units.map(() => true);
    const second = await inspector.undo(receipt.undo ?? '', never);
    expect(second).toMatchObject({ stopped: false, counts: { done: 30 } });
  });

  test('passes the guard, and refuses on another broker', async () => {
    await start();
    const receipt = await perform(planOf(DELETE, 1));
    inspector.makeReadOnly('shop');
    await expect(inspector.undo(receipt.undo ?? '', never)).rejects.toMatchObject({ code: 'read-only' });
    inspector.allowWriting('shop', 'once');
    Object.assign(link.broker, { address: 'elsewhere:6379/0' });
    await expect(inspector.undo(receipt.undo ?? '', never)).rejects.toMatchObject({ code: 'changed' });
    expect(link.undone).toEqual([]);
  });

  test('stops after the part that runs', async () => {
    await start();
    const receipt = await perform(planOf(DELETE, 5));
    const controller = new AbortController();
    link.undo = async units => {
      controller.abort();
      return units.map(() => true);
    };
    const stopped = await inspector.undo(receipt.undo ?? '', controller.signal);
    expect(stopped).toMatchObject({ stopped: true, counts: { done: 1 } });
    expect((await inspector.undoPlan(receipt.undo ?? '')).notUndoable).toBeNull();
  });
});

test('a grant for one action is used up by it; nothing is written while read-only', async () => {
  await start({}, profileOf({ access: 'read-only' }));
  await expect(perform(planOf(DELETE, 1))).rejects.toMatchObject({ code: 'read-only' });
  inspector.allowWriting('shop', 'once');
  await perform(planOf(DELETE, 1));
  await expect(perform(planOf(DELETE, 1))).rejects.toMatchObject({ code: 'read-only' });
});

test('without copies there is no undo, and the receipt says why', async () => {
  await start({}, profileOf({ keepPayloads: false }));
  const receipt = await perform(planOf(DELETE, 1));
  expect(receipt.undo).toBeNull();
  expect(receipt.notUndoable).toContain('switched off');
});

test('a journal that cannot be written stops before anything runs', async () => {
  let began = false;
  await start(
    {
      async *perform() {
        began = true;
        yield* stepOf('s1', ['a'], 1, 1);
        throw new Error('not reached');
      },
    },
    profileOf(),
    { journal: { folder: '/dev/null/journal' } },
  );
  await expect(perform(planOf(DELETE, 1))).rejects.toThrow(/nothing was changed/);
  expect(began).toBe(false);
});

test('an action that makes something says what it made; several queues are counted', async () => {
  const enqueue = { ...RETRY, words: { ...RETRY.words, done: { one: 'Enqueued as {id}.', other: 'Enqueued {n}.' } } };
  await start({
    async *perform() {
      yield* stepOf('s1', ['made-1'], 1, 1);
      const items = [{ ref: null, id: 'made-1', outcome: 'done', reason: null }] as const;
      return { counts: { done: 1, gone: 0, refused: 0, failed: 0, unknown: 0 }, items, stopped: false };
    },
  });
  expect((await perform(planOf(enqueue, 1))).text).toBe('Enqueued as made-1.');
  const byQueue = ['a', 'b'].map(queue => ({ queue, count: 2, note: null }));
  const plan = planOf(DELETE, 4, { byQueue, targets: [{ kind: 'selector', queue: null, state: 'failed' }] });
  expect(inspector.planWords('shop', { system: 'fake', key: '' }, plan).ask).toBe('Delete 4 jobs from 2 queues?');
});

test('which process is to be stopped is said before it is', async () => {
  const workers = [
    workerOf('worker-3', { pid: 4711, host: 'web-1' }),
    workerOf('mail@web-1', { host: 'web-1' }),
    workerOf('reports@web-1', { pid: 12, host: 'web-1' }),
  ];
  await start({ workers });
  await inspector.connections[0]?.refresh('manual');
  const stop = { ...DELETE, words: { ...DELETE.words, ask: { one: 'Stop {name}?', other: 'Stop {n} workers?' } } };
  const asked = (name: string) => {
    const plan = planOf(stop, 1, { targets: [{ kind: 'worker', name }] });
    return inspector.planWords('shop', { system: 'fake', key: '' }, plan).ask;
  };
  expect(asked('worker-3')).toBe('Stop worker-3 (pid 4711 on web-1)?');
  expect(asked('mail@web-1')).toBe('Stop mail@web-1?');
  expect(asked('reports@web-1')).toBe('Stop reports@web-1 (pid 12)?');
  expect(asked('worker-9')).toBe('Stop worker-9?');
});

/** A reply that is lost, a run that is stopped, others at work at the same time: every task in exactly one place. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Target } from '../../../../src/model';
import { differences, dumpRedis, once, type RedisProxy, startProxy, waitFor } from '../../../support';
import { never } from '../../support/acting';
import { placesOf, resultText, writeEntry, writeHeld, writeResults, writeWaiting } from './data';
import { job, type Rig, startRig } from './rig';

let rig: Rig;
let proxy: RedisProxy;
let through: Rig;

beforeAll(async () => {
  rig = await startRig();
  proxy = await startProxy(rig.redis);
  through = await startRig({ redis: rig.redis, url: proxy.url });
});
afterAll(async () => {
  await through[Symbol.asyncDispose]();
  await proxy.stop();
  await rig[Symbol.asyncDispose]();
});

const IN_AN_HOUR = '2099-11-20T21:39:01+00:00';
/** Queues and results that are new are found by the next look or lap. */
const first = async (on: Rig, state: 'waiting' | 'taken' | 'failed' | 'finished') =>
  waitFor(
    async () => {
      const [row] = await on.rows(state);
      return row === undefined ? null : job(row);
    },
    { what: `a task that is ${state}` },
  );

interface Case {
  readonly action: string;
  readonly on: string;
  readonly target: Target | ((on: Rig) => Promise<Target>);
  readonly parameters?: Record<string, unknown>;
  readonly prepare: () => Promise<unknown>;
  /** Lists in which the task `j` stands afterwards. */
  readonly ends?: readonly string[];
  readonly check?: () => Promise<void>;
}

/** Every action that writes by a script. */
const cases: readonly Case[] = [
  {
    action: 'retry',
    on: 'a failed task',
    target: on => first(on, 'failed'),
    prepare: () => writeResults(rig.results, [{ id: 'j' }]),
    ends: ['celery'],
    check: async () => expect(await rig.results.exists('celery-task-meta-j')).toBe(0),
  },
  {
    action: 'cancel',
    on: 'a waiting task',
    target: on => first(on, 'waiting'),
    prepare: () => writeWaiting(rig.client, [{ id: 'j' }, { id: 'k' }]),
    check: async () => expect([...(await placesOf(rig.client)).keys()]).toEqual(['k']),
  },
  {
    action: 'delete',
    on: 'a waiting task',
    target: on => first(on, 'waiting'),
    prepare: () => writeWaiting(rig.client, [{ id: 'j', priority: 9 }]),
    check: async () => expect(await placesOf(rig.client)).toEqual(new Map()),
  },
  {
    action: 'delete',
    on: 'a result',
    target: on => first(on, 'finished'),
    prepare: () => writeResults(rig.results, [{ id: 'j', status: 'SUCCESS' }]),
    check: async () => expect(await rig.results.exists('celery-task-meta-j')).toBe(0),
  },
  {
    action: 'move',
    on: 'a waiting task',
    target: on => first(on, 'waiting'),
    parameters: { queue: 'other' },
    prepare: () => writeWaiting(rig.client, [{ id: 'j', priority: 3 }, { id: 'k' }]),
    check: async () => {
      const places = await placesOf(rig.client);
      expect([...places.values()].flat().sort()).toEqual(expect.arrayContaining([expect.stringMatching(/^other/)]));
      expect([...places.values()].every(each => each.length === 1)).toBe(true);
    },
  },
  {
    action: 'run-now',
    on: 'a waiting task',
    target: on => first(on, 'waiting'),
    prepare: () => writeWaiting(rig.client, [{ id: 'j', eta: IN_AN_HOUR }]),
    ends: ['celery'],
    check: async () => expect(JSON.parse((await rig.client.lindex('celery', -1)) ?? '').headers.eta).toBeNull(),
  },
  {
    action: 'give-back',
    on: 'a held message',
    target: on => first(on, 'taken'),
    prepare: () => writeHeld(rig.client, { id: 'j' }),
    ends: ['celery'],
    check: async () => expect(await rig.client.exists('unacked', 'unacked_index')).toBe(0),
  },
  {
    action: 'enqueue',
    on: 'a queue',
    target: { kind: 'queue', name: 'celery' },
    parameters: { task: 'shop.tasks.add', args: '(1, 2)', id: 'j' },
    prepare: async () => undefined,
    ends: ['celery'],
  },
  {
    action: 'enqueue-copy',
    on: 'a waiting task',
    target: on => first(on, 'waiting'),
    parameters: { id: 'j' },
    prepare: () => writeWaiting(rig.client, [{ id: 'original' }]),
    ends: ['celery'],
  },
  {
    action: 'enqueue-copy',
    on: 'a result',
    target: on => first(on, 'finished'),
    parameters: { id: 'j' },
    prepare: () => writeResults(rig.results, [{ id: 'original', status: 'SUCCESS' }]),
    ends: ['celery'],
  },
  {
    action: 'empty',
    on: 'a queue',
    target: { kind: 'queue', name: 'celery' },
    prepare: () => writeWaiting(rig.client, [{ id: 'j' }, { id: 'k', priority: 6 }, { id: 'l' }]),
    check: async () => expect(await placesOf(rig.client)).toEqual(new Map()),
  },
  {
    action: 'delete-queue',
    on: 'a queue',
    target: { kind: 'queue', name: 'celery' },
    prepare: () => writeWaiting(rig.client, [{ id: 'j' }]),
    check: async () => expect(await rig.client.exists('_kombu.binding.celery', 'celery')).toBe(0),
  },
  {
    action: 'run-now',
    on: 'a schedule',
    target: { kind: 'schedule', id: 'redbeat:j' },
    prepare: () => writeEntry(rig.client, 'j'),
    check: async () => {
      expect(JSON.parse((await rig.client.hget('redbeat:j', 'meta')) ?? '')).toEqual({
        last_run_at: null,
        total_run_count: 3,
      });
      expect(Number(await rig.client.zscore('redbeat::schedule', 'redbeat:j'))).toBeLessThanOrEqual(Date.now() / 1000);
    },
  },
  {
    action: 'pause',
    on: 'a schedule',
    target: { kind: 'schedule', id: 'redbeat:j' },
    prepare: () => writeEntry(rig.client, 'j'),
    check: async () => expect(JSON.parse((await rig.client.hget('redbeat:j', 'definition')) ?? '').enabled).toBe(false),
  },
  {
    action: 'reschedule',
    on: 'a schedule',
    target: { kind: 'schedule', id: 'redbeat:j' },
    parameters: { cron: '0 8-18 * * mon-fri' },
    prepare: () => writeEntry(rig.client, 'j'),
    check: async () =>
      expect(JSON.parse((await rig.client.hget('redbeat:j', 'definition')) ?? '').schedule).toEqual({
        __type__: 'crontab',
        minute: '0',
        hour: '8-18',
        day_of_week: 'mon-fri',
        day_of_month: '*',
        month_of_year: '*',
      }),
  },
  {
    action: 'delete',
    on: 'a schedule',
    target: { kind: 'schedule', id: 'redbeat:j' },
    prepare: () => writeEntry(rig.client, 'j'),
    check: async () => expect(await rig.client.exists('redbeat:j', 'redbeat::schedule')).toBe(0),
  },
];

/** Remembered answers of steps, and the bindings of a queue that is new: these stay. */
const stays = (action: string) => (key: string) =>
  key.startsWith('job-queue-inspector:') ||
  key.startsWith('undo-') ||
  (key.startsWith('_kombu.binding') && action !== 'delete-queue');

describe('the reply of the change is lost', () => {
  test.each(cases)('$action of $on', async ({ action, target, parameters = {}, prepare, ends, check }) => {
    // The first run loads the script, so that what is lost below is the answer of the change and no NOSCRIPT.
    for (const lose of [false, true]) {
      await rig.flush();
      await prepare();
      const aim = typeof target === 'function' ? await target(through) : target;
      const before = await dumpAll(action);
      let lost = 0;
      const drop = once(command => lose && command.name === 'EVALSHA');
      proxy.use({
        dropReply: command => {
          const dropped = drop(command);
          if (dropped) lost++;
          return dropped;
        },
      });
      const { report, undo } = await through.perform(action, aim, parameters);
      proxy.use({});
      expect(report.items.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
      expect(report.counts.done).toBeGreaterThan(0);
      expect(lost).toBe(lose ? 1 : 0);
      if (ends !== undefined) expect((await placesOf(rig.client)).get('j')).toEqual(ends);
      await check?.();
      expect(await rig.undo(undo)).toEqual(undo.map(() => true));
      expect(undo.length).toBeGreaterThan(0);
      const [messages, results] = await dumpAll(action);
      expect(differences(before[0], messages)).toEqual([]);
      expect(differences(before[1], results)).toEqual([]);
    }
  });
});

async function dumpAll(action: string) {
  const without = stays(action);
  return [await dumpRedis(rig.redis, { without }), await dumpRedis(rig.redis, { database: 1, without })] as const;
}

const many = (count: number) => Array.from({ length: count }, (_, index) => `task-${String(index).padStart(5, '0')}`);

describe('stopped half-way', () => {
  test.each([
    ['retry', { kind: 'selector', queue: 'celery', state: 'failed' }, {}],
    ['move', { kind: 'selector', queue: 'celery', state: 'waiting' }, { queue: 'other' }],
    ['cancel', { kind: 'selector', queue: 'celery', state: 'waiting' }, {}],
    ['empty', { kind: 'queue', name: 'celery' }, {}],
  ] as const)('%s: every task is in one place, and all of it can be undone', async (action, target, parameters) => {
    await rig.flush();
    const ids = many(1000);
    if (action === 'retry')
      await writeResults(
        rig.results,
        ids.map(id => ({ id })),
      );
    else
      await writeWaiting(
        rig.client,
        ids.map(id => ({ id })),
      );
    await rig.rows('failed');
    const before = await dumpAll(action);
    const stop = new AbortController();
    const plan = await rig.installation.plan({ action, targets: [target], parameters }, never);
    expect(plan.total).toBe(1000);
    const undo = [];
    const run = rig.installation.perform(plan, stop.signal);
    let steps = 0;
    let report: Awaited<ReturnType<typeof run.next>>;
    for (report = await run.next(); report.done !== true; report = await run.next()) {
      if (report.value.phase === 'did') steps++;
      undo.push(...report.value.undo);
      // In the middle of a step: it ends all the same.
      if (steps === 3 && report.value.phase === 'about') stop.abort();
    }
    expect(report.value.stopped).toBe(true);
    expect(steps).toBe(4);
    const done = report.value.counts.done;
    expect(done).toBeGreaterThan(15);
    expect(done).toBeLessThan(1000);
    const places = await placesOf(rig.client);
    expect([...places.values()].filter(each => each.length !== 1)).toEqual([]);
    const left = action === 'retry' ? await rig.results.dbsize() : places.size;
    expect(left).toBe(action === 'move' ? 1000 : 1000 - done);
    expect((await rig.undo(undo.reverse())).filter(each => each !== true)).toEqual([]);
    const [messages, results] = await dumpAll(action);
    expect(differences(before[0], messages)).toEqual([]);
    expect(differences(before[1], results)).toEqual([]);
  });
});

describe('others at work at the same time', () => {
  test('what a worker takes between plan and run is gone, and is not written again', async () => {
    await rig.flush();
    await writeWaiting(rig.client, [{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    await first(rig, 'waiting');
    const rows = await rig.rows('waiting');
    const plan = await rig.installation.plan(
      { action: 'move', targets: [job(...rows)], parameters: { queue: 'other' } },
      never,
    );
    await rig.client.rpop('celery');
    const run = rig.installation.perform(plan, never);
    let next = await run.next();
    while (next.done !== true) next = await run.next();
    expect(next.value.counts).toMatchObject({ done: 2, gone: 1 });
    expect([...(await placesOf(rig.client))]).toEqual([
      ['c', ['other']],
      ['b', ['other']],
    ]);
  });

  test('a result that changes between reading and retrying is left alone', async () => {
    await rig.flush();
    await writeResults(rig.results, [{ id: 'j' }]);
    const target = await first(rig, 'failed');
    const plan = await rig.installation.plan({ action: 'retry', targets: [target], parameters: {} }, never);
    const run = rig.installation.perform(plan, never);
    const step = await run.next();
    expect(step.value).toMatchObject({ phase: 'about', subjects: ['j'] });
    await rig.results.set('celery-task-meta-j', resultText({ id: 'j', status: 'SUCCESS' }));
    let next = await run.next();
    while (next.done !== true) next = await run.next();
    expect(next.value.items).toMatchObject([{ outcome: 'refused', reason: 'it has changed meanwhile' }]);
    expect(await rig.client.llen('celery')).toBe(0);
  });

  test('what a worker has taken is not taken back', async () => {
    await rig.flush();
    await writeResults(rig.results, [{ id: 'm' }]);
    const { undo } = await rig.perform('retry', await first(rig, 'failed'));
    await rig.client.rpop('celery');
    await writeResults(rig.results, [{ id: 'm', status: 'SUCCESS' }]);
    expect(await rig.undo(undo)).toEqual(['already taken by a worker', 'a new outcome has taken its place']);
    expect(await rig.results.get('celery-task-meta-m')).toBe(resultText({ id: 'm', status: 'SUCCESS' }));
  });
});

/** A reply that is lost, a run that is stopped, others at work at the same time: every job in exactly one place. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Target, UndoUnit } from '../../../../src/model';
import {
  asRedis5,
  differences,
  dumpRedis,
  once,
  type RedisProxy,
  startProxy,
  startRqWorker,
  waitFor,
} from '../../../support';
import { never, Ran } from '../../support/acting';
import { AT, placesOf, writeJob, writeRegistered, writeWaiting } from './data';
import { job, python, type Rig, refIn, startRig } from './rig';

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

interface Case {
  readonly action: string;
  readonly target: Target;
  readonly parameters?: Record<string, unknown>;
  readonly prepare: () => Promise<unknown>;
  /** Where the job `j` stands afterwards. */
  readonly ends?: readonly string[];
  readonly check?: () => Promise<void>;
}

const client = () => rig.client;

/** Every action that writes by a script, each on a fresh broker's worth of data. */
const cases: readonly Case[] = [
  {
    action: 'retry',
    target: job('failed:default', 'j'),
    prepare: () => writeRegistered(client(), 'failed', ['j']),
    ends: ['rq:queue:default'],
  },
  {
    action: 'run-now',
    target: job('scheduled:default', 'j'),
    prepare: () => writeRegistered(client(), 'scheduled', ['j']),
    ends: ['rq:queue:default'],
  },
  {
    action: 'cancel',
    target: job('queue:default', 'j'),
    prepare: () => writeWaiting(client(), ['j']),
    ends: ['rq:canceled:default'],
  },
  {
    action: 'move',
    target: job('queue:default', 'j'),
    parameters: { queue: 'other' },
    prepare: () => writeWaiting(client(), ['j']),
    ends: ['rq:queue:other'],
  },
  {
    action: 'rq.move-to-front',
    target: job('queue:default', 'j'),
    prepare: () => writeWaiting(client(), ['i', 'j']),
    ends: ['rq:queue:default'],
  },
  {
    action: 'delete',
    target: job('failed:default', 'j'),
    prepare: () => writeRegistered(client(), 'failed', ['j']),
    check: async () => expect(await client().exists('rq:job:j')).toBe(0),
  },
  {
    action: 'enqueue',
    target: { kind: 'queue', name: 'default' },
    parameters: { task: 'shop.mail.send', id: 'j' },
    prepare: async () => undefined,
    ends: ['rq:queue:default'],
  },
  {
    action: 'enqueue-copy',
    target: job('finished:default', 'original'),
    parameters: { id: 'j' },
    prepare: () => writeRegistered(client(), 'finished', ['original']),
    ends: ['rq:queue:default'],
  },
  {
    action: 'empty',
    target: { kind: 'queue', name: 'default' },
    prepare: () => writeWaiting(client(), ['j']),
    check: async () => expect(await client().exists('rq:job:j', 'rq:queue:default')).toBe(0),
  },
  {
    action: 'delete-queue',
    target: { kind: 'queue', name: 'default' },
    prepare: () => client().sadd('rq:queues', 'rq:queue:default'),
    check: async () => expect(await client().exists('rq:queues')).toBe(0),
  },
  {
    action: 'pause',
    target: { kind: 'installation' },
    prepare: async () => undefined,
    check: async () => expect(await client().get('rq:suspended')).toBe('1'),
  },
  {
    action: 'resume',
    target: { kind: 'installation' },
    prepare: () => client().set('rq:suspended', '1'),
    check: async () => expect(await client().exists('rq:suspended')).toBe(0),
  },
  {
    action: 'forget-worker',
    target: { kind: 'worker', name: 'w' },
    prepare: () => client().sadd('rq:workers', 'rq:worker:w'),
    check: async () => expect(await client().exists('rq:workers')).toBe(0),
  },
  {
    action: 'run-now',
    target: { kind: 'schedule', id: 'j' },
    prepare: async () => {
      await writeJob(client(), 'j', { status: 'scheduled' });
      await client().zadd('rq:scheduler:scheduled_jobs', 1e10, 'j');
    },
    ends: ['rq:queue:default'],
  },
  {
    action: 'reschedule',
    target: { kind: 'schedule', id: 'j' },
    parameters: { at: '2100-01-01T00:00:00Z' },
    prepare: async () => {
      await writeJob(client(), 'j');
      await client().zadd('rq:scheduler:scheduled_jobs', 1e10, 'j');
    },
    ends: ['rq:scheduler:scheduled_jobs'],
    check: async () => expect(await client().zscore('rq:scheduler:scheduled_jobs', 'j')).toBe('4102444800'),
  },
  {
    action: 'delete',
    target: { kind: 'schedule', id: 'j' },
    prepare: () => client().zadd('rq:scheduler:scheduled_jobs', 1e10, 'j'),
    check: async () => expect(await client().exists('rq:scheduler:scheduled_jobs')).toBe(0),
  },
];

describe('the reply of the change is lost', () => {
  test.each(cases)('$action of a $target.kind', async ({ action, target, parameters = {}, prepare, ends, check }) => {
    // The first run loads the script, so that what is lost below is the answer of the change and no NOSCRIPT.
    for (const lose of [false, true]) {
      await client().flushdb();
      await prepare();
      const before = await dumpRedis(rig.redis);
      let lost = 0;
      const drop = once(command => lose && command.name === 'EVALSHA');
      proxy.use({
        dropReply: command => {
          const dropped = drop(command);
          if (dropped) lost++;
          return dropped;
        },
      });
      const { report, undo } = await through.perform(action, target, parameters);
      expect(report.counts).toMatchObject({ gone: 0, refused: 0, failed: 0, unknown: 0 });
      expect(report.counts.done).toBeGreaterThan(0);
      expect(lost).toBe(lose ? 1 : 0);
      if (ends !== undefined) expect((await placesOf(client())).get('j')).toEqual(ends);
      await check?.();
      if (undo.length === 0) continue;
      // What was learned from an answer that was lost once undoes as well as any other.
      expect(await rig.undo(undo)).toEqual(undo.map(() => true));
      const kept = (key: string) =>
        key.startsWith('rq:inspector') || (key === 'rq:queues' && action !== 'delete-queue');
      const untouched = new Map([...before].filter(([key]) => !kept(key)));
      expect(differences(untouched, await dumpRedis(rig.redis, { without: kept }))).toEqual([]);
    }
  });

  test('PUBLISH is not repeated: what became of it is read back', async () => {
    await client().flushdb();
    using ran = new Ran();
    const worker = await startRqWorker({ generation: 'rq-newest', url: rig.redis.url, queues: ['default'] });
    const id = await python(
      'rq-newest',
      rig.redis,
      `print(queue().enqueue_call("shop.reports.wait_for_file", args=(${JSON.stringify(ran.switch)},)).id)`,
    );
    await waitFor(async () => (await client().hget(`rq:worker:${worker.name}`, 'current_job')) === id);
    proxy.use({ dropReply: once(command => command.name === 'PUBLISH') });
    proxy.reset();
    expect((await through.perform('stop', job('wip:default', id))).report.items).toMatchObject([{ outcome: 'done' }]);
    proxy.use({ dropReply: once(command => command.name === 'PUBLISH') });
    const target = { kind: 'worker', name: worker.name } as const;
    expect((await through.perform('stop-worker', target)).report.counts.done).toBe(1);
    expect(proxy.commands.filter(({ name }) => name === 'PUBLISH')).toHaveLength(2);
    await worker.exited;
    proxy.use({});
  });
});

const many = (count: number) => Array.from({ length: count }, (_, index) => `job-${String(index).padStart(5, '0')}`);

describe('stopped half-way', () => {
  test.each([
    ['retry', { kind: 'selector', queue: 'default', state: 'failed' }, {}],
    ['move', { kind: 'selector', queue: 'default', state: 'waiting' }, { queue: 'other' }],
    ['cancel', { kind: 'selector', queue: 'default', state: 'waiting' }, {}],
    ['empty', { kind: 'queue', name: 'default' }, {}],
  ] as const)('%s: every job is in one place, and all of it can be undone', async (action, target, parameters) => {
    await client().flushdb();
    const ids = many(1000);
    if (action === 'retry') await writeRegistered(client(), 'failed', ids);
    else await writeWaiting(client(), ids);
    const before = await dumpRedis(rig.redis);
    const stop = new AbortController();
    const plan = await rig.actions.plan({ action, targets: [target], parameters }, never);
    const undo = [];
    const run = rig.actions.perform(plan, stop.signal);
    let steps = 0;
    let report: Awaited<ReturnType<typeof run.next>>;
    for (report = await run.next(); report.done !== true; report = await run.next()) {
      if (report.value.phase === 'did') steps++;
      undo.push(...(action === 'empty' || report.value.phase === 'did' ? report.value.undo : []));
      // In the middle of a step: it ends all the same.
      if (steps === 3 && report.value.phase === 'about') stop.abort();
    }
    expect(report.value.stopped).toBe(true);
    expect(steps).toBe(4);
    const done = report.value.counts.done;
    expect(done).toBeGreaterThan(20);
    expect(done).toBeLessThan(1000);
    const places = await placesOf(client());
    expect(places.size).toBe(action === 'empty' ? 1000 - done : 1000);
    expect([...places.values()].filter(each => each.length !== 1)).toEqual([]);
    expect((await rig.undo(undo)).filter(each => each !== true)).toEqual([]);
    const kept = (key: string) => key.startsWith('rq:inspector') || key === 'rq:queues';
    const old = new Map([...before].filter(([key]) => !kept(key)));
    const now = await dumpRedis(rig.redis, { without: kept });
    expect(differences(old, now)).toEqual([]);
  });
});

describe('others at work at the same time', () => {
  test('jobs that RQ itself requeues meanwhile are gone, and none is in two places', async () => {
    await client().flushdb();
    const ids = many(2000);
    await writeRegistered(client(), 'failed', ids);
    const other = python(
      'rq-newest',
      rig.redis,
      `
from rq.registry import FailedJobRegistry
registry = FailedJobRegistry("default", connection=connection)
from rq.exceptions import InvalidJobOperation
print("ready", flush=True)
taken = 0
for id in reversed(registry.get_job_ids(cleanup=False)[1000:] if "cleanup" in registry.get_job_ids.__code__.co_varnames else registry.get_job_ids()[1000:]):
    try:
        registry.requeue(id)
        taken += 1
    except InvalidJobOperation:
        pass
print(taken)`,
    );
    await waitFor(async () => (await client().llen('rq:queue:default')) > 20, { timeout: 20_000 });
    const { report } = await rig.perform('retry', { kind: 'selector', queue: 'default', state: 'failed' });
    const theirs = Number((await other).split('\n').at(-1));
    const waiting = await client().lrange('rq:queue:default', 0, -1);
    expect(theirs).toBeGreaterThan(0);
    expect(report.counts.done + theirs).toBe(2000);
    expect(waiting).toHaveLength(2000);
    expect(new Set(waiting).size).toBe(2000);
    expect(await client().zcard('rq:failed:default')).toBe(0);
  });

  test('what changes between saving and deleting is saved anew, and then left alone', async () => {
    await client().flushdb();
    await writeRegistered(client(), 'failed', ['once', 'always']);
    const plan = await rig.actions.plan(
      { action: 'delete', targets: [{ kind: 'selector', queue: 'default', state: 'failed' }], parameters: {} },
      never,
    );
    const run = rig.actions.perform(plan, never);
    let abouts = 0;
    let step = await run.next();
    const undo = new Map<string, unknown>();
    for (; step.done !== true; step = await run.next()) {
      if (step.value.phase !== 'about') continue;
      abouts++;
      for (const unit of step.value.undo) undo.set(unit.subject, unit);
      await client().hset('rq:job:always', 'meta', String(abouts));
      if (abouts === 1) await client().hset('rq:job:once', 'meta', 'new');
    }
    expect(abouts).toBe(2);
    expect(step.value.counts).toMatchObject({ done: 1, refused: 1 });
    expect(step.value.items.map(({ id, reason }) => [id, reason])).toEqual(
      expect.arrayContaining([
        ['once', null],
        ['always', 'it changed meanwhile'],
      ]),
    );
    expect(await client().exists('rq:job:always')).toBe(1);
    expect(JSON.stringify(undo.get('once'))).toContain(Buffer.from('new').toString('base64'));
  });

  test('undo refuses what a worker took, what exists again, and what has expired', async () => {
    await client().flushdb();
    await writeRegistered(client(), 'failed', ['a', 'b', 'c']);
    const retried = await rig.perform('retry', { kind: 'selector', queue: 'default', state: 'failed' });
    await client().lpop('rq:queue:default');
    expect(await rig.undo(retried.undo)).toEqual(['already taken by a worker', true, true]);
    const deleted = await rig.perform('delete', { kind: 'selector', queue: 'default', state: 'failed' });
    await writeJob(client(), 'b', { status: 'queued' });
    expect(await rig.undo(deleted.undo)).toEqual(['its id is in use again', true]);
    await client().pexpire('rq:job:c', 300);
    const expiring = await rig.perform('delete', job('failed:default', 'c'));
    await waitFor(async () => {
      const [seconds, micros] = await client().time();
      return Number(seconds) * 1000 + Number(micros) / 1000 > (await expiryOf(expiring.undo));
    });
    expect(await rig.undo(expiring.undo)).toEqual(['it would have expired meanwhile']);
  });

  test('a job that runs meanwhile is never touched', async () => {
    await client().flushdb();
    await writeRegistered(client(), 'failed', ['runs', 'waits', 'failed']);
    await client().hset('rq:job:runs', { status: 'started', started_at: AT });
    await client().hset('rq:job:waits', 'status', 'queued');
    const before = await dumpRedis(rig.redis);
    const retried = await rig.perform('retry', { kind: 'selector', queue: 'default', state: 'failed' });
    expect(retried.plan.leftOut).toEqual([
      { reason: 'it runs', count: 1 },
      { reason: 'its status is queued now', count: 1 },
    ]);
    expect(retried.report.counts).toMatchObject({ done: 1, refused: 2 });
    await rig.undo(retried.undo);
    const deleted = await rig.perform('delete', job('failed:default', 'runs'));
    expect(deleted.report.counts).toMatchObject({ done: 0, refused: 1 });
    expect(differences(before, await dumpRedis(rig.redis, { without: key => key.startsWith('rq:inspector') }))).toEqual(
      [],
    );
  });
});

async function expiryOf([first]: readonly UndoUnit[]): Promise<number> {
  const guard = first?.broker === 'redis' ? first.guards.find(each => 'at' in each) : undefined;
  return guard !== undefined && 'at' in guard ? Number(guard.at) : 0;
}

test('a server that answers as 5.0: from the middle of a list and back to the same place', async () => {
  await client().flushdb();
  await writeWaiting(client(), many(40));
  const before = await dumpRedis(rig.redis);
  await using old = await startProxy(rig.redis, asRedis5);
  await using ancient = await startRig({ redis: rig.redis, url: old.url });
  for (const action of ['delete', 'cancel']) {
    const target = {
      kind: 'jobs',
      refs: ['job-00020', 'job-00007', 'job-00039'].map(id => refIn('queue:default', id)),
    } as const;
    const { report, undo } = await ancient.perform(action, target);
    expect(report.counts.done).toBe(3);
    expect(await client().llen('rq:queue:default')).toBe(37);
    const answers = await ancient.broker.undo(undo, `rq:inspector:step:undo-${action}`, never);
    expect(answers).toEqual([true, true, true]);
    const without = (key: string) => key.startsWith('rq:inspector');
    expect(differences(before, await dumpRedis(rig.redis, { without }))).toEqual([]);
  }
});

/** Every option of enqueue as RQ itself reads it, and run; wrong values; what a user may not do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis } from '../../../../src/brokers/redis/connect';
import { rq } from '../../../../src/systems/rq';
import {
  differences,
  dumpRedis,
  rqGenerationsUnderTest,
  startRqScheduler,
  startRqWorker,
  waitFor,
} from '../../../support';
import { never, Ran } from '../../support/acting';
import { writeJob, writeRegistered } from './data';
import { actionsOn, job, python, type Rig, startRig } from './rig';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const default_ = { kind: 'queue', name: 'default' } as const;
const enqueue = (parameters: Record<string, unknown>) => rig.perform('enqueue', default_, parameters);
const hash = (id: string) => rig.client.hgetall(`rq:job:${id}`);

test('retries with intervals run on a real worker with scheduler', async () => {
  await rig.client.flushdb();
  using ran = new Ran();
  const worker = await startRqWorker({
    generation: 'rq-newest',
    url: rig.redis.url,
    queues: ['default'],
    withScheduler: true,
  });
  await enqueue({ task: 'shop.reports.no_such_function', id: 'retried', retries: 1, retry_intervals: [1] });
  await enqueue({
    task: 'shop.reports.append_line',
    args: [ran.file, 'delayed'],
    delay: '1s',
    id: 'delayed',
    at_front: true,
  });
  await waitFor(async () => (await hash('retried'))['status'] === 'failed', {
    timeout: 40_000,
    explain: worker.output,
  });
  await waitFor(() => ran.lines().length > 0, { timeout: 40_000, explain: worker.output });
  expect((await hash('retried'))['retries_left']).toBe('0');
  expect(ran.lines()).toEqual(['delayed']);
  await worker.stop();
});

test('what may be written is told by the workers of the queue', async () => {
  await rig.client.flushdb();
  const young = await startRqWorker({ generation: 'rq-newest', url: rig.redis.url, queues: ['default'] });
  const old = await startRqWorker({ generation: 'rq-0.12', url: rig.redis.url, queues: ['legacy'] });
  await enqueue({ task: 'shop.reports.append_line', delay: '1h', retries: 1, id: 'young' });
  expect(await hash('young')).toMatchObject({ status: 'scheduled', retries_left: '1' });
  await expect(
    rig.perform('enqueue', { kind: 'queue', name: 'legacy' }, { task: 'shop.reports.append_line', delay: '1h' }),
  ).rejects.toMatchObject({ code: 'unsupported' });
  await Promise.all([young.stop(), old.stop()]);
});

test('JSON for workers that read JSON', async () => {
  await rig.client.flushdb();
  using ran = new Ran();
  await enqueue({
    task: 'shop.reports.append_line',
    args: `["${ran.file}", {"a": [1, 2.0, null, true, "é"]}]`,
    serializer: 'json',
    meta: { by: 'us' },
    id: 'json',
  });
  const args = ['--serializer', 'rq.serializers.JSONSerializer'];
  const worker = await startRqWorker({
    generation: 'rq-newest',
    url: rig.redis.url,
    queues: ['default'],
    burst: true,
    args,
  });
  await worker.exited;
  expect(ran.lines()).toEqual(["{'a': [1, 2.0, None, True, 'é']}"]);
});

test('front, time to live, timeout, schedule: as RQ itself writes them', async () => {
  await rig.client.flushdb();
  await enqueue({ task: 'shop.mail.send', id: 'first' });
  await enqueue({
    task: 'shop.mail.send',
    id: 'front',
    at_front: true,
    ttl: '10m',
    timeout: -1,
    result_ttl: -1,
    failure_ttl: 60,
  });
  const { report } = await enqueue({ task: 'shop.mail.send', id: 'later', at: '2100-01-01T00:00:00Z' });
  expect(report.items).toMatchObject([{ ref: 'rq//scheduled%3Adefault/later', outcome: 'done' }]);
  expect(await rig.client.lrange('rq:queue:default', '0', '-1')).toEqual(['front', 'first']);
  expect(await rig.client.ttl('rq:job:front')).toBeGreaterThan(595);
  expect(await rig.client.ttl('rq:job:first')).toBe(-1);
  expect(await rig.client.zscore('rq:scheduled:default', 'later')).toBe('4102444800');
  for (const { id: generation, version } of rqGenerationsUnderTest) {
    const seen = await python(
      generation,
      rig.redis,
      `
from rq.job import Job
j = Job.fetch("front", connection=connection)
print(json.dumps([j.func_name, list(j.args), j.kwargs, j.timeout, j.result_ttl, j.ttl, j.get_status(), j.started_at, j.description]))`,
    );
    expect(JSON.parse(seen), version).toEqual([
      'shop.mail.send',
      [],
      {},
      -1,
      -1,
      600,
      'queued',
      null,
      'shop.mail.send()',
    ]);
  }
});

test('a job that was copied keeps its bytes, and one that cannot be read is copied too', async () => {
  await rig.client.flushdb();
  await writeJob(rig.client, 'odd', {
    data: Buffer.from([1, 2, 255, 0]),
    status: 'failed',
    meta: Buffer.from([255]),
    ttl: '60',
  });
  const { report } = await rig.perform('enqueue-copy', job('failed:default', 'odd'), { queue: 'other' });
  const id = report.items[0]?.id ?? '';
  expect(await rig.client.hgetBuffer(`rq:job:${id}`, 'data')).toEqual(Buffer.from([1, 2, 255, 0]));
  expect(await rig.client.hgetBuffer(`rq:job:${id}`, 'meta')).toEqual(Buffer.from([255]));
  expect(await rig.client.lrange('rq:queue:other', '0', '-1')).toEqual([id]);
  expect(await rig.client.ttl(`rq:job:${id}`)).toBeGreaterThan(50);
});

describe('a wrong value', () => {
  const task = 'shop.mail.send';
  test.each([
    [{ task, args: "(1, 'x'" }, 'args', { line: 1 }],
    [{ task, args: '(1,\n  2 +)' }, 'args', { line: 2 }],
    [{ task, kwargs: "{'a': open('x')}" }, 'kwargs', { line: 1 }],
    [{ task, kwargs: '[1]' }, 'kwargs', {}],
    [{ task: 'send' }, 'task', {}],
    [{ task: 'shop.mail.send; import os' }, 'task', {}],
    [{ args: '()' }, 'task', {}],
    [{ task, timeout: 'soon' }, 'timeout', {}],
    [{ task, timeout: 0 }, 'timeout', {}],
    [{ task, ttl: -1 }, 'ttl', {}],
    [{ task, retries: 1.5 }, 'retries', {}],
    [{ task, retry_intervals: [1] }, 'retries', {}],
    [{ task, at: 'tomorrow' }, 'at', {}],
    [{ task, at: '2100-01-01', delay: 5 }, 'delay', {}],
    [{ task, id: 'a:b' }, 'id', {}],
    [{ task, meta: '[1]' }, 'meta', {}],
    [{ task, serializer: 'yaml' }, 'serializer', {}],
    [{ task, serializer: 'json', args: "(b'bytes',)" }, 'args', {}],
  ])('%j', async (parameters, parameter, place) => {
    const before = await dumpRedis(rig.redis);
    await expect(enqueue(parameters)).rejects.toMatchObject({ code: 'bad-value', details: { parameter, ...place } });
    expect(differences(before, await dumpRedis(rig.redis))).toEqual([]);
  });
});

test('who may not run EVAL is told so, and nothing is tried', async () => {
  await rig.client.call(
    'ACL',
    'SETUSER',
    'reader',
    'on',
    '>secret',
    '~*',
    '&*',
    '+@all',
    '-eval',
    '-evalsha',
    '-publish',
  );
  const url = `redis://reader:secret@127.0.0.1:${rig.redis.port}/0`;
  const broker = await connectRedis({ url }, never);
  const actions = actionsOn(broker);
  const offers = actions.actions({ kind: 'selector', queue: 'default', state: 'failed' }, 'failed');
  expect(offers.map(({ action, ...rest }) => [action.id, 'why' in rest ? rest.why : null])).toEqual([
    ['retry', 'needs EVAL, which this user may not run'],
    ['delete', 'needs EVAL, which this user may not run'],
  ]);
  const stop = actions.actions(job('wip:default', 'x'), 'running').find(({ action }) => action.id === 'stop');
  expect(stop).toMatchObject({ available: false, why: 'needs PUBLISH, which this user may not run' });
  await expect(
    actions.plan({ action: 'retry', targets: [job('failed:default', 'x')], parameters: {} }, never),
  ).rejects.toMatchObject({ code: 'forbidden' });
  broker.close();
});

test('an unknown action, and one for another kind of target', async () => {
  const plan = (action: string) => rig.actions.plan({ action, targets: [default_], parameters: {} }, never);
  await expect(plan('explode')).rejects.toMatchObject({ code: 'unknown-action' });
  await expect(plan('retry')).rejects.toMatchObject({ code: 'bad-request' });
});

test('through the installation: offers, and a plan with the first jobs as rows', async () => {
  await rig.client.flushdb();
  await writeRegistered(rig.client, 'failed', ['a', 'b', 'c', 'd', 'e', 'f']);
  const [installation] = await rq.detect(rig.broker, {}, never);
  const failed = { kind: 'selector', queue: 'default', state: 'failed' } as const;
  expect(installation?.actions(failed, 'failed').map(({ action, available }) => [action.id, available])).toEqual([
    ['retry', true],
    ['delete', true],
  ]);
  const plan = await installation?.plan({ action: 'retry', targets: [failed], parameters: {} }, never);
  expect(plan?.total).toBe(6);
  expect(plan?.sample.map(({ id, state }) => [id, state])).toEqual(['a', 'b', 'c', 'd', 'e'].map(id => [id, 'failed']));
  expect(plan?.cautions).toEqual(['No worker serves default. The jobs will wait.']);
});

describe('foreign data', () => {
  test('a key of another type is left as it is, its neighbours are not harmed', async () => {
    await rig.client.flushdb();
    await writeRegistered(rig.client, 'failed', ['good', 'bad', 'worse']);
    await rig.client.del('rq:job:bad', 'rq:job:worse');
    await rig.client.set('rq:job:bad', 'no hash');
    const before = await dumpRedis(rig.redis);
    const all = { kind: 'selector', queue: 'default', state: 'failed' } as const;
    const { report, undo } = await rig.perform('retry', all);
    expect(report.counts).toMatchObject({ done: 1, refused: 2 });
    expect(report.items.find(({ id }) => id === 'bad')?.reason).toMatch(/WRONGTYPE/);
    expect(await rig.undo(undo)).toEqual([true]);
    await rig.client.set('rq:queue:default', 'no list');
    expect((await rig.perform('retry', all)).report.items.find(({ id }) => id === 'good')).toMatchObject({
      outcome: 'refused',
      reason: 'rq:queue:default is a string and no list',
    });
    await rig.client.del('rq:queue:default');
    expect((await rig.perform('delete', job('failed:default', 'bad'))).report.counts.refused).toBe(1);
    const cleaned = await rig.perform('delete', job('failed:default', 'worse'));
    expect(cleaned.report.counts.done).toBe(1);
    expect(await rig.undo(cleaned.undo)).toEqual([true]);
    const without = (key: string) => key.startsWith('rq:inspector');
    expect(differences(before, await dumpRedis(rig.redis, { without }))).toEqual([]);
  });

  test('ids and queues with any bytes', async () => {
    await rig.client.flushdb();
    const ids = ['a:b c', 'ünï', 'x'.repeat(200), '"quoted\\"', 'line\nbreak'];
    await writeRegistered(rig.client, 'failed', ids, 'schlange:ä "1"');
    const raw = Buffer.from([0xff, 0x00, 0x22]);
    await rig.client.zadd('rq:failed:schlange:ä "1"', '7', raw);
    await rig.client.hset(Buffer.concat([Buffer.from('rq:job:'), raw]), {
      data: 'x',
      created_at: 'x',
      status: 'failed',
    });
    const before = await dumpRedis(rig.redis);
    const all = { kind: 'selector', queue: 'schlange:ä "1"', state: 'failed' } as const;
    const retried = await rig.perform('retry', all);
    expect(retried.report.counts.done).toBe(6);
    expect((await rig.client.lrangeBuffer('rq:queue:schlange:ä "1"', '0', '-1'))[0]).toEqual(raw);
    expect(await rig.undo(retried.undo)).toEqual(Array(6).fill(true));
    expect(differences(before, await dumpRedis(rig.redis, { without: key => key.startsWith('rq:inspector') }))).toEqual(
      [],
    );
    const [first = ''] = ids;
    await rig.perform('retry', job('failed:schlange:ä "1"', first));
    const moved = await rig.perform('move', job('queue:schlange:ä "1"', first), { queue: '中文:q' });
    expect(await rig.client.lrange('rq:queue:中文:q', '0', '-1')).toEqual([first]);
    expect(await rig.client.hget(`rq:job:${first}`, 'origin')).toBe('中文:q');
    expect(await rig.client.sismember('rq:queues', 'rq:queue:中文:q')).toBe(1);
    expect(await rig.undo(moved.undo)).toEqual([true]);
    await rig.client.srem('rq:queues', 'rq:queue:中文:q');
    await rig.client.flushdb();
    await writeRegistered(rig.client, 'failed', ids, 'schlange:ä "1"');
    await rig.client.zadd('rq:failed:schlange:ä "1"', '7', raw);
    await rig.client.hset(Buffer.concat([Buffer.from('rq:job:'), raw]), {
      data: 'x',
      created_at: 'x',
      status: 'failed',
    });
    const again = await dumpRedis(rig.redis);
    const deleted = await rig.perform('delete', all);
    expect(deleted.report.counts.done).toBe(6);
    expect(await rig.client.exists('rq:failed:schlange:ä "1"')).toBe(0);
    expect(await rig.undo(deleted.undo)).toEqual(Array(6).fill(true));
    const without = (key: string) => key.startsWith('rq:inspector');
    expect(differences(again, await dumpRedis(rig.redis, { without }))).toEqual([]);
  });

  test('a job known by its id alone is found where it stands', async () => {
    await rig.client.flushdb();
    await writeRegistered(rig.client, 'failed', ['j']);
    expect((await rig.perform('retry', job('job:', 'j'))).report.counts.done).toBe(1);
    expect((await rig.perform('cancel', job('job:', 'j'))).report.counts.done).toBe(1);
    expect((await rig.perform('delete', job('job:', 'j'))).report.counts.done).toBe(1);
    expect(await rig.client.exists('rq:job:j', 'rq:queue:default', 'rq:failed:default', 'rq:canceled:default')).toBe(0);
  });
});

describe.each(rqGenerationsUnderTest.filter(({ rqScheduler }) => rqScheduler))(
  'rq-scheduler with RQ $version',
  ({ id: generation }) => {
    test('run now, reschedule, remove', async () => {
      await rig.client.flushdb();
      using ran = new Ran();
      const [once = '', often = ''] = JSON.parse(
        await python(
          generation,
          rig.redis,
          `
from rq_scheduler import Scheduler
s = Scheduler("default", connection=connection)
due = datetime.datetime.utcnow() + datetime.timedelta(hours=1)
once = s.enqueue_at(due, "shop.reports.append_line", ${JSON.stringify(ran.file)}, "once")
often = s.schedule(due, "shop.reports.append_line", args=[${JSON.stringify(ran.file)}, "often"], interval=3600)
print(json.dumps([once.id, often.id]))`,
        ),
      ) as string[];
      const schedule = (id: string) => ({ kind: 'schedule', id }) as const;
      const score = await rig.client.zscore('rq:scheduler:scheduled_jobs', often);
      expect((await rig.perform('run-now', schedule(once))).report.counts.done).toBe(1);
      expect((await rig.perform('run-now', schedule(often))).report.counts.done).toBe(1);
      expect((await rig.perform('run-now', schedule(often))).report.items).toMatchObject([{ outcome: 'refused' }]);
      expect(await rig.client.zrange('rq:scheduler:scheduled_jobs', '0', '-1')).toEqual([often]);
      expect(await rig.client.zscore('rq:scheduler:scheduled_jobs', often)).toBe(score);
      const worker = await startRqWorker({ generation, url: rig.redis.url, queues: ['default'], burst: true });
      await worker.exited;
      expect(ran.lines().sort()).toEqual(['often', 'once']);
      const removed = await rig.perform('delete', schedule(often));
      expect(await rig.client.zcard('rq:scheduler:scheduled_jobs')).toBe(0);
      expect(await rig.undo(removed.undo)).toEqual([true]);
      await rig.perform('reschedule', schedule(often), { at: new Date().toISOString() });
      const scheduler = await startRqScheduler({ generation, url: rig.redis.url });
      await waitFor(async () => (await rig.client.llen('rq:queue:default')) === 1, {
        timeout: 30_000,
        explain: scheduler.output,
      });
      await scheduler.stop();
      expect(await rig.client.lrange('rq:queue:default', '0', '-1')).toEqual([often]);
      expect((await rig.perform('delete', schedule('no-such'))).plan.leftOut).toMatchObject([{ count: 1 }]);
    });
  },
);

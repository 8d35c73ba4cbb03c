/** What we write, real workers of every generation run: each action, exactly once. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import {
  differences,
  dumpRedis,
  type RqGeneration,
  type RqWorker,
  rqGenerationsUnderTest,
  startRqWorker,
  waitFor,
} from '../../../support';
import { Ran } from '../../support/acting';
import { job, jobs, python, type Rig, startRig } from './rig';

const atLeast = (generation: RqGeneration, version: string) =>
  generation.version.localeCompare(version, 'en', { numeric: true }) >= 0;

/** A test of what this generation has; where it has it not, there is nothing to test, and nothing is skipped. */
const when = (has: boolean): ((name: string, body: () => Promise<void>) => void) => (has ? test : () => undefined);

describe.each(rqGenerationsUnderTest)('RQ $version', generation => {
  let rig: Rig;
  let worker: RqWorker;
  let ran: Ran;
  const modern = atLeast(generation, '1.0');
  const failedPlace = modern ? 'failed:work' : 'failed-list:work';

  beforeAll(async () => {
    ran = new Ran();
    rig = await startRig();
    worker = await startRqWorker({ generation: generation.id, url: rig.redis.url, queues: ['work'] });
  });
  afterAll(async () => {
    await worker.stop();
    await rig[Symbol.asyncDispose]();
    ran[Symbol.dispose]();
  });

  /** Everything but what the living worker keeps writing, and our own records. */
  const dump = () =>
    dumpRedis(rig.redis, { without: key => /^rq:(worker|inspector|clean|queue:work|queues$)/.test(key) });
  const status = (id: string) => rig.client.hget(`rq:job:${id}`, 'status');
  const ends = (id: string, as = 'finished') =>
    waitFor(async () => (await status(id)) === as, {
      what: `${id} to be ${as}`,
      explain: worker.output,
      timeout: 30_000,
    });
  const lines = (text: string) => ran.lines().filter(line => line === text).length;
  /** Enqueues calls of append_line by RQ itself; answers their ids. */
  const enqueueIn = async (queue: string, texts: readonly string[]) =>
    JSON.parse(
      await python(
        generation.id,
        rig.redis,
        `
q = queue(${JSON.stringify(queue)})
print(json.dumps([q.enqueue_call("shop.reports.append_line", args=(${JSON.stringify(ran.file)}, text)).id for text in ${JSON.stringify(texts)}]))
`,
      ),
    ) as string[];

  /** Jobs that have failed, by RQ itself. */
  const failing = async (texts: readonly string[]) => {
    writeFileSync(ran.switch, '');
    const ids = JSON.parse(
      await python(
        generation.id,
        rig.redis,
        `
q = queue("work")
print(json.dumps([q.enqueue_call("shop.reports.append_line_or_fail", args=(${JSON.stringify(ran.file)}, text, ${JSON.stringify(ran.switch)})).id for text in ${JSON.stringify(texts)}]))
`,
      ),
    ) as string[];
    for (const id of ids) await ends(id, 'failed');
    const placed = async () => (modern ? rig.client.zcard('rq:failed:work') : rig.client.llen('rq:queue:failed'));
    await waitFor(async () => (await placed()) >= ids.length, { what: 'the failed jobs to stand in their place' });
    if (existsSync(ran.switch)) rmSync(ran.switch);
    return ids;
  };

  test('retry of one', async () => {
    const [id = ''] = await failing(['retried']);
    const { report, plan } = await rig.perform('retry', job(failedPlace, id));
    expect(report.counts).toMatchObject({ done: 1, gone: 0, refused: 0 });
    expect(plan).toMatchObject({ total: 1, byQueue: [{ queue: 'work', count: 1 }], cautions: [] });
    await ends(id);
    expect(lines('retried')).toBe(1);
    expect(await rig.client.hexists(`rq:job:${id}`, 'exc_info')).toBe(0);
    expect((await rig.perform('retry', job(failedPlace, id))).report.counts).toMatchObject({ done: 0, gone: 1 });
  });

  test('retry of all, each exactly once', async () => {
    const ids = await failing(['one', 'two', 'three', 'four', 'five', 'six']);
    const { plan, report } = await rig.perform('retry', { kind: 'selector', queue: 'work', state: 'failed' });
    expect(plan.total).toBe(6);
    expect(report.counts.done).toBe(6);
    for (const id of ids) await ends(id);
    // Those that failed within the same second stand in the order of their ids.
    expect(ran.lines().slice(-6).sort()).toEqual(['five', 'four', 'one', 'six', 'three', 'two']);
    expect(await rig.client.zcard('rq:failed:work')).toBe(0);
  });

  test('retry is taken back while it waits, byte for byte', async () => {
    const [id = ''] = await failing(['never again']);
    await rig.client.set('rq:suspended', '1');
    const before = await dump();
    // Moved to a queue that nobody serves, since a worker that blocks already takes one even when suspended.
    await rig.client.hset(`rq:job:${id}`, 'origin', 'idle');
    const source = modern ? 'failed:idle' : 'failed-list:idle';
    if (modern) {
      const score = await rig.client.zscore('rq:failed:work', id);
      await rig.client.zrem('rq:failed:work', id);
      await rig.client.zadd('rq:failed:idle', score ?? 0, id);
    }
    const placed = await dump();
    const { undo } = await rig.perform('retry', job(source, id));
    expect(await rig.client.lrange('rq:queue:idle', 0, -1)).toEqual([id]);
    expect(await rig.undo(undo)).toEqual([true]);
    expect(differences(placed, await dump())).toEqual([]);
    expect(before.size).toBeGreaterThan(0);
    await rig.client.del('rq:suspended');
    await rig.perform('delete', job(source, id));
  });

  test('enqueue with arguments, keywords and options', async () => {
    const { report, plan } = await rig.perform(
      'enqueue',
      { kind: 'queue', name: 'work' },
      {
        task: 'shop.reports.append_line',
        args: `(${JSON.stringify(ran.file)},)`,
        kwargs: `line=('enqueued', 1.0, {'a': [None, True]})`,
        timeout: '2m',
        result_ttl: 300,
        failure_ttl: '1h',
        description: 'A description — of ours',
        meta: "{'by': 'us'}",
        id: 'own-id_1',
      },
    );
    expect(plan.cautions).toEqual([]);
    expect(report.items).toEqual([{ ref: 'rq//queue%3Awork/own-id_1', id: 'own-id_1', outcome: 'done', reason: null }]);
    await ends('own-id_1');
    expect(lines("('enqueued', 1.0, {'a': [None, True]})")).toBe(1);
    const seen = await python(
      generation.id,
      rig.redis,
      `
j = job("own-id_1")
print(json.dumps([j.timeout, j.result_ttl, j.description, j.meta, j.origin, list(j.args)[1:], list(j.kwargs)]))`,
    );
    expect(JSON.parse(seen)).toEqual([120, 300, 'A description — of ours', { by: 'us' }, 'work', [], ['line']]);
    const again = await rig.perform('enqueue', { kind: 'queue', name: 'work' }, { task: 'shop.x', id: 'own-id_1' });
    expect(again.plan.leftOut).toEqual([{ reason: 'a job with the id own-id_1 is there already', count: 1 }]);
    expect(again.report.counts).toMatchObject({ done: 0, refused: 1 });
  });

  test('a copy of a job, with its own call and with another', async () => {
    const [id = ''] = await enqueueIn('work', ['original']);
    await ends(id);
    const same = await rig.perform('enqueue-copy', job('finished:work', id));
    await ends(same.report.items[0]?.id ?? '');
    expect(lines('original')).toBe(2);
    const edited = await rig.perform('enqueue-copy', job('finished:work', id), {
      task: 'shop.reports.append_line',
      args: `(${JSON.stringify(ran.file)}, 'edited')`,
    });
    await ends(edited.report.items[0]?.id ?? '');
    expect([lines('original'), lines('edited')]).toEqual([2, 1]);
  });

  test('cancel takes a waiting job off its queue', async () => {
    const [id = '', kept = ''] = await enqueueIn('idle', ['canceled', 'kept']);
    const before = await dump();
    const { report, undo } = await rig.perform('cancel', job('queue:idle', id));
    expect(report.counts.done).toBe(1);
    expect(await rig.client.lrange('rq:queue:idle', 0, -1)).toEqual([kept]);
    if (atLeast(generation, '1.10')) {
      expect(await rig.client.zscore('rq:canceled:idle', id)).not.toBeNull();
      expect(await python(generation.id, rig.redis, `print(job("${id}").is_canceled)`)).toBe('True');
    }
    expect(await rig.undo(undo)).toEqual([true]);
    expect(differences(before, await dump())).toEqual([]);
    await rig.perform('empty', { kind: 'queue', name: 'idle' });
  });

  test('move, and move to the front', async () => {
    const ids = await enqueueIn('idle', ['first', 'second', 'third']);
    await rig.perform('rq.move-to-front', jobs('queue:idle', ids.slice(1)));
    expect(await rig.client.lrange('rq:queue:idle', 0, -1)).toEqual([ids[1], ids[2], ids[0]]);
    const moved = await rig.perform('move', { kind: 'selector', queue: 'idle', state: 'waiting' }, { queue: 'work' });
    expect(moved.report.counts.done).toBe(3);
    for (const id of ids) await ends(id);
    expect(ran.lines().slice(-3)).toEqual(['second', 'third', 'first']);
    const origins = await Promise.all(ids.map(id => rig.client.hget(`rq:job:${id}`, 'origin')));
    expect(origins).toEqual(['work', 'work', 'work']);
  });

  test('empty and its undo: every byte, and the order', async () => {
    const ids = await enqueueIn('idle', ['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    const before = await dump();
    const { plan, report, undo } = await rig.perform('empty', { kind: 'queue', name: 'idle' });
    expect(plan).toMatchObject({ total: 7, undoable: true });
    expect(plan.savedBytes).toBeGreaterThan(1000);
    expect(report.counts.done).toBe(7);
    expect((await dump()).has(`rq:job:${ids[0]}`)).toBe(false);
    expect(await rig.undo(undo)).toEqual(Array(7).fill(true));
    expect(differences(before, await dump())).toEqual([]);
    await rig.perform('move', { kind: 'selector', queue: 'idle', state: 'waiting' }, { queue: 'work' });
    for (const id of ids) await ends(id);
    expect(ran.lines().slice(-7)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  test('delete of failed and finished jobs and its undo', async () => {
    const [failed = ''] = await failing(['deleted']);
    const [finished = ''] = await enqueueIn('work', ['done']);
    await ends(finished);
    const before = await dump();
    const first = await rig.perform('delete', job(failedPlace, failed));
    const second = await rig.perform('delete', job('finished:work', finished));
    expect([first.report.counts.done, second.report.counts.done]).toEqual([1, 1]);
    expect([...(await dump()).keys()].filter(key => key.includes(failed) || key.includes(finished))).toEqual([]);
    expect(await rig.undo([...first.undo, ...second.undo])).toEqual([true, true]);
    expect(differences(before, await dump())).toEqual([]);
    await rig.perform('retry', job(failedPlace, failed));
    await ends(failed);
    expect(lines('deleted')).toBe(1);
  });

  test('a deferred job is deleted and put back, and still follows its parent', async () => {
    const [parent = '', child = ''] = JSON.parse(
      await python(
        generation.id,
        rig.redis,
        `
parent = queue("idle").enqueue_call("shop.reports.append_line", args=(${JSON.stringify(ran.file)}, "parent"))
child = queue("work").enqueue_call("shop.reports.append_line", args=(${JSON.stringify(ran.file)}, "child"), depends_on=parent)
print(json.dumps([parent.id, child.id]))`,
      ),
    ) as string[];
    const before = await dump();
    const { report, undo } = await rig.perform('delete', job('deferred:work', child));
    expect(report.counts.done).toBe(1);
    expect(await rig.client.smembers(`rq:job:${parent}:dependents`)).toEqual([]);
    expect(await rig.undo(undo)).toEqual([true]);
    expect(differences(before, await dump())).toEqual([]);
    await rig.perform('move', job('queue:idle', parent), { queue: 'work' });
    await ends(parent);
    await ends(child);
    expect([lines('parent'), lines('child')]).toEqual([1, 1]);
  });

  test('a canceled deferred job is not released by its parent', async () => {
    const [parent = '', child = ''] = JSON.parse(
      await python(
        generation.id,
        rig.redis,
        `
parent = queue("idle").enqueue_call("shop.reports.append_line", args=(${JSON.stringify(ran.file)}, "parent 2"))
child = queue("work").enqueue_call("shop.reports.append_line", args=(${JSON.stringify(ran.file)}, "child 2"), depends_on=parent)
print(json.dumps([parent.id, child.id]))`,
      ),
    ) as string[];
    expect((await rig.perform('cancel', job('deferred:work', child))).report.counts.done).toBe(1);
    await rig.perform('move', job('queue:idle', parent), { queue: 'work' });
    await ends(parent);
    const [last = ''] = await enqueueIn('work', ['after the parent']);
    await ends(last);
    expect([lines('parent 2'), lines('child 2')]).toEqual([1, 0]);
  });

  test('delete-queue and its undo', async () => {
    await enqueueIn('gone', ['x', 'y']);
    const all = () => dumpRedis(rig.redis, { without: key => /^rq:(worker|inspector|clean|queue:work)/.test(key) });
    const before = await all();
    const { plan, report, undo } = await rig.perform('delete-queue', { kind: 'queue', name: 'gone' });
    expect(plan.total).toBe(3);
    expect(report.counts.done).toBe(3);
    expect(await rig.client.sismember('rq:queues', 'rq:queue:gone')).toBe(0);
    expect(await rig.client.exists('rq:queue:gone')).toBe(0);
    expect(await rig.undo(undo)).toEqual([true, true, true]);
    expect(differences(before, await all())).toEqual([]);
  });

  test('pause and resume', async () => {
    const suspended = () =>
      python(generation.id, rig.redis, 'from rq.suspension import is_suspended\nprint(bool(is_suspended(connection)))');
    const paused = await rig.perform('pause', { kind: 'installation' }, { duration: '1h' });
    expect(paused.report.counts.done).toBe(1);
    expect(await suspended()).toBe('True');
    expect(await rig.client.ttl('rq:suspended')).toBeGreaterThan(3500);
    expect((await rig.perform('pause', { kind: 'installation' })).report.counts.refused).toBe(1);
    const resumed = await rig.perform('resume', { kind: 'installation' });
    expect(await suspended()).toBe('False');
    expect(await rig.undo(resumed.undo)).toEqual([true]);
    expect(await rig.client.ttl('rq:suspended')).toBeGreaterThan(3500);
    expect(await rig.undo(paused.undo)).toEqual([true]);
    expect(await rig.client.exists('rq:suspended')).toBe(0);
  });

  // RQ schedules by itself from 1.2 on.
  when(atLeast(generation, '1.2'))('run now, reschedule by move, cancel of what is scheduled', async () => {
    const ids = JSON.parse(
      await python(
        generation.id,
        rig.redis,
        `
q = queue("work")
due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
print(json.dumps([q.enqueue_at(due + datetime.timedelta(minutes=n), "shop.reports.append_line", ${JSON.stringify(ran.file)}, "due %d" % n).id for n in range(4)]))`,
      ),
    ) as string[];
    const [first = '', second = '', third = '', fourth = ''] = ids;
    expect((await rig.perform('run-now', jobs('scheduled:work', [first, second]))).report.counts.done).toBe(2);
    await ends(first);
    await ends(second);
    expect([lines('due 0'), lines('due 1')]).toEqual([1, 1]);
    const score = await rig.client.zscore('rq:scheduled:work', third);
    await rig.perform('move', job('scheduled:work', third), { queue: 'idle' });
    expect(await rig.client.zscore('rq:scheduled:idle', third)).toBe(score);
    const before = await dump();
    const canceled = await rig.perform('cancel', job('scheduled:work', fourth));
    expect(await rig.client.zcard('rq:scheduled:work')).toBe(0);
    expect(await rig.undo(canceled.undo)).toEqual([true]);
    expect(differences(before, await dump())).toEqual([]);
  });

  // Workers listen to commands from 1.7 on.
  when(atLeast(generation, '1.7'))('stop of a running job, and of a worker', async () => {
    const endless = `${ran.file}.never`;
    const id = await python(
      generation.id,
      rig.redis,
      `print(queue("work").enqueue_call("shop.reports.wait_for_file", args=(${JSON.stringify(endless)},)).id)`,
    );
    await ends(id, 'started');
    await waitFor(async () => (await rig.client.hget(`rq:worker:${worker.name}`, 'current_job')) === id);
    const refused = await rig.perform('delete', job('wip:work', id));
    expect(refused.report.items).toMatchObject([{ outcome: 'refused', reason: 'it runs: stop it first' }]);
    const { report } = await rig.perform('stop', job('wip:work', id));
    expect(report.items).toMatchObject([{ id, outcome: 'done' }]);
    await ends(id, 'stopped');
    await waitFor(async () => rig.client.zscore('rq:failed:work', id), { what: 'the stopped job among the failed' });
    writeFileSync(endless, '');
    await rig.perform('retry', job('failed:work', id));
    await ends(id);
    const other = await startRqWorker({ generation: generation.id, url: rig.redis.url, queues: ['other'] });
    expect((await rig.perform('forget-worker', { kind: 'worker', name: other.name })).report.items).toMatchObject([
      { outcome: 'refused', reason: 'it is alive: it listens for commands' },
    ]);
    // It registers before it takes signals: a request that comes between may be lost.
    await waitFor(async () => (await rig.client.hget(`rq:worker:${other.name}`, 'state')) === 'idle');
    expect((await rig.perform('stop-worker', { kind: 'worker', name: other.name })).report.counts.done).toBe(1);
    await other.exited;
    expect((await rig.perform('stop-worker', { kind: 'worker', name: other.name })).report.counts.refused).toBe(1);
  });

  test('the record of a killed worker is removed and put back', async () => {
    const dead = await startRqWorker({ generation: generation.id, url: rig.redis.url, queues: ['other', 'idle'] });
    await dead.kill();
    const target = { kind: 'worker', name: dead.name } as const;
    if (!atLeast(generation, '1.6')) {
      // Nothing but the expiry of its record tells that it is dead.
      expect((await rig.perform('forget-worker', target)).report.counts.refused).toBe(1);
      await rig.client.hset(`rq:worker:${dead.name}`, 'death', '2026-11-20T21:39:01Z');
    }
    const all = () =>
      dumpRedis(rig.redis, { without: key => key.startsWith('rq:inspector') || key === `rq:worker:${worker.name}` });
    const before = await all();
    const { report, undo } = await rig.perform('forget-worker', target);
    expect(report.counts.done).toBe(1);
    expect(await rig.client.exists(`rq:worker:${dead.name}`)).toBe(0);
    expect(await rig.client.sismember('rq:workers', `rq:worker:${dead.name}`)).toBe(0);
    expect(await rig.undo(undo)).toEqual([true]);
    expect(differences(before, await all())).toEqual([]);
    expect((await rig.perform('forget-worker', target)).report.counts.done).toBe(1);
    expect((await rig.perform('forget-worker', target)).report.counts.gone).toBe(1);
  });
});

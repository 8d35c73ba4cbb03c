/** What real RQ of every generation writes, side by side in one Redis, read without any Python. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JobRow, Overview } from '../../../../src/model';
import {
  clientOf,
  differences,
  dumpRedis,
  type RqGeneration,
  type RqWorker,
  rqGenerations,
  startRedis,
  startRqWorker,
  type TestRedis,
  waitFor,
} from '../../../support';
import { type Connected, connected, diagnosed, signal, withRq } from './support';

let redis: TestRedis;
let client: Redis;
let connection: Connected;
let before: Awaited<ReturnType<typeof dumpRedis>>;
const gate = join(mkdtempSync(join(tmpdir(), 'jqi-rq-')), 'gate');
const workers = new Map<string, RqWorker>();

const ENQUEUE = `
q = queue(arguments['queue'])
def put(name, function, *args, **kwargs):
    print(name, q.enqueue_call(function, args=args, kwargs=kwargs, timeout=77).id)
put('failing', 'shop.payments.charge_card', 4821, 'EUR', amount=1999, always_down=True)
put('lambda', 'shop.reports.return_lambda')
put('missing', 'shop.nowhere.nothing', 1)
put('finished', 'shop.payments.settle', datetime.date(2026, 11, 20))
put('progress', 'shop.reports.build', 'daily', 3, seconds_per_row=0)
put('running', 'shop.reports.wait_for_file', arguments['gate'], 120)
put('waiting', 'shop.mail.send_receipt', 'é@example.org', 7)
print('method', q.enqueue_call(collections.Counter('abb').most_common, args=(1,)).id)
`;

const ids = new Map<string, Map<string, string>>();
const idOf = (generation: RqGeneration, name: string) => ids.get(generation.id)!.get(name)!;

beforeAll(async () => {
  redis = await startRedis();
  client = clientOf(redis);
  await Promise.all(
    rqGenerations.map(async generation => {
      const printed = await withRq(generation.id, redis.url, ENQUEUE, { queue: generation.id, gate });
      ids.set(
        generation.id,
        new Map(printed.split('\n').map(line => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])),
      );
      workers.set(
        generation.id,
        await startRqWorker({ generation: generation.id, url: redis.url, queues: [generation.id, 'shared'] }),
      );
    }),
  );
  await waitFor(
    async () => (await Promise.all(rqGenerations.map(({ id }) => client.zcard(`rq:wip:${id}`)))).every(Boolean),
    {
      timeout: 60_000,
      what: 'a running job of every generation',
      explain: () => [...workers.values()].map(worker => worker.output()).join('\n'),
    },
  );
  // The worker notes its job as the last thing that it writes when a job starts.
  await waitFor(
    async () => {
      const current = await Promise.all(
        rqGenerations.map(({ id }) => client.hget(`rq:worker:${workers.get(id)!.name}`, 'current_job')),
      );
      return rqGenerations.every((generation, i) => current[i] === idOf(generation, 'running'));
    },
    { timeout: 60_000, what: 'every worker to run the job that waits' },
  );
  before = await dumpRedis(redis, { without: moving });
  connection = await connected(redis.url);
});

afterAll(async () => {
  writeFileSync(gate, '');
  connection?.broker.close();
  client.disconnect();
  await Promise.all([...workers.values()].map(worker => worker.kill()));
  await redis.stop();
});

/** What live workers keep changing: their own records, heartbeats, and the job that runs. */
function moving(key: string): boolean {
  const running = [...ids.values()].map(map => map.get('running') ?? '-');
  return (
    /^rq:(?:workers?|wip|execution|clean_registries|scheduler-lock)/.test(key) || running.some(id => key.includes(id))
  );
}

describe.each(rqGenerations)('RQ $version', generation => {
  const { id } = generation;
  const page = (state: JobRow['state']) =>
    connection.installation.jobs({ queue: id, state, cursor: null, size: 50 }, signal);
  const read = async (name: string) => {
    const [row] = await connection.installation.find(idOf(generation, name), null, signal);
    expect(row, `${name} of ${id}`).toBeDefined();
    return connection.installation.job(row!.ref, signal);
  };

  test('failed jobs with function, arguments, error and times', async () => {
    const { items, next } = await page('failed');
    expect(next).toBeNull();
    const row = items.find(item => item.id === idOf(generation, 'failing'));
    expect(row).toMatchObject({
      queue: id,
      task: 'shop.payments.charge_card',
      nativeState: 'failed',
      args: { text: "(4821, 'EUR', amount=1999, always_down=True)" },
      error: { type: 'shop.errors.StripeTimeout', message: 'no answer for order 4821 after 30 s' },
      problems: [],
    });
    expect(row?.createdAt).toMatch(/^2\d{3}-\d\d-\d\dT/);
    expect(row?.endedAt).not.toBeNull();
    const missing = items.find(item => item.id === idOf(generation, 'missing'));
    expect(missing?.error?.type).toMatch(/^(?:ModuleNotFoundError|ImportError|ValueError|AttributeError)$/);
  });

  test('one failed job whole', async () => {
    const job = await read('failing');
    expect(job).toMatchObject({
      state: 'failed',
      task: 'shop.payments.charge_card',
      args: { text: "(4821, 'EUR')", json: { $tuple: [4821, 'EUR'] } },
      kwargs: { text: "{'amount': 1999, 'always_down': True}", json: { amount: 1999, always_down: true } },
      timeoutSeconds: 77,
      result: null,
      enqueueParameters: {
        task: 'shop.payments.charge_card',
        args: "(4821, 'EUR')",
        kwargs: "{'amount': 1999, 'always_down': True}",
        queue: id,
        timeout: '77',
      },
      problems: [],
    });
    expect(job.error?.traceback).toContain('Traceback (most recent call last)');
    expect(job.error?.frames.filter(frame => frame.own).map(frame => frame.function)).toEqual([
      'charge_card',
      'fail_to_charge',
    ]);
    expect(job.error?.frames.some(frame => frame.own === false && frame.function === 'perform_job')).toBe(true);
    expect(job.timeline.map(event => event.kind)).toEqual(['created', 'enqueued', 'run']);
    expect(job.timeline[2]).toMatchObject({ recorded: true, error: { type: 'shop.errors.StripeTimeout' } });
    expect(job.facts.find(fact => fact.name === 'Serializer')?.value).toMatch(/^pickle protocol [245]$/);
    expect(job.facts.find(fact => fact.name === 'Took')?.format).toBe('duration');
    expect(job.raw[0]?.entries.find(entry => entry.name === 'data')?.decoded).toMatch(/^zlib, pickle protocol \d$/);
    expect(job.raw[0]?.command).toContain(`rq:job:${job.id}`);
    expect(job.sources[0]).toBe(`rq:job:${job.id}`);
  });

  test('finished jobs with what they returned', async () => {
    const job = await read('finished');
    expect(job).toMatchObject({
      state: 'finished',
      args: { text: '(datetime.date(2026, 11, 20),)' },
      result: { text: "{'day': datetime.date(2026, 11, 20), 'settled': True}" },
      error: null,
    });
    expect(Date.parse(job.expiresAt ?? '')).toBeGreaterThan(Date.parse(job.endedAt ?? ''));
    const progress = await read('progress');
    expect(progress.meta?.text).toBe("{'progress': {'row': 3, 'of': 3}}");
    expect(progress.facts.find(fact => fact.name === 'Progress')?.value).toBe("{'row': 3, 'of': 3}");
  });

  test('a result that could not be written down', async () => {
    const [row] = await connection.installation.find(idOf(generation, 'lambda'), null, signal);
    expect(row).toBeDefined();
    const job = await connection.installation.job(row!.ref, signal);
    const told = [job.result?.text, job.error?.message, ...job.problems.map(({ reason }) => reason)].join('\n');
    expect(told).toMatch(/[Uu]n(?:pickle|serializ)able return value|could not write down|pickle/);
  });

  test('the running one, with its worker', async () => {
    const { items } = await page('running');
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      id: idOf(generation, 'running'),
      nativeState: 'started',
      task: 'shop.reports.wait_for_file',
      problems: [],
    });
    const job = await connection.installation.job(items[0]!.ref, signal);
    expect(job).toMatchObject({ state: 'running', ref: items[0]!.ref, result: null, error: null, problems: [] });
    expect(job.timeline.at(-1)).toMatchObject({ kind: 'run', endAt: null });
  });

  test('waiting ones, in the order in which they run', async () => {
    const { items, total, order } = await page('waiting');
    expect(total).toEqual({ exact: 2 });
    expect(order).toBe('next to run first');
    expect(items.map(item => item.id)).toEqual([idOf(generation, 'waiting'), idOf(generation, 'method')]);
    expect(items[0]).toMatchObject({
      task: 'shop.mail.send_receipt',
      args: { text: "('é@example.org', 7)" },
      nativeState: 'queued',
    });
    const method = await connection.installation.job(items[1]!.ref, signal);
    expect(method).toMatchObject({ args: { text: '(1,)' }, enqueueParameters: null });
    expect(method.task).toBe('collections.Counter.most_common');
  });
});

describe('the whole of it', () => {
  let overview: Overview;
  beforeAll(async () => {
    overview = await connection.installation.overview(signal);
  });

  test('takes three round trips', () => {
    expect(overview.cost.roundTrips).toBeLessThanOrEqual(4);
    expect(overview.problems).toEqual([]);
  });

  test('lists each queue once with exact counts, and no queue for the failed list of 0.12', () => {
    expect(overview.queues.map(queue => queue.name)).toEqual([...rqGenerations.map(({ id }) => id), 'shared'].sort());
    for (const generation of rqGenerations) {
      const queue = overview.queues.find(({ name }) => name === generation.id)!;
      expect(queue.counts).toMatchObject({ waiting: { exact: 2 }, running: { exact: 1 }, scheduled: { exact: 0 } });
      expect(queue.counts.failed).toEqual({
        exact: queue.counts.finished && 'exact' in queue.counts.finished ? 5 - queue.counts.finished.exact : -1,
      });
      expect(queue.counts.taken).toHaveProperty('unknown');
      expect(queue.oldestWaitingAt).not.toBeNull();
      expect(queue.workers).toEqual([workers.get(generation.id)!.name]);
      expect(queue.paused).toBe(false);
    }
    const all = overview.queues.reduce(
      (sum, { counts }) => sum + (counts.failed && 'exact' in counts.failed ? counts.failed.exact : 0),
      0,
    );
    expect(overview.counts.failed).toEqual({ exact: all });
  });

  test('shows every worker with what it is and does', () => {
    expect(overview.workers).toHaveLength(rqGenerations.length);
    for (const generation of rqGenerations) {
      const worker = overview.workers.find(({ name }) => name === workers.get(generation.id)!.name)!;
      expect(worker).toMatchObject({
        alive: true,
        state: 'busy',
        queues: [generation.id, 'shared'],
        currentJob: idOf(generation, 'running'),
        currentTask: 'shop.reports.wait_for_file',
      });
      const recorded = !['rq-0.12', 'rq-1.0'].includes(generation.id);
      expect(worker.version).toBe(recorded ? generation.version : null);
      expect(worker.runtime === null).toBe(!recorded);
      expect(worker.pid === null).toBe(generation.id === 'rq-0.12');
      expect(worker.succeeded).toBeGreaterThan(0);
    }
    expect(overview.version).toBe(rqGenerations[0]!.version);
    expect(overview.versions).toHaveLength(rqGenerations.length - 2);
  });

  test('failures of all generations are one list', async () => {
    const { items, total } = await connection.installation.jobs(
      { queue: null, state: 'failed', cursor: null, size: 100 },
      signal,
    );
    expect(total).toEqual({ exact: items.length });
    expect(new Set(items.map(item => item.queue))).toEqual(new Set(rqGenerations.map(({ id }) => id)));
    expect(new Set(items.map(item => item.ref)).size).toBe(items.length);
  });

  test('is told apart from a queue that somebody named "failed"', async () => {
    await using other = await startRedis();
    await withRq('rq-newest', other.url, "print(queue('failed').enqueue_call('shop.payments.settle', args=(1,)).id)");
    const { broker, installation } = await connected(other.url);
    const { queues, counts } = await installation.overview(signal);
    expect(queues.map(queue => queue.name)).toEqual(['failed']);
    expect(counts).toMatchObject({ waiting: { exact: 1 }, failed: { exact: 0 } });
    const waiting = await installation.jobs({ queue: 'failed', state: 'waiting', cursor: null, size: 5 }, signal);
    expect(waiting.items).toHaveLength(1);
    broker.close();
  });

  test('mixed versions and what cannot be imported are found', async () => {
    const { findings, all } = await diagnosed(connection.installation);
    const rules = findings.map(found => found.rule);
    expect(rules).toContain('rq.mixed-versions');
    expect(rules).toContain('rq.legacy-failed-list');
    const imports = findings.filter(found => found.rule === 'rq.cannot-import');
    expect(new Set(imports.map(found => found.subject.split(':')[0]))).toEqual(
      new Set(rqGenerations.map(({ id }) => id)),
    );
    expect(imports[0]?.title).toContain('shop.nowhere.nothing');
    expect(rules.filter(rule => /job-of-dead|stale-worker|only-id-left|without-worker/.test(rule))).toEqual([]);
    expect(all.filter(diagnosis => 'reason' in diagnosis)).toEqual([]);
  });

  test('and looking at all of it changed nothing', async () => {
    for await (const step of connection.installation.search(
      { text: 'charge', queue: null, state: null, limit: 100 },
      signal,
    )) {
      if ('found' in step) expect(step.found.task).toContain('charge');
    }
    expect(differences(before, await dumpRedis(redis, { without: moving }))).toEqual([]);
  });
});

/** `npm run inspect` end to end: real RQ, a private Redis with a password, the bundled program. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  clientOf,
  differences,
  dumpRedis,
  runPython,
  startProxy,
  startRedis,
  startRqWorker,
  type TestRedis,
  waitFor,
} from '../../support';
import { type Cli, makeCli } from './cli';

const PASSWORD = 'hunter2-s3cret';
const generation = 'rq-newest';

/** Three that fail, two that wait, one with an id of its own in two queues' failures. */
const FEED = `
import sys, redis, rq
connection = redis.from_url(sys.argv[1])
queue = rq.Queue("default", connection=connection)
for order in (4821, 4822, 4823):
    queue.enqueue("shop.payments.fail_to_charge", order, currency="EUR")
`;
const WAITING = `
import sys, redis, rq
connection = redis.from_url(sys.argv[1])
queue = rq.Queue(sys.argv[2], connection=connection)
for n in range(int(sys.argv[3])):
    queue.enqueue("shop.payments.charge_card", n, "EUR")
`;

let cli: Cli;
let redis: TestRedis;
let url = '';
beforeAll(async () => {
  cli = await makeCli();
  redis = await startRedis({ password: PASSWORD });
  url = redis.url;
  await runPython(generation, FEED, [url]);
  const worker = await startRqWorker({ generation, url, queues: ['default'], burst: true });
  await worker.exited;
  await runPython(generation, WAITING, [url, 'reports', '2']);
});
afterAll(() => redis?.stop());

describe('looking', () => {
  test('detect names the server, the system with its evidence, and that it is this machine’s own', async () => {
    const { code, json } = await cli.run(['detect', url]);
    expect(code).toBe(0);
    expect(json).toMatchObject({ server: expect.stringMatching(/^(Redis|Valkey) \d/), access: { writable: true } });
    expect(json.installations).toMatchObject([{ system: 'rq', name: 'RQ' }]);
    expect(json.installations[0].evidence.length).toBeGreaterThan(0);
  });

  test('overview has the contract’s names', async () => {
    const { json } = await cli.run(['overview', url]);
    const [rq] = json.installations;
    expect(Object.keys(rq).slice(0, 8)).toEqual([
      'system',
      'name',
      'version',
      'evidence',
      'counts',
      'queues',
      'workers',
      'schedules',
    ]);
    expect(rq.counts).toMatchObject({ failed: { exact: 3 }, waiting: { exact: 2 } });
    expect(rq.queues.map((queue: { name: string }) => queue.name).sort()).toEqual(['default', 'reports']);
  });

  test('jobs gives pages that a cursor continues, and a search', async () => {
    const first = await cli.run(['jobs', url, '--state', 'failed', '--queue', 'default', '--size', '2']);
    expect(first.json).toMatchObject({ total: { exact: 3 }, withheld: null });
    expect(first.json.items.length).toBe(2);
    const second = await cli.run([
      'jobs',
      url,
      '--state',
      'failed',
      '--queue',
      'default',
      '--size',
      '2',
      '--cursor',
      first.json.next,
    ]);
    expect(second.json.next).toBeNull();
    const args = [...first.json.items, ...second.json.items].map((row: { args: { text: string } }) => row.args.text);
    expect(args.sort()).toEqual([4821, 4822, 4823].map(order => `(${order}, currency='EUR')`));
    const found = await cli.run(['jobs', url, '--state', 'failed', '--search', '4822']);
    expect(found.json.items.map((row: { args: { text: string } }) => row.args.text)).toEqual([
      "(4822, currency='EUR')",
    ]);
  });

  test('job shows one, by ref and by id, the same', async () => {
    const page = await cli.run(['jobs', url, '--state', 'failed', '--size', '1']);
    const [{ ref, id }] = page.json.items;
    const byRef = await cli.run(['job', url, ref]);
    const byId = await cli.run(['job', url, id]);
    // Raw parts tell the seconds that are left to live.
    const { raw: _, ...same } = byRef.json;
    expect(byId.json).toMatchObject(same);
    expect(byRef.json).toMatchObject({
      ...{ ref, id, queue: 'default', task: 'shop.payments.fail_to_charge', state: 'failed', nativeState: 'failed' },
      args: { text: expect.stringMatching(/^\(482\d,\)$/), json: { $tuple: [expect.any(Number)] } },
      kwargs: { text: "{'currency': 'EUR'}", json: { currency: 'EUR' } },
      problems: [],
    });
    expect(byRef.json.createdAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect(byRef.json.error.frames.at(-1)).toMatchObject({
      file: expect.any(String),
      line: expect.any(Number),
      function: expect.any(String),
    });
    expect(byRef.json.sources.length).toBeGreaterThan(0);
  });

  test('changes nothing', async () => {
    const before = await dumpRedis(redis);
    await cli.run(['overview', url]);
    await cli.run(['jobs', url, '--state', 'waiting']);
    await cli.run(['perform', url, 'delete', '--state', 'failed', '--dry-run']);
    await cli.run(['findings', url]);
    expect(differences(before, await dumpRedis(redis))).toEqual([]);
  });

  test('findings come beside what was not checked', async () => {
    const { json } = await cli.run(['findings', url, '--folder', import.meta.dirname]);
    const rule = json.findings.find((finding: { rule: string }) => /worker|serve/.test(finding.rule));
    expect(rule).toMatchObject({
      severity: expect.any(String),
      sure: expect.any(Boolean),
      consequence: expect.any(String),
    });
    expect(rule.evidence[0]).toEqual({
      what: expect.any(String),
      value: expect.any(String),
      source: expect.any(String),
    });
    expect(json.notChecked).toEqual(expect.any(Array));
  });
});

describe('what goes wrong', () => {
  test.each([
    ['unreachable', ['detect', 'redis://127.0.0.1:1']],
    ['bad-value', ['detect', 'ftp://host']],
    ['unknown-command', ['nothing']],
  ])('%s', async (code, argv) => {
    const ran = await cli.run(argv);
    expect(ran.code).toBe(1);
    expect(ran.json.error).toEqual(
      expect.objectContaining({
        code,
        message: expect.any(String),
        tried: expect.any(String),
        answer: expect.any(String),
        remedy: expect.any(String),
      }),
    );
  });

  test('a wrong password is unauthorized and never repeated', async () => {
    const ran = await cli.run(['detect', url.replace(PASSWORD, 'wrong-password')]);
    expect(ran.json.error.code).toBe('unauthorized');
    expect(ran.out + ran.err).not.toContain('wrong-password');
  });

  test('an id that is not there is gone, an action that is not there is unknown', async () => {
    expect((await cli.run(['job', url, 'nobody'])).json.error.code).toBe('gone');
    const ran = await cli.run(['perform', url, 'explode', '--state', 'failed']);
    expect(ran.json.error.code).toBe('unknown-action');
  });

  test('a system that is not there', async () => {
    expect((await cli.run(['overview', url, '--system', 'cobol'])).json.error.code).toBe('unknown-system');
  });
});

test('a url may come from the environment or a line of standard input', async () => {
  const fromEnvironment = await cli.run(['detect', 'env:THE_BROKER'], { env: { THE_BROKER: url } });
  const fromInput = await cli.run(['detect', '-'], { input: `${url}\n` });
  expect([fromEnvironment.code, fromInput.code]).toEqual([0, 0]);
  expect(fromInput.json).toEqual(fromEnvironment.json);
});

describe('acting', () => {
  const counts = async () => {
    const { json } = await cli.run(['overview', url]);
    return json.installations[0].counts;
  };

  test('the dry run has the contract’s names', async () => {
    const { json } = await cli.run(['perform', url, 'retry', '--state', 'failed', '--queue', 'default', '--dry-run']);
    expect(json).toMatchObject({ total: 3, byQueue: { default: 3 }, leftOut: [], undoable: true });
    expect(json.sample.length).toBe(3);
    expect(json.savedBytes).toEqual(expect.any(Number));
  });

  test('retry, undo byte for byte, and once only', async () => {
    const before = await dumpRedis(redis);
    const done = await cli.run(['perform', url, 'retry', '--state', 'failed', '--queue', 'default']);
    expect(done.json).toMatchObject({ done: 3, gone: 0, refused: 0, failed: 0, unknown: 0 });
    expect(done.json.items.map((item: { outcome: string }) => item.outcome)).toEqual(['done', 'done', 'done']);
    expect(await counts()).toMatchObject({ failed: { exact: 0 }, waiting: { exact: 5 } });
    const undone = await cli.run(['undo', url, done.json.undo]);
    expect(undone.json).toMatchObject({ done: 3, refused: 0, undo: null });
    const after = await dumpRedis(redis);
    // Answers are remembered on the broker for ten minutes, so that a lost one is looked up and nothing runs twice.
    const remembered = (line: string) => /^(?:rq:inspector:step:|job-queue-inspector:undo:)/.test(line);
    expect(differences(before, after).filter(line => !remembered(line))).toEqual([]);
    expect((await cli.run(['undo', url, done.json.undo])).json.error.code).toBe('changed');
  });

  test('what is retried, a real worker runs', async () => {
    const page = await cli.run(['jobs', url, '--state', 'waiting', '--queue', 'reports']);
    const refs = page.json.items.map((row: { ref: string }) => row.ref);
    const moved = await cli.run(['perform', url, 'move', '--job', ...refs, '--parameters', '{"queue":"other"}']);
    expect(moved.json).toMatchObject({ done: 2 });
    const worker = await startRqWorker({ generation, url, queues: ['other'], burst: true });
    await worker.exited;
    expect(await counts()).toMatchObject({ finished: { exact: 2 } });
  });

  test('the journal of all that holds no password and belongs to its user', async () => {
    const { json } = await cli.run(['journal']);
    expect(json.entries.map((entry: { action: string }) => entry.action)).toEqual(['move', 'undo', 'retry']);
    const folder = join(cli.state, 'journal');
    for (const file of readdirSync(folder)) expect(readFileSync(join(folder, file), 'utf8')).not.toContain(PASSWORD);
  });

  test('elsewhere it wants to be allowed, and a name for what destroys', async () => {
    // A tunnel: the server that answers listens on another port than the one that was asked for.
    await using proxy = await startProxy(redis, {});
    const away = url.replace(String(redis.port), String(proxy.port));
    const name = `127.0.0.1:${proxy.port}/0`;
    const remove = ['perform', away, 'delete', '--state', 'failed', '--queue', 'default'];
    const before = await dumpRedis(redis);
    expect((await cli.run(remove)).json.error.code).toBe('read-only');
    const unconfirmed = await cli.run([...remove, '--allow-writing']);
    expect(unconfirmed.json.error).toMatchObject({ code: 'not-confirmed', confirm: name });
    expect((await cli.run([...remove, '--allow-writing', '--confirm', 'other'])).json.error.code).toBe('not-confirmed');
    expect(differences(before, await dumpRedis(redis))).toEqual([]);
    const done = await cli.run([...remove, '--allow-writing', '--confirm', name]);
    expect(done.json).toMatchObject({ done: 3 });
    expect((await cli.run(['undo', away, done.json.undo])).json.error.code).toBe('read-only');
    expect((await cli.run(['undo', away, done.json.undo, '--allow-writing'])).json).toMatchObject({ done: 3 });
    const client = clientOf(redis);
    expect(await client.zcard('rq:failed:default')).toBe(3);
    client.disconnect();
  });
});

describe('serve', () => {
  test('answers many at once over one connection, and no answer is lost', async () => {
    await using served = cli.serve();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        served.ask({ command: i % 2 === 0 ? 'overview' : 'jobs', url, state: 'failed' }),
      ),
    );
    expect(answers.every(answer => 'result' in answer)).toBe(true);
    const client = clientOf(redis);
    const clients = String(await client.client('LIST'))
      .split('\n')
      .filter(line => line.includes('name=job-queue-inspector'));
    client.disconnect();
    expect(clients.length).toBe(1);
  });

  test('acts with progress, and says what is wrong in one request without ending', async () => {
    await using served = cli.serve();
    const wrong = await served.ask({ command: 'perform', url, action: 'retry', state: 'failed', surprise: 1 });
    expect(wrong.error.code).toBe('bad-request');
    const done = await served.ask({
      id: 'act',
      command: 'perform',
      url,
      action: 'retry',
      state: 'failed',
      queue: 'default',
    });
    expect(done.result).toMatchObject({ done: 3 });
    expect(served.lines.some(line => line.id === 'act' && line.progress?.total === 3)).toBe(true);
    const undone = await served.ask({ command: 'undo', url, token: done.result.undo });
    expect(undone.result).toMatchObject({ done: 3 });
  });

  test('does not take a url from the input that holds its requests', async () => {
    await using served = cli.serve();
    expect((await served.ask({ command: 'detect', url: '-' })).error.code).toBe('bad-request');
  });
});

describe('many', () => {
  const total = 30_000;
  const failed = 'rq:failed:bulk';

  /** Copies of a real failed job, as many as a person would not retry one by one. */
  async function fill() {
    const client = clientOf(redis);
    const [id = ''] = await client.zrange('rq:failed:default', '0', '0');
    const hash = await client.hgetallBuffer(`rq:job:${id}`);
    const fields = Object.entries({ ...hash, origin: Buffer.from('bulk') }).flat();
    const expiry = Math.round(Date.now() / 1000) + 86_400;
    await client.sadd('rq:queues', 'rq:queue:bulk');
    for (let from = 0; from < total; from += 1000) {
      const pipeline = client.pipeline();
      for (let i = from; i < from + 1000; i++) {
        pipeline.hset(`rq:job:bulk-${i}`, ...fields);
        pipeline.zadd(failed, expiry, `bulk-${i}`);
      }
      await pipeline.exec();
    }
    return client;
  }

  test('a run that was killed half-way is in the journal, and what it did is undone', async () => {
    const client = await fill();
    const run = cli.start(['perform', url, 'retry', '--state', 'failed', '--queue', 'bulk']);
    const exited = new Promise<void>(resolve => run.once('close', () => resolve()));
    await waitFor(async () => (await client.llen('rq:queue:bulk')) > 2_000, { what: 'some thousand to be retried' });
    run.kill('SIGKILL');
    await exited;
    const retried = await client.llen('rq:queue:bulk');
    expect(retried).toBeLessThan(total);
    expect(retried + (await client.zcard(failed))).toBe(total);
    const [entry] = (await cli.run(['journal'])).json.entries;
    expect(entry).toMatchObject({ action: 'retry', state: 'stopped', notUndoable: null });
    const { json } = await cli.run(['undo', url, entry.token]);
    // The step whose answer nobody heard has no copies: its jobs stay where it put them.
    const left = await client.llen('rq:queue:bulk');
    expect(json.done).toBe(retried - left);
    expect(left).toBeLessThanOrEqual(500);
    expect(left + (await client.zcard(failed))).toBe(total);
    client.disconnect();
  });

  test('one that is stopped ends in a report', async () => {
    const client = await fill();
    await using served = cli.serve();
    const running = served.ask({ id: 'run', command: 'perform', url, action: 'retry', state: 'failed', queue: 'bulk' });
    await waitFor(() => served.lines.some(line => line.id === 'run' && 'progress' in line), { what: 'progress' });
    await served.ask({ command: 'abort', request: 'run' });
    const { result } = await running;
    expect(result.stopped).toBe(true);
    expect(result.done).toBeLessThan(total);
    expect(await client.llen('rq:queue:bulk')).toBeGreaterThanOrEqual(result.done);
    client.disconnect();
  });
});

test('the state folder is the only thing that is written', () => {
  expect(existsSync(cli.state)).toBe(true);
  expect(readdirSync(cli.state)).toEqual(['journal']);
});

/** Workers, schedulers, schedules and suspension as real processes leave them, and what the rules make of it. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  clientOf,
  type GuardedProcess,
  pythonOf,
  pythonVariables,
  rqGenerationsUnderTest,
  startRedis,
  startRqScheduler,
  startRqWorker,
  type TestRedis,
  waitFor,
} from '../../../support';
import { startProcess } from '../../../support/process';
import { type Connected, connected, diagnosed, signal, withRq } from './support';

const NEWEST = 'rq-newest';
let redis: TestRedis;
let client: Redis;
let connection: Connected | undefined;
const started: GuardedProcess[] = [];

beforeEach(async () => {
  redis = await startRedis();
  client = clientOf(redis);
});

afterEach(async () => {
  connection?.broker.close();
  connection = undefined;
  await Promise.all(started.splice(0).map(process => process.kill()));
  client.disconnect();
  await redis.stop();
});

async function connect() {
  connection = await connected(redis.url);
  return connection.installation;
}

async function work(
  generation: string,
  queues: readonly string[],
  more: { withScheduler?: boolean; name?: string } = {},
) {
  const worker = await startRqWorker({ generation, url: redis.url, queues, ...more });
  started.push(worker);
  return worker;
}

const found = async () => (await diagnosed(connection!.installation)).findings;

describe.each(rqGenerationsUnderTest)('RQ $version', ({ id }) => {
  test('nothing is found where all is well', async () => {
    await work(id, ['default', 'mail']);
    const ids = await withRq(
      id,
      redis.url,
      "for i in range(3): print(queue('default').enqueue_call('shop.payments.settle', args=(i,)).id)",
    );
    await waitFor(async () => (await client.zcard('rq:finished:default')) === 3);
    const installation = await connect();
    const { findings, all } = await diagnosed(installation);
    expect(findings).toEqual([]);
    expect(all.every(diagnosis => 'checked' in diagnosis)).toBe(true);
    expect(all.length).toBeGreaterThanOrEqual(15);
    expect(ids.split('\n')).toHaveLength(3);
  });

  test('jobs wait and no worker has ever registered; then one serves another queue', async () => {
    await withRq(id, redis.url, "queue('reports').enqueue_call('shop.payments.settle', args=(1,))");
    await connect();
    const [first, ...none] = await found();
    expect(first).toMatchObject({
      rule: 'rq.no-worker',
      severity: 'trouble',
      title: '1 job waits and no worker has ever registered here',
      where: 'RQ on shop-test',
    });
    expect(first!.label.length).toBeLessThanOrEqual(40);
    expect(first!.remedies[0]?.code?.text).toBe('rq worker reports');
    expect(none).toEqual([]);
    await work(id, ['default']);
    const [second] = await found();
    expect(second).toMatchObject({
      rule: 'rq.queue-without-worker',
      subject: 'reports',
      where: 'RQ on shop-test, queue reports',
    });
    expect(second!.remedies.map(remedy => remedy.action?.id)).toEqual([undefined, 'move']);
  });

  test('a worker that was killed while it ran a job', async () => {
    const gate = join(mkdtempSync(join(tmpdir(), 'jqi-rq-')), 'gate');
    const worker = await work(id, ['default']);
    await withRq(
      id,
      redis.url,
      "queue('default').enqueue_call('shop.reports.wait_for_file', args=(arguments['gate'], 60), timeout=5000)",
      { gate },
    );
    await waitFor(async () => (await client.hget(`rq:worker:${worker.name}`, 'current_job')) !== null, {
      explain: worker.output,
    });
    const installation = await connect();
    const busy = (await installation.overview(signal)).workers[0];
    expect(busy).toMatchObject({
      name: worker.name,
      alive: true,
      state: 'busy',
      currentTask: 'shop.reports.wait_for_file',
    });
    expect((await found()).map(({ rule }) => rule)).toEqual([]);
    await worker.kill();
    writeFileSync(gate, '');
    // From RQ 1.6 on it is missed where it should listen; it was born long enough ago to have begun to.
    await client.hset(`rq:worker:${worker.name}`, 'birth', '2026-01-02T03:04:05.000000Z');
    await waitFor(async () => ((await client.pubsub('NUMSUB', `rq:pubsub:${worker.name}`)) as unknown[])[1] === 0);
    const missed = (await installation.overview(signal)).workers[0];
    const alive = new Map<string, boolean | null>([
      ['rq-newest', false],
      ['rq-2.0', false],
      ['rq-1.16', null],
    ]);
    expect(missed?.alive).toBe(alive.has(id) ? alive.get(id) : true);
    const early = (await found()).map(({ rule, sure }) => `${rule}${sure ? '' : '?'}`);
    if (missed?.alive === false) expect(early).toEqual(['rq.stale-worker', 'rq.job-of-dead-worker']);
    else expect(early).toEqual(missed?.alive === null ? ['rq.job-of-dead-worker?'] : []);
    // Its record runs out by itself after some minutes; here at once.
    await client.del(`rq:worker:${worker.name}`);
    const [running] = await client.zrange('rq:wip:default', '0', '0');
    await client.zadd('rq:wip:default', String(Math.floor(Date.now() / 1000) - 100), running!);
    const overview = await installation.overview(signal);
    expect(overview.workers[0]).toMatchObject({ alive: false, state: 'gone', currentJob: null });
    const findings = await found();
    expect(findings.map(({ rule }) => rule)).toEqual(['rq.stale-worker', 'rq.job-of-dead-worker']);
    expect(findings[0]!.remedies[0]?.action).toEqual({
      id: 'forget-worker',
      target: { kind: 'worker', name: worker.name },
    });
    expect(findings[1]).toMatchObject({ sure: true, severity: 'trouble', subject: 'default' });
  });

  test('suspension', async () => {
    await work(id, ['default']);
    await client.set('rq:suspended', 1);
    const installation = await connect();
    const overview = await installation.overview(signal);
    expect(overview.notices.map(({ code }) => code)).toEqual(['suspended']);
    expect(overview.queues.every(queue => queue.paused === true)).toBe(true);
    const [first] = await found();
    expect(first).toMatchObject({ rule: 'rq.suspended', severity: 'warning' });
    expect(first!.remedies[0]?.action).toEqual({ id: 'resume', target: { kind: 'installation' } });
  });
});

const withDelay = `
q = queue('default')
print(q.enqueue_in(datetime.timedelta(seconds=arguments['seconds']), 'shop.payments.settle', 1).id)
`;

test('scheduled jobs without and with a scheduler', async () => {
  const job = await withRq(NEWEST, redis.url, withDelay, { seconds: 3600 });
  await work(NEWEST, ['default']);
  const installation = await connect();
  const page = await installation.jobs({ queue: 'default', state: 'scheduled', cursor: null, size: 10 }, signal);
  expect(page.order).toBe('due first');
  expect(page.items[0]).toMatchObject({ id: job, state: 'scheduled', task: 'shop.payments.settle', problems: [] });
  expect(Date.parse(page.items[0]!.dueAt!)).toBeGreaterThan(Date.now() + 3_500_000);
  expect((await found())[0]).toMatchObject({
    rule: 'rq.scheduled-without-scheduler',
    severity: 'warning',
    sure: false,
  });
  await client.zadd('rq:scheduled:default', Math.floor(Date.now() / 1000) - 7200, job);
  const overdue = (await found())[0];
  expect(overdue).toMatchObject({ rule: 'rq.scheduled-without-scheduler', severity: 'trouble', sure: true });
  expect(overdue!.title).toContain('overdue, the first by 2 h');
  expect(overdue!.remedies[1]?.action).toMatchObject({ id: 'run-now' });
  await client.zadd('rq:scheduled:default', Math.floor(Date.now() / 1000) + 7200, job);
  await work(NEWEST, ['default'], { withScheduler: true });
  await waitFor(async () => (await client.exists('rq:scheduler-lock:default')) === 1);
  expect(await found()).toEqual([]);
});

test('schedules of rq-scheduler, in words, with and without their scheduler', async () => {
  await withRq(
    NEWEST,
    redis.url,
    `
from rq_scheduler import Scheduler
s = Scheduler(queue_name='mail', connection=connection)
later = datetime.datetime.utcnow() + datetime.timedelta(hours=2)
s.schedule(later, 'shop.mail.send_receipt', args=['a@b', 1], interval=300, id='every')
s.schedule(later, 'shop.mail.send_receipt', args=['a@b', 2], interval=3600, repeat=4, id='some')
s.cron('0 2 * * *', 'shop.payments.settle', args=['today'], id='nightly', queue_name='mail')
s.enqueue_at(later, 'shop.payments.settle', 'once')
`,
  );
  await work(NEWEST, ['mail']);
  const installation = await connect();
  const { schedules } = await installation.overview(signal);
  const by = new Map(schedules.map(schedule => [schedule.id, schedule]));
  expect(schedules).toHaveLength(4);
  expect(by.get('every')).toMatchObject({
    task: 'shop.mail.send_receipt',
    trigger: 'every 5 min',
    queue: 'mail',
    owner: 'rq-scheduler',
  });
  expect(by.get('some')?.trigger).toBe('every hour, 4 more times');
  expect(by.get('nightly')).toMatchObject({ trigger: 'cron 0 2 * * *', args: { text: "('today')" } });
  expect(schedules.filter(({ trigger }) => trigger === 'once')).toHaveLength(1);
  const job = await installation.job(by.get('every')!.jobRef!, signal);
  expect(job).toMatchObject({ id: 'every', state: 'scheduled', queue: 'mail', meta: { text: "{'interval': 300}" } });
  expect(job.dueAt).toBe(by.get('every')!.nextRun);
  expect((await found())[0]).toMatchObject({ rule: 'rq.rq-scheduler-not-running', severity: 'warning' });
  await client.zadd('rq:scheduler:scheduled_jobs', Math.floor(Date.now() / 1000) - 4000, 'every');
  expect((await found())[0]).toMatchObject({ rule: 'rq.rq-scheduler-not-running', severity: 'trouble', sure: true });
  const scheduler = await startRqScheduler({ generation: NEWEST, url: redis.url });
  started.push(scheduler);
  await waitFor(async () => Number(await client.zscore('rq:scheduler:scheduled_jobs', 'every')) > Date.now() / 1000, {
    explain: scheduler.output,
  });
  expect((await found()).map(({ rule }) => rule)).toEqual([]);
});

test('rq cron: its jobs are schedules, and a stale one is found', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jqi-rq-'));
  const config = join(folder, 'cron_config.py');
  writeFileSync(
    config,
    `from rq import cron\nfrom shop import payments\ncron.register(payments.settle, 'default', args=('x',), interval=600)\ncron.register(payments.refund, 'default', args=(1, 2), cron='0 3 * * *')\n`,
  );
  await work(NEWEST, ['default']);
  const process = await startProcess(
    await pythonOf(NEWEST),
    ['-c', 'import sys; from rq.cli import main; sys.argv[0] = "rq"; main()', 'cron', '--url', redis.url, config],
    { cwd: folder, env: pythonVariables() },
  );
  started.push(process);
  await waitFor(async () => (await client.zcard('rq:finished:default')) > 0, {
    explain: process.output,
    timeout: 30_000,
  });
  const installation = await connect();
  const { schedules } = await installation.overview(signal);
  expect(
    schedules.map(({ task, trigger, queue, owner, args }) => ({ task, trigger, queue, owner, args: args?.text })),
  ).toEqual([
    { task: 'shop.payments.settle', trigger: 'every 10 min', queue: 'default', owner: 'rq cron', args: "('x')" },
    { task: 'shop.payments.refund', trigger: 'cron 0 3 * * *', queue: 'default', owner: 'rq cron', args: '(1, 2)' },
  ]);
  expect(schedules.every(({ nextRun }) => nextRun !== null)).toBe(true);
  expect(await found()).toEqual([]);
  const [name] = await client.zrange('rq:cron_schedulers', '0', '0');
  await process.kill();
  await client.zadd('rq:cron_schedulers', String(Date.now() / 1000 - 900), name!);
  expect((await found())[0]).toMatchObject({ rule: 'rq.cron-stale', severity: 'trouble' });
});

test('dependencies both ways, groups, retries, callbacks, deferred for ever', async () => {
  const printed = await withRq(
    NEWEST,
    redis.url,
    `
from rq import Retry, Callback
from rq.group import Group
q = queue('default')
parent = q.enqueue('shop.reports.wait_for_file', '/nonexistent', job_id='parent')
child = q.enqueue('shop.payments.settle', 1, depends_on=[parent], job_id='child', retry=Retry(max=3, interval=[10, 30]),
    on_success=Callback('shop.payments.refund'), meta={'who': 'me'}, result_ttl=60, failure_ttl=120)
group = Group.create(connection=connection)
members = group.enqueue_many(q, [rq.Queue.prepare_data('shop.payments.settle', (n,), job_id='member%d' % n) for n in range(3)])
print(group.name)
`,
  );
  await work(NEWEST, ['other']);
  const installation = await connect();
  const [row] = await installation.find('child', null, signal);
  const child = await installation.job(row!.ref, signal);
  expect(child).toMatchObject({
    state: 'deferred',
    nativeState: 'deferred',
    retriesLeft: 3,
    meta: { text: "{'who': 'me'}" },
    problems: [],
  });
  expect(child.relations).toEqual([
    expect.objectContaining({ kind: 'depends-on', id: 'parent', state: 'waiting', task: 'shop.reports.wait_for_file' }),
  ]);
  const facts = Object.fromEntries(child.facts.map(fact => [fact.name, fact.value]));
  expect(facts).toMatchObject({
    'Retry intervals': '10 s, 30 s',
    'On success': 'shop.payments.refund',
    'Result kept': '60',
    'Failure kept': '120',
  });
  expect(child.enqueueParameters).toMatchObject({
    retries: 3,
    retry_intervals: [10, 30],
    result_ttl: '60',
    meta: "{'who': 'me'}",
  });
  const parent = await installation.job((await installation.find('parent', null, signal))[0]!.ref, signal);
  expect(parent.relations).toEqual([expect.objectContaining({ kind: 'dependent', id: 'child', state: 'deferred' })]);
  const member = await installation.job((await installation.find('member1', null, signal))[0]!.ref, signal);
  expect(member.relations.map(({ kind, id }) => `${kind} ${id}`).sort()).toEqual(['group member0', 'group member2']);
  expect(member.relationNotes).toEqual([`Group ${printed}: 3 jobs.`]);
  await client.del('rq:job:parent');
  const rules = new Map((await found()).map(finding => [finding.rule, finding]));
  expect(rules.get('rq.dependency-gone')?.title).toBe(
    '1 deferred job in default waits for a job that no longer exists',
  );
  expect(rules.get('rq.only-id-left')?.evidence[0]?.value).toBe('parent');
  expect(rules.get('rq.queue-without-worker')?.subject).toBe('default');
});

test('jobs of the JSON serializer among pickled ones, and one that is in no queue', async () => {
  await withRq(
    NEWEST,
    redis.url,
    `
from rq.serializers import JSONSerializer
from rq.job import Job
queue('default').enqueue('shop.payments.settle', 1)
queue('default', serializer=JSONSerializer).enqueue('shop.mail.send_receipt', 'a@b', 2, urgent=True, weight=1.5, job_id='json')
Job.create('shop.payments.settle', args=(1,), connection=connection, origin='default', id='saved').save()
`,
  );
  const installation = await connect();
  const json = await installation.job((await installation.find('json', null, signal))[0]!.ref, signal);
  expect(json).toMatchObject({
    task: 'shop.mail.send_receipt',
    args: { text: "['a@b', 2]" },
    kwargs: { text: "{'urgent': True, 'weight': 1.5}" },
    enqueueParameters: { serializer: 'json' },
  });
  const [saved] = await installation.find('saved', null, signal);
  expect(saved).toMatchObject({ nativeState: 'created' });
  expect((await installation.job(saved!.ref, signal)).problems[0]?.reason).toContain('It is in no queue');
  const finding = (await found()).find(({ rule }) => rule === 'rq.json-among-pickles');
  expect(finding).toMatchObject({ sure: true, title: '1 job in default needs a worker with the JSON serializer' });
});

test('what a crash leaves between pop and start, and in compact()', async () => {
  await withRq(NEWEST, redis.url, "queue('default').enqueue('shop.payments.settle', 1, job_id='taken')");
  await client.lmove('rq:queue:default', 'rq:queue:default:intermediate', 'LEFT', 'RIGHT');
  await client.rpush('rq:queue:_compact:0af1', 'a', 'b');
  const installation = await connect();
  const overview = await installation.overview(signal);
  expect(overview.queues[0]?.counts.taken).toEqual({ exact: 1 });
  const page = await installation.jobs({ queue: 'default', state: 'taken', cursor: null, size: 5 }, signal);
  expect(page.items[0]).toMatchObject({ id: 'taken', state: 'taken', nativeState: 'popped' });
  const rules = (await found()).map(({ rule }) => rule);
  expect(rules).toEqual(['rq.stuck-in-intermediate', 'rq.compact-leftover']);
});

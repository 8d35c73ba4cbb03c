import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  asRedis5,
  differences,
  dumpRedis,
  runCelery,
  startCeleryWorker,
  startProxy,
  startRedis,
  type TestRedis,
  temporaryFolder,
  waitFor,
} from '../../../support';
import { siteOn } from './support';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

describe('messages that wait', () => {
  it('unreadable, expired, pickled, by priority, and none of it after the cure; looking changes nothing', async () => {
    using site = await siteOn(redis, 0, {}, { results: false });
    await runCelery(
      site.app,
      `
tasks.add.apply_async((1, 2), expires=1)
tasks.add.apply_async((3, 4), serializer='pickle')
tasks.add.apply_async((5, 6), priority=9)
tasks.add.apply_async((7, 8), priority=5)`,
    );
    await site.client.lpush('celery', 'no message at all');
    await waitFor(async () => (await site.diagnose()).rules.includes('expired-waiting'), { what: 'a task to expire' });
    const before = await dumpRedis(redis);
    const { rules, of } = await site.diagnose();
    expect(differences(before, await dumpRedis(redis))).toEqual([]);
    expect(rules).toEqual(['expired-waiting', 'pickle-accepted', 'poison-message', 'priority-lists']);
    expect(of('poison-message')[0]).toMatchObject({
      title: '1 message in celery cannot be read',
      severity: 'trouble',
      where: 'Celery on shop-test, queue celery',
    });
    expect(of('expired-waiting')[0]?.title).toMatch(/^1 task in celery has expired, the first \d+ s ago$/);
    expect(of('pickle-accepted')[0]).toMatchObject({ title: '1 task waits as a pickle', sure: false });
    expect(of('priority-lists')[0]).toMatchObject({ title: 'LLEN celery says 3, while 5 tasks wait there' });
    expect(of('priority-lists')[0]?.evidence.map(({ what, value }) => [what, value])).toEqual([
      ['priority 0 to 2', '3 tasks'],
      ['priority 3 and up', '1 task'],
      ['priority 9 and up', '1 task'],
    ]);
    // The remedy of each leads to the very message.
    for (const rule of ['poison-message', 'expired-waiting']) {
      const target = of(rule)[0]?.remedies.find(({ action }) => action?.id === 'delete')?.action?.target;
      if (target?.kind !== 'jobs') throw new Error('no jobs');
      const plan = await site.installation.plan(
        { action: 'delete', targets: [target], parameters: {} },
        AbortSignal.timeout(10_000),
      );
      expect(plan.total).toBe(1);
    }
    await site.client.del('celery', 'celery\x06\x163', 'celery\x06\x169');
    expect((await site.diagnose()).rules).toEqual([]);
  });

  it('of ten thousand: both ends and some between, and it says so; the same on old servers', async () => {
    using site = await siteOn(redis, 2, {}, { results: false });
    await runCelery(site.app, `tasks.add.delay(1, 2)`);
    const [good = ''] = await site.client.lrange('celery', 0, 0);
    const pipeline = site.client.pipeline();
    for (let n = 0; n < 10_000; n++) pipeline.lpush('celery', n % 2 === 0 ? good : 'broken');
    await pipeline.exec();
    const { of } = await site.diagnose();
    const [finding] = of('poison-message');
    expect(finding?.title).toMatch(/^at least \d+ messages in celery cannot be read$/);
    expect(finding?.evidence.at(-1)?.value).toMatch(/^(39\d|400) of 10,001: both ends and at most 200 at random$/);

    await using proxy = await startProxy(redis, asRedis5);
    using old = await siteOn({ ...redis, url: proxy.url } as TestRedis, 2, {}, { results: false });
    expect((await old.diagnose()).of('poison-message')[0]?.title).toMatch(/^at least \d+ messages/);
  });

  it('of names that no worker knows, and revoked ones', async () => {
    using site = await siteOn(redis, 4, {}, { results: false });
    await using worker = await startCeleryWorker({ ...site.app, name: 'mail', queues: ['other'] });
    const id = await runCelery(
      site.app,
      `
app.send_task('shop.tasks.long_gone', (1,), queue='later')
result = tasks.add.apply_async((1, 2), queue='later')
app.control.revoke(result.id)
print(result.id)`,
    );
    await waitFor(
      async () => {
        await site.ask();
        return (await site.diagnose()).rules.includes('revoked-waiting');
      },
      { what: 'the worker to know what is revoked', explain: worker.output },
    );
    const { rules, of } = await site.diagnose();
    expect(rules).toEqual(['queue-without-worker', 'revoked-waiting', 'unregistered-task']);
    expect(of('revoked-waiting')[0]?.evidence[0]?.value).toBe(id);
    expect(of('unregistered-task')[0]).toMatchObject({
      title: '1 task in later is called shop.tasks.long_gone, which no worker of it knows',
      label: 'No worker knows shop.tasks.long_gone',
      sure: true,
    });
    await site.client.del('later');
    await site.settled([]);
  });
});

describe('messages that workers hold', () => {
  it('with an ETA beyond the visibility timeout: waiting and held; not with a longer timeout', async () => {
    using site = await siteOn(redis, 6, {}, { results: false });
    const far = `[tasks.add.apply_async((n, 1), countdown=7200) for n in range(2)]`;
    await runCelery(site.app, far);
    const waiting = await site.diagnose();
    expect(waiting.rules).toEqual(['eta-beyond-visibility-timeout']);
    expect(waiting.of('eta-beyond-visibility-timeout')[0]).toMatchObject({
      title: '2 tasks are due later than the visibility timeout of 1 h allows, the last in 2 h',
      sure: false,
    });
    const worker = await startCeleryWorker({ ...site.app, name: 'mail' });
    await waitFor(async () => (await site.client.hlen('unacked')) === 2, { what: 'the tasks to be held' });
    const held = await site.settled(['eta-beyond-visibility-timeout']);
    expect(held.of('eta-beyond-visibility-timeout')[0]?.sure).toBe(true);
    await worker.stop();

    const conf = { broker_transport_options: { visibility_timeout: 20_000 } };
    await using patient = await startCeleryWorker({ ...site.app, conf, name: 'mail' });
    await waitFor(async () => (await site.client.hlen('unacked')) === 2, {
      what: 'the tasks to be held',
      explain: patient.output,
    });
    await site.settled([]);
  });

  it('of a worker that was killed: by nobody, then for too long; none once given back', async () => {
    using site = await siteOn(redis, 8, {}, { results: false });
    const worker = await startCeleryWorker({ ...site.app, name: 'mail' });
    await runCelery(site.app, `[tasks.add.apply_async((n, 1), countdown=1800) for n in range(3)]`);
    await waitFor(async () => (await site.client.hlen('unacked')) === 3, { what: 'the tasks to be held' });
    await site.settled([]);
    await worker.kill();
    const shift = async (seconds: number) => {
      for (const tag of await site.client.zrange('unacked_index', '0', '-1'))
        await site.client.zincrby('unacked_index', -seconds, tag);
    };
    // As if it had taken them a minute ago.
    await shift(60);
    const killed = await site.settled(['held-by-nobody', 'silent-worker']);
    expect(killed.of('held-by-nobody')[0]?.title).toBe('3 tasks were taken by a worker that is gone');

    await using _other = await startCeleryWorker({ ...site.app, name: 'other', queues: ['other'] });
    await site.ask();
    expect((await site.diagnose()).of('held-by-nobody')[0]?.consequence).toMatch(
      /run again only when .* the first in 59 min/,
    );

    await shift(4000);
    const late = await site.diagnose();
    expect(late.of('held-by-nobody')).toEqual([]);
    expect(late.of('held-too-long')[0]?.title).toBe(
      '3 tasks have been held for longer than the visibility timeout, the first for 1 h',
    );
    await site.client.del('unacked', 'unacked_index');
    expect((await site.diagnose()).rules).toEqual(['silent-worker']);
  });
});

it('none of what a worker runs with acks_late, holds by a rate limit, or keeps until an ETA', async () => {
  using site = await siteOn(redis, 12, {}, { results: false });
  const folder = temporaryFolder('late');
  await using worker = await startCeleryWorker({ ...site.app, name: 'mail', pool: 'threads', concurrency: 2 });
  await runCelery(
    site.app,
    `
app.control.rate_limit('shop.tasks.limited', '1/m', reply=True)
tasks.wait_late.delay(sys.argv[1])
[tasks.limited.delay(n) for n in range(3)]
tasks.add.apply_async((1, 2), countdown=600)`,
    { args: [`${folder}/never`] },
  );
  await waitFor(async () => (await site.client.llen('celery')) === 0 && (await site.client.hlen('unacked')) >= 4, {
    what: 'the tasks to be held',
    explain: worker.output,
  });
  for (const tag of await site.client.zrange('unacked_index', '0', '-1'))
    await site.client.zincrby('unacked_index', -60, tag);
  await site.settled([]);
  writeFileSync(`${folder}/never`, '');
});

it('content that no worker of the queue accepts', async () => {
  using site = await siteOn(redis, 14, {}, { results: false });
  const conf = { accept_content: ['json', 'pickle'] };
  // The only worker of the queue is busy, so that what comes after stays where it is.
  const folder = temporaryFolder('busy');
  await using worker = await startCeleryWorker({
    ...site.app,
    conf: { worker_prefetch_multiplier: 1 },
    name: 'mail',
    pool: 'threads',
  });
  await runCelery(
    { ...site.app, conf },
    `
tasks.wait_late.delay(sys.argv[1])
[tasks.add.apply_async((n, 2), serializer='yaml') for n in range(3)]`,
    { args: [`${folder}/never`] },
  );
  const { of } = await site.settled(['content-not-accepted']);
  expect(of('content-not-accepted')[0]?.title).toMatch(
    /^[23] tasks in celery are of a content type that no worker of it accepts: application\/x-yaml$/,
  );
  writeFileSync(`${folder}/never`, '');
  await waitFor(async () => (await site.client.llen('celery')) === 0, {
    what: 'the worker to refuse them',
    explain: worker.output,
  });
  expect(worker.output()).toContain('Refusing to deserialize');
  await site.settled([]);
});

it('reply queues that questions left behind', async () => {
  using site = await siteOn(redis, 10, {}, { results: false });
  await runCelery(site.app, `tasks.add.delay(1, 2)`);
  expect((await site.diagnose()).rules).toEqual([]);
  for (let n = 0; n < 25; n++)
    await site.client.sadd(
      '_kombu.binding.reply.celery.pidbox',
      `oid-${n}\x06\x16\x06\x16oid-${n}.reply.celery.pidbox`,
    );
  await site.client.lpush('oid-3.reply.celery.pidbox', 'an answer');
  const { rules, of } = await site.diagnose();
  expect(rules).toEqual(['orphan-reply-queues']);
  expect(of('orphan-reply-queues')[0]?.title).toBe(
    '25 reply queues of earlier questions are left behind, with 1 answer that nobody collects',
  );
  await site.client.del('_kombu.binding.reply.celery.pidbox', 'oid-3.reply.celery.pidbox');
  expect((await site.diagnose()).rules).toEqual([]);
});

/** Results that real workers of every generation stored, in every serializer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobErrorOf } from '../../../../src/systems/celery/results/errors';
import { clientOf, runCelery, startCeleryWorker, startRedis, type TestRedis, waitFor } from '../../../support';
import { complete, page, storeAt } from './support';

interface Case {
  readonly generation: string;
  readonly serializer: 'json' | 'pickle' | 'yaml' | 'msgpack';
  readonly compression?: string;
  readonly extended: boolean;
}

const CASES: readonly Case[] = [
  { generation: 'celery-newest', serializer: 'json', extended: true },
  { generation: 'celery-newest', serializer: 'pickle', compression: 'gzip', extended: true },
  { generation: 'celery-newest', serializer: 'msgpack', compression: 'brotli', extended: true },
  { generation: 'celery-5.2', serializer: 'yaml', extended: true },
  { generation: 'celery-5.2', serializer: 'json', extended: false },
  { generation: 'celery-4.4', serializer: 'pickle', extended: true },
  { generation: 'celery-4.4', serializer: 'json', extended: true },
];

const PROGRAM = `
from celery import chain, group
ids = {
  'added': tasks.add.delay(2, 3).id,
  'declined': tasks.decline.delay(4821, reason='lost card').id,
  'deep': tasks.fail_deep.delay().id,
  'retried': tasks.send_receipt.delay('no address', 7).id,
  'echoed': tasks.echo.delay(1, 2.0, 'ü€😀', flag=None).id,
}
steps = chain(tasks.add.s(1, 1), tasks.add.s(5)).apply_async()
ids['second'] = steps.id
ids['first'] = steps.parent.id
many = group(tasks.add.s(1, n) for n in range(3)).apply_async()
many.save()
ids['group'] = many.id
print(json.dumps(ids))
`;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.kill());

describe.each(CASES)('$generation, $serializer $compression', given => {
  const { generation, serializer, compression, extended } = given;
  const database = CASES.indexOf(given) + 1;
  const url = () => `redis://127.0.0.1:${redis.port}/${database}`;
  let ids: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    const conf = {
      result_serializer: serializer,
      accept_content: ['json', serializer],
      result_extended: extended,
      ...(compression === undefined ? {} : { result_compression: compression }),
    };
    const app = { generation, broker: url(), backend: url(), conf };
    ids = JSON.parse(await runCelery(app, PROGRAM)) as Record<string, string>;
    await using _worker = await startCeleryWorker(app);
    const client = clientOf(redis, database);
    try {
      await waitFor(async () => (await client.keys('celery-task-meta-*')).length >= 10, {
        timeout: 30_000,
        what: 'ten results',
      });
    } finally {
      client.disconnect();
    }
  }, 120_000);

  test('all are counted by their state', async () => {
    using world = await storeAt(url());
    await complete(world.store);
    expect(world.store.counts()).toEqual({
      scheduled: { exact: 1 },
      running: { exact: 0 },
      taken: { exact: 0 },
      failed: { exact: 2 },
      finished: { exact: 7 },
      canceled: { exact: 0 },
    });
  });

  test('a failure tells its error, its call and its time', async () => {
    using world = await storeAt(url());
    await complete(world.store);
    const { items, order } = await page(world.store, 'failed');
    const row = items.find(({ id }) => id === ids['declined']);
    expect(row).toMatchObject({
      task: extended ? 'shop.tasks.decline' : null,
      args: extended ? { text: "(4821, reason='lost card')" } : null,
      queue: extended ? 'celery' : null,
      nativeState: 'FAILURE',
      problems: [],
    });
    // Of an exception that cannot be pickled some versions store, and print, the nearest base class that can.
    expect(row?.error?.type).toMatch(/^shop\.errors\.(?:CardDeclined|GatewayError)$/);
    expect(row?.error?.message).toContain('lost card');
    expect(row?.endedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{6}Z$/);
    expect(Math.abs(Date.parse(row?.endedAt ?? '') - Date.now())).toBeLessThan(600_000);
    expect(items.map(({ endedAt }) => endedAt)).toEqual([...items.map(({ endedAt }) => endedAt)].sort().reverse());
    expect(order).toMatch(/^newest first, of 10 results, as of /);
  });

  test('its traceback is frames, the application’s own told apart', async () => {
    using world = await storeAt(url());
    const result = await world.store.get(ids['deep'] ?? '', AbortSignal.timeout(10_000));
    const error = jobErrorOf(result?.error ?? null, result?.traceback ?? null);
    expect(error?.type).toBe('shop.errors.StripeTimeout');
    expect(error?.message).toBe('no answer after 30 s, and that from far below');
    expect(error?.frames.at(-1)).toMatchObject({ function: 'fail_deep', own: true });
    expect(error?.frames.filter(frame => frame.function === 'fail_deep').length).toBeGreaterThan(3);
    expect(error?.frames[0]?.own).toBe(false);
  });

  test('a result, a retry, children, a parent and a group are read', async () => {
    using world = await storeAt(url());
    const { store } = world;
    const wanted = ['added', 'echoed', 'retried', 'first', 'second'].map(name => ids[name] ?? '');
    const [added, echoed, retried, first, second] = await store.many(wanted, AbortSignal.timeout(10_000));
    expect(added).toMatchObject({ status: 'SUCCESS', state: 'finished', serializer, extended });
    expect(added?.result?.text).toBe('5');
    expect(echoed?.result?.text).toBe("[[1, 2.0, 'ü€😀'], {'flag': None}]");
    expect(retried).toMatchObject({ status: 'RETRY', state: 'scheduled' });
    expect(retried?.error?.type).toBe('ValueError');
    expect(first?.children).toEqual([ids['second']]);
    expect(second?.parentId).toBe(ids['first']);
    const group = await store.group(ids['group'] ?? '', AbortSignal.timeout(10_000));
    expect(group?.ids).toHaveLength(3);
    const members = await store.many(group?.ids ?? [], AbortSignal.timeout(10_000));
    expect(members.map(member => member?.result?.text)).toEqual(['1', '2', '3']);
  });
});

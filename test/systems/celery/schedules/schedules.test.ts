import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConnectedRedis, connectRedis } from '../../../../src/brokers/redis/connect';
import type { Companions, SystemOptions } from '../../../../src/model';
import { parseOptions } from '../../../../src/systems/celery/options';
import { createSchedules, type Schedules } from '../../../../src/systems/celery/schedules';
import { createSurroundings, nodeFiles } from '../../../../src/workspace';
import {
  asRedis5,
  clientOf,
  differences,
  dumpRedis,
  removeFolder,
  runCelery,
  startCeleryBeat,
  startProxy,
  startRedis,
  type TestRedis,
  temporaryFolder,
  waitFor,
} from '../../../support';

const signal = new AbortController().signal;
const GENERATION = 'celery-newest';
let redis: TestRedis;
let broker: ConnectedRedis;

beforeAll(async () => {
  redis = await startRedis();
  broker = await connectRedis({ url: redis.url }, signal);
});
afterAll(async () => {
  broker?.close();
  await redis?.stop();
});

const schedulesOf = (options: SystemOptions = {}, companions: Companions | null = null, on = broker): Schedules =>
  createSchedules({ broker: on, key: '', options: parseOptions(options), companions }) as Schedules;

const SCHEDULE = {
  often: { task: 'shop.tasks.add', schedule: 1, args: [1, 2], options: { queue: 'fast', expires: 30 } },
  nightly: { task: 'shop.tasks.settle', schedule: { minute: '0', hour: '3' }, kwargs: { receipts: [] } },
  weekly: { task: 'shop.tasks.settle', schedule: { minute: '0', hour: '3', day_of_week: 'mon' }, args: [[]] },
};
const conf = { timezone: 'Europe/Berlin' };

describe('RedBeat', () => {
  it('is read as beat writes it, on servers with and without read-only scripts', async () => {
    const folder = temporaryFolder('beat');
    const app = { generation: GENERATION, broker: redis.url, conf };
    await runCelery(
      { ...app, conf: { ...conf, redbeat_redis_url: redis.url } },
      `
from datetime import datetime
from celery.schedules import crontab, schedule
from redbeat import RedBeatSchedulerEntry as Entry
from redbeat.schedules import rrule
Entry('off', 'shop.tasks.add', crontab(minute=5), enabled=False, app=app).save()
Entry('twice', 'shop.tasks.add', rrule('DAILY', count=2, dtstart=datetime(2031, 1, 1)), app=app).save()
Entry('over', 'shop.tasks.add', rrule('DAILY', count=1, dtstart=datetime(2021, 1, 1)), app=app).save()
Entry('lost', 'shop.tasks.add', schedule(86400), app=app).save()
Entry('aligned', 'shop.tasks.add', schedule(3600, relative=True), app=app).save()`,
    );
    const client = clientOf(redis);
    await client.del('redbeat:lost');
    await client.hset('redbeat:broken', 'definition', '{"name": ');
    await client.zadd('redbeat::schedule', 4_000_000_000, 'redbeat:broken');
    await client.hset('redbeat:huge', 'definition', 'x'.repeat(100_000));
    await client.zadd('redbeat::schedule', 4_000_000_001, 'redbeat:huge');
    const beat = await startCeleryBeat({ ...app, cwd: folder, schedule: SCHEDULE, redBeat: { url: redis.url } });
    await waitFor(async () => (await client.llen('fast')) > 1, { what: 'beat to send', explain: beat.output });
    await beat.stop();

    const before = await dumpRedis(redis);
    const schedules = schedulesOf();
    const rows = await schedules.schedules(signal);
    const old = await startProxy(redis, asRedis5);
    const oldBroker = await connectRedis({ url: old.url }, signal);
    expect(oldBroker.server.atLeast('7.0')).toBe(false);
    const oldRows = await schedulesOf({}, null, oldBroker).schedules(signal);
    const plain = (list: typeof rows) => list.map(({ details: _details, ...row }) => row);
    expect(plain(oldRows)).toEqual(plain(rows));
    oldBroker.close();
    await old.close();
    expect(differences(before, await dumpRedis(redis))).toEqual([]);

    const byName = new Map(rows.map(row => [row.id.replace('redbeat:', ''), row]));
    const brief = (name: string) => {
      const row = byName.get(name);
      return row && [row.trigger, row.paused, row.queue, row.args?.text, row.nextRun === null ? null : 'due'];
    };
    expect(brief('often')).toEqual(['every 1 s', false, 'fast', '(1, 2)', 'due']);
    expect(brief('nightly')).toEqual(['every day at 03:00', false, null, '(receipts=[])', 'due']);
    expect(brief('weekly')).toEqual(['every Monday at 03:00', false, null, '([])', 'due']);
    expect(brief('off')).toEqual(['every hour at :05', true, null, '()', null]);
    expect(brief('twice')).toEqual(['every day, 2 times', false, null, '()', 'due']);
    expect(brief('over')).toEqual(['every day, once', false, null, '()', null]);
    expect(brief('aligned')).toEqual(['every hour, by the clock', false, null, '()', 'due']);
    expect(brief('lost')).toEqual(['its hash is gone', null, null, undefined, 'due']);
    expect(brief('broken')?.[0]).toBe('not readable');
    expect(brief('huge')?.[0]).toBe('not readable');
    const hour = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', hour: 'numeric', hourCycle: 'h23' });
    expect(hour.format(new Date(byName.get('nightly')?.nextRun ?? 0))).toBe('03');
    expect(rows.every(({ owner }) => owner === 'RedBeat')).toBe(true);

    const facts = new Map(byName.get('often')?.details?.map(({ name, value }) => [name, value]));
    expect(Number(facts.get('Runs'))).toBeGreaterThan(1);
    expect(facts.get('Time zone')).toBe('Europe/Berlin');
    expect(facts.get('Made by')).toBe('the configuration of the application');
    expect(Math.abs(Date.parse(facts.get('Last run') ?? '') - Date.now())).toBeLessThan(60_000);
    expect(facts.get('Read from')).toContain('HGETALL redbeat:often');
    expect(byName.get('off')?.details?.find(({ name }) => name === 'Made by')?.value).toBe(
      'the application while it runs',
    );
    expect(schedules.entry('redbeat:often')?.entry.key.toString()).toBe('redbeat:often');
    expect(schedules.entry('redbeat:none')).toBeNull();
    client.disconnect();
    removeFolder(folder);
  });

  it('with ten thousand entries lists the next ones in one round trip, and says so', async () => {
    const client = clientOf(redis, 3);
    const pipeline = client.pipeline();
    for (let n = 0; n < 10_000; n++) {
      const definition = {
        name: `n${n}`,
        task: 'shop.tasks.add',
        schedule: { __type__: 'interval', every: 60, relative: false },
      };
      pipeline.hset(`redbeat:n${n}`, 'definition', JSON.stringify(definition));
      pipeline.zadd('redbeat::schedule', 2_000_000_000 + n, `redbeat:n${n}`);
    }
    await pipeline.exec();
    client.disconnect();
    const there = await connectRedis({ url: redis.url.replace(/0$/, '3') }, signal);
    const schedules = schedulesOf({}, null, there);
    const trips = there.meter.roundTrips;
    const rows = await schedules.schedules(signal);
    expect(there.meter.roundTrips - trips).toBe(1);
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 500 }, (_unused, n) => `redbeat:n${n}`));
    expect(schedules.problems.map(({ reason }) => reason)).toEqual([
      'Only the next 500 of 10,000 entries of RedBeat are listed.',
    ]);
    there.close();
  });

  it('is found under another prefix and in another database', async () => {
    const client = clientOf(redis, 5);
    const definition = JSON.stringify({
      name: 'x',
      task: 'shop.tasks.add',
      schedule: { __type__: 'interval', every: 60 },
    });
    await client.hset('jobs:x', 'definition', definition);
    await client.zadd('jobs::schedule', 2_000_000_000, 'jobs:x');
    client.disconnect();
    const empty = await connectRedis({ url: redis.url.replace(/0$/, '6') }, signal);
    const fifth = await connectRedis({ url: redis.url.replace(/0$/, '5') }, signal);
    const companions: Companions = {
      open: async () => fifth,
      database: async number => (number === 5 ? fifth : null),
      otherDatabases: async () => [
        { db: 5, keys: 2 },
        { db: 7, keys: 1 },
      ],
    };
    const schedules = schedulesOf({ redbeatPrefix: 'jobs:' }, companions, empty);
    expect((await schedules.schedules(signal)).map(({ id, owner }) => [id, owner])).toEqual([
      ['jobs:x', 'RedBeat (jobs:)'],
    ]);
    const trips = empty.meter.roundTrips;
    await schedules.schedules(signal);
    // Known by now: nothing else is asked than the two prefixes here.
    expect(empty.meter.roundTrips - trips).toBeLessThanOrEqual(2);
    expect(
      (
        await schedulesOf({ redbeat: 'redis://somewhere/5', redbeatPrefix: 'jobs:' }, companions, empty).schedules(
          signal,
        )
      ).length,
    ).toBe(1);
    expect(await schedulesOf({}, companions, empty).schedules(signal)).toEqual([]);
    empty.close();
    fifth.close();
  });

  it('is nothing where the key is somebody else’s', async () => {
    const client = clientOf(redis, 8);
    await client.set('redbeat::schedule', 'a text');
    client.disconnect();
    const there = await connectRedis({ url: redis.url.replace(/0$/, '8') }, signal);
    const schedules = schedulesOf({}, null, there);
    expect(await schedules.schedules(signal)).toEqual([]);
    expect(schedules.problems).toEqual([]);
    there.close();
  });
});

describe('the file of celery beat', () => {
  it('is read from the open folder as the running beat writes it', async () => {
    const folder = temporaryFolder('beatfile');
    const app = { generation: GENERATION, broker: redis.url, conf: { ...conf, task_default_queue: 'filed' } };
    const beat = await startCeleryBeat({ ...app, cwd: folder, schedule: SCHEDULE });
    const client = clientOf(redis);
    const sent = async () => (await client.llen('fast')) + (await client.llen('filed'));
    const already = await sent();
    await waitFor(async () => (await sent()) > already + 1, { what: 'beat to send', explain: beat.output });
    await beat.stop();
    client.disconnect();
    expect(readdirSync(folder)).toContain('celerybeat-schedule.dat');

    const empty = await connectRedis({ url: redis.url.replace(/0$/, '9') }, signal);
    const companions: Companions = {
      open: async () => Promise.reject(new Error('none')),
      database: async () => null,
      otherDatabases: async () => [],
      surroundings: createSurroundings({ files: nodeFiles(folder), remote: false, restricted: null }),
    };
    const rows = await schedulesOf({}, companions, empty).schedules(signal);
    expect(
      rows.map(({ id, trigger, queue, args, paused, owner }) => [id, trigger, queue, args?.text, paused, owner]).sort(),
    ).toEqual([
      [
        'celerybeat-schedule#celery.backend_cleanup',
        'every day at 04:00',
        null,
        '()',
        null,
        'celery beat (celerybeat-schedule)',
      ],
      [
        'celerybeat-schedule#nightly',
        'every day at 03:00',
        null,
        '(receipts=[])',
        null,
        'celery beat (celerybeat-schedule)',
      ],
      ['celerybeat-schedule#often', 'every 1 s', 'fast', '(1, 2)', null, 'celery beat (celerybeat-schedule)'],
      ['celerybeat-schedule#weekly', 'every Monday at 03:00', null, '([])', null, 'celery beat (celerybeat-schedule)'],
    ]);
    const often = rows.find(({ id }) => id.endsWith('#often'));
    const facts = new Map(often?.details?.map(({ name, value }) => [name, value]));
    expect(Number(facts.get('Runs'))).toBeGreaterThan(0);
    expect(facts.get('Celery')).toBe('5.7.0');
    expect(Date.parse(often?.nextRun ?? '') - Date.parse(facts.get('Last run') ?? '')).toBe(1000);
    const nightly = rows.find(({ id }) => id.endsWith('#nightly'));
    const hour = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', hour: 'numeric', hourCycle: 'h23' });
    expect(hour.format(new Date(nightly?.nextRun ?? 0))).toBe('03');
    expect(Date.parse(nightly?.nextRun ?? '')).toBeGreaterThan(Date.now());

    const untrusted = createSurroundings({ files: nodeFiles(folder), remote: false, restricted: 'Not trusted.' });
    expect(await schedulesOf({}, { ...companions, surroundings: untrusted }, empty).schedules(signal)).toEqual([]);
    empty.close();
    removeFolder(folder);
  });
});

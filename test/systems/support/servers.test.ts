/** The machinery under all other tests: does it start, break and end what it says? */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, test } from 'vitest';
import {
  asRedis5,
  clientOf,
  descendants,
  differences,
  dumpRedis,
  once,
  removeFolder,
  rqGenerationsUnderTest,
  runPython,
  send,
  startProxy,
  startRedis,
  startRqWorker,
  startSentinel,
  temporaryFolder,
  waitFor,
} from '../../support';
import { GUARD } from '../../support/process';

const folders: string[] = [];

function ownFolder(name: string): string {
  const folder = temporaryFolder(name);
  folders.push(folder);
  return folder;
}

afterAll(() => folders.forEach(removeFolder));

describe('a private Redis', () => {
  test('has a password, answers, and is gone afterwards', async () => {
    const redis = await startRedis({ password: 'p w/?' });
    const client = clientOf(redis);
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
    await redis.stop();
    expect(send(redis.pid, 0)).toBe(false);
    expect(existsSync(redis.folder)).toBe(false);
  });

  test.each([
    ['of the machine', {}],
    ['of the wheel, which has no TLS of its own', { version: '6.2' as const }],
  ])('speaks TLS to a client with its certificate only: the Redis %s', async (_which, options) => {
    await using redis = await startRedis({ tls: true, ...options });
    const files = redis.certificates;
    expect(files).toBeDefined();
    if (files === undefined) return;
    const read = (path: string) => readFileSync(path);
    const stranger = new Redis({
      host: '127.0.0.1',
      port: redis.port,
      tls: { ca: read(files.ca) },
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    stranger.on('error', () => undefined);
    await expect(stranger.ping()).rejects.toThrow();
    stranger.disconnect();
    const tls = { ca: read(files.ca), cert: read(files.clientCert), key: read(files.clientKey) };
    const client = new Redis({ host: 'localhost', family: 4, port: redis.port, tls, maxRetriesPerRequest: 0 });
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('listens on a unix socket', async () => {
    await using redis = await startRedis({ unixSocket: true });
    const client = clientOf(redis);
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('is ended, and what it started, when the lifeline to us breaks', async () => {
    const file = join(ownFolder('guard'), 'pid');
    // What the death of this process does to the guarding shell: the other end of its standard input closes.
    const shell = spawn('/bin/sh', ['-c', GUARD, 'sh', 'sh', '-c', 'sleep 600 & echo $! > "$0"; wait', file], {
      stdio: ['pipe', 'ignore', 'ignore', 'ignore'],
    });
    const sleeper = Number(await waitFor(() => existsSync(file) && readFileSync(file, 'utf8').trim()));
    expect(send(sleeper, 0)).toBe(true);
    shell.stdin?.destroy();
    await waitFor(() => !send(sleeper, 0), { what: 'the child of the guarded process to end' });
  });
});

test('a dump shows what changed and nothing else', async () => {
  await using redis = await startRedis();
  const client = clientOf(redis);
  await client.hset('a', 'x', '1');
  await client.set('b', Buffer.from([0, 255]), 'EX', 100);
  const before = await dumpRedis(redis);
  expect(differences(before, await dumpRedis(redis))).toEqual([]);
  await client.hset('a', 'x', '2');
  await client.persist('b');
  await client.rpush('c', 'new');
  expect(differences(before, await dumpRedis(redis)).map(line => line.slice(0, 5))).toEqual([
    'a was',
    'b was',
    'c is ',
  ]);
  client.disconnect();
});

describe('a proxy', () => {
  test('drops one reply of a command that the server has run', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis, { dropReply: once(command => command.name === 'RPUSH') });
    const client = new Redis({ port: proxy.port, maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false });
    await expect(client.rpush('list', 'x')).rejects.toThrow();
    client.disconnect();
    const direct = clientOf(redis);
    expect(await direct.llen('list')).toBe(1);
    direct.disconnect();
  });

  test('counts round trips and keeps the order of a pipeline', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis, {
      answer: command => (command.name === 'ECHO' ? Buffer.from('-ERR no echo here\r\n') : undefined),
    });
    const client = new Redis({ port: proxy.port, maxRetriesPerRequest: 0 });
    await client.ping();
    proxy.reset();
    const replies = await client.pipeline().set('k', 'v').echo('x').get('k').exec();
    expect(replies?.map(([error, value]) => error?.message ?? value)).toEqual(['OK', 'ERR no echo here', 'v']);
    expect(proxy.roundTrips).toBe(1);
    expect(proxy.commands.map(command => command.name)).toEqual(['SET', 'ECHO', 'GET']);
    client.disconnect();
  });

  test('answers as Redis 5.0', async () => {
    await using redis = await startRedis();
    await using proxy = await startProxy(redis, asRedis5);
    const client = new Redis({ port: proxy.port, maxRetriesPerRequest: 0 });
    expect(await client.info('server')).toMatch(/redis_version:5\.0\.14/);
    await client.rpush('l', 'a', 'b');
    await expect(client.lpos('l', 'b')).rejects.toThrow(/unknown command/);
    await expect(client.scan('0', 'TYPE', 'list')).rejects.toThrow(/syntax error/);
    await expect(client.eval("return redis.call('lpos', KEYS[1], 'b')", 1, 'l')).rejects.toThrow(/Unknown Redis/);
    expect(await client.scan('0', 'MATCH', '*', 'COUNT', '10')).toEqual(['0', ['l']]);
    client.disconnect();
  });
});

test('sentinels fail over to the replica', async () => {
  await using sentinel = await startSentinel();
  const before = await sentinel.masterPort();
  const after = await sentinel.failover();
  expect(after).not.toBe(before);
  expect(sentinel.nodes.map(node => node.port)).toContain(after);
});

describe.each(rqGenerationsUnderTest)('RQ $version', ({ id, version }) => {
  const enqueue = `
import sys, redis, rq
url, *rest = sys.argv[1:]
queue = rq.Queue("default", connection=redis.from_url(url))
print(queue.enqueue_call(rest[0], args=tuple(rest[1:])).id)
`;

  test('is the pinned version', async () => {
    expect((await runPython(id, 'import rq; print(rq.__version__)')).toString().trim()).toBe(version);
  });

  test('a worker runs a job of the sample application, and a killed worker leaves no process', async () => {
    await using redis = await startRedis({ password: 'secret' });
    const folder = ownFolder('jobs');
    const file = join(folder, 'ran');
    const worker = await startRqWorker({ generation: id, url: redis.url, queues: ['default'] });
    await runPython(id, enqueue, [redis.url, 'shop.reports.append_line', file, 'once']);
    await waitFor(() => existsSync(file) && readFileSync(file, 'utf8') === 'once\n', { explain: worker.output });
    await runPython(id, enqueue, [redis.url, 'shop.reports.wait_for_file', join(folder, 'never')]);
    const horses = await waitFor(() => descendants(worker.pid).length > 0 && descendants(worker.pid), {
      what: 'the work-horse',
      explain: worker.output,
    });
    await worker.kill();
    await waitFor(() => !horses.some(horse => send(horse, 0)), { what: 'the work-horse to end' });
    writeFileSync(join(folder, 'never'), '');
  });
});

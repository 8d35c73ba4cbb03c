import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Command, type ConnectedRedis, connectRedis, isFailure } from '../../../src/brokers/redis';
import {
  clientOf,
  differences,
  dumpRedis,
  type RedisProxy,
  startProxy,
  startRedis,
  type TestRedis,
} from '../../support';

const never = new AbortController().signal;

let redis: TestRedis;
let proxy: RedisProxy;
let broker: ConnectedRedis;

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startProxy(redis);
  broker = await connectRedis({ url: proxy.url }, never);
});

afterAll(async () => {
  broker.close();
  await proxy.stop();
  await redis.stop();
});

describe('reading', () => {
  it('answers bytes, integers, nil and refusals in the order of the commands', async () => {
    const client = clientOf(redis);
    const binary = Buffer.from([0, 255, 13, 10, 128]);
    await client.set('bytes', binary);
    await client.hset('hash', 'a', '1', 'b', '2');
    client.disconnect();
    const replies = await broker.read(
      [
        ['GET', 'bytes'],
        ['HLEN', 'hash'],
        ['GET', 'nothing'],
        ['LLEN', 'hash'],
        ['HGETALL', 'hash'],
        ['TYPE', 'hash'],
      ],
      never,
    );
    expect(replies.slice(0, 3)).toEqual([binary, 2, null]);
    expect(isFailure(replies[3]) && replies[3].code).toBe('WRONGTYPE');
    expect(replies[4]).toEqual([Buffer.from('a'), Buffer.from('1'), Buffer.from('b'), Buffer.from('2')]);
    expect(String(replies[5])).toBe('hash');
  });

  it('takes binary keys as Buffer and as Uint8Array', async () => {
    const key = Uint8Array.from([1, 200, 0, 3]);
    const client = clientOf(redis);
    await client.set(Buffer.from(key), 'here');
    client.disconnect();
    const outer = Uint8Array.from([9, 9, ...key, 9]);
    const replies = await broker.read(
      [
        ['GET', key],
        ['GET', outer.subarray(2, 6)],
      ],
      never,
    );
    expect(replies.map(String)).toEqual(['here', 'here']);
  });

  it('is one round trip for a batch, and several for one that is split, all replies in order', async () => {
    proxy.reset();
    const before = { ...broker.meter };
    await broker.read([['PING'], ['DBSIZE']], never);
    expect(proxy.roundTrips).toBe(1);
    expect(broker.meter.roundTrips - before.roundTrips).toBe(1);
    const many: Command[] = Array.from({ length: 4500 }, (_value, index) => ['ECHO', index]);
    const replies = await broker.read(many, never);
    expect(replies.map(Number)).toEqual(many.map((_command, index) => index));
    // Five parts, of which the first two go out at once.
    expect(broker.meter.roundTrips - before.roundTrips).toBe(5);
    expect(broker.meter.writes).toBe(0);
  });

  it('makes a part when it is sent, and hands over its replies while the next ones are under way', async () => {
    const before = { ...broker.meter };
    let made = 0;
    function* parts(): Generator<Command[]> {
      for (; made < 6; ) {
        made++;
        yield [
          ['ECHO', made],
          ['LLEN', 'hash'],
        ];
      }
    }
    const seen: [number, number][] = [];
    for await (const [number, refusal] of broker.readParts(parts(), never)) {
      seen.push([Number(number), made]);
      expect(isFailure(refusal) && refusal.code).toBe('WRONGTYPE');
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map(part => [part, Math.min(6, part + 2)]));
    expect(broker.meter.commands - before.commands).toBe(12);
    expect(broker.meter.roundTrips - before.roundTrips).toBe(5);
  });

  it('goes on to work when whoever takes the parts stops early, is canceled or asks for a change', async () => {
    const parts: Command[][] = [[['ECHO', 1]], [['ECHO', 2]], [['ECHO', 3]]];
    for await (const _replies of broker.readParts(parts, never)) break;
    const stop = new AbortController();
    const canceled = (async () => {
      for await (const _replies of broker.readParts(parts, stop.signal)) stop.abort();
    })();
    await expect(canceled).rejects.toMatchObject({ code: 'aborted' });
    proxy.reset();
    const changing = (async () => {
      for await (const _replies of broker.readParts([[['ECHO', 4]], [['DEL', 'hash']]], never));
    })();
    await expect(changing).rejects.toThrow('is not a reading command');
    expect(String((await broker.read([['ECHO', 5]], never))[0])).toBe('5');
    expect(proxy.commands.map(command => command.name)).not.toContain('DEL');
  });

  it('sends nothing that could change something', async () => {
    proxy.reset();
    for (const command of [
      ['DEL', 'hash'],
      ['set', 'a', 'b'],
      ['CONFIG', 'SET', 'a', 'b'],
      ['CONFIG', 'GET', '*'],
    ] as Command[])
      await expect(broker.read([['PING'], command], never)).rejects.toThrow('is not a reading command');
    expect(proxy.commands).toEqual([]);
  });

  it('leaves the server as it was', async () => {
    const before = await dumpRedis(redis);
    await broker.read([['GET', 'bytes'], ['HGETALL', 'hash'], ['SCAN', 0], ['INFO'], ['CLIENT', 'LIST']], never);
    for await (const _batch of broker.scan({ match: '*' }, never));
    expect(differences(before, await dumpRedis(redis))).toEqual([]);
  });

  it('stops waiting when it is canceled, and goes on to work', async () => {
    const stop = new AbortController();
    proxy.use({ delay: command => (command.name === 'DBSIZE' ? 300 : 0) });
    const reading = broker.read([['DBSIZE']], stop.signal);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    expect(String((await broker.read([['PING']], never))[0])).toBe('PONG');
    proxy.use({});
  });

  it('says what was read when no answer comes in time', async () => {
    const hasty = await connectRedis({ url: proxy.url, replyTimeoutMs: 1000 }, never);
    proxy.use({ delay: command => (command.name === 'DBSIZE' ? 2500 : 0) });
    await expect(hasty.read([['DBSIZE'], ['PING'], ['PING']], never)).rejects.toMatchObject({
      code: 'timeout',
      message: `Timed out after 1 s reading from 127.0.0.1:${proxy.port} (DBSIZE, PING ×2). Nothing was changed.`,
    });
    proxy.use({});
    // Not a byte came in all that time: the connection is taken for lost, and can be opened again.
    expect(hasty.lost?.code).toBe('connection-lost');
    await hasty.reconnect(never);
    expect(String((await hasty.read([['PING']], never))[0])).toBe('PONG');
    hasty.close();
  });

  it('is not hasty when it is we who had no time', async () => {
    // Past the proxy, which lives in this process and would have no time either.
    const hasty = await connectRedis({ url: redis.url, replyTimeoutMs: 200 }, never);
    const reading = hasty.read([['PING']], never);
    // The answer is there long before we look; the timer is due as well.
    const until = performance.now() + 600;
    setImmediate(() => {
      while (performance.now() < until);
    });
    expect(String((await reading)[0])).toBe('PONG');
    hasty.close();
  });
});

describe('scanning', () => {
  it('finds every key of a pattern and type once per batch, with how far it has looked', async () => {
    const client = clientOf(redis, 1);
    for (let index = 0; index < 500; index++) await client.rpush(`scan:${index}`, 'x');
    await client.set('scan:string', 'x');
    client.disconnect();
    const inOne = await connectRedis({ url: `redis://127.0.0.1:${redis.port}/1` }, never);
    const seen = new Set<string>();
    let last = { looked: 0, of: 0 };
    for await (const batch of inOne.scan({ match: 'scan:*', type: 'list', count: 50 }, never)) {
      for (const key of batch.keys) seen.add(key.toString());
      expect(batch.looked).toBeGreaterThanOrEqual(last.looked);
      last = batch;
    }
    inOne.close();
    expect(seen.size).toBe(500);
    expect(last).toMatchObject({ looked: 501, of: 501 });
  });
});

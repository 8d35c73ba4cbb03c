import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectedRedis, connectRedis, type Reply, type ScriptCall } from '../../../src/brokers/redis';
import { clientOf, once, type RedisProxy, startProxy, startRedis, type TestRedis } from '../../support';

const never = new AbortController().signal;
const isScript = (command: { name: string }) => command.name === 'EVALSHA' || command.name === 'EVAL';

let redis: TestRedis;
let proxy: RedisProxy;
let broker: ConnectedRedis;
let step = 0;

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startProxy(redis);
});
beforeEach(async () => {
  proxy.use({});
  broker?.close();
  broker = await connectRedis({ url: proxy.url, replyTimeoutMs: 2000, connectTimeoutMs: 2000 }, never);
});
afterAll(async () => {
  broker.close();
  await proxy.stop();
  await redis.stop();
});

const count: ScriptCall['script'] = {
  name: 'count',
  source: "-- counts\nlocal n = redis.call('INCR', KEYS[1])\nreturn { n, ARGV[1], false, { ok = 'FINE' }, {} }",
};

function call(key: string, argument: string | Uint8Array = 'x'): ScriptCall {
  return { script: count, keys: [key], args: [argument], record: `jqi:step:${step++}` };
}

const first = (reply: Reply) => (Array.isArray(reply) ? reply[0] : reply);

async function stored(key: string): Promise<string | null> {
  const client = clientOf(redis);
  try {
    return await client.get(key);
  } finally {
    client.disconnect();
  }
}

describe('running a script', () => {
  it('answers integers, bytes, nil, status and lists', async () => {
    const binary = Buffer.from([0, 255, 10]);
    const expected = [1, binary, null, Buffer.from('FINE'), []];
    expect(await broker.run(call('types', binary), never)).toEqual(expected);
  });

  it('answers the second sending of a step from its record, the same to the byte', async () => {
    const once = call('again', Buffer.from([200, 0]));
    const first = await broker.run(once, never);
    expect(await broker.run(once, never)).toEqual(first);
    expect(await stored('again')).toBe('1');
  });

  it('remembers a nil answer as well', async () => {
    const script = { name: 'nil', source: "redis.call('INCR', KEYS[1])" };
    const step = { script, keys: ['nil'], args: [], record: 'jqi:step:nil' };
    expect(await broker.run(step, never)).toBeNull();
    expect(await broker.run(step, never)).toBeNull();
    expect(await stored('nil')).toBe('1');
  });

  it('answers any value from the record as it answered it first', async () => {
    const script = { name: 'value', source: 'return cjson.decode(ARGV[1])[1]' };
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.boolean(),
        fc.string({ unit: 'binary', maxLength: 300 }).filter(text => text.isWellFormed()),
        fc.array(tie('value'), { maxLength: 5 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(value, async made => {
        const step1 = { script, keys: [], args: [JSON.stringify([made])], record: `jqi:value:${step++}` };
        const answer = await broker.run(step1, never);
        expect(await broker.run(step1, never)).toEqual(answer);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps the record for ten minutes under a declared key', async () => {
    const made = call('ttl');
    await broker.run(made, never);
    const client = clientOf(redis);
    const seconds = await client.ttl(made.record);
    client.disconnect();
    expect(seconds).toBeGreaterThan(590);
    expect(seconds).toBeLessThanOrEqual(600);
    const sent = proxy.commands.findLast(isScript);
    expect(sent?.parts.slice(2, 5).map(String)).toEqual(['2', 'ttl', made.record].slice(0, 3));
  });

  it.each(['dropReply', 'cutAfterForward', 'cutBefore'] as const)('runs exactly once with %s', async rule => {
    const key = `once:${rule}`;
    // The first reply is NOSCRIPT or an answer; both of a step are lost in turn.
    for (const name of ['EVALSHA', 'EVAL'] as const) {
      const client = clientOf(redis);
      await client.script('FLUSH');
      await client.del(key);
      client.disconnect();
      proxy.use({ [rule]: once(command => command.name === name) });
      expect(first(await broker.run(call(key), never))).toBe(1);
      expect(await stored(key)).toBe('1');
    }
  });

  it('runs many steps at once exactly once each while connections are cut', async () => {
    let answered = 0;
    proxy.use({ dropReply: command => isScript(command) && [7, 30].includes(++answered) });
    await Promise.all(Array.from({ length: 40 }, () => broker.run(call('many'), never)));
    expect(await stored('many')).toBe('40');
  });

  it('says that the outcome is unknown when the answer stays lost, and has run it at most once', async () => {
    proxy.use({ dropReply: isScript });
    await expect(broker.run(call('unknown'), never)).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('Whether count was carried out is unknown'),
    });
    proxy.use({});
    expect(['1', null]).toContain(await stored('unknown'));
  });

  it('is not begun when it has been canceled', async () => {
    proxy.reset();
    await expect(broker.run(call('canceled'), AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    expect(proxy.commands.filter(isScript)).toEqual([]);
  });

  it('queues nothing while offline', async () => {
    await proxy.close();
    await expect(broker.run(call('offline'), never)).rejects.toMatchObject({ code: 'unreachable' });
    await proxy.open();
    await broker.reconnect(never);
    expect(await stored('offline')).toBeNull();
    expect(first(await broker.run(call('offline'), never))).toBe(1);
  });

  it('reports a lost publish and never repeats it', async () => {
    expect(await broker.publish('somewhere', 'hello', never)).toBe(0);
    proxy.reset();
    proxy.use({ dropReply: command => command.name === 'PUBLISH' });
    await expect(broker.publish('somewhere', 'hello', never)).rejects.toMatchObject({ code: 'connection-lost' });
    expect(proxy.commands.filter(command => command.name === 'PUBLISH')).toHaveLength(1);
  });

  it('names the line of the script in an error', async () => {
    const script = { name: 'wrong', source: "local a = 1\nredis.call('LPUSH', KEYS[1], 'x')\nreturn a" };
    const client = clientOf(redis);
    await client.set('string', 'x');
    client.disconnect();
    await expect(
      broker.run({ script, keys: ['string'], args: [], record: 'jqi:step:wrong' }, never),
    ).rejects.toMatchObject({ code: 'broker-error', answer: expect.stringMatching(/WRONGTYPE.*user_script:2/) });
  });
});

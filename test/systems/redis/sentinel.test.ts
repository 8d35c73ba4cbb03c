import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRedis } from '../../../src/brokers/redis';
import { clientOf, freePort, type SentinelSetup, startSentinel } from '../../support';

const never = new AbortController().signal;
let setup: SentinelSetup;

beforeAll(async () => {
  setup = await startSentinel();
});
afterAll(() => setup.stop());

/** A failover may lose what the replica has not got yet: that is no matter of ours. */
async function replicated(node: string): Promise<void> {
  const client = clientOf({
    host: '127.0.0.1',
    port: Number(node.split(':')[1]),
    password: undefined,
    socketPath: undefined,
  });
  await client.set('replicated', 'yes');
  expect(await client.wait(1, 15_000)).toBe(1);
  client.disconnect();
}

it('passes a dead sentinel by', async () => {
  const url = setup.url.replace('sentinel://', `sentinel://127.0.0.1:${await freePort()},`);
  const broker = await connectRedis({ url }, never);
  expect(broker.server.role).toBe('master');
  expect(broker.node).toBe(`127.0.0.1:${await setup.masterPort()}`);
  broker.close();
});

it('says that no sentinel answers, and that none knows the name', async () => {
  const ports = [await freePort(), await freePort()];
  const dead = `redis+sentinel://${ports.map(port => `127.0.0.1:${port}`).join(',')}/shop/0`;
  await expect(connectRedis({ url: dead }, never)).rejects.toMatchObject({
    code: 'unreachable',
    message: 'None of the 2 sentinels answers.',
  });
  await expect(connectRedis({ url: setup.url.replace('/shop/', '/other/') }, never)).rejects.toMatchObject({
    code: 'gone',
    message: expect.stringContaining('watches no master "other"'),
  });
});

it('tells somebody who connects to a sentinel itself what to write', async () => {
  await expect(connectRedis({ url: `redis://127.0.0.1:${setup.sentinelPorts[0]}` }, never)).rejects.toMatchObject({
    code: 'not-a-broker',
    remedy: `Use redis+sentinel://127.0.0.1:${setup.sentinelPorts[0]}/shop/0.`,
  });
});

it('follows a failover while it reads and writes', async () => {
  const broker = await connectRedis({ url: setup.url, connectTimeoutMs: 20_000 }, never);
  const script = { name: 'count', source: "return redis.call('INCR', KEYS[1])" };
  const count = (step: string) => broker.run({ script, keys: ['n'], args: [], record: step }, never);
  expect(await count('step:1')).toBe(1);
  const before = broker.node;
  await replicated(before);
  const lost = new Promise(resolve => broker.onLost(resolve));
  let reading = true;
  const reader = (async () => {
    let reads = 0;
    while (reading)
      try {
        await broker.read([['GET', 'n']], never);
        reads++;
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'connection-lost' });
        await broker.reconnect(never);
      }
    return reads;
  })();
  const port = await setup.failover();
  await lost;
  // The reader has reconnected by itself, to the node that is master now.
  reading = false;
  expect(await reader).toBeGreaterThan(0);
  if (broker.lost !== null) await broker.reconnect(never);
  expect(broker.node).toBe(`127.0.0.1:${port}`);
  expect(broker.node).not.toBe(before);
  expect(broker.server.role).toBe('master');
  expect(await count('step:2')).toBe(2);
  expect(await count('step:2')).toBe(2);
  broker.close();
});

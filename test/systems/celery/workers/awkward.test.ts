/** Asking where something is out of the ordinary: broken off, other names, other serializers, hostile answers. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis } from '../../../../src/brokers/redis';
import { TIMEOUT_MS } from '../../../../src/systems/celery/workers/ask';
import {
  type CeleryApp,
  type CeleryWorker,
  clientOf,
  differences,
  dumpRedis,
  startCeleryWorker,
  startProxy,
  startRedis,
  type TestRedis,
  waitFor,
} from '../../../support';
import { asked, lookingAt, signal, without, workerNamed } from './support';

const generation = 'celery-newest';
let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({ password: 'hush-hush' });
});
afterAll(() => redis?.stop());

const database = (number: number) => redis.url.replace(/\d+$/, String(number));
const appIn = (number: number, conf: CeleryApp['conf'] = {}): CeleryApp => ({
  generation,
  broker: database(number),
  conf,
});
const dump = (number: number) => dumpRedis(redis, { database: number, without });

describe('broken off', () => {
  let worker: CeleryWorker;
  beforeAll(async () => {
    worker = await startCeleryWorker({ ...appIn(0), name: 'one@shop' });
  });
  afterAll(() => worker?.stop('SIGKILL'));

  test('after an abort nothing stays behind, once the connection has been closed', async () => {
    const before = await dump(0);
    const { broker, workers } = await lookingAt(redis.url);
    const stop = new AbortController();
    await expect(
      (async () => {
        for await (const _ of workers.ask(stop.signal)) stop.abort();
      })(),
    ).rejects.toMatchObject({ code: 'aborted' });
    expect(workers.asked?.running).toBe(false);
    await broker.close();
    expect(differences(before, await dump(0))).toEqual([]);
  });

  test('closing the connection in the middle of a question leaves nothing behind either', async () => {
    const before = await dump(0);
    const { broker, mailbox } = await lookingAt(redis.url);
    // Nobody has this name, so that the question waits for its whole time.
    const question = { method: 'ping', arguments: {}, destination: ['nobody@shop'], timeoutMs: 60_000, expected: 1 };
    const waiting = (async () => {
      for await (const _ of mailbox.ask(question, signal())) throw new Error('nobody answers');
    })();
    const client = clientOf(redis);
    await waitFor(async () => (await client.exists('_kombu.binding.reply.celery.pidbox')) === 1);
    client.disconnect();
    await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'aborted' }), broker.close()]);
    expect(differences(before, await dump(0))).toEqual([]);
  });

  test('a connection that is lost is said, and what was left is taken away over a new one', async () => {
    const before = await dump(0);
    await using proxy = await startProxy(redis, {
      cutAfterForward: ({ name }) => name === 'BRPOP',
    });
    const { broker, workers } = await lookingAt(proxy.url);
    await expect(asked(workers)).rejects.toMatchObject({ code: 'connection-lost' });
    expect(differences(before, await dump(0))).toEqual([]);
    await broker.close();
  });

  test('a user who may not publish is told so, and nothing is written', async () => {
    const client = clientOf(redis);
    await client.call('ACL', 'SETUSER', 'looker', 'on', '>see', '~*', '&*', '+@all', '-publish');
    client.disconnect();
    const before = await dump(0);
    const { broker, workers } = await lookingAt(redis.url.replace(':hush-hush@', 'looker:see@'));
    await expect(asked(workers)).rejects.toMatchObject({ code: 'forbidden' });
    expect(differences(before, await dump(0))).toEqual([]);
    await broker.close();
  });

  test('a user who may use the channels of Celery alone can ask and hear', async () => {
    const client = clientOf(redis);
    await client.call('ACL', 'SETUSER', 'narrow', 'on', '>see', '~*', 'resetchannels', '&/0.celery*', '+@all');
    client.disconnect();
    const { broker, workers } = await lookingAt(redis.url.replace(':hush-hush@', 'narrow:see@'));
    expect((await asked(workers)).map(({ worker: name }) => name)).toContain('one@shop');
    await broker.close();
  });

  test('where nobody listens the question is over at once', async () => {
    const { broker, workers } = await lookingAt(database(9));
    const began = performance.now();
    expect(await asked(workers)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(TIMEOUT_MS);
    expect(workers.asked).toMatchObject({ answers: 0, of: 0, running: false });
    expect((await dump(9)).size).toBe(0);
    await broker.close();
  });
});

describe('other ways to be set', () => {
  test('a global key prefix, another control exchange, and pickle alone', async () => {
    const conf = {
      broker_transport_options: { global_keyprefix: 'shop*x:' },
      control_exchange: 'shopping',
      task_serializer: 'pickle',
      accept_content: ['pickle', 'json'],
    };
    await using worker = await startCeleryWorker({ ...appIn(2, conf), name: 'odd@shop' });
    const before = await dump(2);
    const { broker, workers } = await lookingAt(database(2), { key: 'shop*x:' });
    expect((await asked(workers)).map(({ worker: name }) => name)).toContain('odd@shop');
    expect(workerNamed(workers, 'odd@shop')).toMatchObject({ pid: worker.pid, alive: true });
    expect(workers.fleet.configurations.get('odd@shop')).toMatchObject({ control_exchange: 'shopping' });
    expect(differences(before, await dump(2))).toEqual([]);

    const hearing = new AbortController();
    for await (const rows of workers.hear?.(hearing.signal) ?? []) {
      expect(rows.map(({ name }) => name)).toEqual(['odd@shop']);
      hearing.abort();
    }
    expect(workerNamed(workers, 'odd@shop').lastHeartbeat).not.toBeNull();
    await broker.close();
  });

  test('a worker that listens without fanout prefix is found, and asked on its channel from then on', async () => {
    const conf = { broker_transport_options: { fanout_prefix: false } };
    await using _worker = await startCeleryWorker({ ...appIn(3, conf), name: 'plain@shop' });
    const { broker, workers, mailbox } = await lookingAt(database(3));
    expect((await asked(workers)).map(({ worker: name }) => name)).toContain('plain@shop');
    const command = { method: 'heartbeat', arguments: {}, destination: null, timeoutMs: 1, expected: null };
    expect(await mailbox.tell(command, signal())).toBeGreaterThanOrEqual(1);
    await broker.close();
  });

  test('two workers under one name are told apart by their processes', async () => {
    await using first = await startCeleryWorker({ ...appIn(4), name: 'twin@shop' });
    await using second = await startCeleryWorker({ ...appIn(4), name: 'twin@shop', queues: ['mail'] });
    const { broker, workers } = await lookingAt(database(4));
    await asked(workers);
    const { fleet } = workers;
    expect(fleet.twins.get('twin@shop')?.answers).toBe(2);
    expect([...(fleet.twins.get('twin@shop')?.pids ?? [])].sort()).toEqual([first.pid, second.pid].sort());
    expect([...(fleet.queues.get('twin@shop') ?? [])].sort()).toEqual(['celery', 'mail']);
    expect(fleet.silent).toEqual([]);
    await broker.close();
  });

  test('one that was killed is named as gone; a name that only the broker remembers is not taken for a worker', async () => {
    const killed = await startCeleryWorker({ ...appIn(5), name: 'gone@shop' });
    await using _other = await startCeleryWorker({ ...appIn(5), name: 'here@shop' });
    const { broker, workers } = await lookingAt(database(5));
    await asked(workers);
    await killed.kill();
    const answers = await asked(workers);
    expect(answers.at(-1)).toMatchObject({ worker: 'gone@shop', answered: false });
    expect(workerNamed(workers, 'gone@shop')).toMatchObject({ alive: false, state: 'gone' });
    expect(workerNamed(workers, 'gone@shop').aliveReason).toMatch(/^no longer listens; last answered \d+ s ago$/);
    expect([...workers.fleet.queues.keys()]).toEqual(['here@shop']);

    const fresh = await lookingAt(database(5));
    expect(await fresh.mailbox.nodes(signal())).toContain('gone@shop');
    expect((await asked(fresh.workers)).map(({ worker }) => worker)).not.toContain('gone@shop');
    expect(fresh.workers.asked).toMatchObject({ answers: 1, of: 1 });
    await Promise.all([broker.close(), fresh.broker.close()]);
  });
});

test('hostile answers hurt nobody: what cannot be read is left out, the others stand', async () => {
  await using worker = await startCeleryWorker({ ...appIn(6), name: 'real@shop' });
  const { broker, workers } = await lookingAt(database(6));
  const liar = await connectRedis({ url: database(6) }, signal());
  const client = clientOf(redis, 6);
  const ears = new AbortController();
  const heard = await liar.subscribe(['/6.celery.pidbox'], ears.signal);
  const lying = (async () => {
    for await (const { message } of heard) {
      const envelope = JSON.parse(message.toString()) as { body: string };
      const body = JSON.parse(Buffer.from(envelope.body, 'base64').toString()) as {
        method: string;
        ticket: string;
        reply_to: { routing_key: string };
      };
      const list = `${body.reply_to.routing_key}.reply.celery.pidbox`;
      const reply = (type: string, bytes: Buffer, ticket = body.ticket) =>
        JSON.stringify({
          body: bytes.toString('base64'),
          'content-type': type,
          headers: { ticket },
          properties: { body_encoding: 'base64' },
        });
      const deep = Buffer.from(`{"liar@shop": ${'['.repeat(100_000)}`);
      const evil = Buffer.from("cos\nsystem\n(S'touch /tmp/pwned'\ntR.");
      const odd = Buffer.from('{"__proto__": {"polluted": 1}, "liar@shop": {"pool": 3, "uptime": "x", "total": [1]}}');
      await client.lpush(
        list,
        '\xff\xfe',
        '[]',
        reply('application/json', deep),
        reply('application/x-python-serialize', evil),
        reply('application/json', odd),
        reply('application/json', odd, 'a ticket of nobody'),
        reply('application/x-msgpack', Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff])),
      );
    }
  })();
  const answers = await asked(workers);
  expect(answers.some(({ worker: name, answered }) => name === 'real@shop' && answered)).toBe(true);
  expect(workerNamed(workers, 'real@shop').pid).toBe(worker.pid);
  expect(workerNamed(workers, 'liar@shop')).toMatchObject({ pid: null, queues: [] });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  ears.abort();
  await lying;
  client.disconnect();
  await Promise.all([broker.close(), liar.close()]);
});

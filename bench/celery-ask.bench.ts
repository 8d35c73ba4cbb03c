/** Asking Celery's workers: until the first answer stands in a row, against a bare publish-and-wait. */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type ConnectedRedis, connectRedis } from '../src/brokers/redis';
import { parseOptions } from '../src/systems/celery/options';
import { createMailbox, createWorkers } from '../src/systems/celery/workers';
import { celeryVariables, clientOf, pythonOf, startCeleryWorker, startProcess, startRedis } from '../test/support';
import type { BenchResult } from './result';
import { median, repeat } from './support/measure';

const never = new AbortController().signal;
const GENERATION = 'celery-newest';
const ROUNDS = 30;
const WARM_UP = 5;

export async function run(): Promise<BenchResult[]> {
  await using redis = await startRedis();
  const app = { generation: GENERATION, broker: redis.url };
  await using _one = await startCeleryWorker({ ...app, name: 'one@shop', pool: 'prefork', concurrency: 2 });
  await using _two = await startCeleryWorker({ ...app, name: 'two@shop' });
  const broker = await connectRedis({ url: redis.url }, never);
  const client = clientOf(redis);
  try {
    return await measure(broker, client, app);
  } finally {
    client.disconnect();
    await broker.close();
  }
}

async function measure(
  broker: ConnectedRedis,
  client: Redis,
  app: { readonly generation: string; readonly broker: string },
): Promise<BenchResult[]> {
  const place = { broker, key: '', options: parseOptions({}), companions: null };
  const workers = createWorkers(place, createMailbox(place));
  // The first question makes workers import what a report needs; it is no part of what is measured.
  await whole(workers.ask(never));
  const shown: number[] = [];
  const answered: number[] = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const sides = [async () => shown.push(await firstShown(workers)), async () => answered.push(await bare(client))];
    for (const side of round % 2 === 0 ? sides : sides.reverse()) await side();
    if (round < 0) shown.length = answered.length = 0;
  }
  const all = await repeat(() => whole(workers.ask(never)), 9);
  const python = await pythonOf(app.generation);
  const theirs = await repeat(async () => {
    const args = ['-m', 'celery', '--app', 'shop.celery_app', 'inspect', 'active'];
    const inspect = await startProcess(python, args, { env: celeryVariables(app) });
    await inspect.exited;
    if (!inspect.output().includes('one@shop')) throw new Error(inspect.output());
  }, 3);
  const [ours, theBare] = [median(shown), median(answered)];
  return [
    {
      name: "a worker's first answer is shown, against a bare publish-and-wait",
      ratio: ours / theBare,
      bound: 2,
      better: 'lower',
      detail: `${ours.toFixed(1)} ms against ${theBare.toFixed(1)} ms; all that two workers tell ${all.median.toFixed(1)} ms; celery inspect active ${Math.round(theirs.median)} ms`,
    },
  ];
}

/** Milliseconds until the row of the first worker that answers is there; the rest is read to its end, uncounted. */
async function firstShown(workers: ReturnType<typeof createWorkers>): Promise<number> {
  const began = performance.now();
  let first: number | null = null;
  for await (const { worker, workers: rows } of workers.ask(never)) {
    if (first === null && rows.some(({ name, alive }) => name === worker && alive === true))
      first = performance.now() - began;
  }
  if (first === null) throw new Error('Nobody answered.');
  return first;
}

async function whole(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers) {
    // The installation keeps what it is told.
  }
}

/** Milliseconds of what any client must do: bind, publish `ping`, wait for the first answer; the second is awaited, too. */
async function bare(client: Redis): Promise<number> {
  const began = performance.now();
  const oid = randomUUID();
  const list = `${oid}.reply.celery.pidbox`;
  const binding = '_kombu.binding.reply.celery.pidbox';
  const member = `${oid}\x06\x16\x06\x16${list}`;
  const body = {
    ...{ method: 'ping', arguments: {}, destination: null, pattern: null, matcher: null, ticket: randomUUID() },
    reply_to: { exchange: 'reply.celery.pidbox', routing_key: oid },
  };
  const envelope = {
    body: Buffer.from(JSON.stringify(body)).toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: { clock: 0, expires: 0 },
    properties: {
      ...{ delivery_mode: 1, priority: 0, body_encoding: 'base64', delivery_tag: randomUUID() },
      delivery_info: { exchange: 'celery.pidbox', routing_key: '' },
    },
  };
  await client.pipeline().sadd(binding, member).publish('/0.celery.pidbox', JSON.stringify(envelope)).exec();
  if ((await client.brpop(list, 5)) === null) throw new Error('Nobody answered.');
  const took = performance.now() - began;
  if ((await client.brpop(list, 5)) === null) throw new Error('One did not answer.');
  await client.pipeline().srem(binding, member).del(list).exec();
  return took;
}

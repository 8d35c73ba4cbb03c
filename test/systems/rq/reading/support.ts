/** What the tests of reading RQ share: a connected installation, and jobs that real RQ or the test itself puts there. */
import { deflateSync } from 'node:zlib';
import type { Redis } from 'ioredis';
import { type ConnectedRedis, connectRedis } from '../../../../src/brokers/redis/connect';
import type { Diagnosis, Finding, Installation, Overview } from '../../../../src/model';
import { isFinding } from '../../../../src/model';
import { rq } from '../../../../src/systems/rq';
import { runPython } from '../../../support';

export const signal = new AbortController().signal;

export interface Connected {
  readonly broker: ConnectedRedis;
  readonly installation: Installation;
}

/** Connects as the extension does, and finds RQ there. */
export async function connected(url: string): Promise<Connected> {
  const broker = await connectRedis({ url }, signal);
  const [installation] = await rq.detect(broker, {}, signal);
  if (installation === undefined) throw new Error(`No RQ was found on ${url}.`);
  return { broker, installation };
}

const HEAD = `
import sys, json, datetime, time, collections
import redis, rq
connection = redis.from_url(sys.argv[1])
arguments = json.loads(sys.argv[2])
def queue(name, **more):
    return rq.Queue(name, connection=connection, **more)
`;

import { nothingKnown } from '../../../support/surroundings';

/** Runs Python with the real RQ: `connection`, `queue(name)` and `arguments` are there. Answers what it printed. */
export async function withRq(generation: string, url: string, program: string, values: unknown = {}): Promise<string> {
  return (await runPython(generation, HEAD + program, [url, JSON.stringify(values)])).toString().trim();
}

/** Everything that the rules say, after a fresh look. */
export async function diagnosed(
  installation: Installation,
): Promise<{ readonly all: readonly Diagnosis[]; readonly findings: readonly Finding[]; readonly overview: Overview }> {
  const overview = await installation.overview(signal);
  const all: Diagnosis[] = [];
  const seen = { connection: 'shop-test', overview, surroundings: nothingKnown };
  for await (const diagnosis of installation.diagnose(seen, signal)) all.push(diagnosis);
  return { all, findings: all.filter(isFinding), overview };
}

/** `zlib(pickle(('shop.payments.refund', None, (n,), {})))`, as RQ stores it. */
export function refundOf(n: number): Buffer {
  const name = Buffer.from('shop.payments.refund');
  return deflateSync(
    Buffer.concat([
      Buffer.from([0x80, 4, 0x28, 0x8c, name.length]),
      name,
      Buffer.from([0x4e, 0x4d, n & 255, n >> 8, 0x85, 0x7d, 0x74, 0x2e]),
    ]),
  );
}

/** Jobs as RQ writes them, as many as wanted, in one pipeline. */
export async function putJobs(
  client: Redis,
  queue: string,
  status: string,
  ids: readonly (string | Buffer)[],
  fields: Readonly<Record<string, string | Buffer>> = {},
): Promise<void> {
  const pipeline = client.pipeline();
  pipeline.sadd('rq:queues', `rq:queue:${queue}`);
  ids.forEach((id, n) => {
    const key = Buffer.concat([Buffer.from('rq:job:'), Buffer.from(id as string)]);
    pipeline.hset(key, {
      data: refundOf(n % 60_000),
      origin: queue,
      status,
      created_at: '2026-11-20T10:00:00.000000Z',
      enqueued_at: '2026-11-20T10:00:01.500000Z',
      description: `shop.payments.refund(${n})`,
      timeout: '180',
      ...fields,
    });
  });
  await pipeline.exec();
}

/** Members of a registry with scores that rise by one. */
export async function register(
  client: Redis,
  key: string,
  ids: readonly (string | Buffer)[],
  from: number,
): Promise<void> {
  const pipeline = client.pipeline();
  ids.forEach((id, n) => {
    pipeline.zadd(key, from + n, id);
  });
  await pipeline.exec();
}

export const numbered = (count: number, prefix = 'job'): string[] =>
  Array.from({ length: count }, (_unused, n) => `${prefix}-${String(n).padStart(5, '0')}`);

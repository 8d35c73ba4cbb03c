/** What RQ leaves in Redis, in the amounts that the benchmarks read: written as RQ 2.x writes it. */
import { deflateSync } from 'node:zlib';
import { PyDict, PyTuple, parseLiteral, writePickle } from '../../src/codecs/python';
import { clientOf, type TestRedis } from '../../test/support';
import { bulkLoad, respOf } from './bulk';

const AT = '2026-11-20T21:39:01.982219Z';
/** When the first of them failed, and when the records of failed jobs expire: a year later (RQ's default). */
const FAILED_AT = Math.floor(Date.parse(AT) / 1000);
const YEAR = 31_536_000;
/** Different arguments and tracebacks; job n has those of n modulo this. */
const VARIANTS = 500;

interface Variant {
  /** The arguments of HSET after the key, and of XADD after the key, as RESP. */
  readonly hash: Arguments;
  readonly result: Arguments;
}

/** Arguments as RESP, to be put behind a command and its key. */
interface Arguments {
  readonly count: number;
  readonly text: string;
}

/** Jobs of one function with different arguments, about 1 kB each: hash, and stream with the failed result. */
function variants(status: 'queued' | 'failed'): Variant[] {
  return Array.from({ length: VARIANTS }, (_value, n): Variant => {
    const order = 10_000 + n * 7;
    const call = new PyTuple([
      'shop.payments.charge_card',
      null,
      new PyTuple([order, parseLiteral(`Decimal('${(n * 3.17 + 5).toFixed(2)}')`), 'EUR']),
      new PyDict().set('customer', `customer-${n}`).set('attempt', 1 + (n % 3)),
    ]);
    const data = deflateSync(writePickle(call, { protocol: 4 })).toString('latin1');
    const description = `shop.payments.charge_card(${order}, Decimal('${(n * 3.17 + 5).toFixed(2)}'), 'EUR')`;
    const fields = ['data', data, 'created_at', AT, 'enqueued_at', AT, 'started_at', AT, 'ended_at', AT];
    fields.push('status', status, 'origin', 'default', 'description', description, 'timeout', '180');
    fields.push('worker_name', `worker-${n % 8}`, 'success_callback_name', '', 'failure_callback_name', '');
    fields.push('stopped_callback_name', '', 'last_heartbeat', AT, 'group_id', '');
    const error = deflateSync(Buffer.from(traceback(order))).toString('base64');
    const result = ['*', 'type', '2', 'worker_name', `worker-${n % 8}`, 'exc_string', error];
    result.push('execution_id', '5d1a4f0c9be24c0e8d3a7b6f1e2c3d4a');
    result.push('execution_started_at', '1795210741.98', 'execution_ended_at', '1795210741.99');
    return { hash: argumentsOf(fields), result: argumentsOf(result) };
  });
}

function traceback(order: number): string {
  return `Traceback (most recent call last):
  File "/usr/local/lib/python3.13/site-packages/rq/worker/base.py", line 1487, in perform_job
    return_value = job.perform()
  File "/usr/local/lib/python3.13/site-packages/rq/job.py", line 1327, in perform
    self._result = self._execute()
  File "/app/shop/payments.py", line 48, in charge_card
    receipt = gateway.charge(order, amount, currency)
  File "/app/shop/gateway.py", line 23, in charge
    raise CardDeclined(f"order {order}: the bank declined the card")
shop.errors.CardDeclined: order ${order}: the bank declined the card
`;
}

function argumentsOf(parts: readonly string[]): Arguments {
  const text = respOf(...parts);
  return { count: parts.length, text: text.slice(text.indexOf('\n') + 1) };
}

const command = (name: string, key: string, { count, text }: Arguments) =>
  `*${2 + count}\r\n$4\r\n${name}\r\n$${key.length}\r\n${key}\r\n${text}`;

/** The id of job n: as long as a UUID, and in their order. */
export const idOf = (n: number) => `9c1f04e2-5b1d-4d2a-9f00-${String(n).padStart(12, '0')}`;
export const queueOf = (n: number) => `tenant-${String(n).padStart(5, '0')}`;

/**
 * A queue with failed jobs, each with its hash, its result and its expiry, the later the higher its number.
 * @throws Error when fewer than that are there afterwards
 */
export async function fillFailed(redis: TestRedis, queue: string, jobs: number): Promise<void> {
  await bulkLoad(redis.port, failedJobs(queue, jobs));
  const client = clientOf(redis);
  try {
    const [listed, keys] = [await client.zcard(`rq:failed:${queue}`), await client.dbsize()];
    if (listed !== jobs || keys < jobs * 2) throw new Error(`Of ${jobs} jobs, ${listed} are listed, in ${keys} keys.`);
  } finally {
    client.disconnect();
  }
}

function* failedJobs(queue: string, jobs: number): Generator<string> {
  const made = variants('failed');
  yield respOf('SADD', 'rq:queues', `rq:queue:${queue}`);
  for (let n = 0; n < jobs; n++) {
    const id = idOf(n);
    const { hash, result } = made[n % VARIANTS]!;
    const expires = String(FAILED_AT + YEAR + n);
    yield command('HSET', `rq:job:${id}`, hash);
    yield command('XADD', `rq:results:${id}`, result);
    yield respOf('EXPIREAT', `rq:job:${id}`, expires);
    yield respOf('ZADD', `rq:failed:${queue}`, expires, id);
  }
}

/**
 * Queues of which every fourth holds something: three waiting jobs, one finished, and in every eighth one that failed;
 * four workers that serve some of them.
 */
export async function fillQueues(redis: TestRedis, queues: number): Promise<void> {
  await bulkLoad(redis.port, queuesAndWorkers(queues));
  const client = clientOf(redis);
  try {
    const known = await client.scard('rq:queues');
    if (known !== queues) throw new Error(`Of ${queues} queues, ${known} are there.`);
  } finally {
    client.disconnect();
  }
}

function* queuesAndWorkers(queues: number): Generator<string> {
  const [waiting, failed] = [variants('queued'), variants('failed')];
  let jobs = 0;
  const job = (made: readonly Variant[]) => {
    const n = jobs++;
    return command('HSET', `rq:job:${idOf(n)}`, made[n % VARIANTS]!.hash);
  };
  for (let n = 0; n < queues; n++) {
    const queue = queueOf(n);
    yield respOf('SADD', 'rq:queues', `rq:queue:${queue}`);
    if (n % 4 !== 0) continue;
    for (let i = 0; i < 3; i++) {
      yield respOf('RPUSH', `rq:queue:${queue}`, idOf(jobs));
      yield job(waiting);
    }
    yield respOf('ZADD', `rq:finished:${queue}`, String(FAILED_AT + 500), idOf(jobs));
    yield job(waiting);
    if (n % 8 !== 0) continue;
    yield respOf('ZADD', `rq:failed:${queue}`, String(FAILED_AT + YEAR), idOf(jobs));
    yield job(failed);
  }
  for (let n = 0; n < 4; n++) {
    const key = `rq:worker:worker-${n}`;
    const served = Array.from({ length: 10 }, (_value, i) => queueOf(n * 10 + i)).join(',');
    yield respOf('SADD', 'rq:workers', key);
    yield respOf('HSET', key, 'birth', AT, 'last_heartbeat', AT, 'queues', served, 'pid', '4711', 'hostname', 'w-1');
    yield respOf('HSET', key, 'version', '2.12.0', 'python_version', '3.13.2', 'state', 'idle');
    yield respOf('EXPIRE', key, '480');
  }
}

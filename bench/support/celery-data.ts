/** What Celery leaves in Redis, in the amounts that the benchmarks read: written as Celery 5.7 with kombu 5.7 writes it. */
import { clientOf, type TestRedis } from '../../test/support';
import { bulkLoad, respOf } from './bulk';

const DAY = 86_400;
/** Different arguments and tracebacks; task n has those of n modulo this. */
const VARIANTS = 500;
const FINISHED_AT = Date.parse('2026-11-20T21:39:01.982Z');
/** Separates the parts of a binding, and the name of a queue from its priority. */
const SEPARATOR = '\x06\x16';

/** The id of task n: as long as a UUID, and in their order. */
export const idOf = (n: number) => `4d7a1be0-93c2-4f6e-8b11-${String(n).padStart(12, '0')}`;
export const resultKeyOf = (n: number) => `celery-task-meta-${idOf(n)}`;
export const queueOf = (n: number) => `tenant-${String(n).padStart(5, '0')}`;

/**
 * A queue with tasks that wait, the next one at the right end of its list; as many as told, of 1 kB each.
 * @throws Error when others than that are there afterwards
 */
export async function fillPending(redis: TestRedis, queue: string, tasks: number): Promise<void> {
  await bulkLoad(redis.port, pending(queue, tasks));
  await counted(redis, 0, client => client.llen(queue), tasks);
}

/** Queues of which every fourth holds three tasks that wait, one of them of priority 3. */
export async function fillQueues(redis: TestRedis, queues: number): Promise<void> {
  await bulkLoad(redis.port, queuesWithTasks(queues));
  await counted(redis, 0, client => client.keys('_kombu.binding.tenant-*').then(keys => keys.length), queues);
}

/**
 * Results with `result_extended` in a database of their own: every `failedEvery`th is a failure of 1.3 kB,
 * the others are successes of 0.4 kB. The later ones have the higher numbers and expire later.
 * @throws Error when others than that are there afterwards
 */
export async function fillResults(
  redis: TestRedis,
  options: { readonly database: number; readonly results: number; readonly failedEvery: number },
): Promise<void> {
  await bulkLoad(redis.port, storedResults(options));
  await counted(redis, options.database, client => client.dbsize(), options.results);
}

/** The JSON of result n, as the backend stores it. */
export function resultOf(n: number, failed: boolean): string {
  return (failed ? failures : successes)[n % VARIANTS]!.replace(ID, idOf(n)).replace(DONE, doneAt(n));
}

/** The list element of task n in a queue. */
export function messageOf(n: number, queue: string): string {
  return messages[n % VARIANTS]!.replaceAll(ID, idOf(n)).replace(QUEUE, queue);
}

const ID = '{id}';
const DONE = '{done}';
const QUEUE = '{queue}';
const doneAt = (n: number) => new Date(FINISHED_AT + n).toISOString().replace('Z', '000+00:00');

const messages = Array.from({ length: VARIANTS }, (_value, n) => {
  const [order, amount] = [10_000 + n * 7, 900 + n * 3];
  const body = pythonJson([
    [order, 'EUR', amount],
    { customer: `customer-${n}` },
    { callbacks: null, errbacks: null, chain: null, chord: null },
  ]);
  return pythonJson({
    body: Buffer.from(body).toString('base64'),
    'content-encoding': 'utf-8',
    'content-type': 'application/json',
    headers: {
      ...{ lang: 'py', task: 'shop.tasks.charge_card', id: ID, shadow: null, eta: null, expires: null },
      ...{ group: null, group_index: null, retries: 0, timelimit: [null, null], root_id: ID, parent_id: null },
      ...{ argsrepr: `[${order}, 'EUR', ${amount}]`, kwargsrepr: `{'customer': 'customer-${n}'}` },
      ...{ origin: 'gen4711@web-1', ignore_result: false, replaced_task_nesting: 0 },
      ...{ stamped_headers: null, stamps: {} },
    },
    properties: {
      ...{ correlation_id: ID, reply_to: '5e830d8b-970f-3595-a62c-1062492471d3', delivery_mode: 2 },
      ...{ delivery_info: { exchange: '', routing_key: QUEUE }, priority: 0, body_encoding: 'base64' },
      delivery_tag: ID,
    },
  });
});

const common = (n: number) => ({
  ...{ children: [], date_done: DONE, name: 'shop.tasks.charge_card' },
  ...{ args: [10_000 + n * 7, 'EUR', 900 + n * 3], kwargs: { customer: `customer-${n}` } },
  ...{ worker: `worker-${n % 8}@shop`, retries: n % 3, queue: 'celery', task_id: ID },
});

const successes = Array.from({ length: VARIANTS }, (_value, n) =>
  pythonJson({
    ...{ status: 'SUCCESS', result: { receipt: `ch_${10_000 + n * 7}`, currency: 'EUR' }, traceback: null },
    ...common(n),
  }),
);

const failures = Array.from({ length: VARIANTS }, (_value, n) => {
  const message = `no answer for order ${10_000 + n * 7} after 30 s`;
  const result = { exc_type: 'StripeTimeout', exc_message: [message], exc_module: 'shop.errors' };
  return pythonJson({ ...{ status: 'FAILURE', result, traceback: traceback(message) }, ...common(n) });
});

function traceback(message: string): string {
  return `Traceback (most recent call last):
  File "/usr/local/lib/python3.13/site-packages/celery/app/trace.py", line 564, in trace_task
    R = retval = fun(*args, **kwargs)
                 ^^^^^^^^^^^^^^^^^^^^
  File "/usr/local/lib/python3.13/site-packages/celery/app/trace.py", line 883, in __protected_call__
    return self.run(*args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/app/shop/tasks.py", line 15, in charge_card
    return payments.charge_card(order_id, currency, amount)
  File "/app/shop/payments.py", line 21, in charge_card
    receipt = gateway.charge(order_id, currency, amount)
  File "/app/shop/gateway.py", line 23, in request
    raise StripeTimeout("no answer for order %s after %d s" % (order_id, TIMEOUT_SECONDS))
shop.errors.StripeTimeout: ${message}
`;
}

function* pending(queue: string, tasks: number): Generator<string> {
  yield bound(queue);
  for (let n = 0; n < tasks; n++) yield respOf('LPUSH', queue, messageOf(n, queue));
}

function* queuesWithTasks(queues: number): Generator<string> {
  let task = 0;
  for (let n = 0; n < queues; n++) {
    const queue = queueOf(n);
    yield bound(queue);
    if (n % 4 !== 0) continue;
    for (const key of [queue, queue, `${queue}${SEPARATOR}3`]) yield respOf('LPUSH', key, messageOf(task++, queue));
  }
}

function* storedResults(options: {
  readonly database: number;
  readonly results: number;
  readonly failedEvery: number;
}): Generator<string> {
  yield respOf('SELECT', String(options.database));
  for (let n = 0; n < options.results; n++) {
    const failed = n % options.failedEvery === 0;
    // A day to live, and what is older has less of it.
    const ttl = String(DAY - Math.floor(((options.results - n) * 3600) / options.results));
    yield respOf('SETEX', resultKeyOf(n), ttl, resultOf(n, failed));
  }
}

function bound(queue: string): string {
  return respOf('SADD', `_kombu.binding.${queue}`, [queue, '', queue].join(SEPARATOR));
}

/** JSON with the blanks that Python's `json.dumps` writes. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${pythonJson(member)}`);
  return `{${members.join(', ')}}`;
}

async function counted(
  redis: TestRedis,
  database: number,
  count: (client: ReturnType<typeof clientOf>) => Promise<number>,
  wanted: number,
): Promise<void> {
  const client = clientOf(redis, database);
  try {
    const there = await count(client);
    if (there !== wanted) throw new Error(`Of ${wanted}, ${there} are there.`);
  } finally {
    client.disconnect();
  }
}

/** Messages and results written by hand, as Celery writes them, for tests that need no worker. */
import type { Redis } from 'ioredis';

export const SEP = '\x06\x16';

export interface Message {
  readonly id: string;
  readonly queue?: string;
  readonly eta?: string | null;
  readonly priority?: number;
  readonly args?: readonly unknown[];
}

/** An element of a list, protocol 2; with a number that JavaScript would write in another way. */
export function element({ id, queue = 'celery', eta = null, priority = 0, args = [1, 2] }: Message): string {
  const body = Buffer.from(
    `[${JSON.stringify(args)}, {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]`,
  );
  return (
    `{"body": "${body.toString('base64')}", "content-encoding": "utf-8", "content-type": "application/json", ` +
    `"headers": {"lang": "py", "task": "shop.tasks.add", "id": "${id}", "shadow": null, "eta": ${JSON.stringify(eta)}, ` +
    `"expires": null, "group": null, "group_index": null, "retries": 0, "timelimit": [1.0, null], "root_id": "${id}", ` +
    `"parent_id": null, "argsrepr": "(1, 2)", "kwargsrepr": "{}", "origin": "gen1@shop", "ignore_result": false, ` +
    `"stamped_headers": null, "stamps": {}, "big": 12345678901234567890}, ` +
    `"properties": {"correlation_id": "${id}", "reply_to": "r", "delivery_mode": 2, ` +
    `"delivery_info": {"exchange": "", "routing_key": "${queue}"}, "priority": ${priority}, "body_encoding": "base64", ` +
    `"delivery_tag": "tag-${id}"}}`
  );
}

/** Waiting messages: the first one runs first. */
export async function writeWaiting(client: Redis, messages: readonly Message[]): Promise<void> {
  const pipeline = client.pipeline();
  for (const message of messages) {
    const { queue = 'celery', priority = 0 } = message;
    const step = [9, 6, 3, 0].find(each => each <= priority) ?? 0;
    await client.sadd(`_kombu.binding.${queue}`, `${queue}${SEP}${SEP}${queue}`);
    pipeline.lpush(step === 0 ? queue : `${queue}${SEP}${step}`, element(message));
  }
  await pipeline.exec();
}

/** Held by a worker that nobody hears of. */
export async function writeHeld(client: Redis, message: Message, since = Date.now() / 1000): Promise<void> {
  const { id, queue = 'celery' } = message;
  await client.sadd(`_kombu.binding.${queue}`, `${queue}${SEP}${SEP}${queue}`);
  await client.hset('unacked', `tag-${id}`, `[${element(message)}, "", "${queue}"]`);
  await client.zadd('unacked_index', String(since), `tag-${id}`);
}

export interface Result {
  readonly id: string;
  readonly status?: string;
  /** False where `result_extended` is off. */
  readonly extended?: boolean;
  readonly queue?: string;
}

export async function writeResults(client: Redis, results: readonly Result[]): Promise<void> {
  const pipeline = client.pipeline();
  for (const result of results) pipeline.set(`celery-task-meta-${result.id}`, resultText(result), 'EX', 86_400);
  await pipeline.exec();
}

export function resultText({ id, status = 'FAILURE', extended = true, queue = 'celery' }: Result): string {
  const more = extended
    ? `, "name": "shop.tasks.add", "args": [1.0, 12345678901234567890], "kwargs": {"\\u00e9": null}, "worker": "w@h", "retries": 0, "queue": "${queue}"`
    : '';
  const failure = '{"exc_type": "ValueError", "exc_message": ["no"], "exc_module": "builtins"}';
  return `{"status": "${status}", "result": ${status === 'FAILURE' ? failure : '3'}, "traceback": "Traceback \\"x\\"\\n", "children": [], "date_done": "2026-11-20T21:39:01.982219+00:00", "task_id": "${id}"${more}}`;
}

/** An entry of RedBeat. */
export async function writeEntry(client: Redis, name: string, score = 2_000_000_000): Promise<void> {
  const definition = `{"name": "${name}", "task": "shop.tasks.add", "args": [1, 2], "kwargs": {}, "options": {}, "schedule": {"__type__": "interval", "every": 60.0, "relative": false}, "enabled": true}`;
  const meta =
    '{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0, "microsecond": 0, "timezone": "UTC"}, "total_run_count": 3}';
  await client.hset(`redbeat:${name}`, { definition, meta });
  await client.zadd('redbeat::schedule', String(score), `redbeat:${name}`);
}

/** Ids of the messages in every list, by list. */
export async function placesOf(client: Redis): Promise<Map<string, string[]>> {
  const places = new Map<string, string[]>();
  for (const key of await client.keys('*')) {
    if ((await client.type(key)) !== 'list') continue;
    for (const raw of await client.lrange(key, 0, -1)) {
      const { id } = JSON.parse(raw).headers;
      places.set(id, [...(places.get(id) ?? []), key]);
    }
  }
  return places;
}

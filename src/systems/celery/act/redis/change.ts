import { createHash } from 'node:crypto';
import { commandsOf } from '../../../../brokers/redis/commands';
import type { RedisBroker, Reply } from '../../../../brokers/redis/port';
import type { Key } from '../../keys';
import source from './change.lua';

/** What must hold of an item, and what of it goes away; see change.lua. */
export type Take =
  | { readonly kind: 'list'; readonly key: Key; readonly value: Buffer; readonly end: 'head' | 'tail' }
  | { readonly kind: 'held'; readonly key: Key; readonly tag: Buffer; readonly value: Buffer; readonly index: Key }
  /** `database` of the same server; absent = the one of the messages. */
  | { readonly kind: 'value'; readonly key: Key; readonly value: Buffer; readonly database?: number }
  | { readonly kind: 'field'; readonly key: Key; readonly field: string; readonly value: Buffer }
  | { readonly kind: 'bare'; readonly key: Key; readonly field: string }
  | { readonly kind: 'member'; readonly key: Key; readonly member: Buffer; readonly score?: string }
  | { readonly kind: 'absent'; readonly key: Key };

export interface Put {
  readonly command: 'LPUSH' | 'RPUSH' | 'SADD' | 'SREM' | 'HSET' | 'HDEL' | 'ZADD' | 'ZREM' | 'DEL' | 'PEXPIREAT';
  readonly key: Key;
  readonly args: readonly (string | Buffer)[];
}

/** One thing that changes, wholly or not at all. */
export interface Change {
  readonly takes: readonly Take[];
  readonly puts: readonly Put[];
}

/** 1 done, 0 no longer there, 2 changed, or why it was left alone. */
export type Answer = 0 | 1 | 2 | string;

/** Commands that every change needs. SELECT is not among them: only what crosses databases does. */
export const CHANGE_NEEDS: readonly string[] = [
  'EVAL',
  'EVALSHA',
  ...commandsOf(source),
  ...['LPUSH', 'RPUSH', 'SADD'],
];

/** Number of a Redis' database by its address `host:port/db`; 0 where it names none. */
export const databaseOf = (address: string): number => Number(/\/(\d+)$/.exec(address)?.[1] ?? 0);

/** As the driver sends it fastest: text where it is ASCII, all of which goes out in one piece. */
export function wire(key: Key): Key {
  if (typeof key === 'string') return key;
  const text = key.toString('latin1');
  return BEYOND_ASCII.test(text) ? key : text;
}

const BEYOND_ASCII = /[\x80-\xff]/;

/** Runs changes in one script. @param name for messages: `celery retry`. @throws InspectorError as `run` does */
export async function change(
  broker: RedisBroker,
  name: string,
  changes: readonly Change[],
  record: string,
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  const keys: Key[] = [];
  const numbers = new Map<string, string>();
  const number = (key: Key): string => {
    const text = wire(key);
    const name = typeof text === 'string' ? text : `b${text.toString('latin1')}`;
    let known = numbers.get(name);
    if (known === undefined) {
      known = String(keys.push(text));
      numbers.set(name, known);
    }
    return known;
  };
  const args: (string | Buffer)[] = [String(databaseOf(broker.address)), String(changes.length)];
  for (const { takes, puts } of changes) {
    args.push(String(takes.length));
    for (const part of takes) {
      const rest = argumentsOf(part, number);
      args.push(part.kind, number(part.key), String(rest.length), ...rest);
    }
    args.push(String(puts.length));
    for (const { command, key, args: rest } of puts) args.push(command, number(key), String(rest.length), ...rest);
  }
  const reply = await broker.run({ script: { name, source }, keys, args, record }, signal);
  return Array.isArray(reply) ? (reply as readonly Reply[]).map(answerOf) : [];
}

function argumentsOf(part: Take, number: (key: Key) => string): (string | Buffer)[] {
  switch (part.kind) {
    case 'list':
      return [part.value, part.end];
    case 'held':
      return [part.tag, part.value, number(part.index)];
    case 'value':
      // Its digest: a result has some kB, and there may be many.
      return [
        createHash('sha1').update(part.value).digest('hex'),
        part.database === undefined ? '' : String(part.database),
      ];
    case 'field':
      return [part.field, part.value];
    case 'bare':
      return [part.field];
    case 'member':
      return [part.member, part.score ?? ''];
    case 'absent':
      return [];
  }
}

function answerOf(reply: Reply): Answer {
  if (reply === 0 || reply === 1 || reply === 2) return reply;
  return Buffer.isBuffer(reply) ? reply.toString() : 'the script did not say what became of it';
}

import { replyError } from '../../brokers/redis/failures';
import type { RedisBroker } from '../../brokers/redis/port';
import type { Evidence } from '../../model';
import { bufferOf, failureOf, numberOf } from '../reading/replies';
import { bindingKey, keyOf, pidboxExchange, replyExchange, unackedIndexKey, unackedKey } from './keys';
import type { CeleryOptions } from './parts';
import { discoveryOf, isEnvelope } from './redis/discovery';

/** Milliseconds that looking through the keys may take before the first answer; it goes on with every look. */
const FIRST_LOOK = 700;

/** One key prefix under which kombu keeps queues, and what shows it. */
export interface FoundPrefix {
  readonly prefix: string;
  readonly evidence: readonly Evidence[];
}

/**
 * Where Celery keeps messages on a Redis: fixed names first (one round trip), then names that only a look through the
 * keys tells: other prefixes, and lists that nobody bound.
 * @throws InspectorError, e.g. `forbidden`, where the server refuses to tell of anything
 */
export async function findPrefixes(
  broker: RedisBroker,
  options: CeleryOptions,
  signal: AbortSignal,
): Promise<readonly FoundPrefix[]> {
  const discovery = discoveryOf(broker);
  const main = options.prefix ?? '';
  const fixed = await readFixed(broker, main, options, signal);
  await discovery.run(FIRST_LOOK, signal);
  const prefixes = discovery.prefixes();
  const found = new Map<string, Evidence[]>();
  const add = (prefix: string, evidence: Evidence) => {
    if (options.prefix !== null && prefix !== options.prefix) return;
    const known = found.get(prefix);
    if (known === undefined) found.set(prefix, [evidence]);
    else known.push(evidence);
  };
  for (const evidence of fixed) add(main, evidence);
  for (const [prefix, { exchanges }] of prefixes) {
    const { size } = exchanges;
    const key = `${prefix}_kombu.binding.*`;
    add(prefix, {
      what: `keys ${key}`,
      value: `bindings of ${size} ${size === 1 ? 'exchange' : 'exchanges'}`,
      source: `SCAN MATCH ${key}`,
    });
  }
  for (const list of discovery.lists()) {
    const owner = [...prefixes.keys(), main].filter(prefix => list.startsWith(prefix));
    const prefix = owner.sort((a, b) => b.length - a.length)[0] ?? '';
    const others = found.get(prefix) ?? [];
    if (others.some(({ what }) => what === `list ${list}`)) continue;
    if (others.filter(({ what }) => what.startsWith('list ')).length >= LISTED) continue;
    add(prefix, { what: `list ${list}`, value: 'messages of kombu', source: `LINDEX ${list} -1` });
  }
  return [...found].map(([prefix, evidence]) => ({ prefix, evidence })).sort((a, b) => (a.prefix < b.prefix ? -1 : 1));
}

/** Lists that are named as evidence. */
const LISTED = 3;

async function readFixed(
  broker: RedisBroker,
  prefix: string,
  options: CeleryOptions,
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  const exchanges = [
    pidboxExchange(options.controlExchange),
    replyExchange(options.controlExchange),
    options.eventExchange,
    'celery',
  ];
  const replies = await broker.read(
    [
      ...exchanges.map(exchange => ['SCARD', bindingKey(prefix, exchange)] as const),
      ['HLEN', unackedKey(prefix)],
      ['ZCARD', unackedIndexKey(prefix)],
      ['LINDEX', keyOf(`${prefix}celery`), -1],
    ],
    signal,
  );
  // Where nothing may be looked at, finding nothing tells nothing.
  const refusals = replies.map(failureOf);
  const [refusal] = refusals;
  if (refusals.every(each => each !== null) && refusal != null) throw replyError(refusal, `looking for Celery's keys`);
  const evidence: Evidence[] = [];
  const members = (n: number) => `${n} ${n === 1 ? 'member' : 'members'}`;
  exchanges.forEach((exchange, i) => {
    const size = numberOf(replies[i]) ?? 0;
    const key = `${prefix}_kombu.binding.${exchange}`;
    if (size > 0) evidence.push({ what: `key ${key}`, value: `set with ${members(size)}`, source: `SCARD ${key}` });
  });
  const held = numberOf(replies[exchanges.length]) ?? 0;
  const indexed = numberOf(replies[exchanges.length + 1]) ?? 0;
  if (held > 0 && indexed > 0) {
    const key = `${prefix}unacked`;
    const value = `${held} ${held === 1 ? 'message' : 'messages'} held by workers`;
    evidence.push({ what: `key ${key}`, value, source: `HLEN ${key}` });
  }
  const waiting = bufferOf(replies[exchanges.length + 2]);
  if (waiting !== null && isEnvelope(waiting))
    evidence.push({ what: `list ${prefix}celery`, value: 'messages of kombu', source: `LINDEX ${prefix}celery -1` });
  return evidence;
}

/**
 * Remote control over Redis (kombu/transport/redis.py 4.4 to 5.7): commands by PUBLISH, answers into a list that a
 * binding of ours names.
 */
import type { Command, RedisBroker } from '../../../brokers/redis/port';
import { InspectorError } from '../../../model';
import { bytesOf, textOf } from '../../reading/ids';
import { arrayOf } from '../../reading/replies';
import {
  BINDING_PATTERN,
  bindingKey,
  fanoutChannel,
  keyOf,
  listKey,
  PRIORITY_STEPS,
  parseBindingKey,
  pidboxExchange,
  replyExchange,
  replyQueue,
} from '../keys';
import type { CeleryOptions } from '../parts';
import { type Discovery, discoveryOf } from '../redis/discovery';
import type { Carrier } from './carrier';
import { type CommandMessage, openRedis, redisEnvelope } from './envelope';

/** Set that keeps kombu 5.7 from sweeping a binding while others of its exchange expire (`_kombu.binding_permanent`). */
const permanentKey = (prefix: string, exchange: string) => keyOf(`${prefix}_kombu.binding_permanent.${exchange}`);
/** Commands that change nothing in a worker (celery/worker/control.py, `inspect_command`). */
const HARMLESS = new Set(
  'ping stats active reserved scheduled registered active_queues revoked conf report clock query_task'.split(' '),
);
/** Milliseconds for which a search for other control exchanges is not repeated. */
const SEARCH_AGAIN_MS = 5 * 60_000;
/** Node names that are read of one exchange. */
const MAX_NODES = 1_000;

export function redisCarrier(broker: RedisBroker, prefix: string, options: CeleryOptions): Carrier {
  const database = databaseOf(broker.address);
  const discovery = discoveryOf(broker);
  const controls = new Controls(broker, prefix, options.controlExchange, discovery);
  /** Whether workers here listen on other channels than the usual one. */
  let others = false;
  /** The usual channel first. */
  const channels = (exchange: string, key = '') => [
    keyOf(fanoutChannel(prefix, database, exchange, key)),
    // Without kombu's `fanout_prefix`, as kombu 3 has it and who switched it off.
    keyOf(`${prefix}${exchange}${key === '' ? '' : `/${key}`}`),
    // Behind Sentinel kombu before 5.4 left the number of the database unwritten.
    ...(broker.address.includes('@') ? [keyOf(`${prefix}/{db}.${exchange}${key === '' ? '' : `/${key}`}`)] : []),
  ];
  const messagesOf = (names: readonly string[], command: CommandMessage) =>
    names.flatMap(control => {
      const message = redisEnvelope(control, command);
      const all = channels(pidboxExchange(control));
      // The other channels are those of every database: what changes something goes there only where it must.
      const used = others || HARMLESS.has(command.method) ? all : all.slice(0, 1);
      return used.map(channel => ({ channel, message }));
    });

  return {
    async *exchange(commands, oid, timeoutMs, signal) {
      const names = await controls.names(signal);
      // A worker whose separator is another cannot answer, nor anybody else's question meanwhile.
      const separator = discovery.separator(prefix);
      const messages = commands.flatMap(command => messagesOf(names, command));
      const bindings = names.flatMap(control => {
        const exchange = replyExchange(control);
        const queue = replyQueue(names[0] ?? control, oid);
        const member = `${oid}${separator}${separator}${queue}`;
        return [bindingKey(prefix, exchange), permanentKey(prefix, exchange)].map(key => ({ key, member }));
      });
      const queue = replyQueue(names[0] ?? options.controlExchange, oid);
      const [list = '', ...also] = PRIORITY_STEPS.map(step => listKey(prefix, queue, step, separator));
      const each = Math.max(1, messages.length / Math.max(1, commands.length));
      let usual = 0;
      for await (const step of broker.exchange({ bindings, messages, list, also, timeoutMs }, signal)) {
        if ('heard' in step) {
          // Every command goes to the same channels: those who heard the first hear all.
          const heard = step.heard.slice(0, each);
          usual = heard[0] ?? 0;
          yield { heard: heard.reduce((sum, n) => sum + n, 0) };
        } else {
          others ||= usual === 0;
          const raw = openRedis(step.answer);
          if (raw !== null) yield { raw };
        }
      }
    },
    async send(command, signal) {
      let heard = 0;
      for (const { channel, message } of messagesOf(await controls.names(signal), command))
        heard += await broker.publish(String(channel), message, signal);
      return heard;
    },
    async nodes(signal) {
      const names = await controls.names(signal);
      const replies = await broker.read(
        names.map((control): Command => ['SRANDMEMBER', bindingKey(prefix, pidboxExchange(control)), MAX_NODES]),
        signal,
      );
      return replies.flatMap((reply, i) => {
        const end = `.${pidboxExchange(names[i] ?? '')}`;
        return arrayOf(reply).flatMap(bytes => {
          const queue = Buffer.isBuffer(bytes) ? (textOf(bytes).split(discovery.separator(prefix))[2] ?? '') : '';
          return queue.endsWith(end) ? [queue.slice(0, -end.length)] : [];
        });
      });
    },
    async *events(which, signal) {
      const exchange = options.eventExchange;
      const keys = which === 'heartbeats' ? ['worker.*'] : ['*', ''];
      const literal = (channel: string | Buffer) => escapeGlob(typeof channel === 'string' ? channel : textOf(channel));
      const patterns = keys.flatMap(key =>
        channels(exchange).map(channel => bytesOf(`${literal(channel)}${key === '' ? '' : `/${key}`}`)),
      );
      for await (const { message } of await broker.subscribe(patterns, signal)) {
        const raw = openRedis(message);
        if (raw !== null) yield raw;
      }
    },
  };
}

/** Names of control exchanges (`control_exchange`): the usual one, or whatever mailboxes are bound here. */
class Controls {
  readonly #broker: RedisBroker;
  readonly #prefix: string;
  readonly #usual: string;
  readonly #discovery: Discovery;
  #found: readonly string[] = [];
  #searchedAt: number | null = null;

  constructor(broker: RedisBroker, prefix: string, usual: string, discovery: Discovery) {
    this.#broker = broker;
    this.#prefix = prefix;
    this.#usual = usual;
    this.#discovery = discovery;
  }

  async names(signal: AbortSignal): Promise<readonly string[]> {
    if (this.#found.length > 0) return this.#found;
    const now = performance.now();
    if (this.#searchedAt !== null && now - this.#searchedAt < SEARCH_AGAIN_MS) return [this.#usual];
    const key = bindingKey(this.#prefix, pidboxExchange(this.#usual));
    const [member] = await this.#broker.read([['SRANDMEMBER', key]], signal);
    if (Buffer.isBuffer(member)) {
      this.#discovery.takeMember(typeof key === 'string' ? key : textOf(key), member);
      this.#found = [this.#usual];
      return this.#found;
    }
    // Nobody has ever listened there: another name, or no worker yet. One SCAN tells.
    this.#searchedAt = now;
    const found = new Set<string>();
    try {
      for await (const { keys } of this.#broker.scan({ match: BINDING_PATTERN, type: 'set' }, signal)) {
        for (const key of keys) {
          const parsed = parseBindingKey(textOf(key));
          const control = /^(?!reply\.)(.+)\.pidbox$/.exec(parsed?.exchange ?? '')?.[1];
          if (parsed?.prefix === this.#prefix && control !== undefined) found.add(control);
        }
      }
    } catch (thrown) {
      // Who may not look through the keys may still ask by the usual name.
      if (!(thrown instanceof InspectorError) || thrown.code !== 'forbidden') throw thrown;
    }
    this.#found = [...found].sort().slice(0, 8);
    return this.#found.length > 0 ? this.#found : [this.#usual];
  }
}

/** The number at the end of `host:port/db`; 0 where there is none. */
export function databaseOf(address: string): number {
  return Number(/\/(\d+)$/.exec(address)?.[1] ?? 0);
}

/** Redis reads names of channels in PSUBSCRIBE as patterns. */
const escapeGlob = (text: string) => text.replace(/[\\*?[\]]/g, character => `\\${character}`);

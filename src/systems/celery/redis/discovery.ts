import { type Command, isFailure, type RedisBroker, type Reply } from '../../../brokers/redis/port';
import type { Looked } from '../../../model';
import { textOf } from '../../reading/ids';
import { arrayOf, bufferOf, failureOf, numberOf } from '../../reading/replies';
import { BINDING_PATTERN, isInternal, isUuid, keyOf, parseBindingKey, SEPARATOR, separatorIn } from '../keys';

/** What was found under one key prefix. */
export interface Found {
  /** Exchanges that have a set of bindings. */
  readonly exchanges: ReadonlySet<string>;
}

/** Keys looked at by one SCAN. */
const COUNT = 1000;
/** Lists whose end is looked at in one step: some may hold large elements. */
const CHECKED = 100;
/** Sets of bindings that are asked for a member in one step. */
const SAMPLED = 20;
/** Lists that are remembered as candidates. */
const MOST = 20_000;

/** Priority steps that are remembered: each costs a command for every queue. */
const MOST_STEPS = 30;

/** Keys of a database of which each is tried whether it is a list, on servers that do not tell. */
const TRIED = 20_000;
/** Keys of Celery that are no lists. */
const NO_LIST = /celery-task(?:set)?-meta-|_kombu\.binding|unacked(?:_index|_mutex)?$/;

const discoveries = new WeakMap<RedisBroker, Discovery>();

/** The one discovery of a broker: systems are looked for again and again, the keys only once. */
export function discoveryOf(broker: RedisBroker): Discovery {
  let known = discoveries.get(broker);
  if (known === undefined) {
    known = new Discovery(broker);
    discoveries.set(broker, known);
  }
  return known;
}

/**
 * Finds the names that stand nowhere: sets of bindings (of every `global_keyprefix`), and lists of messages whose queue
 * was never bound. Two incremental SCANs side by side that never end: each step looks on where the last one stopped, so
 * that a new name is found after one round at the latest. Nothing found is forgotten while a round goes on.
 */
export class Discovery {
  readonly #broker: RedisBroker;
  readonly #byType: boolean;
  #cursors: [bindings: string, lists: string] = ['0', '0'];
  #looked: [number, number] = [0, 0];
  #done: [boolean, boolean] = [false, false];
  #of = 0;
  #bindingKeys = new Set<string>();
  #nextBindingKeys = new Set<string>();
  /** Key of a list without its priority → one of its lists, and whether its messages are kombu's (null = not known). */
  readonly #lists = new Map<string, { readonly key: string; readonly isKombu: boolean | null }>();
  readonly #steps = new Set<number>();
  /** By key prefix, as members of bindings show it. */
  readonly #separators = new Map<string, string>();
  /** Keys of bindings that were asked for a member. */
  readonly #sampled = new Set<string>();
  /** Answers of `prefixes` and `lists`. */
  #prefixes: { readonly size: number; readonly found: ReadonlyMap<string, Found> } | null = null;
  #named: readonly string[] = [];
  #refusal: string | null = null;

  constructor(broker: RedisBroker) {
    this.#broker = broker;
    this.#byType = broker.server.atLeast('6.0');
  }

  /** Whether every key has been looked at once. */
  get complete(): boolean {
    const isDone = this.#done[0] && this.#done[1];
    return (isDone && this.#unchecked().length === 0 && this.#unsampled().length === 0) || this.#refusal !== null;
  }

  /** The server's words where SCAN may not be run. */
  get refusal(): string | null {
    return this.#refusal;
  }

  get looked(): Looked {
    const of = Math.max(this.#of, 0);
    if (this.complete) return { looked: of, of };
    const looked = Math.min(this.#seen(0), this.#seen(1));
    return { looked: Math.min(looked, of), of };
  }

  #seen(which: 0 | 1): number {
    return this.#done[which] ? this.#of : this.#looked[which];
  }

  /** What one step reads, to be sent along with any other commands. */
  commands(count = COUNT): Command[] {
    if (this.#refusal !== null) return [];
    const commands: Command[] = [['DBSIZE'], ['SCAN', this.#cursors[0], 'MATCH', BINDING_PATTERN, 'COUNT', count]];
    // Before 6.0 SCAN tells no types: of small databases every key is tried, of large ones none.
    const lists: Command = ['SCAN', this.#cursors[1], 'COUNT', count];
    if (this.#byType) commands.push([...lists, 'TYPE', 'list']);
    else commands.push(this.#of > TRIED ? ['TIME'] : lists);
    for (const { key } of this.#unchecked()) commands.push(['LINDEX', keyOf(key), -1]);
    for (const key of this.#unsampled()) commands.push(['SRANDMEMBER', keyOf(key)]);
    return commands;
  }

  /** Keys of bindings, a few of each prefix whose separator is not known yet. */
  #unsampled(): string[] {
    const unsampled: string[] = [];
    for (const key of this.#bindingKeys) {
      if (unsampled.length >= SAMPLED) break;
      const parsed = this.#sampled.has(key) ? null : parseBindingKey(key);
      // Bindings of reply queues are written by whoever asks, this program among them.
      if (parsed === null || parsed.exchange.startsWith('reply.')) continue;
      if (!this.#separators.has(parsed.prefix)) unsampled.push(key);
    }
    return unsampled;
  }

  /** A member of the bindings under a key, which shows the separator. */
  takeMember(key: string, reply: Reply | undefined): void {
    this.#sampled.add(key);
    const parsed = parseBindingKey(key);
    if (parsed === null || !Buffer.isBuffer(reply)) return;
    const separator = separatorIn(parsed.exchange, textOf(reply));
    if (separator === null) return;
    this.#separators.set(parsed.prefix, separator);
    if (separator !== SEPARATOR) for (const name of this.#lists.keys()) this.#meet(partsOfList(name, separator)[1]);
  }

  #meet(step: number | null): void {
    if (step !== null && this.#steps.size < MOST_STEPS) this.#steps.add(step);
  }

  #unchecked(): { readonly name: string; readonly key: string }[] {
    const unchecked: { name: string; key: string }[] = [];
    for (const [name, { key, isKombu }] of this.#lists) {
      if (isKombu === null) unchecked.push({ name, key });
      if (unchecked.length >= CHECKED) break;
    }
    return unchecked;
  }

  /** The answers to `commands`, which were made just before. */
  take(replies: readonly Reply[], count = COUNT): void {
    const unchecked = this.#unchecked();
    const unsampled = this.#unsampled();
    const [size, bindings, ...rest] = replies;
    if (isFailure(bindings)) {
      this.#refusal = failureOf(bindings);
      return;
    }
    this.#of = numberOf(size) ?? this.#of;
    this.#takeBindings(bindings, count);
    const lists = rest.shift();
    unchecked.forEach(({ name, key }, i) => {
      const tail = bufferOf(rest[i]);
      if (tail !== null) this.#lists.set(name, { key, isKombu: isEnvelope(tail) && !isReply(key, tail) });
      else if (isFailure(rest[i])) this.#lists.set(name, { key, isKombu: false });
      // Emptied meanwhile: nothing is known of it, and it will be met again.
      else this.#lists.delete(name);
    });
    if (this.#byType || this.#of <= TRIED) this.#takeLists(lists, count);
    else this.#done[1] = true;
    for (const [i, key] of unsampled.entries()) this.takeMember(key, rest[unchecked.length + i]);
  }

  #takeBindings(reply: Reply | undefined, count: number): void {
    const [cursor, keys] = partsOf(reply);
    for (const key of keys) {
      this.#nextBindingKeys.add(key);
      this.#bindingKeys.add(key);
    }
    this.#cursors[0] = cursor;
    this.#looked[0] += count;
    if (cursor !== '0') return;
    this.#bindingKeys = this.#nextBindingKeys;
    this.#prefixes = null;
    this.#nextBindingKeys = new Set();
    this.#looked[0] = 0;
    this.#done[0] = true;
  }

  #takeLists(reply: Reply | undefined, count: number): void {
    const [cursor, keys] = partsOf(reply);
    for (const key of keys) {
      const [name, step] = partsOfList(key, SEPARATOR);
      this.#meet(step);
      for (const separator of this.#separators.values())
        if (separator !== SEPARATOR) this.#meet(partsOfList(key, separator)[1]);
      if (!this.#lists.has(name) && this.#lists.size < MOST && !isInternal(name) && !NO_LIST.test(name)) {
        this.#lists.set(name, { key, isKombu: null });
      }
    }
    this.#cursors[1] = cursor;
    this.#looked[1] += count;
    if (cursor !== '0') return;
    this.#looked[1] = 0;
    this.#done[1] = true;
  }

  /** One step by itself. */
  async step(signal: AbortSignal, count = COUNT): Promise<void> {
    const commands = this.commands(count);
    if (commands.length > 0) this.take(await this.#broker.read(commands, signal), count);
  }

  /** Steps until every key was looked at once, or until the time is over. */
  async run(milliseconds: number, signal: AbortSignal): Promise<void> {
    const until = performance.now() + milliseconds;
    while (!this.complete && performance.now() < until) await this.step(signal, this.#of > 50_000 ? 5 * COUNT : COUNT);
  }

  /** What was found, by key prefix; the same map while nothing has changed. */
  prefixes(): ReadonlyMap<string, Found> {
    if (this.#prefixes?.size !== this.#bindingKeys.size) this.#prefixes = null;
    this.#prefixes ??= { size: this.#bindingKeys.size, found: this.#byPrefix() };
    return this.#prefixes.found;
  }

  #byPrefix(): ReadonlyMap<string, Found> {
    const found = new Map<string, { exchanges: Set<string> }>();
    for (const key of this.#bindingKeys) {
      const parsed = parseBindingKey(key);
      if (parsed === null) continue;
      const known = found.get(parsed.prefix);
      if (known === undefined) found.set(parsed.prefix, { exchanges: new Set([parsed.exchange]) });
      else known.exchanges.add(parsed.exchange);
    }
    return found;
  }

  /** Priority steps of which lists were met: an application may name others than kombu's own (`priority_steps`). */
  get steps(): ReadonlySet<number> {
    return this.#steps;
  }

  /** `sep` of the transport options of the applications under a key prefix. */
  separator(prefix: string): string {
    return this.#separators.get(prefix) ?? SEPARATOR;
  }

  /** Keys of lists that hold messages of kombu, without priority steps; the same array while nothing has changed. */
  lists(): readonly string[] {
    const named = [...this.#lists].flatMap(([name, { isKombu }]) => (isKombu === true ? [name] : []));
    const known = this.#named;
    if (named.length !== known.length || named.some((name, i) => name !== known[i])) this.#named = named;
    return this.#named;
  }
}

/** A key of a list without its priority step, and that step. */
export function partsOfList(key: string, separator: string): [name: string, step: number | null] {
  const at = key.lastIndexOf(separator);
  const step = key.slice(at + separator.length);
  return at > 0 && /^(?:0|[1-9]\d{0,2})$/.test(step) ? [key.slice(0, at), Number(step)] : [key, null];
}

/**
 * Whether an element is an envelope: `properties` come last (kombu 3 to 5.7). Producers in other languages write the
 * fields in an order of their own, and no spaces.
 */
export function isEnvelope(element: Buffer): boolean {
  if (element[0] !== 0x7b || element[element.length - 1] !== 0x7d) return false;
  return [element.subarray(-4096), element.subarray(0, 4096)].some(part =>
    /"(?:delivery_tag|body_encoding)"\s*:/.test(part.toString('latin1')),
  );
}

/** Results of `rpc://` wait in a list that is named by a client's uuid, behind any prefix (celery/backends/rpc.py). */
function isReply(key: string, element: Buffer): boolean {
  return isUuid(key.slice(-36)) && !/"task"\s*:/.test(element.toString('latin1'));
}

function partsOf(reply: Reply | undefined): [cursor: string, keys: string[]] {
  const [cursor, keys] = arrayOf(reply);
  return [
    Buffer.isBuffer(cursor) ? cursor.toString() : '0',
    arrayOf(keys).flatMap(key => (Buffer.isBuffer(key) ? [textOf(key)] : [])),
  ];
}

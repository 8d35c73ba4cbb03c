import type { Reply } from '../../../brokers/redis/port';
import { arrayOf, nameOf } from '../../reading/replies';
import { isInternal } from '../keys';

/** One member of an exchange's set of bindings. */
export interface Binding {
  readonly exchange: string;
  readonly routingKey: string;
  /** A regular expression of kombu where the exchange is a topic, '' where it is direct. */
  readonly pattern: string;
  readonly queue: string;
}

/** Which queues an exchange leads to. */
export class Bindings {
  static readonly none = new Bindings([]);
  readonly all: readonly Binding[];
  readonly #byExchange = new Map<string, Binding[]>();

  constructor(all: readonly Binding[]) {
    this.all = all;
    for (const binding of all) {
      const known = this.#byExchange.get(binding.exchange);
      if (known === undefined) this.#byExchange.set(binding.exchange, [binding]);
      else known.push(binding);
    }
  }

  /** Names of queues that tasks are bound to, without those of remote control and events. */
  queues(): Set<string> {
    return new Set(this.all.flatMap(({ queue }) => (queue === '' || isInternal(queue) ? [] : [queue])));
  }

  /** Where a message with these delivery data came from; null where that is no queue, or several. */
  queueOf(exchange: string | null, routingKey: string | null): string | null {
    if (routingKey === null) return null;
    // The default exchange leads to the queue that the routing key names (kombu/transport/virtual/base.py).
    if (exchange === null || exchange === '') return routingKey;
    const bindings = this.#byExchange.get(exchange);
    if (bindings === undefined) return null;
    const found = new Set(bindings.filter(binding => leads(binding, routingKey)).map(({ queue }) => queue));
    return found.size === 1 ? ([...found][0] ?? null) : null;
  }
}

function leads({ routingKey: bound, pattern }: Binding, routingKey: string): boolean {
  if (bound === routingKey) return true;
  if (pattern === '') return false;
  return topicFits(bound.split('.'), routingKey.split('.'));
}

/** `*` is one word, `#` any number; kombu's own regular expression is not run, since it comes from the broker. */
function topicFits(bound: readonly string[], words: readonly string[]): boolean {
  if (bound.length > 50 || words.length > 200) return false;
  // Row by row: which lengths of the beginning of `words` the pattern so far can have taken.
  let reached = [true, ...words.map(() => false)];
  for (const part of bound) {
    const next = words.map(() => false);
    next.push(false);
    for (let taken = 0; taken <= words.length; taken++) {
      if (part === '#') next[taken] = reached[taken] === true || (taken > 0 && next[taken - 1] === true);
      else if (taken > 0 && reached[taken - 1] === true) next[taken] = part === '*' || part === words[taken - 1];
    }
    reached = next;
  }
  return reached[words.length] === true;
}

/** Members of the set of bindings of one exchange; what does not have three parts is left out. */
export function bindingsOf(exchange: string, reply: Reply | undefined, separator: string): Binding[] {
  return arrayOf(reply).flatMap((member): Binding[] => {
    const parts = nameOf(member)?.split(separator);
    if (parts === undefined || parts.length !== 3) return [];
    const [routingKey = '', pattern = '', queue = ''] = parts;
    return [{ exchange, routingKey, pattern, queue }];
  });
}

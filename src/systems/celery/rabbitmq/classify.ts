import type { ManagedBinding, ManagedExchange, ManagedQueue } from '../../../brokers/rabbitmq/port';
import {
  CELERY_CLIENT,
  controlOf,
  DEFAULT_QUEUE,
  DELAYED_DELIVERY,
  dramatiqBase,
  isBuiltIn,
  isDelayedQueue,
  isReplyExchange,
  isReplyQueue,
  isUuid,
} from './names';

/** What is read of a queue to tell whose it is. */
export type QueueSign = Pick<ManagedQueue, 'name' | 'autoDelete' | 'exclusive' | 'arguments' | 'effectivePolicy'>;

/** Objects of a virtual host other than queues; a part that may not be read is empty. */
export interface Structure {
  readonly exchanges: readonly ManagedExchange[];
  readonly bindings: readonly ManagedBinding[];
  readonly consumers: readonly ConsumerSign[];
}

export interface ConsumerSign {
  readonly queue: string;
  /** Client library as the connection names itself; null = not told. */
  readonly product: string | null;
}

/** What a person or a worker has told. */
export interface Named {
  readonly queues: readonly string[];
  readonly eventExchange: string;
}

/**
 * Whose a queue is. `app`: tasks wait in it. `pidbox`, `reply`, `events`: remote control and events. `rpc`: results of
 * the result backend `rpc://`, which reading would consume. `delayed`: native delayed delivery.
 */
export type Role =
  | { readonly kind: 'app'; readonly why: string }
  | { readonly kind: 'pidbox' | 'reply' | 'events' | 'rpc' | 'delayed' }
  | { readonly kind: 'other'; readonly why: string };

export interface Layout {
  readonly roles: ReadonlyMap<string, Role>;
  /** Control exchanges without `.pidbox`: `celery`, and one for each app that sets `control_exchange`. */
  readonly controls: readonly string[];
  /** Queues that take the dead letters of an app's queue, and of which. */
  readonly deadLettersOf: ReadonlyMap<string, readonly string[]>;
  /** Queues by exchange and routing key, for delayed tasks. */
  readonly targets: ReadonlyMap<string, string>;
}

/**
 * The role that a name alone tells, without exchanges and bindings; null where it tells nothing. Such queues come and go
 * with every worker and client, so they are no reason to read the bindings again.
 */
export function roleOfName(queue: QueueSign, eventExchange: string): Role | null {
  const { name } = queue;
  if (isReplyQueue(name)) return { kind: 'reply' };
  if (name.endsWith('.pidbox')) return { kind: 'pidbox' };
  if (name.startsWith(`${eventExchange}.`)) return { kind: 'events' };
  if (isDelayedQueue(name)) return { kind: 'delayed' };
  // backends/rpc.py: named by a UUID, auto-delete, and it expires.
  if (isUuid(name) && queue.autoDelete && queue.arguments['x-expires'] !== undefined) return { kind: 'rpc' };
  return null;
}

/** Tells the queues of Celery from those of others, by what is bound, consumed and named. No I/O. */
export function classify(queues: readonly QueueSign[], structure: Structure, named: Named): Layout {
  const roles = new Map<string, Role>();
  const names = new Set(queues.map(({ name }) => name));
  const sources = sourcesOf(structure.bindings);
  const clients = clientsOf(structure.consumers);
  const types = new Map(structure.exchanges.map(({ name, type }) => [name, type]));
  const open: QueueSign[] = [];
  for (const queue of queues) {
    const role = named.queues.includes(queue.name)
      ? ({ kind: 'app', why: 'named in the option "queues"' } as const)
      : (roleOfName(queue, named.eventExchange) ??
        roleOfSources(sources.get(queue.name) ?? [], named.eventExchange) ??
        certain(queue.name, { names, sources, clients, types }));
    if (role === null) open.push(queue);
    else roles.set(queue.name, role);
  }
  const exchanges = appExchanges(roles, sources, structure.bindings);
  const deadLettersOf = new Map<string, string[]>();
  const bound = destinationsOf(structure.bindings);
  for (const queue of queues) {
    if (roles.get(queue.name)?.kind !== 'app') continue;
    for (const target of deadLetterQueues(queue, bound)) {
      const of = deadLettersOf.get(target);
      if (of === undefined) deadLettersOf.set(target, [queue.name]);
      else of.push(queue.name);
    }
  }
  for (const { name } of open) {
    const exchange = (sources.get(name) ?? []).find(source => exchanges.has(source));
    const letters = deadLettersOf.get(name);
    const foreign = foreignClient(clients.get(name));
    if (letters !== undefined) roles.set(name, { kind: 'app', why: `takes the dead letters of ${letters.join(', ')}` });
    else if (foreign !== null) roles.set(name, { kind: 'other', why: `consumed by ${foreign}` });
    else if (exchange !== undefined)
      roles.set(name, { kind: 'app', why: `bound to the exchange ${exchange} of the app` });
    else roles.set(name, { kind: 'other', why: 'nothing shows that Celery uses it' });
  }
  return {
    roles,
    controls: structure.exchanges.flatMap(({ name, type }) => {
      const control = controlOf(name);
      return control !== null && type === 'fanout' ? [control] : [];
    }),
    deadLettersOf,
    targets: targetsOf(structure.bindings, roles),
  };
}

interface Around {
  readonly names: ReadonlySet<string>;
  readonly sources: ReadonlyMap<string, readonly string[]>;
  readonly clients: ReadonlyMap<string, readonly (string | null)[]>;
  readonly types: ReadonlyMap<string, string>;
}

/** What is certain whatever the other queues are. */
function certain(name: string, { names, sources, clients, types }: Around): Role | null {
  const base = dramatiqBase(name);
  if ((base !== null && names.has(base)) || (names.has(`${name}.DQ`) && names.has(`${name}.XQ`))) {
    return { kind: 'other', why: 'its family of queues is Dramatiq’s' };
  }
  if (clients.get(name)?.includes(CELERY_CLIENT) === true) {
    return { kind: 'app', why: `consumed by ${CELERY_CLIENT}, the client of Celery` };
  }
  if (name === DEFAULT_QUEUE) return { kind: 'app', why: 'the default queue of Celery' };
  // kombu declares an exchange of the queue's own name unless an app names another (celery/app/amqp.py, Queues.new_missing).
  const own = sources.get(name)?.includes(name) === true && types.has(name);
  return own ? { kind: 'app', why: `bound to an exchange of its own name, as Celery declares queues` } : null;
}

function roleOfSources(sources: readonly string[], eventExchange: string): Role | null {
  if (sources.some(source => controlOf(source) !== null)) return { kind: 'pidbox' };
  if (sources.some(isReplyExchange)) return { kind: 'reply' };
  return sources.includes(eventExchange) ? { kind: 'events' } : null;
}

/** Exchanges that queues of the app are bound to, and those that delayed tasks come back to. */
function appExchanges(
  roles: ReadonlyMap<string, Role>,
  sources: ReadonlyMap<string, readonly string[]>,
  bindings: readonly ManagedBinding[],
): Set<string> {
  const exchanges = new Set<string>();
  for (const [name, role] of roles) {
    if (role.kind !== 'app') continue;
    for (const source of sources.get(name) ?? []) if (!isBuiltIn(source)) exchanges.add(source);
  }
  for (const { source, destination, destinationType } of bindings) {
    if (source === DELAYED_DELIVERY && destinationType === 'exchange' && !isBuiltIn(destination)) {
      exchanges.add(destination);
    }
  }
  return exchanges;
}

/** The client that shows that a queue is somebody else's: consumers there are, and none is Celery's or untold. */
function foreignClient(products: readonly (string | null)[] | undefined): string | null {
  if (products === undefined || products.some(product => product === null || product === CELERY_CLIENT)) return null;
  return products[0] ?? null;
}

function deadLetterQueues(queue: QueueSign, bound: ReadonlyMap<string, readonly ManagedBinding[]>): string[] {
  const { exchange, key } = deadLettersTo(queue);
  if (exchange === null) return [];
  if (exchange === '') return [key ?? queue.name];
  return (bound.get(exchange) ?? []).filter(binding => key === null || fits(binding, key)).map(b => b.destination);
}

/** Topic patterns are not worked out: they may take anything. */
const fits = ({ routingKey }: ManagedBinding, key: string): boolean =>
  routingKey === key || routingKey === '' || /[#*]/.test(routingKey);

/** Where a queue's dead letters go; `exchange` null = they are dropped. Arguments go before policies. */
export function deadLettersTo({ arguments: args, effectivePolicy: policy }: QueueSign): {
  readonly exchange: string | null;
  readonly key: string | null;
} {
  return {
    exchange: textOr(args['x-dead-letter-exchange']) ?? textOr(policy['dead-letter-exchange']),
    key: textOr(args['x-dead-letter-routing-key']) ?? textOr(policy['dead-letter-routing-key']),
  };
}

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function sourcesOf(bindings: readonly ManagedBinding[]): Map<string, string[]> {
  const sources = new Map<string, string[]>();
  for (const { source, destination, destinationType } of bindings) {
    if (destinationType !== 'queue' || source === '') continue;
    const list = sources.get(destination);
    if (list === undefined) sources.set(destination, [source]);
    else list.push(source);
  }
  return sources;
}

function destinationsOf(bindings: readonly ManagedBinding[]): Map<string, ManagedBinding[]> {
  const destinations = new Map<string, ManagedBinding[]>();
  for (const binding of bindings) {
    if (binding.destinationType !== 'queue' || binding.source === '') continue;
    const list = destinations.get(binding.source);
    if (list === undefined) destinations.set(binding.source, [binding]);
    else list.push(binding);
  }
  return destinations;
}

function clientsOf(consumers: readonly ConsumerSign[]): Map<string, (string | null)[]> {
  const clients = new Map<string, (string | null)[]>();
  for (const { queue, product } of consumers) {
    const list = clients.get(queue);
    if (list === undefined) clients.set(queue, [product]);
    else if (!list.includes(product)) list.push(product);
  }
  return clients;
}

/** `<routing key>` to the app's queue that is bound with it; what two queues share leads to neither. */
function targetsOf(bindings: readonly ManagedBinding[], roles: ReadonlyMap<string, Role>): Map<string, string> {
  const targets = new Map<string, string>();
  const shared = new Set<string>();
  for (const { source, destination, destinationType, routingKey } of bindings) {
    if (source === '' || destinationType !== 'queue' || roles.get(destination)?.kind !== 'app') continue;
    const known = targets.get(routingKey);
    if (known !== undefined && known !== destination) shared.add(routingKey);
    targets.set(routingKey, destination);
  }
  for (const key of shared) targets.delete(key);
  return targets;
}

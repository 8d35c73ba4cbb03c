import type { ManagedBinding, ManagedConnection, ManagedExchange, ManagedQueue } from '../../../brokers/rabbitmq/port';
import { isUuid } from '../keys';
import { clientsOf, destinationsOf, sourcesOf } from './bindings';
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
} from './names';

/** What is read of a queue to tell whose it is. */
export type QueueSign = Pick<ManagedQueue, 'name' | 'autoDelete' | 'exclusive' | 'arguments' | 'effectivePolicy'>;

/** Objects of a virtual host other than queues; a part that may not be read is empty. */
export interface Structure {
  readonly exchanges: readonly ManagedExchange[];
  readonly bindings: readonly ManagedBinding[];
  readonly consumers: readonly ConsumerSign[];
  readonly connections: readonly ManagedConnection[];
}

export interface ConsumerSign {
  readonly queue: string;
  /** Client library as the connection names itself; null = not told. */
  readonly product: string | null;
  /** Name of the connection. */
  readonly connection: string;
}

/** What a person or a worker has told. */
export interface Named {
  readonly queues: readonly string[];
  readonly eventExchange: string;
}

/** Names of queues that were once seen to be the app's: they stay so when their worker has left. */
export type Seen = ReadonlySet<string>;

const NONE: Seen = new Set();

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
export function classify(queues: readonly QueueSign[], structure: Structure, named: Named, seen: Seen = NONE): Layout {
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
        certain(queue.name, { names, sources, clients, types, seen }));
    if (role === null) open.push(queue);
    else roles.set(queue.name, role);
  }
  const exchanges = appExchanges(roles, sources, structure.bindings);
  const deadLettersOf = deadLetters(queues, roles, destinationsOf(structure.bindings));
  const rest = { sources, clients, types, exchanges, deadLettersOf, foreign: foreignExchanges(sources, clients) };
  for (const { name } of open) roles.set(name, roleOfRest(name, rest));
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
  readonly seen: Seen;
}

/** What is certain whatever the other queues are. */
function certain(name: string, { names, sources, clients, types, seen }: Around): Role | null {
  const base = dramatiqBase(name);
  if ((base !== null && names.has(base)) || (names.has(`${name}.DQ`) && names.has(`${name}.XQ`))) {
    return { kind: 'other', why: 'its family of queues is Dramatiq’s' };
  }
  if (clients.get(name)?.includes(CELERY_CLIENT) === true) {
    return { kind: 'app', why: `consumed by ${CELERY_CLIENT}, the client of Celery` };
  }
  if (seen.has(name)) return { kind: 'app', why: 'a worker of Celery consumed it before' };
  if (name === DEFAULT_QUEUE) return { kind: 'app', why: 'the default queue of Celery' };
  // kombu declares an exchange of the queue's own name unless an app names another (celery/app/amqp.py, Queues.new_missing).
  const own = sources.get(name)?.includes(name) === true && types.has(name);
  return own ? { kind: 'app', why: `bound to an exchange of its own name, as Celery declares queues` } : null;
}

interface Rest {
  readonly sources: ReadonlyMap<string, readonly string[]>;
  readonly clients: ReadonlyMap<string, readonly (string | null)[]>;
  readonly types: ReadonlyMap<string, string>;
  /** Of the app. */
  readonly exchanges: ReadonlySet<string>;
  readonly deadLettersOf: ReadonlyMap<string, readonly string[]>;
  /** Exchanges that lead to queues which others consume. */
  readonly foreign: ReadonlySet<string>;
}

/** What is told by the company that a queue keeps. */
function roleOfRest(name: string, rest: Rest): Role {
  const letters = rest.deadLettersOf.get(name);
  if (letters !== undefined) return { kind: 'app', why: `takes the dead letters of ${letters.join(', ')}` };
  const client = foreignClient(rest.clients.get(name));
  if (client !== null) return { kind: 'other', why: `consumed by ${client}` };
  const sources = rest.sources.get(name) ?? [];
  const own = sources.find(source => rest.exchanges.has(source));
  if (own !== undefined) return { kind: 'app', why: `bound to the exchange ${own} of the app` };
  // A queue whose workers are all gone must not vanish from sight: where nobody else uses its exchange, it is ours.
  const free = sources.find(
    source =>
      !isBuiltIn(source) && !rest.foreign.has(source) && ['direct', 'topic'].includes(rest.types.get(source) ?? ''),
  );
  if (free !== undefined) return { kind: 'app', why: `bound to the exchange ${free}, and consumed by nobody` };
  return { kind: 'other', why: 'nothing shows that Celery uses it' };
}

function foreignExchanges(
  sources: ReadonlyMap<string, readonly string[]>,
  clients: ReadonlyMap<string, readonly (string | null)[]>,
): Set<string> {
  const foreign = new Set<string>();
  for (const [name, exchanges] of sources) {
    if (foreignClient(clients.get(name)) !== null) for (const exchange of exchanges) foreign.add(exchange);
  }
  return foreign;
}

function deadLetters(
  queues: readonly QueueSign[],
  roles: ReadonlyMap<string, Role>,
  bound: ReadonlyMap<string, readonly ManagedBinding[]>,
): Map<string, string[]> {
  const of = new Map<string, string[]>();
  for (const queue of queues) {
    if (roles.get(queue.name)?.kind !== 'app') continue;
    for (const target of deadLetterQueues(queue, bound)) {
      const list = of.get(target);
      if (list === undefined) of.set(target, [queue.name]);
      else list.push(queue.name);
    }
  }
  return of;
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

import type { ManagedQueue, Management, RabbitBroker } from '../../../brokers/rabbitmq/port';
import { InspectorError, isAbort, type Problem } from '../../../model';
import { breathe } from '../../reading/turns';
import { type ConsumerSign, classify, type Layout, type Named, roleOfName, type Structure } from './classify';
import { CELERY_CLIENT } from './names';

/** Milliseconds after which exchanges, bindings and consumers are read again though no queue is new. */
const STRUCTURE_AGE = 60_000;

const NOTHING: Structure = { exchanges: [], bindings: [], consumers: [], connections: [] };

/** What was read of a virtual host. */
export interface Vhost {
  readonly queues: readonly ManagedQueue[];
  readonly structure: Structure;
  readonly layout: Layout;
  readonly problems: readonly Problem[];
}

interface Memory {
  structure: Structure | null;
  problems: readonly Problem[];
  readAt: number;
  /** Names of queues for which the structure was read. */
  names: ReadonlySet<string>;
  last: {
    readonly structure: Structure;
    readonly named: Named;
    readonly names: readonly string[];
    readonly layout: Layout;
  } | null;
  /** Queues that a worker of Celery consumed at some look. */
  readonly consumed: Set<string>;
}

/** Shared by finding out and reading: what the one has read the other need not ask again. */
const memories = new WeakMap<RabbitBroker, Memory>();

function memoryOf(broker: RabbitBroker): Memory {
  let memory = memories.get(broker);
  if (memory === undefined) {
    memory = { structure: null, problems: [], readAt: 0, names: new Set(), last: null, consumed: new Set() };
    memories.set(broker, memory);
  }
  return memory;
}

/**
 * All queues, and whose they are. Exchanges, bindings and consumers are read the first time, when a queue appears whose
 * name tells nothing, and once a minute; one of them that may not be read is a problem, and the rest stands.
 * @throws InspectorError where the queues themselves cannot be read
 */
export async function readVhost(
  broker: RabbitBroker,
  management: Management,
  named: Named,
  signal: AbortSignal,
): Promise<Vhost> {
  const memory = memoryOf(broker);
  // The first time all is asked at once; later the names decide whether the rest is needed.
  const early = memory.structure === null ? readStructure(management, signal) : null;
  const [queues, first] = await Promise.all([readQueues(management, signal), early]);
  const strangers = first === null && queues.some(queue => isStranger(queue, memory.names, named));
  const stale = first === null && Date.now() - memory.readAt > STRUCTURE_AGE;
  const read = first ?? (strangers || stale ? await readStructure(management, signal) : null);
  if (read !== null) {
    memory.structure = read.structure;
    memory.problems = read.problems;
    memory.readAt = Date.now();
    memory.names = new Set(queues.map(({ name }) => name));
    for (const { queue, product } of read.structure.consumers) {
      if (product === CELERY_CLIENT) memory.consumed.add(queue);
    }
  }
  const structure = memory.structure ?? NOTHING;
  const layout = await layoutOf(memory, queues, structure, named);
  return { queues, structure, layout, problems: memory.problems };
}

/** Whose the queues are: worked out anew where there are others, or something else was read of what is around them. */
async function layoutOf(
  memory: Memory,
  queues: readonly ManagedQueue[],
  structure: Structure,
  named: Named,
): Promise<Layout> {
  const { last } = memory;
  const same =
    last !== null &&
    last.structure === structure &&
    last.named === named &&
    last.names.length === queues.length &&
    queues.every(({ name }, index) => name === last.names[index]);
  if (same) return last.layout;
  await breathe();
  const layout = classify(queues, structure, named, memory.consumed);
  memory.last = { structure, named, names: queues.map(({ name }) => name), layout };
  await breathe();
  return layout;
}

/** New, and its name tells nothing; or the queue of a worker that has come, and what it consumes is not known. */
function isStranger(queue: ManagedQueue, known: ReadonlySet<string>, named: Named): boolean {
  if (known.has(queue.name)) return false;
  const role = roleOfName(queue, named.eventExchange);
  return role === null || role.kind === 'pidbox';
}

async function readQueues(management: Management, signal: AbortSignal): Promise<ManagedQueue[]> {
  const queues: ManagedQueue[] = [];
  for await (const part of management.allQueues(signal)) {
    queues.push(...part);
    await breathe();
  }
  return queues.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

async function readStructure(
  management: Management,
  signal: AbortSignal,
): Promise<{ structure: Structure; problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const part = async <T>(name: string, read: Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await read;
    } catch (error) {
      if (isAbort(error)) throw error;
      problems.push(problemOf(name, error));
      return [];
    }
  };
  const [exchanges, bindings, consumers, connections] = await Promise.all([
    part('exchanges', management.exchanges(signal)),
    part('bindings', management.bindings(signal)),
    part('consumers', management.consumers(signal)),
    part('connections', management.connections(signal)),
  ]);
  const products = new Map(connections.map(({ name, product }) => [name, product]));
  const signs = consumers.map(
    ({ queue, connection }): ConsumerSign => ({ queue, product: products.get(connection) ?? null, connection }),
  );
  return { structure: { exchanges, bindings, consumers: signs, connections }, problems };
}

/** A part that could not be read: the broker's own words, and what to do. */
export function problemOf(part: string, error: unknown): Problem {
  if (!(error instanceof InspectorError)) throw error;
  return { part, reason: `${error.message} ${error.remedy}`, offset: null };
}

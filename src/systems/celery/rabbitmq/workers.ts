import type { ManagedConnection, ManagedQueue } from '../../../brokers/rabbitmq/port';
import type { Fact, WorkerSummary } from '../../../model';
import type { Layout, Structure } from './classify';

/** Workers as the broker itself shows them. */
export interface BrokerWorkers {
  readonly workers: readonly WorkerSummary[];
  /** Names of workers by the queue that they consume; a queue of which nothing is known has no entry. */
  readonly serving: ReadonlyMap<string, readonly string[]>;
}

/**
 * Every worker has a queue of its own for remote control, `{node}.{control}.pidbox`, which goes 10 s after it
 * (celery/worker/pidbox.py, kombu/pidbox.py). Prefork and solo workers consume their queues over the same connection.
 */
export function workersOf(queues: readonly ManagedQueue[], structure: Structure, layout: Layout): BrokerWorkers {
  const connections = new Map(structure.connections.map(connection => [connection.name, connection]));
  const consumedBy = new Map<string, string[]>();
  const connectionOf = new Map<string, string>();
  for (const { queue, connection } of structure.consumers) {
    connectionOf.set(queue, connection);
    if (layout.roles.get(queue)?.kind === 'app') push(consumedBy, connection, queue);
  }
  const serving = new Map<string, string[]>();
  const workers: WorkerSummary[] = [];
  for (const queue of queues) {
    const name = nodeOf(queue, layout);
    if (name === null) continue;
    const connection = connectionOf.get(queue.name);
    const own = connection === undefined ? [] : [...new Set(consumedBy.get(connection))].sort();
    // A queue without consumers is one that its worker has left just now.
    const alive = queue.consumers === null ? null : queue.consumers > 0;
    if (alive !== false) for (const each of own) push(serving, each, name);
    workers.push(summaryOf(name, own, alive, connection === undefined ? undefined : connections.get(connection)));
  }
  return { workers, serving };
}

/** Name of the worker whose queue for remote control this is; null where it is another queue. */
function nodeOf({ name }: ManagedQueue, { roles, controls }: Layout): string | null {
  if (roles.get(name)?.kind !== 'pidbox') return null;
  for (const control of controls) {
    const end = `.${control}.pidbox`;
    if (name.endsWith(end) && name.length > end.length) return name.slice(0, -end.length);
  }
  return null;
}

function summaryOf(
  name: string,
  queues: readonly string[],
  alive: boolean | null,
  connection: ManagedConnection | undefined,
): WorkerSummary {
  const at = name.lastIndexOf('@');
  return {
    name,
    state: alive === false ? 'gone' : 'connected',
    queues,
    pid: null,
    host: at < 0 ? null : name.slice(at + 1),
    version: null,
    runtime: null,
    startedAt: null,
    lastHeartbeat: null,
    currentJob: null,
    currentJobRef: null,
    currentTask: null,
    alive,
    aliveReason:
      alive === false
        ? 'nobody consumes its queue for remote control any more'
        : 'its queue for remote control stands on the broker, which drops it 10 s after the worker has gone',
    succeeded: null,
    failed: null,
    workingSeconds: null,
    details: connection === undefined ? [] : detailsOf(connection),
  };
}

function detailsOf({ peerHost, peerPort, connectedAt, product, productVersion, heartbeatSeconds }: ManagedConnection) {
  const facts: Fact[] = [];
  if (peerHost !== null) {
    facts.push({
      name: 'Connected from',
      value: `${peerHost}${peerPort === null ? '' : `:${peerPort}`}`,
      format: 'text',
    });
  }
  if (connectedAt !== null) {
    facts.push({ name: 'Connected since', value: new Date(connectedAt).toISOString(), format: 'instant' });
  }
  if (product !== null)
    facts.push({ name: 'Client', value: [product, productVersion].join(' ').trim(), format: 'text' });
  if (heartbeatSeconds !== null) {
    facts.push({ name: 'AMQP heartbeat', value: String(heartbeatSeconds), format: 'duration' });
  }
  return facts;
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

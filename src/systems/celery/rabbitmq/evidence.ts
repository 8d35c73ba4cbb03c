import type { Evidence } from '../../../model';
import type { Layout, QueueSign, Structure } from './classify';
import { controlOf, DEFAULT_QUEUE, DELAYED_DELIVERY } from './names';

/**
 * What shows that Celery uses a virtual host; empty where nothing does. A queue that only py-amqp consumes shows kombu,
 * not Celery, so it is no evidence by itself.
 */
export function evidenceOf(
  vhost: string,
  queues: readonly QueueSign[],
  structure: Structure,
  layout: Layout,
  named: { readonly queues: readonly string[]; readonly eventExchange: string },
): readonly Evidence[] {
  const evidence: Evidence[] = [];
  const there = new Map(structure.exchanges.map(exchange => [exchange.name, exchange]));
  const exchanges = `GET /api/exchanges/${encodeURIComponent(vhost)}`;
  const ofQueues = `GET /api/queues/${encodeURIComponent(vhost)}`;
  const events = there.get(named.eventExchange);
  if (events?.type === 'topic') {
    evidence.push({
      what: `exchange ${events.name}`,
      value: 'topic exchange for events of workers',
      source: exchanges,
    });
  }
  const pidboxes = queues.filter(({ name }) => layout.roles.get(name)?.kind === 'pidbox').map(({ name }) => name);
  for (const { name, type } of structure.exchanges) {
    if (type !== 'fanout' || controlOf(name) === null) continue;
    const own = pidboxes.filter(queue => queue.endsWith(`.${name}`)).length;
    evidence.push({
      what: `exchange ${name}`,
      value: `fanout exchange for remote control, ${own} ${own === 1 ? 'worker' : 'workers'} bound`,
      source: exchanges,
    });
  }
  if (there.has(DELAYED_DELIVERY)) {
    evidence.push({
      what: `exchange ${DELAYED_DELIVERY}`,
      value: 'native delayed delivery of Celery 5.5 or newer',
      source: exchanges,
    });
  }
  for (const { name } of queues) {
    if (name !== DEFAULT_QUEUE && !named.queues.includes(name)) continue;
    const why = layout.roles.get(name);
    if (why?.kind === 'app') evidence.push({ what: `queue ${name}`, value: why.why, source: ofQueues });
  }
  return evidence.length > 0 ? evidence : declaredAlike(queues, structure, layout, ofQueues);
}

/** Queues of one kind that are named; the tree shows them all. */
const NAMED = 3;

/**
 * The one thing that Celery leaves where no worker has ever been: a publisher declares a queue that the app does not
 * define with a durable direct exchange and a routing key of its own name (celery/app/amqp.py, Queues.new_missing). kombu's
 * SimpleQueue does the same, so this counts only while nobody consumes the queue: a worker of Celery would show itself.
 */
function declaredAlike(
  queues: readonly QueueSign[],
  { exchanges, bindings, consumers }: Structure,
  layout: Layout,
  source: string,
): readonly Evidence[] {
  const direct = new Set(exchanges.filter(({ type, durable }) => type === 'direct' && durable).map(({ name }) => name));
  const bound = new Set(
    bindings.flatMap(({ source, destination, destinationType, routingKey }) =>
      destinationType === 'queue' && source === destination && routingKey === destination ? [destination] : [],
    ),
  );
  const consumed = new Set(consumers.map(({ queue }) => queue));
  return queues
    .filter(({ name }) => layout.roles.get(name)?.kind === 'app' && direct.has(name) && bound.has(name))
    .filter(({ name, autoDelete, exclusive }) => !consumed.has(name) && !autoDelete && !exclusive)
    .slice(0, NAMED)
    .map(({ name }) => ({
      what: `queue ${name}`,
      value: 'bound to a direct exchange of its own name, as Celery declares queues; nobody consumes it',
      source,
    }));
}

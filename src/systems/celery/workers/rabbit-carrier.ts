/**
 * Remote control over RabbitMQ (kombu/pidbox.py): a fanout exchange to all mailboxes, answers through a direct exchange
 * into an exclusive queue of our own. Nobody's queue is declared but that one.
 */
import type { RabbitBroker, RabbitMessage, Subscription } from '../../../brokers/rabbitmq/port';
import { InspectorError } from '../../../model';
import { pidboxExchange, replyExchange } from '../keys';
import type { CeleryOptions } from '../parts';
import type { Carrier } from './carrier';
import { type CommandMessage, commandBody, RABBIT_PROPERTIES, type RawMessage } from './envelope';

/** Mailboxes that are looked up at most. */
const MAX_NODES = 500;

export function rabbitCarrier(broker: RabbitBroker, options: CeleryOptions): Carrier {
  let controls: readonly string[] = [];
  const names = async (signal: AbortSignal): Promise<readonly string[]> => {
    if (controls.length > 0 || broker.management === null)
      return controls.length > 0 ? controls : [options.controlExchange];
    const exchanges = await broker.management.exchanges(signal).catch(ignored);
    const found = (exchanges ?? []).flatMap(({ name }) => /^(?!reply\.)(.+)\.pidbox$/.exec(name)?.[1] ?? []);
    controls = found.includes(options.controlExchange) ? [options.controlExchange] : found.slice(0, 8);
    return controls.length > 0 ? controls : [options.controlExchange];
  };
  const nodes = async (signal: AbortSignal): Promise<readonly string[] | null> => {
    if (broker.management === null) return null;
    const page = await broker.management.queues({ page: 1, size: MAX_NODES, name: '.pidbox' }, signal).catch(ignored);
    if (page === null) return null;
    const ends = (await names(signal)).map(control => `.${pidboxExchange(control)}`);
    return page.items.flatMap(({ name }) => {
      const end = ends.find(each => name.endsWith(each) && !name.endsWith(`.reply${each}`));
      return end === undefined ? [] : [name.slice(0, -end.length)];
    });
  };
  /** Whether a worker has ever listened; told by binding a queue of our own, which ends at once. */
  const exists = async (used: readonly string[], signal: AbortSignal): Promise<boolean> => {
    try {
      const bindings = used.map(control => ({ exchange: pidboxExchange(control), routingKey: '' }));
      await (await broker.subscribe(bindings, signal)).close();
      return true;
    } catch (thrown) {
      nobodyThere(thrown);
      return false;
    }
  };
  /** @returns whether anybody was there to hear it */
  const publish = async (used: readonly string[], commands: readonly CommandMessage[], signal: AbortSignal) => {
    const outcomes = await broker
      .publish(
        used.flatMap(control =>
          commands.map(command => ({
            exchange: pidboxExchange(control),
            routingKey: '',
            properties: RABBIT_PROPERTIES,
            body: Buffer.from(commandBody(control, command)),
          })),
        ),
        signal,
      )
      .catch(nobodyThere);
    return outcomes.some(outcome => outcome !== 'unroutable');
  };

  return {
    async *exchange(commands, oid, timeoutMs, signal) {
      const [used, there] = await Promise.all([names(signal), nodes(signal)]);
      if (there === null ? !(await exists(used, signal)) : there.length === 0) {
        yield { heard: 0 };
        return;
      }
      // A worker declares the exchange of answers itself, with the same properties, when it answers.
      const bindings = used.map(control => ({
        exchange: replyExchange(control),
        routingKey: oid,
        declare: 'direct' as const,
      }));
      const ended = new AbortController();
      const answers = await broker.subscribe(bindings, AbortSignal.any([signal, ended.signal]));
      const timer = setTimeout(() => void answers.close(), timeoutMs);
      try {
        const anybody = await publish(used, commands, signal);
        // Statistics lag: the queues that the management API names may be those of a moment ago.
        yield { heard: anybody ? (there?.length ?? null) : 0 };
        if (anybody) for await (const message of answers) yield { raw: openRabbit(message) };
        signal.throwIfAborted();
      } finally {
        clearTimeout(timer);
        ended.abort();
        await answers.close().catch(() => undefined);
      }
    },
    async send(command, signal) {
      const anybody = await publish(await names(signal), [command], signal);
      return anybody ? ((await nodes(signal))?.length ?? null) : 0;
    },
    nodes: async signal => (await nodes(signal)) ?? [],
    async *events(which, signal) {
      const routingKey = which === 'heartbeats' ? 'worker.#' : '#';
      const heard: Subscription = await broker.subscribe([{ exchange: options.eventExchange, routingKey }], signal);
      try {
        for await (const message of heard) yield openRabbit(message);
      } finally {
        await heard.close().catch(() => undefined);
      }
    },
  };
}

/** A missing exchange means that no worker has ever listened; whatever else went wrong is told. */
function nobodyThere(thrown: unknown): readonly 'unroutable'[] {
  if (thrown instanceof InspectorError && thrown.code === 'gone') return ['unroutable'];
  throw thrown;
}

/** The management API may be slow or refuse; then less is known, and that is all. */
function ignored(thrown: unknown): null {
  if (thrown instanceof InspectorError && thrown.code !== 'aborted') return null;
  throw thrown;
}

function openRabbit({ properties, routingKey, body }: RabbitMessage): RawMessage {
  const ticket = properties.headers?.['ticket'];
  const compression = properties.headers?.['compression'];
  return {
    contentType: properties.contentType,
    compression: typeof compression === 'string' ? compression : undefined,
    ticket: typeof ticket === 'string' ? ticket : null,
    routingKey,
    body,
  };
}

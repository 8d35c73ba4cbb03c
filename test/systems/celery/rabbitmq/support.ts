/** A virtual host with real Celery on it, and what is needed to look at it twice. */
import { type ConnectedRabbit, connectRabbit } from '../../../../src/brokers/rabbitmq';
import type { Found, Looked } from '../../../../src/model';
import { parseOptions } from '../../../../src/systems/celery/options';
import { createRabbitTransport, detectRabbit, type RabbitTransport } from '../../../../src/systems/celery/rabbitmq';
import type { Mailbox } from '../../../../src/systems/celery/types';
import { type CeleryApp, runCelery, type TestRabbit, type TestVhost, waitFor } from '../../../support';

export const never = new AbortController().signal;

/** Reading asks nobody. */
const silent = new Proxy({} as Mailbox, {
  get: (_target, name) => {
    throw new Error(`Reading used the mailbox: ${String(name)}.`);
  },
});

export interface Place {
  readonly vhost: TestVhost;
  readonly broker: ConnectedRabbit;
  readonly app: CeleryApp;
  /** A transport of its own, with nothing looked at yet. */
  transport(options?: Readonly<Record<string, unknown>>): RabbitTransport;
  run(program: string, args?: readonly string[]): Promise<string>;
  detect(options?: Readonly<Record<string, unknown>>): ReturnType<typeof detectRabbit>;
  /** Waits until the statistics of a queue say so. */
  counted(queue: string, ready: number, unacked?: number): Promise<void>;
  [Symbol.dispose](): void;
}

/** A fresh virtual host for an app of this generation. */
export async function placeOn(
  rabbit: TestRabbit,
  app: Partial<CeleryApp> = {},
  connect: { readonly url?: string; readonly managementUrl?: string | null } = {},
): Promise<Place> {
  const vhost = await rabbit.vhost();
  const broker = await connectRabbit({ url: vhost.url, managementUrl: rabbit.managementUrl, ...connect }, never);
  const celery: CeleryApp = { generation: 'celery-newest', broker: vhost.url, ...app };
  return {
    vhost,
    broker,
    app: celery,
    transport: (raw = {}) =>
      createRabbitTransport({ broker, key: '', options: parseOptions(raw), companions: null }, silent, []),
    run: (program, args = []) => runCelery(celery, program, { args }),
    detect: (raw = {}) => detectRabbit(broker, parseOptions(raw), never),
    counted: async (queue, ready, unacked = 0) => {
      const path = `/api/queues/${vhost.name}/${encodeURIComponent(queue)}`;
      await waitFor(
        async () => {
          const told = (await rabbit.api('GET', path)) as Record<string, unknown>;
          return told['messages_ready'] === ready && told['messages_unacknowledged'] === unacked;
        },
        { what: `statistics of ${queue} to say ${ready} ready and ${unacked} held`, timeout: 20_000 },
      );
    },
    [Symbol.dispose]: () => broker.close(),
  };
}

export async function drain(all: AsyncIterable<Found | Looked>): Promise<(Found | Looked)[]> {
  const items: (Found | Looked)[] = [];
  for await (const item of all) items.push(item);
  return items;
}

/** Objects and messages of a virtual host; whether a message was ever got is among what it tells. */
export async function dumpVhost(rabbit: TestRabbit, { name }: TestVhost): Promise<Record<string, unknown>> {
  const list = async (what: string, columns: string) =>
    await rabbit.api('GET', `/api/${what}/${name}?columns=${columns}`);
  return {
    queues: await list('queues', 'name,type,arguments,messages_ready,messages_unacknowledged,message_stats.get'),
    exchanges: await list('exchanges', 'name,type'),
    bindings: await list('bindings', 'source,destination,routing_key'),
  };
}

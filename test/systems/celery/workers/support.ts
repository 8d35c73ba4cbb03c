/** Workers as one installation sees them, over a connection of its own. */
import { type ConnectedRedis, connectRedis } from '../../../../src/brokers/redis';
import type { Asked } from '../../../../src/model';
import { parseOptions } from '../../../../src/systems/celery/options';
import type { Place, Workers } from '../../../../src/systems/celery/parts';
import type { Mailbox } from '../../../../src/systems/celery/types';
import { createMailbox, createWorkers } from '../../../../src/systems/celery/workers';

export const signal = () => new AbortController().signal;

export interface Looking {
  readonly broker: ConnectedRedis;
  readonly mailbox: Mailbox;
  readonly workers: Workers;
}

export async function lookingAt(
  url: string,
  given: { readonly key?: string; readonly options?: Readonly<Record<string, unknown>> } = {},
): Promise<Looking> {
  const broker = await connectRedis({ url }, signal());
  const place: Place = { broker, key: given.key ?? '', options: parseOptions(given.options ?? {}), companions: null };
  const mailbox = createMailbox(place);
  return { broker, mailbox, workers: createWorkers(place, mailbox) };
}

export async function asked(workers: Workers, given: AbortSignal = signal()): Promise<readonly Asked[]> {
  const all: Asked[] = [];
  for await (const answer of workers.ask(given)) all.push(answer);
  return all;
}

export const workerNamed = (workers: Workers, name: string) => {
  const found = workers.fleet.workers.find(worker => worker.name === name);
  if (found === undefined) throw new Error(`${name} is not among ${workers.fleet.workers.map(each => each.name)}`);
  return found;
};

export const detail = (workers: Workers, name: string, fact: string) =>
  workerNamed(workers, name).details?.find(each => each.name === fact)?.value ?? null;

/** What workers of kombu 5.7 refresh by themselves. */
export const without = (key: string) => key.includes('_kombu.binding_deadlines');

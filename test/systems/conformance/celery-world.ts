/** A broker with Celery on it for the conformance suite, its results reached as the inspector reaches them. */
import { openLink } from '../../../src/inspector';
import { CompanionBrokers } from '../../../src/inspector/companions';
import type { SystemOptions, UndoUnit } from '../../../src/model';
import type { Dump } from '../../support';
import type { World } from './fixture';
import { never } from './looking';

/**
 * What actions of Celery take where their schema says no more than that it is text.
 * @param queue one that is there: RabbitMQ takes nothing for another
 */
export const parametersTo = (queue: string) => ({
  'celery.rate-limit': { rate: '10/m' },
  'enqueue-copy': { queue },
  enqueue: { task: 'shop.tasks.add', queue },
  move: { queue },
  reschedule: { every: '5m' },
});

export interface CeleryPlace {
  readonly url: string;
  /** The URL of the results; the option of that name is set where `named`. */
  readonly results: string;
  readonly named: boolean;
  readonly options?: SystemOptions;
  dump(): Promise<Dump>;
  roundTrips(world: Pick<World, 'link'>): number;
  stop(): Promise<void>;
}

export async function celeryWorld(place: CeleryPlace): Promise<World> {
  const options = { ...place.options, ...(place.named ? { results: place.results } : {}) };
  const profile = {
    ...({ id: 'a', name: 'a', url: place.url, environment: 'local', access: 'read-write' } as const),
    options: { celery: options },
  };
  const link = await openLink(profile, undefined, never);
  const brokers = new CompanionBrokers({
    open: openLink,
    secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
    profile: () => profile,
    link: () => link,
  });
  const companions = brokers.for('celery');
  const linkOf = async ({ on }: UndoUnit) => {
    if (on === undefined) return link;
    const { address } = await companions.open(on, place.results, never);
    const there = brokers.linkTo(address);
    if (there === null) throw new Error(`No link leads to ${address}.`);
    return there;
  };
  return {
    link,
    companions,
    options,
    dump: place.dump,
    roundTrips: () => place.roundTrips({ link }),
    async undo(units, record) {
      const answers: (true | string)[] = [];
      for (const [index, unit] of units.entries())
        answers.push(...(await (await linkOf(unit)).undo([unit], `${record}-${index}`, never)));
      return answers;
    },
    [Symbol.asyncDispose]: async () => {
      await brokers.close();
      await link.close();
      await place.stop();
    },
  };
}

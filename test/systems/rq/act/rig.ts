/** What the tests of acting share: a broker, the actions on it, real jobs, and a count of what really ran. */
import type { Redis } from 'ioredis';
import { type ConnectedRedis, connectRedis } from '../../../../src/brokers/redis/connect';
import type { Target, UndoUnit } from '../../../../src/model';
import type { Actions } from '../../../../src/systems/acting/actions';
import { createRqActions } from '../../../../src/systems/rq/act';
import { parsePlace } from '../../../../src/systems/rq/keys';
import { refOf } from '../../../../src/systems/rq/places';
import { clientOf, runPython, startRedis, type TestRedis } from '../../../support';
import { never, type Performed, performOn } from '../../support/acting';

export interface Rig extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly client: Redis;
  readonly broker: ConnectedRedis;
  readonly actions: Actions;
  perform(
    action: string,
    target: Target,
    parameters?: Record<string, unknown>,
    signal?: AbortSignal,
  ): Promise<Performed>;
  undo(units: readonly UndoUnit[]): Promise<readonly (true | string)[]>;
}

export const job = (place: string, id: string): Target => ({ kind: 'jobs', refs: [refIn(place, id)] });
export const jobs = (place: string, ids: readonly string[]): Target => ({
  kind: 'jobs',
  refs: ids.map(id => refIn(place, id)),
});

/** Ref of a job by the text of its place: `failed:default`. */
export function refIn(place: string, id: string): string {
  const parsed = parsePlace(place);
  if (parsed === null) throw new Error(`${place} is no place`);
  return refOf(parsed, id);
}

export function actionsOn(broker: ConnectedRedis): Actions {
  return createRqActions({
    broker,
    known: () => null,
    rows: async () => [],
    async *search() {},
  });
}

/** @param url another way to the same server, e.g. through a proxy */
export async function startRig(options: { redis?: TestRedis; url?: string } = {}): Promise<Rig> {
  const redis = options.redis ?? (await startRedis());
  const client = clientOf(redis);
  const broker = await connectRedis({ url: options.url ?? redis.url }, never);
  const actions = actionsOn(broker);
  return {
    redis,
    client,
    broker,
    actions,
    perform: (action, target, parameters = {}, signal = never) =>
      performOn(actions, action, target, parameters, signal),
    undo: units => broker.undo(units, `rq:inspector:step:undo-${Math.random()}`, never),
    [Symbol.asyncDispose]: async () => {
      broker.close();
      client.disconnect();
      if (options.redis === undefined) await redis.stop();
    },
  };
}

/** Runs a piece of Python in a generation, with `queue(name)` and `job(id)` at hand; answers what it printed. */
export async function python(generation: string, redis: TestRedis, program: string): Promise<string> {
  const head = `
import sys, redis, rq, json, datetime
from rq import Queue
from rq.job import Job
connection = redis.from_url(sys.argv[1])
def queue(name="default", **options):
    return Queue(name, connection=connection, **options)
def job(id):
    return Job.fetch(id, connection=connection)
`;
  return (await runPython(generation, head + program, [redis.url])).toString().trim();
}

/** What the tests of acting on Celery share: a broker, the installation on it, real tasks, and a count of what really ran. */
import type { Redis } from 'ioredis';
import { type ConnectedRedis, connectRedis } from '../../../../src/brokers/redis/connect';
import type { Companions, JobRow, State, Target, UndoUnit } from '../../../../src/model';
import { celery } from '../../../../src/systems/celery';
import { CeleryInstallation } from '../../../../src/systems/celery/installation';
import { parseOptions } from '../../../../src/systems/celery/options';
import { type CeleryApp, clientOf, startRedis, type TestRedis } from '../../../support';
import { lastFirst, never, type Performed, performOn } from '../../support/acting';

export interface Rig extends AsyncDisposable {
  readonly redis: TestRedis;
  /** Database 0: messages. */
  readonly client: Redis;
  /** The database of results. */
  readonly results: Redis;
  readonly installation: CeleryInstallation;
  readonly app: CeleryApp;
  rows(state: State, queue?: string | null): Promise<readonly JobRow[]>;
  perform(action: string, target: Target, parameters?: Record<string, unknown>): Promise<Performed>;
  undo(units: readonly UndoUnit[]): Promise<readonly (true | string)[]>;
  /** Empties both databases; what was learned of them stays. */
  flush(): Promise<void>;
}

export const job = (...rows: readonly Pick<JobRow, 'ref'>[]): Target => ({
  kind: 'jobs',
  refs: rows.map(({ ref }) => ref),
});

export interface RigOptions {
  readonly redis?: TestRedis;
  /** Another way to the same server, e.g. through a proxy. */
  readonly url?: string;
  /** Number of the database of results; 1 unless told. */
  readonly results?: number;
  /** URL of another Redis for the results. */
  readonly backend?: string;
  readonly generation?: string;
  readonly conf?: CeleryApp['conf'];
  readonly options?: Record<string, unknown>;
  /** `global_keyprefix` of the installation. */
  readonly key?: string;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const redis = options.redis ?? (await startRedis());
  const number = options.results ?? 1;
  const url = options.url ?? redis.url;
  const at = (db: number, base = url) => base.replace(/\/0$/, `/${db}`);
  const backend = options.backend ?? at(number);
  const opened: ConnectedRedis[] = [];
  const open = async (to: string) => {
    const connected = await connectRedis({ url: to }, never);
    opened.push(connected);
    return connected;
  };
  const broker = await open(url);
  const known = new Map<string, Promise<ConnectedRedis>>();
  const once = (to: string) => {
    const made = known.get(to) ?? open(to);
    known.set(to, made);
    return made;
  };
  const companions: Companions = {
    open: (_role, to) => (to === url ? Promise.resolve(broker) : once(to)),
    database: db => once(at(db)),
    otherDatabases: async () => [{ db: number, keys: 1 }],
  };
  const parsed = parseOptions({ results: backend, ...options.options });
  const installation = new CeleryInstallation(
    celery,
    { broker, key: options.key ?? '', options: parsed, companions },
    [],
  );
  const client = clientOf(redis);
  const results =
    options.backend === undefined
      ? clientOf(redis, number)
      : clientOf({ ...redis, port: Number(new URL(backend).port) });
  const brokerOf = async (unit: UndoUnit) =>
    unit.on === undefined ? broker : backend === url ? broker : once(unit.on === 'results' ? backend : at(number));
  return {
    redis,
    client,
    results,
    installation,
    app: {
      generation: options.generation ?? 'celery-newest',
      broker: redis.url,
      backend: options.backend ?? at(number, redis.url),
      conf: { result_extended: true, ...options.conf },
    },
    rows: (state, queue = null) => rowsOf(installation, state, queue),
    perform: async (action, target, parameters = {}) =>
      lastFirst(await performOn(installation, action, target, parameters)),
    undo: async units => {
      const answers: (true | string)[] = [];
      for (const unit of units) {
        const on = await brokerOf(unit);
        answers.push(...(await on.undo([unit], `undo-${Math.random()}`, never)));
      }
      return answers;
    },
    flush: async () => {
      await client.flushdb();
      await results.flushdb();
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of opened) each.close();
      client.disconnect();
      results.disconnect();
      if (options.redis === undefined) await redis.stop();
    },
  };
}

async function rowsOf(installation: CeleryInstallation, state: State, queue: string | null): Promise<JobRow[]> {
  // Results that are new are seen by the next lap of the index.
  for await (const _ of installation.complete(never));
  await installation.overview(never);
  const page = await installation.jobs({ queue, state, cursor: null, size: 1000 }, never);
  return [...page.items];
}

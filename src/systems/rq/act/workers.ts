import type { ActionDeclaration, Target } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { Batches, decided, outcome } from '../../acting/work';
import { QUEUE_PREFIX, QUEUES, queueWorkersKey, WORKERS, workerKey } from '../keys';
import type { Handler, Situation } from './actions';
import { CHANGED, DESTROY_NEEDS, destroy } from './destroy';
import { allAtLeast, list, type Worker } from './generation';
import { savedBytes, saveKeys } from './saved';
import { base64, EXPIRED, IN_USE, latin1, ofKey, readable, unit } from './undo';
import type { Batch, Did } from './work';

/** Seconds after which RQ's own expiry would have removed the record of a silent worker (rq/worker.py: 420 + 60). */
const SILENT_SECONDS = 480;

const NO_RECORD = 'no record of it is left';

const namesOf = (targets: readonly Target[]): string[] =>
  targets.flatMap(target => (target.kind === 'worker' ? [target.name] : []));

/** `forget-worker`: removes the record of a dead worker. */
export function forgetHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: DESTROY_NEEDS,
    plan: async (request, situation, signal) => {
      const names = namesOf(request.targets);
      const leftOut: { reason: string; count: number }[] = [];
      let bytes = 0;
      for (const name of names) {
        const reason = await whyAlive(name, situation, signal);
        if (reason !== null) {
          leftOut.push({ reason, count: 1 });
          continue;
        }
        const saved = await saveKeys(situation.context.broker, [[ofKey(workerKey(name)), 'hash']], 0, signal);
        const known = saved[0]?.value || situation.fleet.workers.some(worker => worker.name === name);
        if (known) bytes += savedBytes(saved);
        else leftOut.push({ reason: NO_RECORD, count: 1 });
      }
      return simplePlan(request, declaration, { total: names.length - leftOut.length, leftOut, savedBytes: bytes });
    },
    work: async (plan, situation) => {
      const names = namesOf(plan.targets);
      return new Batches(
        names.length,
        names.map(name => (signal: AbortSignal) => forgetting(name, situation, signal)),
      );
    },
  };
}

/** Why a worker must be taken for alive; null where only its record is left. */
async function whyAlive(name: string, { context, fleet }: Situation, signal: AbortSignal): Promise<string | null> {
  const worker = fleet.workers.find(each => each.name === name);
  if (worker === undefined || !worker.recorded || worker.dead) return null;
  const [listening] = await context.broker.read([['PUBSUB', 'NUMSUB', `rq:pubsub:${name}`]], signal);
  const listeners = Array.isArray(listening) ? Number(listening[1]) : 0;
  if (listeners > 0) return 'it is alive: it listens for commands';
  // From 1.6 on every worker listens as long as it lives.
  if (hearsCommands(worker)) return null;
  const silent = (Date.now() + fleet.clockOffset - Date.parse(worker.lastHeartbeat ?? '')) / 1000;
  return silent > SILENT_SECONDS ? null : 'it may be alive: its record has not expired yet';
}

export function hearsCommands(worker: Worker, since = '1.6'): boolean {
  return allAtLeast({ versions: [worker.version], failedList: false, old: false, python2: false }, since, false);
}

async function forgetting(name: string, situation: Situation, signal: AbortSignal): Promise<Batch> {
  const { broker } = situation.context;
  const alive = await whyAlive(name, situation, signal);
  if (alive !== null) return decided([outcome({ id: name, ref: null }, 'refused', alive)]);
  const key = ofKey(workerKey(name));
  const [hash, [registered, queues]] = await Promise.all([
    saveKeys(broker, [[key, 'hash']], situation.fleet.clockOffset, signal).then(([saved]) => saved),
    broker.read(
      [
        ['SISMEMBER', WORKERS, workerKey(name)],
        ['SMEMBERS', QUEUES],
      ],
      signal,
    ),
  ]);
  const sets = await servedSets(name, situation, list(queues), signal);
  const operations = [
    ...(hash?.value ? [{ kind: 'create', key: base64(key), value: hash.value, expireAt: hash.expireAt } as const] : []),
    ...[...(registered === 1 ? [WORKERS] : []), ...sets].map(
      set => ({ kind: 'sadd', key: base64(set), member: base64(key) }) as const,
    ),
  ];
  const guards = [
    { kind: 'absent', key: base64(key), refusal: IN_USE } as const,
    ...(typeof hash?.expireAt === 'number' ? [{ kind: 'before', at: hash.expireAt, refusal: EXPIRED } as const] : []),
  ];
  return {
    subjects: [name],
    undo: [unit(name, guards, operations)],
    outcomes: [],
    weight: 0,
    run: async (record, during): Promise<Did> => {
      const doomed = {
        from: registered === 1 ? (['set', latin1(WORKERS), key, ''] as const) : (['none', key, key, ''] as const),
        forbid: [],
        keys: [{ key, digest: hash?.digest ?? '' }],
        leave: sets.map(set => ({ key: set, member: key })),
      };
      const [answer] = await destroy(broker, 'rq forget worker', [doomed], record, during);
      const about = { id: name, ref: null };
      const there = registered === 1 || hash?.value !== null;
      if (answer === 1 && there) return { outcomes: [outcome(about, 'done', null)], undo: [] };
      if (answer === 'changed') return { outcomes: [outcome(about, 'refused', `${CHANGED}: it is alive`)], undo: [] };
      return { outcomes: [outcome(about, 'gone', NO_RECORD)], undo: [] };
    },
  };
}

/** Sets of workers by queue in which it stands: of the queues that exist, and of those that its record names. */
async function servedSets(
  name: string,
  { context, fleet }: Situation,
  queueKeys: readonly Buffer[],
  signal: AbortSignal,
): Promise<string[]> {
  const own = fleet.workers.find(each => each.name === name)?.queues ?? [];
  const known = queueKeys.map(each => readable(each.toString('latin1')).slice(QUEUE_PREFIX.length));
  const sets = [...new Set([...own, ...known])].map(queue => queueWorkersKey(queue));
  const replies = await context.broker.read(
    sets.map(set => ['SISMEMBER', set, workerKey(name)] as const),
    signal,
  );
  return sets.filter((_, index) => replies[index] === 1).map(ofKey);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisBroker } from '../../../brokers/redis/port';
import { type ActionDeclaration, InspectorError, type ItemOutcome, type Plan } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { Batches, decided, outcome } from '../../acting/work';
import { commandChannel, jobKey, workerKey } from '../keys';
import { type Located, locate } from '../places';
import type { Handler, Situation } from './actions';
import { list, readFleet, text, type Worker } from './generation';
import { hearsCommands } from './workers';

/** How long a worker may take to do what it heard, in milliseconds, and how often it is looked at. */
const PATIENCE_MS = 6000;
const LOOK_MS = 100;

/** `stop`: tells the worker of a running job to end it (RQ ≥ 1.7, rq/command.py). */
export function stopHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: ['PUBLISH'],
    since: '1.7',
    plan: async (request, situation, signal) => {
      const runs = await runsOf(request.targets, situation, signal);
      const stoppable = runs.filter(run => 'worker' in run);
      const counts = new Map<string, number>();
      const leftOut = new Map<string, number>();
      for (const run of runs) {
        if ('worker' in run) counts.set(run.place.queue, (counts.get(run.place.queue) ?? 0) + 1);
        else leftOut.set(run.why, (leftOut.get(run.why) ?? 0) + 1);
      }
      return simplePlan(request, declaration, {
        total: stoppable.length,
        byQueue: [...counts].map(([queue, count]) => ({ queue, count, note: null })),
        sample: await situation.context.rows(
          stoppable.slice(0, 5).map(run => run.ref),
          signal,
        ),
        leftOut: [...leftOut].map(([reason, count]) => ({ reason, count })),
      });
    },
    work: async (plan, situation, signal) => {
      const runs = await runsOf(plan.targets, situation, signal);
      return new Batches(
        runs.length,
        runs.map(run => async () => {
          if (!('worker' in run)) return decided([outcome(run, run.why === GONE ? 'gone' : 'refused', run.why)]);
          return {
            subjects: [run.id],
            refs: [run.ref],
            undo: [],
            outcomes: [],
            weight: 0,
            run: async (_record: string, during: AbortSignal) => ({
              outcomes: [await stopping(situation.context.broker, run, during)],
              undo: [],
            }),
          };
        }),
      );
    },
  };
}

type Run = Located & { readonly ref: string } & ({ readonly worker: Worker } | { readonly why: string });
const GONE = 'it does not run (any more)';

async function runsOf(targets: Plan['targets'], { context, fleet }: Situation, signal: AbortSignal): Promise<Run[]> {
  const located = targets.flatMap(target =>
    target.kind === 'jobs' ? target.refs.map(ref => ({ ...locate(ref), ref })) : [],
  );
  const replies = await context.broker.read(
    located.map(({ id }) => ['HMGET', jobKey(id), 'status', 'worker_name'] as const),
    signal,
  );
  return located.map((job, index): Run => {
    const [, named] = list(replies[index]);
    const worker =
      fleet.workers.find(({ currentJob }) => currentJob === job.id) ??
      fleet.workers.find(({ name, currentJob }) => currentJob === job.id && name === text(named));
    if (worker === undefined) return { ...job, why: GONE };
    if (hearsCommands(worker, '1.7')) return { ...job, worker };
    return { ...job, why: `its worker runs RQ ${worker.version ?? 'before 1.2'}; jobs can be stopped from 1.7 on` };
  });
}

async function stopping(
  broker: RedisBroker,
  run: Located & { readonly ref: string; readonly worker: Worker },
  signal: AbortSignal,
): Promise<ItemOutcome> {
  const { id, worker } = run;
  const runs = async () => {
    const [current] = await broker.read([['HGET', workerKey(worker.name), 'current_job']], signal);
    return text(current) === id;
  };
  if (!(await runs())) return outcome(run, 'gone', GONE);
  const message = JSON.stringify({ command: 'stop-job', job_id: id });
  const heard = await tell(broker, worker.name, message, signal);
  if (heard === 0) return outcome(run, 'refused', nobodyHears(worker.name));
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await sleep(LOOK_MS)) {
    if (await runs()) continue;
    const [status] = await broker.read([['HGET', jobKey(id), 'status']], signal);
    const ended = text(status);
    if (ended === 'finished') return outcome(run, 'gone', 'it finished before it could be stopped');
    return outcome(run, 'done', null);
  }
  return heard === null
    ? outcome(run, 'unknown', 'the connection broke while the worker was told; the job still runs')
    : outcome(run, 'failed', `${worker.name} was told, and still runs it; only workers that fork can stop a job`);
}

const nobodyHears = (worker: string): string =>
  `nobody listens on rq:pubsub:${worker}: the worker is gone, or too old to be told`;

/** How many heard it; null where the answer was lost. Never sent twice. */
async function tell(broker: RedisBroker, worker: string, message: string, signal: AbortSignal): Promise<number | null> {
  try {
    return await broker.publish(String(commandChannel(worker)), message, signal);
  } catch (error) {
    if (error instanceof InspectorError && error.code === 'connection-lost') return null;
    throw error;
  }
}

/** `stop-worker`: a warm shutdown (RQ ≥ 1.6, rq/command.py). */
export function stopWorkerHandler(declaration: ActionDeclaration): Handler {
  const namesOf = (targets: Plan['targets']) =>
    targets.flatMap(target => (target.kind === 'worker' ? [target.name] : []));
  return {
    declaration,
    needs: ['PUBLISH'],
    since: '1.6',
    plan: async (request, situation) => {
      const reasons = namesOf(request.targets).flatMap(name => whyNot(name, situation) ?? []);
      return simplePlan(request, declaration, {
        total: namesOf(request.targets).length - reasons.length,
        leftOut: reasons.map(reason => ({ reason, count: 1 })),
      });
    },
    work: async (plan, situation) => {
      const names = namesOf(plan.targets);
      return new Batches(
        names.length,
        names.map(name => async () => {
          const reason = whyNot(name, situation);
          if (reason !== null) return decided([outcome({ id: name, ref: null }, 'refused', reason)]);
          return {
            subjects: [name],
            undo: [],
            outcomes: [],
            weight: 0,
            run: async (_record: string, signal: AbortSignal) => ({
              outcomes: [await shuttingDown(situation.context.broker, name, signal)],
              undo: [],
            }),
          };
        }),
      );
    },
  };
}

function whyNot(name: string, { fleet }: Situation): string | null {
  const worker = fleet.workers.find(each => each.name === name);
  if (worker === undefined || !worker.recorded || worker.dead) return 'it does not live (any more)';
  if (hearsCommands(worker)) return null;
  return `it runs RQ ${worker.version ?? 'before 1.2'}; workers can be stopped from 1.6 on`;
}

async function shuttingDown(broker: RedisBroker, name: string, signal: AbortSignal): Promise<ItemOutcome> {
  const about = { id: name, ref: null };
  const heard = await tell(broker, name, JSON.stringify({ command: 'shutdown' }), signal);
  if (heard === 0) return outcome(about, 'refused', nobodyHears(name));
  if (heard !== null) return outcome(about, 'done', null);
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await sleep(LOOK_MS)) {
    const [requested] = await broker.read([['HGET', workerKey(name), 'shutdown_requested_date']], signal);
    const { workers } = await readFleet(broker, signal);
    const worker = workers.find(each => each.name === name);
    if (text(requested) || worker === undefined || worker.dead || !worker.recorded) return outcome(about, 'done', null);
  }
  return outcome(about, 'unknown', 'the connection broke while it was told; it still lives');
}

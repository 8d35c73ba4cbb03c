import { commandsOf } from '../../../brokers/redis/commands';
import type { Reply } from '../../../brokers/redis/port';
import { type ActionDeclaration, type ActionRequest, InspectorError, type Plan } from '../../../model';
import { decided, outcome } from '../../acting/work';
import { jobKey, QUEUES, queueKey, registryKey, resultsKey } from '../keys';
import { locate, refOf } from '../places';
import { type Handler, SCRIPTS, type Situation } from './actions';
import source from './enqueue.lua';
import { generationOfQueue, list } from './generation';
import { type NewJob, newJob } from './new-job';
import { unserved } from './plan';
import { answersOf } from './relocate';
import { base64, latin1, ofKey, TAKEN, unit } from './undo';
import type { Batch, Did, Work } from './work';

/** `enqueue` on a queue or the installation, and `enqueue-copy` of jobs. */
export function enqueueHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: [...SCRIPTS, ...commandsOf(source)],
    plan: async (request, situation, signal) => {
      const jobs = await jobsOf(declaration, request, situation, signal);
      return planOf(declaration, request, jobs, situation, signal);
    },
    work: async (plan, situation, signal) => {
      const request = { action: declaration.id, targets: plan.targets, parameters: plan.parameters };
      return new EnqueueWork(await jobsOf(declaration, request, situation, signal), situation);
    },
  };
}

/** A job to write, or why none can be made. */
type Wanted = NewJob | { readonly id: string; readonly ref: string; readonly refusal: string };

async function jobsOf(
  { id: action }: ActionDeclaration,
  { targets, parameters }: ActionRequest,
  { context, fleet }: Situation,
  signal: AbortSignal,
): Promise<Wanted[]> {
  const now = Date.now() + fleet.clockOffset;
  const wanted: Wanted[] = [];
  // Workers of several generations may share a Redis: those of the queue have to run it.
  const making = (queue: string | null, original?: ReadonlyMap<string, Buffer>) => {
    const named = parameters['queue'] ?? queue ?? original?.get('origin')?.toString();
    const generation = generationOfQueue(fleet, typeof named === 'string' ? named : null);
    return newJob(parameters, generation, now, queue, original);
  };
  for (const target of targets) {
    if (target.kind === 'jobs' && action === 'enqueue-copy') {
      for (const ref of target.refs) {
        const { id } = locate(ref);
        const [reply] = await context.broker.read([['HGETALL', jobKey(id)]], signal);
        const original = fieldsOf(reply);
        const data = original.get('data');
        wanted.push(
          data === undefined || data.length === 0
            ? { id, ref, refusal: 'the job has expired, only its id is left' }
            : making(null, original),
        );
      }
    } else if (target.kind === 'queue') wanted.push(making(target.name));
    else if (target.kind === 'installation') wanted.push(making(null));
    else {
      throw new InspectorError('bad-request', {
        message: 'Enqueueing needs a queue, or a job to copy.',
        tried: 'enqueueing a job',
        answer: `the target is a ${target.kind}`,
        remedy: 'Name a queue.',
      });
    }
  }
  return wanted;
}

function fieldsOf(reply: Reply | undefined): Map<string, Buffer> {
  const flat = list(reply);
  const fields = new Map<string, Buffer>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [name, value] = [flat[at], flat[at + 1]];
    if (name !== undefined && value !== undefined) fields.set(name.toString('latin1'), value);
  }
  return fields;
}

async function planOf(
  action: ActionDeclaration,
  request: ActionRequest,
  wanted: readonly Wanted[],
  situation: Situation,
  signal: AbortSignal,
): Promise<Plan> {
  const { broker } = situation.context;
  const jobs = wanted.filter(each => 'fields' in each);
  const replies = await broker.read(
    jobs.flatMap(({ id }) => [['EXISTS', jobKey(id)] as const, ['EXISTS', resultsKey(id)] as const]),
    signal,
  );
  const leftOut = new Map<string, number>();
  for (const each of wanted) if (!('fields' in each)) leftOut.set(each.refusal, (leftOut.get(each.refusal) ?? 0) + 1);
  const cautions = new Set<string>();
  const counts = new Map<string, number>();
  jobs.forEach((job, index) => {
    if (replies[index * 2] === 1) {
      const reason = `a job with the id ${job.id} is there already`;
      leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
      return;
    }
    counts.set(job.queue, (counts.get(job.queue) ?? 0) + 1);
    if (replies[index * 2 + 1] === 1) {
      cautions.add(
        `Results of an earlier job with the id ${job.id} are still there; this job will show them as its own.`,
      );
    }
    const caution = unserved(job.queue, 1, situation);
    if (caution !== null) cautions.add(caution);
    if (job.dueAt !== null) cautions.add('A scheduled job runs only where a worker with scheduler serves its queue.');
  });
  return {
    action,
    targets: request.targets,
    parameters: request.parameters,
    total: [...counts.values()].reduce((sum, count) => sum + count, 0),
    byQueue: [...counts].map(([queue, count]) => ({ queue, count, note: null })),
    sample: [],
    leftOut: [...leftOut].map(([reason, count]) => ({ reason, count })),
    undoable: true,
    notUndoable: null,
    savedBytes: 0,
    cautions: [...cautions],
  };
}

/** One job a step. */
class EnqueueWork implements Work {
  readonly total: number;
  readonly #wanted: Wanted[];
  readonly #situation: Situation;

  constructor(wanted: readonly Wanted[], situation: Situation) {
    this.total = wanted.length;
    this.#wanted = [...wanted];
    this.#situation = situation;
  }

  async next(): Promise<Batch | null> {
    const job = this.#wanted.shift();
    if (job === undefined) return null;
    if (!('fields' in job)) {
      const refused = outcome({ id: job.id, ref: job.ref }, 'refused', job.refusal);
      return decided([refused]);
    }
    return {
      subjects: [job.id],
      refs: [refOfNew(job)],
      undo: [],
      outcomes: [],
      weight: 0,
      run: (record, signal) => this.#write(job, record, signal),
    };
  }

  async #write(job: NewJob, record: string, signal: AbortSignal): Promise<Did> {
    const { broker } = this.#situation.context;
    const place = job.dueAt === null ? queueKey(job.queue) : registryKey('scheduled', job.queue);
    const where = job.dueAt === null ? (job.atFront ? 'head' : 'tail') : String(Math.floor(job.dueAt / 1000));
    const reply = await broker.run(
      {
        script: { name: 'rq enqueue', source },
        keys: [jobKey(job.id), place, QUEUES],
        args: [job.id, queueKey(job.queue), where, job.ttl ?? '', ...job.fields.flat()],
        record,
      },
      signal,
    );
    const [answer] = answersOf<1 | string>(reply);
    const about = { id: job.id, ref: refOfNew(job) };
    if (answer !== 1) {
      return { outcomes: [outcome(about, 'refused', answer ?? 'the script did not say what became of it')], undo: [] };
    }
    return { outcomes: [outcome(about, 'done', null)], undo: [takingBack(job)] };
  }
}

function refOfNew(job: NewJob): string {
  return refOf({ structure: job.dueAt === null ? 'queue' : 'scheduled', queue: job.queue }, job.id);
}

/** Removes what was enqueued while it still waits. */
function takingBack(job: NewJob) {
  const hash = base64(ofKey(jobKey(job.id)));
  const member = base64(latin1(job.id));
  const waits = job.dueAt === null;
  const key = base64(ofKey(waits ? queueKey(job.queue) : registryKey('scheduled', job.queue)), true);
  return unit(
    job.id,
    [
      waits
        ? { kind: 'in-list', key, value: member, refusal: TAKEN }
        : { kind: 'in-zset', key, member, refusal: TAKEN },
      {
        kind: 'field-is',
        key: hash,
        field: base64('status', true),
        value: base64(waits ? 'queued' : 'scheduled', true),
        refusal: TAKEN,
      },
    ],
    [waits ? { kind: 'lrem', key, value: member } : { kind: 'zrem', key, member }, { kind: 'delete', key: hash }],
  );
}

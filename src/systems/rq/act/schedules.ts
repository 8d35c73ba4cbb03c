import { isKind } from '../../../codecs/python';
import type { ActionDeclaration, ActionRequest, Plan } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { badValue } from '../../acting/values';
import { Batches, decided, outcome, Sequence } from '../../acting/work';
import { jobKey, SCHEDULED_JOBS } from '../keys';
import { readValue } from '../payload';
import { refOf } from '../places';
import type { Handler, Situation } from './actions';
import { DESTROY_NEEDS, destroy } from './destroy';
import { instantOf } from './enqueue-parameters';
import { list, text } from './generation';
import { unserved } from './plan';
import { RELOCATE_NEEDS, type Relocation, RelocationWork } from './relocate';
import { momentOf } from './relocations';
import { base64, IN_USE, latin1, unit } from './undo';
import { Walk } from './walk';
import type { Batch, Did, Work } from './work';

/** An entry of the package rq-scheduler (rq_scheduler/scheduler.py, 0.9 to 0.14). */
interface Entry {
  readonly id: string;
  readonly score: string;
  readonly queue: string;
  /** True where it stays on the schedule after a run. */
  readonly repeats: boolean;
}

const NOT_HERE =
  'it is not on the schedule of rq-scheduler; what `rq cron` runs stands in its configuration file alone';
const ANY_STATUS = [
  '',
  'scheduled',
  'finished',
  'failed',
  'stopped',
  'canceled',
  'deferred',
  'created',
  'queued',
  'started',
];

async function entriesOf(
  targets: Plan['targets'],
  { context }: Situation,
  signal: AbortSignal,
): Promise<(Entry | { readonly id: string; readonly missing: true })[]> {
  const ids = targets.flatMap(target => (target.kind === 'schedule' ? [target.id] : []));
  const replies = await context.broker.read(
    ids.flatMap(id => [['ZSCORE', SCHEDULED_JOBS, id] as const, ['HMGET', jobKey(id), 'origin', 'meta'] as const]),
    signal,
  );
  return ids.map((id, index) => {
    const score = text(replies[index * 2]);
    const [origin, meta] = list(replies[index * 2 + 1]) as readonly (Buffer | null)[];
    if (score === null) return { id, missing: true };
    return { id, score, queue: origin?.toString() ?? 'default', repeats: repeats(meta ?? null) };
  });
}

/** What repeats a job stands in its pickled meta. */
function repeats(meta: Buffer | null): boolean {
  const value = meta === null || meta.length === 0 ? null : readValue(meta, 'meta', 'The meta').value;
  return isKind(value, 'dict') && (value.find('cron_string') >= 0 || value.find('interval') >= 0);
}

async function planOf(
  declaration: ActionDeclaration,
  request: ActionRequest,
  situation: Situation,
  signal: AbortSignal,
): Promise<Plan> {
  const entries = await entriesOf(request.targets, situation, signal);
  const there = entries.filter((each): each is Entry => !('missing' in each));
  const cautions = declaration.id === 'run-now' ? there.flatMap(each => unserved(each.queue, 1, situation) ?? []) : [];
  const missing = entries.length - there.length;
  return simplePlan(request, declaration, {
    total: there.length,
    byQueue: [...new Set(there.map(({ queue }) => queue))].map(queue => ({
      queue,
      count: there.filter(each => each.queue === queue).length,
      note: null,
    })),
    leftOut: missing === 0 ? [] : [{ reason: NOT_HERE, count: missing }],
    cautions: [...new Set(cautions)],
  });
}

/** `run-now` and `reschedule` of an entry. */
export function scheduleHandler(declaration: ActionDeclaration): Handler {
  const dueAt = (parameters: Readonly<Record<string, unknown>>): number | null => {
    if (declaration.id !== 'reschedule') return null;
    const at = instantOf('at', parameters['at']);
    if (at === null) throw badValue('at', 'a time is missing');
    return at;
  };
  return {
    declaration,
    needs: RELOCATE_NEEDS,
    plan: (request, situation, signal) => {
      dueAt(request.parameters);
      return planOf(declaration, request, situation, signal);
    },
    work: async (plan, situation, signal) => {
      const at = dueAt(plan.parameters);
      const entries = await entriesOf(plan.targets, situation, signal);
      return new Sequence(entries.map(entry => moving(entry, at, situation)));
    },
  };
}

function moving(
  entry: Entry | { readonly id: string; readonly missing: true },
  at: number | null,
  { context, fleet }: Situation,
): Work {
  if ('missing' in entry) {
    return new Batches(1, [async () => decided([outcome({ id: entry.id, ref: null }, 'gone', NOT_HERE)])]);
  }
  const place = { structure: 'scheduler', queue: entry.queue } as const;
  const item = { id: latin1(entry.id), member: latin1(entry.id), ref: refOf(place, entry.id) };
  const walk = new Walk(context.broker, { place, items: [item] }, 1);
  const relocation: Relocation =
    at !== null
      ? {
          name: 'rq reschedule',
          to: { place, end: 'tail' },
          score: String(Math.floor(at / 1000)),
          allow: ANY_STATUS,
          set: [],
          drop: [],
          expiry: 'leave',
        }
      : {
          name: 'rq run schedule now',
          to: { place: { structure: 'queue', queue: entry.queue }, end: 'head' },
          stay: entry.repeats,
          // The same job runs every time: one that waits or runs already must not stand in the queue twice.
          allow: ANY_STATUS.filter(status => status !== 'queued' && status !== 'started'),
          set: [
            ['status', 'queued'],
            ['enqueued_at', momentOf(fleet).stamp],
          ],
          drop: [],
          expiry: 'waiting',
        };
  return new RelocationWork(context.broker, walk, 1, relocation);
}

/** `delete` of an entry: as rq-scheduler's own cancel, which leaves the job. */
export function unscheduleHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: DESTROY_NEEDS,
    plan: (request, situation, signal) => planOf(declaration, request, situation, signal),
    work: async (plan, situation, signal) => {
      const entries = await entriesOf(plan.targets, situation, signal);
      return new Batches(
        entries.length,
        entries.map(
          entry => async () =>
            'missing' in entry
              ? decided([outcome({ id: entry.id, ref: null }, 'gone', NOT_HERE)])
              : removing(entry, situation),
        ),
      );
    },
  };
}

function removing({ id, score }: Entry, { context }: Situation): Batch {
  const key = base64(SCHEDULED_JOBS, true);
  const member = base64(latin1(id));
  return {
    subjects: [id],
    undo: [unit(id, [{ kind: 'not-in-zset', key, member, refusal: IN_USE }], [{ kind: 'zadd', key, member, score }])],
    outcomes: [],
    weight: 0,
    run: async (record, signal): Promise<Did> => {
      const doomed = {
        from: ['zset', latin1(SCHEDULED_JOBS), latin1(id), score],
        forbid: [],
        keys: [],
        leave: [],
      } as const;
      const [answer] = await destroy(context.broker, 'rq remove schedule', [doomed], record, signal);
      const about = { id, ref: null };
      if (answer === 1) return { outcomes: [outcome(about, 'done', null)], undo: [] };
      if (answer === 0) return { outcomes: [outcome(about, 'gone', NOT_HERE)], undo: [] };
      return { outcomes: [outcome(about, 'refused', 'it ran meanwhile; its next run is another one now')], undo: [] };
    },
  };
}

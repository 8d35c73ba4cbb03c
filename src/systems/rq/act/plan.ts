import type { ActionDeclaration, ActionRequest, JobRow, Plan, Ref } from '../../../model';
import { NO_LONGER_THERE } from '../../acting/work';
import { JOB_PREFIX, type RqPlace } from '../keys';
import { neededElsewhere } from '../native';
import { isList } from '../places';
import type { Situation } from './actions';
import { list, text } from './generation';
import { savedBytes } from './saved';
import { dependentsOf, saveJobs } from './saved-jobs';
import { sizesOf, sourcesOf } from './sources';
import { wire } from './undo';
import { type Source, Walk } from './walk';
import { type Item, ONLY_ITS_ID } from './work';

/** Jobs of whole queues that are looked at to tell about the rest. Chosen ones are each looked at. */
const LOOKED_AT = 1000;
const SAMPLE = 5;
/** Jobs whose exact copies are measured to tell the size of all. */
const MEASURED = 20;

/** What an action does with the jobs of a place: which statuses it takes, and where they go; or why it takes none. */
export type Verdict = string | { readonly allow: readonly string[] | null; readonly target: RqPlace | null };

/** The dry run of an action on jobs. Chosen jobs are looked at one by one; whole queues are counted. */
export async function planJobs(
  action: ActionDeclaration,
  request: ActionRequest,
  situation: Situation,
  signal: AbortSignal,
  verdictOn: (place: RqPlace) => Verdict,
): Promise<Plan> {
  const { context, fleet } = situation;
  const sources = await sourcesOf(context, request.targets, fleet.failedList, signal);
  const sizes = await sizesOf(context.broker, sources, signal);
  const counts = new Map<string, number>();
  const leftOut = new Map<string, number>();
  const cautions = new Set<string>();
  const sample: Ref[] = [];
  const takes: { source: Source; items: readonly Item[]; size: number }[] = [];
  const unservedQueues = new Set<string>();
  let budget = LOOKED_AT;
  for (const [index, source] of sources.entries()) {
    const size = sizes[index] ?? 0;
    if (size === 0) continue;
    const verdict = verdictOn(source.place);
    if (typeof verdict === 'string') {
      add(leftOut, verdict, size);
      continue;
    }
    const looked = await lookAt(source, size, verdict.allow, source.items === null ? budget : size, situation, signal);
    budget -= looked.lookedAt;
    for (const [reason, count] of looked.leftOut) add(leftOut, reason, count);
    const taken = size - looked.leftOutOf;
    if (taken > 0) add(counts, source.place.queue, taken);
    if (source.items === null && size > looked.lookedAt) {
      cautions.add('Each job is checked once more when its turn comes; those that have changed are left alone.');
    }
    sample.push(...looked.items.slice(0, SAMPLE - sample.length).map(item => item.ref));
    takes.push({ source, items: looked.items, size: taken });
    const goesTo = verdict.target?.structure === 'queue' ? verdict.target.queue : null;
    if (goesTo !== null && taken > 0 && unserved(goesTo, taken, situation) !== null) unservedQueues.add(goesTo);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (const caution of unservedText([...unservedQueues], total, situation)) cautions.add(caution);
  const destroys = action.effect === 'destroys';
  const measured = destroys ? await measure(takes, situation, signal) : { bytes: 0, dependents: 0 };
  if (measured.dependents > 0) {
    cautions.add('Other jobs wait for some of these to finish. They would wait for ever.');
  }
  return {
    action,
    targets: request.targets,
    parameters: request.parameters,
    total,
    byQueue: [...counts].map(([queue, count]) => ({ queue, count, note: null })),
    sample: await rowsOf(sample, situation, signal),
    leftOut: [...leftOut].map(([reason, count]) => ({ reason, count })),
    undoable: action.undo.kind !== 'none',
    notUndoable: action.undo.kind === 'none' ? action.undo.reason : null,
    savedBytes: measured.bytes,
    cautions: [...cautions],
  };
}

/** `No worker serves reports. The jobs will wait.`, or null where one does. */
export function unserved(queue: string, jobs: number, { fleet }: Situation): string | null {
  const served = fleet.workers.some(worker => worker.recorded && !worker.dead && worker.queues.includes(queue));
  return served ? null : `No worker serves ${queue}. The ${jobs === 1 ? 'job' : 'jobs'} will wait.`;
}

const NAMED = 3;

/** One sentence for a queue, or for many. */
function unservedText(queues: readonly string[], jobs: number, situation: Situation): string[] {
  if (queues.length <= NAMED) return queues.flatMap(queue => unserved(queue, jobs, situation) ?? []);
  return [`No worker serves ${queues.length} of these queues. Their jobs will wait.`];
}

interface Looked {
  /** Those that the action would take. */
  readonly items: readonly Item[];
  readonly leftOut: ReadonlyMap<string, number>;
  readonly leftOutOf: number;
  readonly lookedAt: number;
}

async function lookAt(
  source: Source,
  size: number,
  allow: readonly string[] | null,
  most: number,
  { context }: Situation,
  signal: AbortSignal,
): Promise<Looked> {
  const { broker } = context;
  const walk = new Walk(broker, source, size);
  const items = most <= 0 ? [] : await walk.next(most, signal);
  const plain = isList(source.place.structure) || source.place.structure === 'job';
  const key = wire(walk.key);
  const replies = await broker.read(
    items.flatMap(({ id, member }) => [
      ['HMGET', wire(JOB_PREFIX + id), 'created_at', 'status'] as const,
      plain || source.items === null
        ? (['EXISTS', wire(JOB_PREFIX + id)] as const)
        : (['ZSCORE', key, wire(member)] as const),
    ]),
    signal,
  );
  const leftOut = new Map<string, number>();
  const forbid = neededElsewhere(source.place.structure);
  const taken = items.filter((_, index) => {
    const [created, status] = list(replies[index * 2]) as readonly (Buffer | null)[];
    const placed = replies[index * 2 + 1] !== null;
    const reason = reasonAgainst(created ?? null, text(status) ?? '', placed, allow, forbid);
    if (reason !== null) add(leftOut, reason, 1);
    return reason === null;
  });
  return { items: taken, leftOut, leftOutOf: items.length - taken.length, lookedAt: items.length };
}

function reasonAgainst(
  created: Buffer | null,
  status: string,
  placed: boolean,
  allow: readonly string[] | null,
  forbid: readonly string[],
): string | null {
  if (!placed) return NO_LONGER_THERE;
  if (allow !== null && created === null) return ONLY_ITS_ID;
  if (allow === null ? !forbid.includes(status) : allow.includes(status)) return null;
  return status === 'started' ? 'it runs' : `its status is ${status} now`;
}

/** Size of the copies of all, from the exact size of some. */
async function measure(
  takes: readonly { readonly source: Source; readonly items: readonly Item[]; readonly size: number }[],
  { context, fleet }: Situation,
  signal: AbortSignal,
): Promise<{ bytes: number; dependents: number }> {
  let bytes = 0;
  let dependents = 0;
  for (const { source, items, size } of takes) {
    const some = items.slice(0, MEASURED);
    if (some.length === 0) continue;
    const saved = await saveJobs(
      context.broker,
      source.place,
      some,
      fleet.clockOffset,
      signal,
      some.map(() => ({ before: [], after: [], times: 1 })),
    );
    const sum = saved.reduce((total, job) => total + savedBytes(job.keys), 0);
    bytes += Math.round((sum / some.length) * size);
    dependents += saved.reduce((total, job) => total + dependentsOf(job), 0);
  }
  return { bytes, dependents };
}

/** Rows of the first jobs; a plan is not refused because its sample cannot be shown. */
async function rowsOf(refs: readonly Ref[], { context }: Situation, signal: AbortSignal): Promise<readonly JobRow[]> {
  return refs.length === 0 ? [] : context.rows(refs, signal);
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

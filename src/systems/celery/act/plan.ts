import type { ActionDeclaration, ActionRequest, Plan, Ref } from '../../../model';
import { knownAmount } from '../../../model';
import { NO_LONGER_THERE } from '../../acting/work';
import type { Situation } from './situation';
import { type Source, sourcesOf, type Thing, thingsOf } from './things';

/** Things of whole states that are looked at to tell about the rest. Chosen ones are each looked at. */
const LOOKED_AT = 1000;
const SAMPLE = 5;

/** What an action does with a thing: takes it, with the queue it then waits in and the bytes kept of it, or leaves it. */
export type Verdict = { readonly queue: string | null; readonly saved?: number } | { readonly leave: string };

export interface Planned {
  verdict(thing: Thing): Promise<Verdict> | Verdict;
  /** Cautions about the things that it takes. */
  cautions?(taken: readonly Thing[], queues: ReadonlyMap<string, number>): readonly string[];
}

/** The dry run of an action on tasks. Chosen tasks are looked at one by one; of whole states the first, the rest is counted. */
export async function planTasks(
  action: ActionDeclaration,
  request: ActionRequest,
  situation: Situation,
  signal: AbortSignal,
  { verdict, cautions }: Planned,
): Promise<Plan> {
  const { context } = situation;
  const leftOut = new Map<string, number>();
  const queues = new Map<string, number>();
  const sample: Ref[] = [];
  const said = new Set<string>();
  const taken: Thing[] = [];
  let total = 0;
  let saved = 0;
  for (const source of await sourcesOf(context, request.targets, signal)) {
    const looked = await lookAt(source, situation, signal, verdict);
    for (const [reason, count] of looked.leftOut) add(leftOut, reason, count);
    const rest = await restOf(source, looked.seen, situation, signal);
    total += looked.taken.length + rest.count;
    if (rest.count > 0)
      said.add('Each task is checked once more when its turn comes; those that have changed are left alone.');
    if (rest.more) said.add('There are more than could be counted; all of them are acted on.');
    saved +=
      looked.taken.length === 0
        ? 0
        : Math.round((looked.saved / looked.taken.length) * (looked.taken.length + rest.count));
    for (const [queue, count] of looked.queues) add(queues, queue, count);
    if (rest.count > 0 && source.refs === undefined && source.queue !== null) add(queues, source.queue, rest.count);
    for (const thing of looked.taken) {
      if (taken.length < LOOKED_AT) taken.push(thing);
      if (sample.length < SAMPLE) sample.push(thing.ref);
    }
  }
  for (const caution of cautions?.(taken, queues) ?? []) said.add(caution);
  return {
    action,
    targets: request.targets,
    parameters: request.parameters,
    total,
    byQueue: [...queues].map(([queue, count]) => ({ queue, count, note: null })),
    sample: sample.length === 0 ? [] : await context.rows(sample, signal),
    leftOut: [...leftOut].map(([reason, count]) => ({ reason, count })),
    undoable: action.undo.kind !== 'none',
    notUndoable: action.undo.kind === 'none' ? action.undo.reason : null,
    savedBytes: saved,
    cautions: [...said],
  };
}

interface Looked {
  readonly taken: Thing[];
  readonly leftOut: Map<string, number>;
  readonly queues: Map<string, number>;
  saved: number;
  seen: number;
}

async function lookAt(
  source: Source,
  { context }: Situation,
  signal: AbortSignal,
  verdict: Planned['verdict'],
): Promise<Looked> {
  const looked: Looked = { taken: [], leftOut: new Map(), queues: new Map(), saved: 0, seen: 0 };
  const most = source.refs === undefined ? LOOKED_AT : Number.POSITIVE_INFINITY;
  for await (const part of thingsOf(context, source, signal)) {
    for (const found of part) {
      looked.seen++;
      if (found.kind === 'gone') {
        add(looked.leftOut, NO_LONGER_THERE, 1);
        continue;
      }
      const said = await verdict(found);
      if ('leave' in said) add(looked.leftOut, said.leave, 1);
      else {
        looked.taken.push(found);
        looked.saved += said.saved ?? 0;
        if (said.queue !== null) add(looked.queues, said.queue, 1);
      }
    }
    if (looked.seen >= most) break;
  }
  return looked;
}

/** How many of a whole state were not looked at. */
async function restOf(
  source: Source,
  seen: number,
  { context }: Situation,
  signal: AbortSignal,
): Promise<{ readonly count: number; readonly more: boolean }> {
  if (source.refs !== undefined || seen < LOOKED_AT) return { count: 0, more: false };
  const page = await context.page({ queue: source.queue, state: source.state, cursor: null, size: 1 }, signal);
  return { count: Math.max(0, knownAmount(page.total) - seen), more: !('exact' in page.total) };
}

/** Counts up in a map. */
export function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

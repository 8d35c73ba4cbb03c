/** What the journal's files hold, line by line; read back through a parser, for a file can be cut short or edited. */
import * as v from 'valibot';
import type { ItemOutcome, Outcome, UndoUnit } from '../../model';
import { fromGroups, type Group, toGroups } from './columns';

/** Time, then chance: sorts by time, unique between windows. The only thing of an entry that gets into a file name. */
export const TOKEN = /^\d{8}T\d{9}-[0-9a-f]{12}$/;

const amount = v.pipe(v.number(), v.integer(), v.minValue(0));
const counts = v.object({ done: amount, gone: amount, refused: amount, failed: amount, unknown: amount });
const item = v.object({
  ref: v.nullable(v.string()),
  id: v.nullable(v.string()),
  outcome: v.picklist(['done', 'gone', 'refused', 'failed', 'unknown']),
  reason: v.nullable(v.string()),
});
const total = v.union([v.object({ exact: amount }), v.object({ atLeast: amount }), v.object({ unknown: v.string() })]);

/** Who did what, to what: written before anything else of the entry. */
const begin = v.object({
  line: v.literal('begin'),
  version: v.literal(1),
  token: v.pipe(v.string(), v.regex(TOKEN)),
  at: v.pipe(v.string(), v.isoTimestamp()),
  /** Process and run that writes the entry: tells one that still runs from one that was cut off. */
  pid: amount,
  session: v.string(),
  connection: v.object({ id: v.string(), name: v.string() }),
  /** `host:port/db`: undo refuses to run on another broker. */
  address: v.string(),
  system: v.string(),
  installation: v.string(),
  action: v.string(),
  /** What it acts on is called; entries of earlier versions do not say. */
  noun: v.optional(v.object({ one: v.string(), other: v.string() })),
  /** What is about to be done; replaced by what was done. */
  title: v.string(),
  where: v.string(),
  total,
  notUndoable: v.nullable(v.string()),
});

const about = v.object({ line: v.literal('about'), step: v.string(), subjects: v.array(v.string()) });
const did = v.object({ line: v.literal('did'), step: v.string(), counts, items: v.array(item) });
const end = v.object({
  line: v.literal('end'),
  at: v.string(),
  title: v.string(),
  counts,
  items: v.array(item),
  stopped: v.boolean(),
  notUndoable: v.nullable(v.string()),
});

export const lineSchema = v.variant('line', [begin, about, did, end]);
export type Line = v.InferOutput<typeof lineSchema>;
export type BeginLine = v.InferOutput<typeof begin>;
export type EndLine = v.InferOutput<typeof end>;

/** One line, or null for what is no line of ours: the last one of a run that was cut off. */
export function parseLine(text: string): Line | null {
  try {
    const result = v.safeParse(lineSchema, JSON.parse(text));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

/** The exact copies of a step. `not` names the subjects that turned out not to be done. */
export interface UndoLine {
  readonly step: string;
  readonly phase: 'about' | 'did';
  readonly not: readonly string[];
  readonly units: readonly UndoUnit[];
}

const leaf = v.union([v.string(), v.number(), v.boolean(), v.null()]);
// The broker's own undo checks every guard and operation before it sends anything.
const operations = v.array(v.looseObject({ kind: v.string() }));
const unit = v.variant('broker', [
  v.looseObject({
    broker: v.literal('redis'),
    subject: v.string(),
    guards: v.array(v.looseObject({ kind: v.string(), refusal: v.string() })),
    operations,
  }),
  v.looseObject({ broker: v.literal('rabbitmq'), subject: v.string(), operations }),
]);
const undoLine = v.object({
  step: v.string(),
  phase: v.picklist(['about', 'did']),
  not: v.array(v.string()),
  groups: v.array(
    v.object({
      first: unit,
      count: amount,
      columns: v.array(v.tuple([amount, v.union([amount, v.array(leaf)])])),
    }),
  ),
});

/** Step and phase stand first: whoever looks for a step reads no more than that. */
export function undoText({ step, phase, not, units }: UndoLine): string {
  return `${JSON.stringify({ step, phase, not, groups: toGroups(units) })}\n`;
}

export function parseUndoLine(text: string): UndoLine | null {
  try {
    const line: unknown = JSON.parse(text);
    // What was read is used, not what the check made of it: columns count leaves in the order in which they were written.
    if (!v.is(undoLine, line)) return null;
    const { step, phase, not, groups } = line;
    return { step, phase, not, units: fromGroups(groups as unknown as Group[]) };
  } catch {
    return null;
  }
}

export type Counts = Record<Outcome, number>;

export const noCounts = (): Counts => ({ done: 0, gone: 0, refused: 0, failed: 0, unknown: 0 });

export function countOutcomes(outcomes: readonly ItemOutcome[]): Counts {
  const result = noCounts();
  for (const { outcome } of outcomes) result[outcome]++;
  return result;
}

export function addCounts(to: Counts, more: Readonly<Counts>): void {
  for (const outcome of Object.keys(to) as Outcome[]) to[outcome] += more[outcome];
}

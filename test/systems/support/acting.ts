/** What tests of acting share, whatever the system: an action run to its end, and a count of what really ran. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Installation, ItemOutcome, Plan, Report, Target, UndoUnit } from '../../../src/model';

export const never = new AbortController().signal;

export interface Performed {
  readonly plan: Plan;
  readonly report: Report;
  readonly outcomes: readonly ItemOutcome[];
  /** What the journal would keep for undo, in the order of the steps. */
  readonly undo: readonly UndoUnit[];
  readonly steps: number;
}

/** Plans an action, performs it, and keeps of undo what `Step` in src/model/action.ts says. */
export async function performOn(
  actions: Pick<Installation, 'plan' | 'perform'>,
  action: string,
  target: Target,
  parameters: Record<string, unknown> = {},
  signal: AbortSignal = never,
): Promise<Performed> {
  const plan = await actions.plan({ action, targets: [target], parameters }, signal);
  const outcomes: ItemOutcome[] = [];
  const undo: UndoUnit[] = [];
  let about: readonly UndoUnit[] = [];
  let steps = 0;
  const run = actions.perform(plan, signal);
  for (;;) {
    const next = await run.next();
    if (next.done === true) return { plan, report: next.value, outcomes, undo, steps };
    if (next.value.phase === 'about') {
      about = next.value.undo;
      continue;
    }
    steps++;
    outcomes.push(...next.value.outcomes);
    const answered = next.value.undo;
    const replaced = new Set(answered.map(({ subject }) => subject));
    const not = new Set(next.value.outcomes.flatMap(({ id, outcome }) => (outcome === 'done' ? [] : [id])));
    const kept = [...about.filter(({ subject }) => !replaced.has(subject)), ...answered];
    undo.push(...kept.filter(({ subject }) => !not.has(subject)));
  }
}

/** Undo of what was done last comes first, as the inspector runs it. */
export const lastFirst = (performed: Performed): Performed => ({ ...performed, undo: performed.undo.toReversed() });

/** A file to which jobs of the sample application add lines: what ran, and how often. */
export class Ran implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'jqi-act-'));
  readonly file = join(this.folder, 'ran');
  /** While this file exists, `append_line_or_fail` fails. */
  readonly switch = join(this.folder, 'switch');

  lines(): string[] {
    try {
      return readFileSync(this.file, 'utf8')
        .split('\n')
        .filter(line => line !== '');
    } catch {
      return [];
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

import type { RedisBroker } from '../../../../brokers/redis/port';
import type { ItemOutcome } from '../../../../model';
import type { Did } from '../../../acting/work';
import { NO_LONGER_THERE, outcome } from '../../../acting/work';
import type { Ready } from '../steps';
import { type Answer, type Change, change } from './change';

export const CHANGED = 'it has changed meanwhile';

/** Runs a step of changes and says what became of each. */
export async function runChanges(
  broker: RedisBroker,
  name: string,
  items: readonly Ready<Change>[],
  record: string,
  signal: AbortSignal,
): Promise<Did<never>> {
  const answers = await change(
    broker,
    name,
    items.map(item => item.change),
    record,
    signal,
  );
  return { outcomes: items.map((item, index) => outcomeOf(item, answers[index])), undo: [] };
}

/** What the script answered for an item, as an outcome. */
export function outcomeOf(item: Pick<Ready<unknown>, 'subject' | 'ref'>, answer: Answer | undefined): ItemOutcome {
  const about = { id: item.subject, ref: item.ref };
  if (answer === 1) return outcome(about, 'done', null);
  if (answer === 0) return outcome(about, 'gone', NO_LONGER_THERE);
  return outcome(about, 'refused', answer === 2 ? CHANGED : (answer ?? 'the script did not say what became of it'));
}

import { t } from '@vscode/l10n';
import type { Receipt } from '../../inspector/api';
import { formatNumber } from '../../inspector/present/format';
import type { Outcome } from '../../model';
import type { App } from '../app';
import { say, showFailure } from '../messages';
import { allowWriting } from './confirm';

const OTHERS: readonly Outcome[] = ['gone', 'refused', 'failed', 'unknown'];

/** The outcome of an action as one sentence: what was done, then what was not and why. */
export function receiptText(receipt: Receipt): string {
  const rest = OTHERS.filter(outcome => receipt.counts[outcome] > 0).map(outcome =>
    outcomeText(outcome, receipt.counts[outcome]),
  );
  const reason = receipt.items.find(item => item.outcome !== 'done' && item.reason !== null)?.reason;
  const done = receipt.counts.done === 0 && rest.length > 0 ? t('Nothing was changed.') : receipt.text;
  if (rest.length === 0) return done;
  return `${done} ${rest.join(', ')}${reason === undefined || reason === null ? '.' : `: ${reason}`}`;
}

/** `2 gone`, `1 refused`. */
export function outcomeText(outcome: Outcome, count: number): string {
  const n = formatNumber(count);
  const words: Record<Outcome, string> = {
    done: t('{0} done', n),
    gone: t('{0} already gone', n),
    refused: t('{0} refused', n),
    failed: t('{0} failed', n),
    unknown: t('{0} unknown', n),
  };
  return words[outcome];
}

/** A notification with Undo. */
export async function tellReceipt(app: App, receipt: Receipt): Promise<void> {
  const { undo } = receipt;
  const doors: Record<string, () => unknown> = {};
  if (undo !== null && receipt.counts.done > 0) doors[t('Undo')] = () => undoAndTell(app, undo);
  if (OTHERS.some(outcome => receipt.counts[outcome] > 0)) doors[t('Open journal')] = () => app.panels.openJournal();
  await say(receiptText(receipt), doors);
}

/** Takes an action back, through the access guard. @returns null when the person went away */
export async function undo(app: App, token: string, signal: AbortSignal): Promise<Receipt | null> {
  const plan = await app.inspector.undoPlan(token);
  const live = app.inspector.connection(plan.connection);
  if (live !== undefined && plan.needsWriting && (await allowWriting(app.inspector, live)) === null) return null;
  return app.inspector.undo(token, signal);
}

/** As `undo`, and says what came of it. */
export async function undoAndTell(app: App, token: string): Promise<void> {
  try {
    const receipt = await undo(app, token, new AbortController().signal);
    if (receipt !== null) await say(receiptText(receipt));
  } catch (thrown) {
    await showFailure(app.log, t('taking it back'), thrown);
  }
}

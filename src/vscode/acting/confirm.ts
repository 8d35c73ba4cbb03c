import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Confirmation, Inspector, LiveConnection, PerformRequest, PlanWords } from '../../inspector/api';
import type { Plan } from '../../model';

/** What the person confirmed. */
export type Confirmed = PerformRequest['confirmed'];

/**
 * The step before an action on a connection that is read-only now.
 * @returns how long it was allowed; null when the person went away
 */
export async function allowWriting(inspector: Inspector, live: LiveConnection): Promise<'once' | 'longer' | null> {
  const name = live.profile.name;
  const spans = [
    { label: t('For this action only'), span: 'once' as const },
    { label: t('For 15 minutes'), span: { minutes: 15 } },
    { label: t('Until I make it read-only again'), span: 'until-revoked' as const },
  ];
  const picked = await vscode.window.showQuickPick(spans, {
    title: t('Allow writing on {0}', name),
    placeHolder: live.access.reason,
    ignoreFocusOut: true,
  });
  if (picked === undefined) return null;
  inspector.allowWriting(live.profile.id, picked.span);
  return picked.span === 'once' ? 'once' : 'longer';
}

/**
 * Asks what has to be asked, once what is to happen has been shown where a sheet is needed.
 * @param once writing was allowed for this one action
 * @returns null when the person went away
 */
export async function confirm(
  plan: Plan,
  words: PlanWords,
  live: LiveConnection,
  asked: Confirmation,
  once: boolean,
): Promise<Confirmed | null> {
  if (asked.ask === 'nothing' || asked.ask === 'sheet') return 'nothing';
  if (asked.typed !== null) {
    const typed = await askTyped(words.ask, asked.typed, live.profile.environment === 'production', once);
    return typed === null ? null : { typed };
  }
  const picked = await vscode.window.showWarningMessage(
    words.ask,
    { modal: true, detail: modalDetail(plan, words, live) },
    words.button,
  );
  return picked === words.button ? 'modal' : null;
}

/** What becomes of it afterwards: the sentence about undo. */
export function undoSentence(plan: Plan): string {
  if (!plan.undoable) {
    const reason = plan.notUndoable ?? t('It leaves nothing to put back.');
    // What only asks leaves nothing behind; "cannot be undone" would be a warning of nothing.
    return plan.action.effect === 'adds' && plan.action.undo.kind === 'none'
      ? reason
      : t('This cannot be undone. {0}', reason);
  }
  return plan.action.undo.kind === 'exact'
    ? t('Exact copies are kept on this computer, so Undo can put them back while nothing has taken their place.')
    : t('Undo takes back what still waits.');
}

/** What happens, without the sentence about undo: that one is said from the plan, where it may differ. */
export function detailWithoutUndo(plan: Plan, words: PlanWords): string {
  return words.detail.replace(undoSentence(plan), '').trim();
}

function modalDetail(plan: Plan, words: PlanWords, live: LiveConnection): string {
  const { name, environment } = live.profile;
  const where =
    environment === 'production' ? t('This is on {0}, a production broker.', name) : t('This is on {0}.', name);
  return [where, detailWithoutUndo(plan, words), undoSentence(plan), ...plan.cautions]
    .filter(line => line !== '')
    .join('\n');
}

/** The name of the connection, typed; pasting works, and Enter does nothing until it is equal. */
export function askTyped(ask: string, name: string, production: boolean, once: boolean): Promise<string | null> {
  const box = vscode.window.createInputBox();
  box.ignoreFocusOut = true;
  box.title = ask.replace(/\?$/, '');
  const why = production
    ? once
      ? t('This is a production broker, opened for this action only.')
      : t('This is a production broker.')
    : t('This cannot be undone.');
  box.prompt = `${why} ${t('Type "{0}" to go on.', name)}`;
  return new Promise(resolve => {
    let answer: string | null = null;
    box.onDidChangeValue(value => {
      setValidation(box, name.startsWith(value) ? undefined : t('Type the name of the connection: {0}', name));
    });
    box.onDidAccept(() => {
      if (box.value !== name) return;
      answer = box.value;
      box.hide();
    });
    box.onDidHide(() => {
      box.dispose();
      resolve(answer);
    });
    box.show();
  });
}

function setValidation(box: { validationMessage: unknown }, text: string | undefined): void {
  box.validationMessage = text;
}

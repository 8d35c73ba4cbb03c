import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Confirmation, Inspector, LiveConnection, PerformRequest } from '../../inspector/api';
import { fill, fillText, type Words } from '../../inspector/present/format';
import type { Plan, Plural } from '../../model';

/** What the person confirmed. */
export type Confirmed = PerformRequest['confirmed'];

/** The words of a plan's texts. */
export function planWords(plan: Plan, live: LiveConnection, noun: Plural): Words {
  const queues = plan.byQueue.map(({ queue }) => queue);
  const [target] = plan.targets;
  const parameter = plan.parameters['queue'];
  const queue = typeof parameter === 'string' ? parameter : target?.kind === 'queue' ? target.name : queues[0];
  const id = target?.kind === 'schedule' ? target.id : (plan.sample[0]?.id ?? undefined);
  const name = target?.kind === 'worker' ? target.name : live.profile.name;
  return {
    n: plan.total,
    noun,
    connection: live.profile.name,
    name,
    ...(queue === undefined ? {} : { queue }),
    ...(id === undefined || id === null ? {} : { id }),
  };
}

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
 */
export async function confirm(
  plan: Plan,
  live: LiveConnection,
  asked: Confirmation,
  noun: Plural,
  once: boolean,
): Promise<Confirmed | null> {
  const words = planWords(plan, live, noun);
  if (asked.ask === 'nothing' || asked.ask === 'sheet') return 'nothing';
  if (asked.typed !== null && asked.ask.endsWith('typed')) {
    const typed = await askTyped(plan, words, asked.typed, live.profile.environment === 'production', once);
    return typed === null ? null : { typed };
  }
  const button = fill(plan.action.words.button, words);
  const picked = await vscode.window.showWarningMessage(
    fill(plan.action.words.ask, words),
    { modal: true, detail: modalDetail(plan, live, words) },
    button,
  );
  return picked === button ? 'modal' : null;
}

function modalDetail(plan: Plan, live: LiveConnection, words: Words): string {
  const undo = plan.undoable
    ? plan.action.undo.kind === 'exact'
      ? t(
          'Exact copies are kept on this computer, so Undo can put them back while nothing has taken their place.',
        )
      : t('Undo takes back what still waits.')
    : t('This cannot be undone: {0}', plan.notUndoable ?? '');
  const where =
    live.profile.environment === 'production'
      ? t('{0} is a production broker.', live.profile.name)
      : t('On {0}.', live.profile.name);
  const detail = [fillText(plan.action.words.detail, words), where, undo, ...plan.cautions];
  return detail.filter(line => line !== '').join('\n');
}

/** The name of the connection, typed; pasting works, and Enter does nothing until it is equal. */
function askTyped(
  plan: Plan,
  words: Words,
  name: string,
  production: boolean,
  once: boolean,
): Promise<string | null> {
  const box = vscode.window.createInputBox();
  box.ignoreFocusOut = true;
  box.title = fill(plan.action.words.ask, words).replace(/\?$/, '');
  const verb = t('Type "{0}" to go on.', name);
  const why = production
    ? once
      ? t('This is a production broker, opened for this action only.')
      : t('This is a production broker.')
    : t('This cannot be undone.');
  box.prompt = `${why} ${verb}`;
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

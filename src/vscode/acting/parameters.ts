import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatCount, joined } from '../../inspector/present/format';
import type { ActionDeclaration, Overview, ParameterProperty } from '../../model';

export type Values = Readonly<Record<string, unknown>>;

/** Asks for what an action needs beyond its target. @returns null when the person went away */
export async function askParameters(
  action: ActionDeclaration,
  overview: Overview | null,
  tasks: readonly string[] = [],
): Promise<Values | null> {
  if (action.asks === 'queue' || action.asks === 'known-queue') {
    const queue = await askQueue(action.title, overview, action.asks === 'queue');
    return queue === null ? null : { queue };
  }
  if (action.asks !== 'values' || action.parameters === undefined) return {};
  const required = new Set(action.parameters.required ?? []);
  const asked = Object.entries(action.parameters.properties).filter(
    ([name, { group }]) => required.has(name) || group !== 'options',
  );
  const values: Record<string, unknown> = {};
  for (const [index, [name, property]] of asked.entries()) {
    const step = asked.length > 1 ? ` (${index + 1}/${asked.length})` : '';
    const value = await askValue(`${titleOf(action.title)}${step}`, property, !required.has(name), {
      overview,
      tasks,
    });
    if (value === null) return null;
    if (value !== '' || required.has(name)) values[name] = value;
  }
  return values;
}

/** An existing queue, or, where the system makes queues as they are named, a new one by typing its name. */
async function askQueue(title: string, overview: Overview | null, also = true): Promise<string | null> {
  const known = (overview?.queues ?? []).map(({ name, counts, workers }) => ({
    label: name,
    description: joined(
      counts.waiting === undefined ? '' : t('{0} waiting', formatCount(counts.waiting)),
      workers !== null && workers.length === 0 ? t('no worker listens') : '',
    ),
  }));
  if (!also) {
    const placeHolder = t('Choose a queue');
    return (await vscode.window.showQuickPick(known, { title: titleOf(title), placeHolder }))?.label ?? null;
  }
  return pickOrType(title, t('Choose a queue, or type the name of a new one'), t('A new queue'), known);
}

const titleOf = (title: string): string => title.replace(/…$/, '');

const named = (names: readonly string[]): vscode.QuickPickItem[] => names.map(label => ({ label }));

/** One of the known names, or another one by typing it. */
function pickOrType(
  title: string,
  placeholder: string,
  another: string,
  known: readonly vscode.QuickPickItem[],
): Promise<string | null> {
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem>();
  pick.title = titleOf(title);
  pick.placeholder = placeholder;
  pick.ignoreFocusOut = true;
  // Items stay the same while somebody types: a click on one that has just been replaced would choose nothing.
  const typed: vscode.QuickPickItem = { label: another, description: t('as typed above'), alwaysShow: true };
  pick.items = [...known, typed];
  return new Promise(resolve => {
    let answer: string | null = null;
    pick.onDidAccept(() => {
      // A click chooses an item without making it the active one.
      const [chosen = pick.activeItems[0]] = pick.selectedItems;
      answer = chosen === undefined || chosen === typed ? pick.value.trim() : chosen.label;
      // Another one has to be typed first.
      if (answer === '') answer = null;
      else pick.hide();
    });
    pick.onDidHide(() => {
      pick.dispose();
      resolve(answer);
    });
    pick.show();
  });
}

async function askValue(
  title: string,
  property: ParameterProperty,
  optional: boolean,
  { overview, tasks }: { readonly overview: Overview | null; readonly tasks: readonly string[] },
): Promise<unknown> {
  if (property.format === 'queue') return askQueue(title, overview);
  if (property.format === 'task' && tasks.length > 0)
    return pickOrType(title, t('Choose a task, or type the name of another one'), t('Another task'), named(tasks));
  if (property.enum !== undefined) {
    return (await vscode.window.showQuickPick([...property.enum], { title, placeHolder: property.title })) ?? null;
  }
  const text = await vscode.window.showInputBox({
    title,
    prompt: [property.title, property.description].filter(part => part !== undefined).join(': '),
    value: property.default === undefined ? '' : String(property.default),
    ignoreFocusOut: true,
    validateInput: value => (optional && value.trim() === '' ? undefined : problemOf(property, value)),
  });
  if (text === undefined) return null;
  if (text.trim() === '' && optional) return '';
  return property.type === 'integer' || property.type === 'number' ? Number(text) : text;
}

function problemOf({ type, minimum, title }: ParameterProperty, value: string): string | undefined {
  if (type !== 'integer' && type !== 'number') return undefined;
  const n = Number(value);
  if (value.trim() === '' || !Number.isFinite(n)) return t('{0} wants a number.', title);
  if (type === 'integer' && !Number.isInteger(n)) return t('{0} wants a whole number.', title);
  return minimum !== undefined && n < minimum ? t('{0} is at least {1}.', title, minimum) : undefined;
}

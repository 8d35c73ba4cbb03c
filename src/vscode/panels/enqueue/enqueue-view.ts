/** The enqueue form's texts: the call it makes, and what is wrong with its fields. */
import { t } from '@vscode/l10n';
import { callText, LiteralError, parseArguments, parseKeywordArguments } from '../../../codecs/python';
import type { InspectorError, Job, ParameterSchema, Plan } from '../../../model';
import type { CheckView, FormValues } from '../../../protocol';
import { formValues } from '../bulk/plan-view';

/** Values a form begins with: those of a job that is copied, else the schema's defaults are its placeholders. */
export function firstValues(schema: ParameterSchema, copied: Job | null, queue: string | null): FormValues {
  const known = copied?.enqueueParameters ?? {};
  const own = Object.fromEntries(Object.entries(known).filter(([name]) => Object.hasOwn(schema.properties, name)));
  const values: Record<string, FormValues[string]> = { ...formValues(own) };
  if (queue !== null && Object.hasOwn(schema.properties, 'queue')) values['queue'] = queue;
  return values;
}

/**
 * The call that the values write, as Python runs it: `shop.charge_card(4821, 'EUR', retry=True)`; null without a task.
 * What is no Python literal (JSON for a job of that serializer, or half-written) stands as it was typed.
 */
export function callOf(values: FormValues): string | null {
  const task = text(values['task']);
  if (task === '') return null;
  const [args, kwargs] = [text(values['args']), text(values['kwargs'])];
  try {
    return `${task}${callText(parseArguments(args), parseKeywordArguments(kwargs), WHOLE)}`;
  } catch (thrown) {
    if (!(thrown instanceof LiteralError)) throw thrown;
    const positional = /^[([](.*)[)\]]$/s.exec(args)?.[1] ?? args;
    const parts = [positional.trim().replace(/,$/, ''), kwargs === '' || kwargs === '{}' ? '' : `**${kwargs}`];
    return `${task}(${parts.filter(part => part !== '').join(', ')})`;
  }
}

/** Characters of a call at most: more than any form sends, so that nothing of it is cut. */
const WHOLE = 1 << 24;

const text = (value: FormValues[string] | undefined) =>
  value === null || value === undefined ? '' : String(value).trim();

/** What the dry run said: nothing wrong, or which field is. */
export function checkView(values: FormValues, plan: Plan | null, error: InspectorError | null): CheckView {
  if (error === null) {
    const call = callOf(values);
    return { problems: {}, cautions: plan?.cautions ?? [], call, size: null, python: call };
  }
  const field = error.details?.['parameter'];
  const { line, column } = (error.details ?? {}) as { line?: unknown; column?: unknown };
  const said = error.answer === '' ? error.message : error.answer;
  const problem = typeof line === 'number' ? t('{0} (line {1}, column {2})', said, line, String(column)) : said;
  const problems = { [typeof field === 'string' ? field : 'task']: sentence(problem) };
  return { problems, cautions: [], call: null, size: null, python: null };
}

/** With a capital and a full stop, as a message under a field stands alone. */
function sentence(text: string): string {
  const begun = text.charAt(0).toLocaleUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

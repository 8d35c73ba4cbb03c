/** The enqueue form's texts: the call it makes, and what is wrong with its fields. */
import { t } from '@vscode/l10n';
import { formatCount, joined } from '../../../inspector/present/format';
import type { InspectorError, Job, Overview, ParameterSchema, Plan } from '../../../model';
import type { CheckView, EnqueueView, FormValues } from '../../../protocol';
import { formValues } from '../bulk/plan-view';

/** Values a form begins with: those of a job that is copied, else the schema's defaults are its placeholders. */
export function firstValues(schema: ParameterSchema, copied: Job | null, queue: string | null): FormValues {
  const known = copied?.enqueueParameters ?? {};
  const own = Object.fromEntries(Object.entries(known).filter(([name]) => Object.hasOwn(schema.properties, name)));
  const values: Record<string, FormValues[string]> = { ...formValues(own) };
  if (queue !== null && Object.hasOwn(schema.properties, 'queue')) values['queue'] = queue;
  return values;
}

/** Queues with what waits in them, the ones nobody serves said so. */
export function queueChoices(overview: Overview | null): EnqueueView['queues'] {
  return (overview?.queues ?? []).map(({ name, counts, workers }) => ({
    name,
    note: joined(
      counts.waiting === undefined ? '' : t('{0} waiting', formatCount(counts.waiting)),
      workers === null
        ? ''
        : workers.length === 0
          ? t('No worker serves "{0}". The job will wait.', name)
          : workers.length === 1
            ? t('1 worker listens')
            : t('{0} workers listen', workers.length),
    ),
  }));
}

/** The call that the values write: `shop.charge_card(4821, 'EUR', retry=True)`; null without a task. */
export function callOf(values: FormValues): string | null {
  const task = text(values['task']);
  if (task === '') return null;
  const positional = /^[([](.*)[)\]]$/s.exec(text(values['args']))?.[1] ?? text(values['args']);
  const kwargs = text(values['kwargs']);
  const named = kwargs === '' || kwargs === '{}' ? '' : `**${kwargs}`;
  const parts = [positional.trim().replace(/,$/, ''), named].filter(part => part !== '');
  return `${task}(${parts.join(', ')})`;
}

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

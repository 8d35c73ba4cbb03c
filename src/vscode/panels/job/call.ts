/** A job's call, as Python writes it and parameter by parameter. */
import { oneLine } from '../../../inspector/present/format';
import type { Job, OutlineNode, RenderedValue } from '../../../model';
import type { ArgumentRowView, ValuePart } from '../../../protocol';

/** Children shown of a call; nobody passes more. */
const MOST = 200;

/** The call as Python writes it: `shop.charge_card(4821, 'EUR', retry=True)`. */
export function callText(job: Pick<Job, 'task' | 'args' | 'kwargs'>): string {
  const parts = [positional(job.args?.text), keywords(job.kwargs)].filter(part => part !== '');
  return `${job.task ?? 'unknown'}(${parts.join(', ')})`;
}

/** `(4821, 'EUR')` → `4821, 'EUR'`; the comma of a one-tuple goes too. */
function positional(args: string | undefined): string {
  if (args === undefined) return '';
  const bare = /^[([](.*)[)\]]$/s.exec(args.trim())?.[1] ?? args;
  return bare.replace(/,\s*$/, '');
}

/** `{'retry': True}` → `retry=True` where every key is an identifier and no value was cut, else `**{…}`. */
function keywords(kwargs: RenderedValue | null): string {
  if (kwargs === null || kwargs.text.trim() === '{}') return '';
  const rows = childrenOf(kwargs);
  const named = rows.map(node => ({ name: identifier(node.label), text: node.text }));
  if (rows.length > 0 && rows.length < MOST && named.every(({ name, text }) => name !== null && !text.includes('…'))) {
    return named.map(({ name, text }) => `${name}=${text}`).join(', ');
  }
  return `**${kwargs.text}`;
}

/** `'retry'` → `retry`; null for what is no keyword of Python's. */
function identifier(label: string): string | null {
  return /^'([A-Za-z_]\w*)'$/.exec(label)?.[1] ?? null;
}

function childrenOf({ outline }: RenderedValue): readonly OutlineNode[] {
  return outline === undefined ? [] : outline.children(outline.root().path, 0, MOST);
}

/** One row per argument: by position, then by name. */
export function argumentRows(job: Pick<Job, 'args' | 'kwargs'>): ArgumentRowView[] {
  return [...rowsOf(job.args, 'args', true), ...rowsOf(job.kwargs, 'kwargs', false)];
}

function rowsOf(value: RenderedValue | null, part: ValuePart, isPositional: boolean): ArgumentRowView[] {
  if (value === null) return [];
  if (value.outline === undefined) {
    if (/^(?:\(\)|\[\]|\{\})$/.test(value.text.trim())) return [];
    const name = isPositional ? '*args' : '**kwargs';
    return [{ name, positional: isPositional, part, path: '', type: '', text: value.text, childCount: 0 }];
  }
  return childrenOf(value).map(node => ({
    name: isPositional ? node.label : (identifier(node.label) ?? oneLine(node.label)),
    positional: isPositional,
    part,
    path: node.path,
    type: node.type,
    text: node.text,
    childCount: node.childCount,
  }));
}

/** Declared texts with their values filled in. */
import { t } from '@vscode/l10n';
import type { JobRow, Plural, SystemFacts } from '../../model';
import { formatNumber } from './number';

/** The form for one thing, or for any other number of things. */
export function plural(n: number, one: string, other: string): string {
  return n === 1 ? one : other;
}

/** What a declared text may name. */
export interface Words {
  /** How many; decides between the two forms. */
  readonly n: number;
  readonly noun?: Plural;
  readonly queue?: string;
  readonly id?: string;
  readonly name?: string;
  readonly connection?: string;
}

/** A declared text, translated, with its placeholders filled in: `Retry {n} {noun}?` → `Retry 1,314 jobs?`. */
export function fill(text: Plural, words: Words, locale = 'en'): string {
  return fillText(plural(words.n, text.one, text.other), words, locale);
}

/** As `fill`, for a text that has one form only. Values are put in verbatim, once: braces inside them stay text. */
export function fillText(text: string, words: Words, locale = 'en'): string {
  const values: Readonly<Record<string, string | undefined>> = {
    n: formatNumber(words.n, locale),
    noun: words.noun === undefined ? undefined : t(plural(words.n, words.noun.one, words.noun.other)),
    queue: words.queue,
    id: words.id,
    name: words.name,
    connection: words.connection,
  };
  return t(text).replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
}

/** `1 job`, `2 jobs`, grouped by locale. */
export function counted(n: number, noun: Plural, locale = 'en'): string {
  return `${formatNumber(n, locale)} ${t(plural(n, noun.one, noun.other))}`;
}

/** Parts of a description, joined as everywhere: `14 · 3 new`. Empty parts are left out. */
export function joined(...parts: readonly (string | null | undefined | false)[]): string {
  return parts.filter(part => typeof part === 'string' && part !== '').join(' · ');
}

/**
 * The system's word for what a job is. What waits is called as its list is: Celery's own word for it, `PENDING`, is also
 * its answer about a task that it has never heard of.
 */
export function stateWord(job: Pick<JobRow, 'state' | 'nativeState'>, { nativeStates }: SystemFacts): string {
  return job.state === 'waiting' ? (nativeStates.waiting ?? job.nativeState) : job.nativeState;
}

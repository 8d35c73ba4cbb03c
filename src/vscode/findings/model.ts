import { t } from '@vscode/l10n';
import { formatNumber, joined } from '../../inspector/present/format';
import type { Finding, NotChecked, Severity } from '../../model';

/** The connection on which something was looked at; null = the open folder. */
export type Where = { readonly id: string; readonly name: string } | null;

/** A finding with where it was seen. */
export interface SeenFinding {
  readonly connection: Where;
  readonly finding: Finding;
}

export interface SeenNotChecked {
  readonly connection: Where;
  readonly notChecked: NotChecked;
}

/** Everything a whole look found. */
export interface Findings {
  readonly found: readonly SeenFinding[];
  readonly notChecked: readonly SeenNotChecked[];
  /** How many rules ran to their end. */
  readonly checked: number;
  readonly brokers: number;
  /** ms since the epoch. */
  readonly at: number;
}

export interface FindingRow {
  readonly id: string;
  readonly kind: 'group' | 'finding' | 'not-checked-group' | 'not-checked';
  readonly label: string;
  readonly description: string;
  readonly icon: { readonly id: string; readonly colour: string | null };
  readonly children: 'none' | 'collapsed' | 'expanded';
  readonly tooltip: readonly string[];
  readonly spoken: string;
  readonly finding: SeenFinding | null;
}

const SEVERITIES: readonly Severity[] = ['trouble', 'warning', 'info'];

const ICONS: Readonly<Record<Severity, FindingRow['icon']>> = {
  trouble: { id: 'error', colour: 'list.errorForeground' },
  warning: { id: 'warning', colour: 'list.warningForeground' },
  info: { id: 'info', colour: null },
};

export function severityWord(severity: Severity): string {
  const words: Record<Severity, string> = { trouble: t('Trouble'), warning: t('Warnings'), info: t('Good to know') };
  return words[severity];
}

/** Identity of a finding between looks. */
export function findingId({ connection, finding }: SeenFinding): string {
  return [connection?.id ?? '', finding.rule, finding.subject].map(encodeURIComponent).join('/');
}

/** The groups by severity, and what could not be checked. */
export function groupRows(findings: Findings, locale: string): FindingRow[] {
  const groups = SEVERITIES.flatMap(severity => {
    const count = findings.found.filter(({ finding }) => finding.severity === severity).length;
    if (count === 0) return [];
    const label = severityWord(severity);
    const description = formatNumber(count, locale);
    const row: FindingRow = {
      id: `g:${severity}`,
      kind: 'group',
      label,
      description,
      icon: ICONS[severity],
      children: severity === 'info' ? 'collapsed' : 'expanded',
      tooltip: [label],
      spoken: `${label}, ${description}`,
      finding: null,
    };
    return [row];
  });
  const { notChecked } = findings;
  if (notChecked.length === 0) return groups;
  const description = notChecked.length === 1 ? t('1 rule') : t('{0} rules', formatNumber(notChecked.length, locale));
  const missing: FindingRow = {
    id: 'g:not-checked',
    kind: 'not-checked-group',
    label: t('Not checked'),
    description,
    icon: { id: 'circle-slash', colour: null },
    children: 'collapsed',
    tooltip: [t('Rules that could not run')],
    spoken: `${t('Not checked')}, ${description}`,
    finding: null,
  };
  return [...groups, missing];
}

/** The rows of a group: newest first, and stable. */
export function rowsBelow(findings: Findings, group: string): FindingRow[] {
  const several =
    new Set([...findings.found, ...findings.notChecked].map(({ connection }) => connection?.id ?? '')).size > 1;
  if (group === 'g:not-checked') return findings.notChecked.map((seen, index) => notCheckedRow(seen, index, several));
  return findings.found
    .filter(({ finding }) => `g:${finding.severity}` === group)
    .sort((a, b) => (b.finding.since ?? '').localeCompare(a.finding.since ?? ''))
    .map(seen => findingRow(seen, several));
}

function notCheckedRow({ connection, notChecked }: SeenNotChecked, index: number, several: boolean): FindingRow {
  const { rule, reason } = notChecked;
  const where = several ? placeOf(connection) : '';
  return {
    id: `n:${connection?.id ?? ''}:${rule}:${index}`,
    kind: 'not-checked',
    label: rule,
    description: joined(where, reason),
    icon: { id: 'circle-slash', colour: null },
    children: 'none',
    tooltip: [rule, placeOf(connection), reason],
    spoken: [rule, t('not checked'), where, reason].filter(part => part !== '').join(', '),
    finding: null,
  };
}

const placeOf = (connection: Where): string => connection?.name ?? t('this folder');

function findingRow(seen: SeenFinding, several: boolean): FindingRow {
  const { finding, connection } = seen;
  const description = several ? placeOf(connection) : '';
  return {
    id: `f:${findingId(seen)}`,
    kind: 'finding',
    label: finding.label,
    description,
    icon: ICONS[finding.severity],
    children: 'none',
    tooltip: [finding.title, finding.where, finding.consequence],
    spoken: [severityWord(finding.severity), finding.title, description].filter(part => part !== '').join(', '),
    finding: seen,
  };
}

/** The line above the view when nothing is wrong; undefined where there is something to list. */
export function cleanMessage(findings: Findings, ago: string, locale: string): string | undefined {
  // Without a broker the welcome content speaks; a message would hide it.
  if (findings.found.length > 0 || findings.checked === 0 || findings.brokers === 0) return undefined;
  const rules = findings.checked === 1 ? t('1 rule') : t('{0} rules', formatNumber(findings.checked, locale));
  const brokers = findings.brokers === 1 ? t('1 broker') : t('{0} brokers', formatNumber(findings.brokers, locale));
  return t('Nothing wrong found. {0} looked at {1} and this folder, {2}.', rules, brokers, ago);
}

/** A finding as Markdown, for an issue or a chat. */
export function findingMarkdown({ finding }: SeenFinding): string {
  const evidence = finding.evidence.map(({ what, value, source }) => `- ${what}: ${value} (${joined(source)})`);
  const remedies = finding.remedies.map(({ text, code }, index) => {
    const block = code === undefined ? '' : `\n\n\`\`\`${code.language}\n${code.text}\n\`\`\``;
    return `${index + 1}. ${text}${block}`;
  });
  return [
    `# ${finding.title}`,
    finding.where,
    `## ${t('Evidence')}`,
    evidence.join('\n'),
    `## ${t('What follows')}`,
    finding.consequence,
    `## ${t('What to do')}`,
    remedies.join('\n'),
    ...(finding.notProblemWhen === null ? [] : [`## ${t('When this is not a problem')}`, finding.notProblemWhen]),
    '',
  ].join('\n\n');
}

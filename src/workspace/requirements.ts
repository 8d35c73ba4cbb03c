import type { Requirement } from '../model';
import { LIMITS, linesOf } from './files';
import { admits } from './pep440';

export const REQUIREMENT_FILES = ['requirements*.txt', '*requirements.txt', '*-requirements*.txt', 'requirements*.in'];

/** One file of pip's requirements format, as it stands. */
export interface RequirementsFile {
  readonly requirements: readonly ConditionalRequirement[];
  /** `-r other.txt`, relative to this file. */
  readonly includes: readonly string[];
}

/** A requirement with its environment marker, '' where it has none. */
export interface ConditionalRequirement extends Requirement {
  readonly marker: string;
}

/** Reads pip's requirements format (comments, continuation lines, markers, hashes, extras). */
export function parseRequirements(text: string, file: string): RequirementsFile {
  const requirements: ConditionalRequirement[] = [];
  const includes: string[] = [];
  const lines = linesOf(text);
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let whole = lines[index] ?? '';
    while (whole.endsWith('\\') && index + 1 < lines.length && whole.length < LIMITS.line) {
      index++;
      whole = `${whole.slice(0, -1)} ${lines[index] ?? ''}`;
    }
    const content = whole.replace(/(^|\s)#.*$/, '').trim();
    const include = /^(?:-r|--requirement)(?:\s+|=)?(\S+)$/.exec(content)?.[1];
    if (include !== undefined) includes.push(include);
    else if (content !== '' && !content.startsWith('-')) {
      const requirement = parseRequirement(content, file, line);
      if (requirement !== null) requirements.push(requirement);
    }
  }
  return { requirements, includes };
}

/** One requirement (PEP 508): `rq[extra] >= 1.0, < 2 ; python_version < "3.8"`; null where it names no package. */
export function parseRequirement(text: string, file: string, line: number): ConditionalRequirement | null {
  const match = /^([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$/s.exec(text.trim());
  if (match?.[1] === undefined) return null;
  const [head = '', ...marker] = (match[2] ?? '').split(';');
  // `name @ url` and whatever else is no version leave the version open.
  const bare = head
    .replace(/\s--hash.*$/s, '')
    .replace(/^\((.*)\)$/s, '$1')
    .replaceAll(/\s/g, '');
  const specifier = /^(?:(?:===|==|~=|!=|<=|>=|<|>)[^,]+,?)+$/.test(bare) ? bare.replace(/,$/, '') : '';
  if (bare !== '' && specifier === '' && !bare.startsWith('@') && !bare.startsWith('--')) return null;
  const condition = marker
    .join(';')
    .replace(/\s--hash.*$/s, '')
    .trim();
  return { name: normalName(match[1]), specifier, file, line, marker: condition };
}

/** PEP 503. */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** Python that is taken where a set does not say which: the markers of today's installations hold. */
const TODAY = '3.13';

/**
 * The requirements whose marker can hold with that Python (a version or a specifier). Only `python_version` is looked
 * at; any other condition may hold.
 */
export function thatApply(requirements: readonly ConditionalRequirement[], python: string | null): Requirement[] {
  const specifier = python === null ? `==${TODAY}` : /^\d/.test(python) ? `==${python}` : python;
  return requirements
    .filter(({ marker }) => {
      const match = /^python_(?:full_)?version\s*(==|!=|<=|>=|<|>|~=)\s*["']([\d.]+(?:\*)?)["']$/.exec(marker);
      return match === null || admits(specifier, `${match[1]}${match[2]}`);
    })
    .map(({ name, specifier: wanted, file, line }) => ({ name, specifier: wanted, file, line }));
}

import { linesOf } from './files';
import { fromShorthand } from './pep440';
import { type ConditionalRequirement, normalName, parseRequirement } from './requirements';

export const PROJECT_FILES = ['pyproject.toml', 'Pipfile'];

export interface ProjectFile {
  /** As a specifier: `>=3.7`. */
  readonly python: { readonly version: string; readonly line: number } | null;
  readonly requirements: readonly ConditionalRequirement[];
}

/**
 * Dependencies of a pyproject.toml (PEP 621, PEP 735 groups, Poetry) or a Pipfile. Reads the few forms of TOML in which
 * these stand, with their lines; a TOML parser would give the values, but not where they are.
 */
export function parseProject(text: string, file: string): ProjectFile {
  const requirements: ConditionalRequirement[] = [];
  let python: ProjectFile['python'] = null;
  let table = '';
  /** Inside an array of requirements that goes over several lines. */
  let inArray = false;
  for (const [index, whole] of linesOf(text).entries()) {
    const line = index + 1;
    const content = withoutComment(whole).trim();
    if (content === '') continue;
    const strings = (from: string) => {
      for (const match of from.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g)) {
        const requirement = parseRequirement((match[1] ?? match[2] ?? '').replaceAll('\\"', '"'), file, line);
        if (requirement !== null) requirements.push(requirement);
      }
    };
    if (inArray) {
      strings(content);
      inArray = !closes(content);
      continue;
    }
    const header = /^\[+\s*([^\]]+?)\s*\]+$/.exec(content)?.[1];
    if (header !== undefined) {
      table = header.replaceAll(/["'\s]/g, '');
      continue;
    }
    const match = /^["']?([\w.-]+)["']?\s*=\s*(.*)$/.exec(content);
    if (match === null) continue;
    const [, key = '', value = ''] = match;
    if (isArrayOfRequirements(table, key) && value.startsWith('[')) {
      strings(value);
      inArray = !closes(value);
    } else if (key === 'requires-python' && table === 'project') python = { version: unquoted(value), line };
    else if (/^python(_full)?_version$/.test(key) && table === 'requires')
      python = { version: `==${unquoted(value)}.*`, line };
    else if (isTableOfRequirements(table)) {
      const wanted = versionOf(value);
      if (wanted === null) continue;
      const specifier = fromShorthand(wanted);
      if (key === 'python') python = { version: specifier, line };
      else requirements.push({ name: normalName(key), specifier, file, line, marker: '' });
    }
  }
  return { python, requirements };
}

function isArrayOfRequirements(table: string, key: string): boolean {
  return (
    (table === 'project' && key === 'dependencies') ||
    /^(project\.optional-dependencies|dependency-groups)$/.test(table)
  );
}

function isTableOfRequirements(table: string): boolean {
  return /^(tool\.poetry\.(dev-)?dependencies|tool\.poetry\.group\.[\w-]+\.dependencies|packages|dev-packages)$/.test(
    table,
  );
}

/** Of `"^1.0"` and of `{ version = "^1.0", extras = […] }`; null for anything else (a path, a repository). */
function versionOf(value: string): string | null {
  if (/^["']/.test(value)) return unquoted(value);
  return /\bversion\s*=\s*["']([^"']*)["']/.exec(value)?.[1] ?? null;
}

const unquoted = (value: string) => /^["']([^"']*)["']/.exec(value)?.[1] ?? '';

/** Whether the array ends on this line; brackets inside strings (extras) do not count. */
const closes = (content: string) => content.replaceAll(/"[^"]*"|'[^']*'/g, '').includes(']');

function withoutComment(line: string): string {
  return line.replace(/^((?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*)#.*$/, '$1');
}

/** Versions and specifiers of Python packages (PEP 440), as far as rules about ranges need them. */

export interface Version {
  readonly epoch: number;
  readonly release: readonly number[];
  /** a, b, rc with their number; null for a release. */
  readonly pre: readonly [letter: 'a' | 'b' | 'rc', number: number] | null;
  readonly post: number | null;
  readonly dev: number | null;
}

const VERSION =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|alpha|b|beta|c|rc|pre|preview)[-_.]?(\d*))?((?:-(\d+))|(?:[-_.]?(?:post|rev|r)[-_.]?(\d*)))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+[a-z\d]+(?:[-_.][a-z\d]+)*)?$/i;

/** Reads a version; null where it is none. The local part (`+ubuntu1`) is left out. */
export function parseVersion(text: string): Version | null {
  const match = VERSION.exec(text.trim());
  if (match === null) return null;
  const [, epoch, release = '', letter, preNumber, post, implicitPost, postNumber, dev, devNumber] = match;
  const normal = { a: 'a', alpha: 'a', b: 'b', beta: 'b', c: 'rc', rc: 'rc', pre: 'rc', preview: 'rc' } as const;
  return {
    epoch: Number(epoch ?? 0),
    release: release.split('.').map(Number),
    pre: letter === undefined ? null : [normal[letter.toLowerCase() as keyof typeof normal], Number(preNumber || 0)],
    post: post === undefined ? null : Number(implicitPost ?? (postNumber || 0)),
    dev: dev === undefined ? null : Number(devNumber || 0),
  };
}

/** Negative, 0 or positive: `1.0.dev1` < `1.0a1` < `1.0rc1` < `1.0` < `1.0.post1`. */
export function compareVersions(one: Version, other: Version): number {
  const left = sortKey(one);
  const right = sortKey(other);
  const length = Math.max(one.release.length, other.release.length);
  for (let index = 0; index < length; index++) {
    const difference = one.epoch - other.epoch || (one.release[index] ?? 0) - (other.release[index] ?? 0);
    if (difference !== 0) return difference;
  }
  for (const [index, value] of left.entries()) if (value !== right[index]) return value - (right[index] ?? 0);
  return 0;
}

const LETTERS = { a: 0, b: 1, rc: 2 } as const;

/** Behind the release: kind and number of the pre-release, post, dev. */
function sortKey({ pre, post, dev }: Version): number[] {
  const isDevOnly = pre === null && post === null && dev !== null;
  return [
    pre !== null ? LETTERS[pre[0]] : isDevOnly ? -1 : 3,
    pre?.[1] ?? 0,
    post ?? -1,
    dev ?? Number.POSITIVE_INFINITY,
  ];
}

interface Bound {
  readonly version: Version;
  readonly inclusive: boolean;
}

/** What a specifier admits: one interval, without single versions. Null bound = open. */
export interface Interval {
  readonly from: Bound | null;
  readonly to: Bound | null;
  readonly without: readonly Version[];
}

/** The interval of `>=1.0,<2`, `==1.0.*`, `~=1.4`; '' admits everything. Null where it cannot be read or admits nothing. */
export function intervalOf(specifier: string): Interval | null {
  let interval: Interval = { from: null, to: null, without: [] };
  for (const clause of specifier.split(',')) {
    if (clause.trim() === '') continue;
    const part = clauseInterval(clause.trim());
    if (part === null) return null;
    interval = {
      from: stricter(interval.from, part.from, 1),
      to: stricter(interval.to, part.to, -1),
      without: [...interval.without, ...part.without],
    };
  }
  return isEmpty(interval) ? null : interval;
}

function clauseInterval(clause: string): Interval | null {
  const match = /^(===|==|~=|!=|<=|>=|<|>)\s*(\S+)$/.exec(clause);
  const [, operator, text = ''] = match ?? [];
  const wildcard = text.endsWith('.*');
  const version = parseVersion(wildcard ? text.slice(0, -2) : text);
  if (operator === undefined || version === null) return null;
  const open = { from: null, to: null, without: [] };
  const at = { version, inclusive: true };
  switch (operator) {
    case '>=':
      return { ...open, from: at };
    case '>':
      return { ...open, from: { version, inclusive: false } };
    case '<=':
      return { ...open, to: at };
    case '<':
      return { ...open, to: { version, inclusive: false } };
    case '!=':
      return wildcard ? open : { ...open, without: [version] };
    case '~=':
      return version.release.length < 2
        ? null
        : { ...open, from: at, to: below(version.release.slice(0, -1), version) };
    default:
      return wildcard ? { ...open, from: at, to: below(version.release, version) } : { ...open, from: at, to: at };
  }
}

/** The end of a series: 1.4 → everything before 1.5. */
function below(release: readonly number[], like: Version): Bound {
  const next = [...release.slice(0, -1), (release.at(-1) ?? 0) + 1];
  return { version: { epoch: like.epoch, release: next, pre: null, post: null, dev: null }, inclusive: false };
}

function stricter(one: Bound | null, other: Bound | null, direction: 1 | -1): Bound | null {
  if (one === null || other === null) return one ?? other;
  const difference = compareVersions(one.version, other.version) * direction;
  if (difference === 0) return one.inclusive ? other : one;
  return difference > 0 ? one : other;
}

function isEmpty({ from, to, without }: Interval): boolean {
  if (from === null || to === null) return false;
  const difference = compareVersions(from.version, to.version);
  if (difference !== 0) return difference > 0;
  return !from.inclusive || !to.inclusive || without.some(version => compareVersions(version, from.version) === 0);
}

/** Whether a specifier admits at least one version that another one admits as well. */
export function admits(specifier: string, other: string): boolean {
  return intervalOf(specifier === '' || other === '' ? specifier + other : `${specifier},${other}`) !== null;
}

/** Whether every version that a specifier admits is below the given one. False where it has no upper bound. */
export function onlyBelow(specifier: string, limit: string): boolean {
  const end = intervalOf(specifier)?.to;
  const version = parseVersion(limit);
  if (end === undefined || end === null || version === null) return false;
  const difference = compareVersions(end.version, version);
  return difference < 0 || (difference === 0 && !end.inclusive);
}

/** Whether every version that a specifier admits is at or above the given one. */
export function onlyFrom(specifier: string, limit: string): boolean {
  const start = intervalOf(specifier)?.from;
  const version = parseVersion(limit);
  return start !== undefined && start !== null && version !== null && compareVersions(start.version, version) >= 0;
}

/** Poetry's and Pipenv's shorthands as PEP 440: `^1.2` → `>=1.2,<2.0`, `~1.2` → `>=1.2,<1.3`, `1.2` → `==1.2`, `*` → ''. */
export function fromShorthand(text: string): string {
  const clauses = text.split(',').map(clause => {
    const trimmed = clause.trim();
    if (trimmed === '' || trimmed === '*') return '';
    const match = /^([~^])\s*(\d+(?:\.\d+)*)/.exec(trimmed);
    if (match === null) return /^\d/.test(trimmed) ? `==${trimmed}` : trimmed;
    const release = (match[2] ?? '').split('.').map(Number);
    const firstNonZero = release.findIndex(part => part > 0);
    const keep =
      match[1] === '~' ? Math.min(2, release.length) : (firstNonZero < 0 ? release.length - 1 : firstNonZero) + 1;
    const next = [...release.slice(0, keep - 1), (release[keep - 1] ?? 0) + 1];
    return `>=${release.join('.')},<${next.join('.')}`;
  });
  return clauses.filter(clause => clause !== '').join(',');
}

import type { Diagnosis, Evidence, Finding, PythonSet, Requirement, Surroundings } from '../model';
import { admits, onlyBelow, onlyFrom } from './pep440';
import { CELERY_RULES } from './rules-celery';

/**
 * Rules about the files of the open folder. Each yields its findings, then that it was checked; where nothing may be
 * read, why it could not be.
 */
export async function* diagnoseFolder(
  surroundings: Pick<Surroundings, 'pythonSets' | 'restricted' | 'launches'>,
  signal: AbortSignal,
): AsyncGenerator<Diagnosis, void> {
  if (surroundings.restricted !== null) {
    for (const { rule } of [...RULES, ...CELERY_RULES]) yield { rule, reason: surroundings.restricted };
    return;
  }
  const sets = await surroundings.pythonSets(signal);
  for (const { rule, check } of RULES) {
    const subjects = new Set<string>();
    for (const set of sets) {
      const finding = check(set);
      // Two stages of one Dockerfile may have the same trouble.
      if (finding === null || subjects.has(finding.subject)) continue;
      subjects.add(finding.subject);
      yield { ...finding, rule };
    }
    yield { rule, checked: true };
  }
  if (surroundings.launches === undefined) return;
  const launches = await surroundings.launches(signal);
  for (const { rule, check } of CELERY_RULES) {
    const subjects = new Set<string>();
    for (const finding of check(launches)) {
      if (subjects.has(finding.subject)) continue;
      subjects.add(finding.subject);
      yield { ...finding, rule };
    }
    yield { rule, checked: true };
  }
}

type Check = (set: PythonSet) => Omit<Finding, 'rule'> | null;

const RULES: readonly { readonly rule: string; readonly check: Check }[] = [
  { rule: 'workspace.rq-dashboard-older-than-rq', check: dashboardOlderThanRq },
  { rule: 'workspace.rq-older-than-python', check: rqOlderThanPython },
];

/**
 * rq-dashboard before 0.5 wants `rq<1.0`; with a newer rq it ends at its start with pkg_resources' version conflict.
 * 0.5.0 is the first that wants rq 1.0.
 */
function dashboardOlderThanRq(set: PythonSet): Omit<Finding, 'rule'> | null {
  const dashboard = requirementOf(set, 'rq-dashboard');
  const rq = requirementOf(set, 'rq');
  if (dashboard === undefined || rq === undefined) return null;
  if (!onlyBelow(dashboard.specifier, '0.5') || !admits(rq.specifier, '>=1.0')) return null;
  const sure = onlyFrom(rq.specifier, '1.0');
  return {
    subject: set.file,
    title: `${shown(dashboard)} does not run with ${sure ? shown(rq) : 'rq 1.0 or newer'}`,
    label: 'rq-dashboard is too old for rq',
    severity: 'trouble',
    sure,
    where: set.file,
    since: null,
    evidence: [
      evidenceOf(dashboard),
      evidenceOf(rq),
      ...(sure
        ? []
        : [{ what: 'the version of rq that gets installed', value: 'not pinned', source: `${rq.file}:${rq.line}` }]),
    ],
    consequence:
      'rq-dashboard before 0.5 requires rq below 1.0. It ends at its start with a version conflict, so nothing is shown; queues and workers are not touched.',
    remedies: [
      {
        text: 'Use an rq-dashboard made for this rq.',
        action: null,
        code: { language: 'pip-requirements', text: 'rq-dashboard>=0.5' },
        file: { path: dashboard.file, line: dashboard.line },
      },
      {
        text: 'Or keep rq below 1.0 in this environment; the workers may use a newer one in theirs.',
        action: null,
        code: { language: 'pip-requirements', text: 'rq<1.0' },
        file: { path: rq.file, line: rq.line },
      },
    ],
    notProblemWhen: 'The two lines never end up in the same environment.',
  };
}

/** rq before 0.12.1 names a parameter `async`, a keyword since Python 3.7 (PEP 492): a SyntaxError at import. */
function rqOlderThanPython(set: PythonSet): Omit<Finding, 'rule'> | null {
  const rq = requirementOf(set, 'rq');
  const { python } = set;
  if (rq === undefined || python === null || !onlyBelow(rq.specifier, '0.12.1')) return null;
  const installed = /^\d/.test(python.version) ? `==${python.version}.*` : python.version;
  if (!admits(installed, '>=3.7')) return null;
  const sure = onlyFrom(installed, '3.7');
  const name = /^\d/.test(python.version) ? `Python ${python.version}` : 'Python 3.7 or newer';
  return {
    subject: set.file,
    title: `${shown(rq)} does not start on ${name}`,
    label: 'rq is too old for its Python',
    severity: 'trouble',
    sure,
    where: set.file,
    since: null,
    evidence: [
      evidenceOf(rq),
      { what: 'Python', value: python.version.replace(/^==/, ''), source: `${python.file}:${python.line}` },
    ],
    consequence:
      'rq before 0.12.1 uses async as the name of a parameter, and Python 3.7 made it a keyword. Workers, and everything else that imports rq, end at once with a SyntaxError.',
    remedies: [
      {
        text: 'Use rq 0.12.1 or newer.',
        action: null,
        code: { language: 'pip-requirements', text: 'rq>=0.12.1' },
        file: { path: rq.file, line: rq.line },
      },
      {
        text: 'Or stay on Python 3.6 for this environment.',
        action: null,
        file: { path: python.file, line: python.line },
      },
    ],
    notProblemWhen: 'This environment is not used any more.',
  };
}

/** The last one counts, as it does for pip. */
function requirementOf(set: PythonSet, name: string): Requirement | undefined {
  return set.requirements.findLast(requirement => requirement.name === name);
}

/** `rq 0.12.0`, `rq>=1.0`. */
function shown({ name, specifier }: Requirement): string {
  const pinned = /^===?([^*,]+)$/.exec(specifier)?.[1];
  return pinned === undefined ? `${name}${specifier}` : `${name} ${pinned}`;
}

function evidenceOf({ name, specifier, file, line }: Requirement): Evidence {
  return { what: name, value: specifier === '' ? 'any version' : specifier, source: `${file}:${line}` };
}

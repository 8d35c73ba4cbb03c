import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../../src/workspace/dockerfile';
import {
  admits,
  compareVersions,
  fromShorthand,
  intervalOf,
  onlyBelow,
  onlyFrom,
  parseVersion,
  type Version,
} from '../../../src/workspace/pep440';
import { readPythonSets } from '../../../src/workspace/python-sets';
import { parseRequirements, thatApply } from '../../../src/workspace/requirements';
import { parseProject } from '../../../src/workspace/toml';
import { filesOf } from './files-of';

const never = new AbortController().signal;
const version = (text: string): Version => {
  const parsed = parseVersion(text);
  if (parsed === null) throw new Error(`${text} is no version.`);
  return parsed;
};

describe('versions (PEP 440)', () => {
  // The order that PEP 440 itself gives, with more releases around it.
  const ORDER =
    '1.0.dev456 1.0a1 1.0a2.dev456 1.0a12.dev456 1.0a12 1.0b1.dev456 1.0b2 1.0b2.post345.dev456 1.0b2.post345 1.0rc1.dev456 1.0rc1 1.0 1.0.post456.dev34 1.0.post456 1.0.15 1.1.dev1 1.1 1.10 2!0.1'.split(
      ' ',
    );

  it('are ordered as the PEP says', () => {
    for (const [index, text] of ORDER.entries())
      for (const [other, otherText] of ORDER.entries())
        expect(Math.sign(compareVersions(version(text), version(otherText))), `${text} ${otherText}`).toBe(
          Math.sign(index - other),
        );
  });

  it('are the same in their spellings', () => {
    for (const [one, other] of [
      ['1.0', '1.0.0'],
      ['v1.1', '1.1'],
      ['1.1RC1', '1.1c1'],
      ['1.0-1', '1.0.post1'],
      ['1.0alpha', '1.0a0'],
      ['1.0+ubuntu.1', '1.0'],
    ] as const)
      expect(compareVersions(version(one), version(other)), `${one} ${other}`).toBe(0);
    for (const text of ['', 'abc', '1.', '1..2', '^1.0']) expect(parseVersion(text)).toBeNull();
  });

  it('answer questions about ranges', () => {
    expect([admits('>=1.0', '<0.5'), admits('<1.0', '>=1.0'), admits('<=1.0', '>=1.0'), admits('', '>=9')]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect([
      admits('==1.0,!=1.0', ''),
      admits('~=1.4.2', '>=1.5'),
      admits('~=1.4', '>=1.5'),
      admits('==1.4.*', '>=1.5'),
    ]).toEqual([false, false, true, false]);
    expect([
      onlyBelow('<0.5', '0.5'),
      onlyBelow('<=0.5', '0.5'),
      onlyBelow('==0.4.*', '0.5'),
      onlyBelow('>0.1', '0.5'),
    ]).toEqual([true, false, true, false]);
    expect([onlyFrom('>=1.0', '1.0'), onlyFrom('>=0.9', '1.0'), onlyFrom('', '1.0'), onlyFrom('~=1.2', '1.0')]).toEqual(
      [true, false, false, true],
    );
    expect([intervalOf('nonsense'), intervalOf('>=2,<1')]).toEqual([null, null]);
  });

  it('agree with going through all versions one by one', () => {
    const number = fc.integer({ min: 0, max: 12 });
    const clause = fc
      .tuple(fc.constantFrom('>=', '<=', '<', '>', '=='), number)
      .map(([operator, n]) => `${operator}0.${n}`);
    const holds = (specifier: string, n: number) =>
      specifier.split(',').every(part => {
        const match = /^(\D+)0\.(\d+)$/.exec(part);
        const limit = Number(match?.[2]);
        return { '>=': n >= limit, '<=': n <= limit, '<': n < limit, '>': n > limit, '==': n === limit }[
          match?.[1] ?? ''
        ];
      });
    fc.assert(
      fc.property(
        fc.array(clause, { minLength: 1, maxLength: 3 }).map(parts => parts.join()),
        clause,
        (one, other) => {
          const some = Array.from({ length: 14 }, (_value, n) => n).some(n => holds(one, n) && holds(other, n));
          // Between two releases there is always room for another one, so the interval may admit more, never less.
          if (some) expect(admits(one, other)).toBe(true);
          if (one.startsWith('==') && !one.includes(',')) expect(admits(one, other)).toBe(some);
        },
      ),
    );
  });

  it('are read from the shorthands of Poetry', () => {
    const table = {
      '^1.2.3': '>=1.2.3,<2',
      '^0.2.3': '>=0.2.3,<0.3',
      '^0.0.3': '>=0.0.3,<0.0.4',
      '~1.2': '>=1.2,<1.3',
      '~1': '>=1,<2',
      '1.2': '==1.2',
      '*': '',
      '>=1,<2': '>=1,<2',
      '^0': '>=0,<1',
    };
    for (const [text, expected] of Object.entries(table)) expect(fromShorthand(text), text).toBe(expected);
  });
});

describe('requirements files', () => {
  it('are read with comments, continuations, extras, markers, hashes', () => {
    const text = [
      '# comment',
      '-r base.txt',
      '--requirement=more/other.txt',
      '-c constraints.txt',
      '-e .',
      '--index-url https://x.example',
      'RQ_Dashboard == 0.4.0  # old',
      'rq[sentry]>=1.0, <2 ; python_version >= "3.5"',
      'redis==3.0 \\',
      '  --hash=sha256:aa \\',
      '  --hash=sha256:bb',
      'local @ file:///x',
      './wheels/x.whl',
      'plain',
      '',
    ].join('\n');
    const { requirements, includes } = parseRequirements(text, 'r.txt');
    expect(includes).toEqual(['base.txt', 'more/other.txt']);
    expect(requirements.map(({ name, specifier, line, marker }) => [name, specifier, line, marker])).toEqual([
      ['rq-dashboard', '==0.4.0', 7, ''],
      ['rq', '>=1.0,<2', 8, 'python_version >= "3.5"'],
      ['redis', '==3.0', 9, ''],
      ['local', '', 12, ''],
      ['plain', '', 14, ''],
    ]);
  });

  it('hold what applies to the Python of the set', () => {
    const { requirements } = parseRequirements(
      'rq==0.12 ; python_version < "3.7"\nrq==1.0 ; python_version >= "3.7"\nx ; sys_platform == "win32"',
      'r',
    );
    const names = (python: string | null) => thatApply(requirements, python).map(one => one.name + one.specifier);
    expect(names('3.6')).toEqual(['rq==0.12', 'x']);
    expect(names('3.7')).toEqual(['rq==1.0', 'x']);
    expect(names(null)).toEqual(['rq==1.0', 'x']);
    expect(names('>=3.6')).toEqual(['rq==0.12', 'rq==1.0', 'x']);
  });

  it('never throw', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        text => void [parseRequirements(text, 'r'), parseProject(text, 'p'), parseDockerfile(text, 'd')],
      ),
    );
  });
});

describe('project files', () => {
  it('are read as PEP 621 writes them', () => {
    const text = [
      '[project]',
      'name = "shop"',
      'requires-python = ">=3.7"',
      'dependencies = [',
      '  "rq[x]==0.12.0",  # pinned',
      "  'rq-dashboard<0.5',",
      ']',
      '',
      '[project.optional-dependencies]',
      'dev = ["pytest>=8"]',
      '[tool.other]',
      'dependencies = ["no"]',
    ].join('\n');
    const { python, requirements } = parseProject(text, 'pyproject.toml');
    expect(python).toEqual({ version: '>=3.7', line: 3 });
    expect(requirements.map(({ name, specifier, line }) => [name, specifier, line])).toEqual([
      ['rq', '==0.12.0', 5],
      ['rq-dashboard', '<0.5', 6],
      ['pytest', '>=8', 10],
    ]);
  });

  it('are read as Poetry and Pipenv write them', () => {
    const poetry = [
      '[tool.poetry.dependencies]',
      'python = "^3.7"',
      'rq = "^0.12"',
      'rq-dashboard = { version = "0.4.0", extras = ["a"] }',
      'mine = { path = "../mine" }',
      '[tool.poetry.group.dev.dependencies]',
      'pytest = "*"',
    ].join('\n');
    expect(parseProject(poetry, 'p')).toMatchObject({ python: { version: '>=3.7,<4', line: 2 } });
    expect(parseProject(poetry, 'p').requirements.map(one => one.name + one.specifier)).toEqual([
      'rq>=0.12,<0.13',
      'rq-dashboard==0.4.0',
      'pytest',
    ]);
    const pipfile = [
      '[packages]',
      'rq = "==0.12.0"',
      '"rq-dashboard" = "*"',
      '[requires]',
      'python_version = "3.7"',
    ].join('\n');
    expect(parseProject(pipfile, 'Pipfile')).toMatchObject({
      python: { version: '==3.7.*', line: 5 },
      requirements: [
        { name: 'rq', specifier: '==0.12.0' },
        { name: 'rq-dashboard', specifier: '' },
      ],
    });
  });
});

describe('Dockerfiles', () => {
  it('are read stage by stage', () => {
    const text = [
      'ARG VERSION=3.7',
      'FROM docker.io/library/python:${VERSION}-slim AS base',
      'RUN apt-get update && apt-get install -y gcc && pip install --upgrade pip',
      'RUN pip3 install \\',
      '  # why',
      '  "rq==0.12.0" \\',
      "  'rq-dashboard<0.5' && rm -rf /x",
      'FROM base AS worker',
      'RUN ["python", "-m", "pip", "install", "-r", "/app/requirements.txt"]',
      'FROM base',
      'RUN uv pip install -i https://x.example rq==1.0',
      'FROM debian:12',
      'RUN echo pip install',
      'COPY --from=base /x /y',
    ].join('\n');
    const stages = parseDockerfile(text, 'docker/Dockerfile');
    expect(
      stages.map(({ python, requirements }) => [
        python?.version,
        ...requirements.map(one => `${one.name}${one.specifier}:${one.line}`),
      ]),
    ).toEqual([
      ['3.7', 'pip:3', 'rq==0.12.0:6', 'rq-dashboard<0.5:7'],
      ['3.7', 'pip:3', 'rq-dashboard<0.5:7', 'rq==1.0:11'],
      [undefined],
    ]);
    expect(stages[0]?.includes).toEqual([
      ['docker/app/requirements.txt', 'app/requirements.txt', 'docker/requirements.txt', 'requirements.txt'],
    ]);
  });
});

describe('sets', () => {
  it('follow includes once, belong to the image that installs them, and stay inside the folder', async () => {
    const sets = await readPythonSets(
      filesOf({
        Dockerfile:
          'FROM python:3.8\nCOPY deploy/requirements.txt /srv/\nRUN pip install -r /srv/requirements.txt rq==1.0',
        'deploy/requirements.txt': '-r ../base.txt\n-r ../../outside.txt\nrq==0.9',
        'base.txt': '-r deploy/requirements.txt\nredis',
        'requirements/dev.txt': '-r common.txt\npytest',
        'requirements/common.txt': 'rq==0.12',
        'notes.txt': 'rq==0.1',
      }),
      never,
    );
    expect(
      sets.map(({ file, python, requirements }) => [
        file,
        python?.version,
        ...requirements.map(one => `${one.file} ${one.name}${one.specifier}`),
      ]),
    ).toEqual([
      ['Dockerfile', '3.8', 'base.txt redis', 'Dockerfile rq==1.0'],
      ['requirements/dev.txt', undefined, 'requirements/dev.txt pytest', 'requirements/common.txt rq==0.12'],
    ]);
  });
});

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Diagnosis, type Finding, InspectorError, isFinding, type PythonSet } from '../../../src/model';
import { createSurroundings, diagnoseFolder, explainUnreachable, nodeFiles } from '../../../src/workspace';

const never = new AbortController().signal;
const folder = (name: string) =>
  createSurroundings({
    files: nodeFiles(fileURLToPath(new URL(`../../workspaces/${name}`, import.meta.url))),
    remote: false,
    restricted: null,
  });

async function collect(diagnoses: AsyncIterable<Diagnosis>): Promise<Diagnosis[]> {
  const all: Diagnosis[] = [];
  for await (const diagnosis of diagnoses) all.push(diagnosis);
  return all;
}

async function findingsOf(surroundings: Parameters<typeof diagnoseFolder>[0]): Promise<Finding[]> {
  return (await collect(diagnoseFolder(surroundings, never))).filter(isFinding);
}

const set = (python: string | null, ...requirements: [string, string][]): PythonSet => ({
  file: 'Dockerfile',
  python: python === null ? null : { version: python, file: 'Dockerfile', line: 1 },
  requirements: requirements.map(([name, specifier], index) => ({ name, specifier, file: 'r.txt', line: index + 1 })),
});
const judged = (...sets: PythonSet[]) => findingsOf({ restricted: null, pythonSets: async () => sets });

describe('case A', () => {
  it('finds both troubles, each with its evidence', async () => {
    const findings = await findingsOf(folder('case-a'));
    expect(findings.map(({ rule, title, where, sure }) => ({ rule, title, where, sure }))).toEqual([
      {
        rule: 'workspace.rq-dashboard-older-than-rq',
        title: 'rq-dashboard 0.4.0 does not run with rq 1.0',
        where: 'monitor/Dockerfile',
        sure: true,
      },
      {
        rule: 'workspace.rq-older-than-python',
        title: 'rq 0.12.0 does not start on Python 3.7',
        where: 'worker/Dockerfile',
        sure: true,
      },
    ]);
    expect(findings.map(finding => finding.evidence)).toEqual([
      [
        { what: 'rq-dashboard', value: '==0.4.0', source: 'monitor/requirements.txt:2' },
        { what: 'rq', value: '==1.0', source: 'monitor/requirements.txt:3' },
      ],
      [
        { what: 'rq', value: '==0.12.0', source: 'worker/Dockerfile:6' },
        { what: 'Python', value: '3.7', source: 'worker/Dockerfile:1' },
      ],
    ]);
    for (const { label, remedies } of findings) {
      expect(label.length).toBeLessThanOrEqual(40);
      expect(remedies[0]?.file).toBeDefined();
    }
  });

  it('finds nothing after the cure, and says what it looked for', async () => {
    expect(await collect(diagnoseFolder(folder('case-a-cured'), never))).toEqual([
      { rule: 'workspace.rq-dashboard-older-than-rq', checked: true },
      { rule: 'workspace.rq-older-than-python', checked: true },
      ...['wrapper-without-exec', 'not-stopped-as-group', 'no-init', 'hang-up'].map(rule => ({
        rule: `workspace.celery-${rule}`,
        checked: true,
      })),
    ]);
  });

  it('offers the address that the compose file publishes', async () => {
    const error = new InspectorError('unresolved', {
      message: 'Could not connect to this_redis:6379. The name does not resolve on this machine.',
      tried: 'connecting to this_redis:6379',
      answer: 'ENOTFOUND',
      remedy: 'Check the name.',
    });
    const explained = await explainUnreachable(error, 'redis://:pw@this_redis:6379/0', folder('case-a'), never);
    expect(explained.toJSON()).toMatchObject({
      code: 'unresolved',
      message:
        'Could not connect to this_redis:6379. The name does not resolve on this machine. compose.yml publishes that service as localhost:6379.',
      remedy: 'Use localhost:6379 instead.',
      alternatives: [
        { url: 'redis://localhost:6379/0', why: 'compose.yml:6 publishes that service as localhost:6379.' },
      ],
    });
    const elsewhere = await explainUnreachable(error, 'redis://other:6379/0', folder('case-a'), never);
    expect(elsewhere).toBe(error);
  });

  it('names the broker of the folder once, where it is published', async () => {
    const surroundings = folder('case-a');
    expect(await surroundings.brokers(never)).toEqual([
      {
        url: 'redis://localhost:6379/0',
        label: 'this_redis',
        detail: 'compose.yml:6 publishes it as 6379.',
        file: 'compose.yml',
        line: 6,
        password: null,
      },
    ]);
    expect((await surroundings.composeServices(never)).map(service => service.service)).toEqual([
      'this_redis',
      'this_worker',
      'this_monitor',
    ]);
  });
});

describe('the pair rq-dashboard and rq', () => {
  it.each([
    ['==0.4.0', '==1.0', true],
    ['<0.5', '>=1.0,<2', true],
    ['~=0.4.0', '>=2', true],
    ['==0.4.*', '==1.16.2', true],
    ['==0.4.0', '', false],
    ['==0.3.12', '>=0.13', false],
  ])('rq-dashboard%s with rq%s is a trouble; sure: %s', async (dashboard, rq, sure) => {
    const findings = await judged(set(null, ['rq-dashboard', dashboard], ['rq', rq]));
    expect(findings.map(finding => finding.sure)).toEqual([sure]);
  });

  it.each([
    ['==0.5.0', '==1.0'],
    ['>=0.4', '==1.0'],
    ['', '==1.0'],
    ['==0.4.0', '<1.0'],
    ['==0.4.0', '==0.13.0'],
    ['==0.4.0', '>=0.12,<1.0'],
  ])('rq-dashboard%s with rq%s is none', async (dashboard, rq) => {
    expect(await judged(set('3.6', ['rq-dashboard', dashboard], ['rq', rq]))).toEqual([]);
  });

  it('is none in two environments', async () => {
    expect(await judged(set(null, ['rq-dashboard', '==0.4.0']), set(null, ['rq', '==1.0']))).toEqual([]);
  });
});

describe('the pair rq and Python', () => {
  it.each([
    ['==0.12.0', '3.7', true],
    ['<0.12.1', '3.11.4', true],
    ['==0.8', '>=3.7', true],
    ['==0.12.0', '>=3.6', false],
    ['==0.12.0', '3', false],
  ])('rq%s on Python %s is a trouble; sure: %s', async (rq, python, sure) => {
    const findings = await judged(set(python, ['rq', rq]));
    expect(findings.map(finding => finding.sure)).toEqual([sure]);
  });

  it.each([
    ['==0.12.1', '3.7'],
    ['>=0.12.0', '3.7'],
    ['', '3.12'],
    ['==0.12.0', '3.6'],
    ['==0.12.0', '2.7'],
    ['==0.12.0', '>=2.7,<3.7'],
    ['==0.12.0', null],
  ])('rq%s on Python %s is none', async (rq, python) => {
    expect(await judged(set(python, ['rq', rq]))).toEqual([]);
  });
});

it('says why it could not look', async () => {
  const restricted = createSurroundings({
    files: nodeFiles('/'),
    remote: false,
    restricted: 'This folder is in restricted mode.',
  });
  const said = await collect(diagnoseFolder(restricted, never));
  expect(said.map(({ rule }) => rule)).toContain('workspace.celery-no-init');
  expect(said).toEqual(said.map(({ rule }) => ({ rule, reason: 'This folder is in restricted mode.' })));
  expect(await restricted.brokers(never)).toEqual([]);
  expect(createSurroundings({ files: null, remote: false, restricted: null }).restricted).toBe('No folder is open.');
});

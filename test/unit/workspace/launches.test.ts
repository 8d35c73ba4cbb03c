import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Finding, isFinding, type Launches } from '../../../src/model';
import { createSurroundings, diagnoseFolder, nodeFiles } from '../../../src/workspace';
import { filesOf } from './files-of';

const never = new AbortController().signal;
const onDisk = (name: string) =>
  createSurroundings({
    files: nodeFiles(fileURLToPath(new URL(`../../workspaces/${name}`, import.meta.url))),
    remote: false,
    restricted: null,
  });
const inMemory = (files: Record<string, string>) =>
  createSurroundings({ files: filesOf(files), remote: false, restricted: null });

async function findingsOf(surroundings: ReturnType<typeof onDisk>): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const each of diagnoseFolder(surroundings, never)) if (isFinding(each)) all.push(each);
  return all;
}

describe('case B', () => {
  it('finds each trouble of the folder, with its evidence', async () => {
    const findings = await findingsOf(onDisk('case-b'));
    expect(
      findings.map(({ rule, title, severity, sure }) => [rule.replace('workspace.celery-', ''), title, severity, sure]),
    ).toEqual([
      [
        'wrapper-without-exec',
        'supervisord starts the worker norm through bash, which stays between them',
        'trouble',
        true,
      ],
      [
        'wrapper-without-exec',
        'supervisord starts the worker slow through invoke, which stays between them',
        'trouble',
        true,
      ],
      ['not-stopped-as-group', 'supervisord kills the worker norm without its pool processes', 'warning', true],
      ['not-stopped-as-group', 'supervisord kills the worker slow without its pool processes', 'warning', true],
      ['no-init', 'Process 1 of the service shelf is supervisord, neither Celery nor an init', 'info', true],
      ['hang-up', 'deploy/reload.sh restarts Celery by SIGHUP', 'warning', true],
    ]);
    expect(findings[0]?.evidence).toEqual([
      { what: 'command of norm', value: 'bash deploy/norm.sh', source: 'deploy/supervisord.conf:6' },
      {
        what: 'starts Celery',
        value: 'celery -A shelf.app worker -c 2 -Q celery -n norm-%n@%h',
        source: 'deploy/norm.sh:5',
      },
      { what: 'stopasgroup', value: 'not set', source: 'deploy/supervisord.conf' },
    ]);
    expect(findings[0]?.remedies[0]).toEqual({
      text: 'Put exec before the call, so that the shell becomes Celery.',
      action: null,
      code: { language: 'shellscript', text: 'exec celery -A shelf.app worker -c 2 -Q celery -n norm-%n@%h' },
      file: { path: 'deploy/norm.sh', line: 5 },
    });
    expect(findings[1]?.remedies[0]?.code?.text).toBe('command=celery -A shelf.app worker -c 1 -Q slow -n slow-%n@%h');
    expect(findings.at(-1)?.evidence[0]?.source).toBe('deploy/reload.sh:3');
    for (const { label, consequence, remedies } of findings) {
      expect(label.length).toBeLessThanOrEqual(40);
      expect(consequence.split(/\. /).length).toBeLessThanOrEqual(3);
      expect(remedies.length).toBeGreaterThan(0);
    }
  });

  it('finds nothing after the cure, and says what it looked for', async () => {
    const surroundings = onDisk('case-b-cured');
    expect(await findingsOf(surroundings)).toEqual([]);
    const launches = await surroundings.launches(never);
    expect(launches.supervised.map(({ name, runs, wrapper }) => [name, runs, wrapper])).toEqual([
      ['norm', 'worker', null],
      ['slow', 'worker', null],
      ['beat', 'beat', null],
    ]);
    expect(launches.containers.map(({ first, is }) => [first, is])).toEqual([['docker-init', 'init']]);
    const checked: string[] = [];
    for await (const each of diagnoseFolder(surroundings, never)) if ('checked' in each) checked.push(each.rule);
    expect(checked).toContain('workspace.celery-hang-up');
  });
});

const supervised = async (command: string, more: Record<string, string> = {}) =>
  (
    await inMemory({ 'supervisord.conf': `[program:w]\ncommand = ${command} ; the worker\n`, ...more }).launches(never)
  ).supervised.map(({ runs, wrapper, command: said }) => [
    runs,
    wrapper === null ? null : wrapper.name,
    wrapper?.sure ?? null,
    said === command,
  ])[0] ?? null;

describe('a program of supervisord', () => {
  it.each([
    ['celery -A app worker', ['worker', null, null, true]],
    ['/venv/bin/celery -A app beat', ['beat', null, null, true]],
    ['/venv/bin/python3.11 -m celery -A app worker', ['worker', null, null, true]],
    ['env C_FORCE_ROOT=1 nice -n 5 celery -A app worker', ['worker', null, null, true]],
    ['gosu app celery -A app worker', ['worker', null, null, true]],
    ['bash -c "celery -A app worker"', ['worker', null, null, true]],
    ['bash -c "cd /srv && celery -A app worker"', ['worker', 'bash', false, true]],
    ['bash -c "cd /srv && exec celery -A app worker"', ['worker', null, null, true]],
    ['celery multi start w1 -A app', null],
    ['celery -A app flower', null],
    ['gunicorn app:celery_worker', null],
    ['sh missing.sh', null],
  ])('%s', async (command, expected) => {
    expect(await supervised(command)).toEqual(expected);
  });

  it('through scripts, wherever they lie', async () => {
    const script = '#!/usr/bin/env bash\nset -e\nsource /venv/bin/activate\ncelery -A app worker "$@"\n';
    expect(await supervised('/srv/run.sh', { 'docker/run.sh': script })).toEqual(['worker', 'bash', true, true]);
    expect(await supervised('sh -e ./run.sh', { 'run.sh': script.replace('celery', 'exec celery') })).toEqual([
      'worker',
      null,
      null,
      true,
    ]);
    expect(await supervised('run.sh', { 'a/run.sh': script, 'b/run.sh': script })).toBeNull();
    expect(await supervised('make worker', { Makefile: 'worker:\n\tcelery -A app worker\n' })).toEqual([
      'worker',
      'make',
      true,
      true,
    ]);
    expect(await supervised('invoke web', { 'tasks.py': 'context.run("gunicorn app")' })).toBeNull();
  });
});

const container = async (docker: string, more: Record<string, string> = {}) =>
  (await inMemory({ Dockerfile: `FROM python:3.11\n${docker}\n`, ...more }).launches(never)).containers.map(
    ({ first, is, sure, service }) => [service, first, is, sure],
  );

describe('process 1 of a container', () => {
  it.each([
    ['CMD ["celery", "-A", "app", "worker"]', [[null, 'celery', 'celery', true]]],
    ['CMD celery -A app worker', [[null, 'sh', 'other', false]]],
    ['CMD exec celery -A app worker', [[null, 'celery', 'celery', true]]],
    ['CMD migrate && celery -A app worker', [[null, 'sh', 'other', true]]],
    ['ENTRYPOINT ["tini", "--"]\nCMD ["celery", "-A", "app", "worker"]', [[null, 'tini', 'init', true]]],
    [
      'ENTRYPOINT ["/usr/bin/dumb-init", "-c", "--", "celery", "-A", "app", "worker"]',
      [[null, 'dumb-init', 'init', true]],
    ],
    ['CMD ["invoke", "worker"]', [[null, 'invoke', 'other', true]]],
    ['CMD ["./start.sh"]', [[null, 'bash start.sh', 'other', true]]],
    ['ENTRYPOINT ["/entry.sh"]\nCMD ["celery", "-A", "app", "worker"]', [[null, 'celery', 'celery', true]]],
    ['CMD ["gunicorn", "app:app"]', []],
    ['CMD ["supervisord", "-n"]', []],
    ['CMD ["python", "celery_report.py"]', []],
  ])('%s', async (docker, expected) => {
    const files = {
      'tasks.py': 'def worker(c):\n    c.run("celery -A app worker")\n',
      'start.sh': '#!/bin/bash\ncelery -A app worker &\ncelery -A app beat &\nwait\n',
      'entry.sh': '#!/bin/sh\nset -e\npython migrate.py\nexec "$@"\n',
    };
    expect(await container(docker, files)).toEqual(expected);
  });

  it('is what a service of a compose file makes of it', async () => {
    const compose = `
services:
  good: {build: ., init: true, command: sh start.sh}
  bad: {build: {context: .}, command: sh start.sh}
  web: {build: ., command: gunicorn app}
  worker: {build: ., command: celery -A app worker}
  entry: {build: ., entrypoint: ["tini", "--", "sh", "start.sh"]}
`;
    const files = { 'compose.yml': compose, 'start.sh': 'celery -A app worker\n' };
    expect(await container('CMD ["bash"]', files)).toEqual([
      ['good', 'docker-init', 'init', true],
      ['bad', 'sh start.sh', 'other', true],
      ['worker', 'celery', 'celery', true],
      ['entry', 'tini', 'init', true],
    ]);
  });
});

describe('SIGHUP', () => {
  const hangUps = async (files: Record<string, string>): Promise<Launches['hangUps']> =>
    (await inMemory(files).launches(never)).hangUps;

  it.each([
    'pkill -HUP -f "celery worker"',
    'kill -HUP $(cat /run/celery.pid)',
    'kill -s SIGHUP $(pgrep -f celery)',
    'kill -1 `cat celery.pid`',
    'docker compose kill -s HUP worker # celery',
    'docker kill --signal=SIGHUP celery-worker',
    'systemctl kill -s HUP celery.service',
    'supervisorctl signal HUP celery',
  ])('%s', async line => {
    expect((await hangUps({ 'restart.sh': `#!/bin/sh\n${line}\n` })).map(({ text, sure }) => [text, sure])).toEqual([
      [line, true],
    ]);
  });

  it.each([
    'kill -HUP $(cat /run/nginx.pid)',
    'kill -TERM $(cat /run/celery.pid)',
    'kill -15 $(cat /run/celery.pid)',
    'supervisorctl restart celery',
    '# kill -HUP celery',
    'pkill -f "celery worker -c 1"',
  ])('not %s', async line => {
    expect(await hangUps({ 'restart.sh': `#!/bin/sh\n${line}\n` })).toEqual([]);
  });
});

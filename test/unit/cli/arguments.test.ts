import { describe, expect, test } from 'vitest';
import { parseArguments, USAGE } from '../../../src/cli/arguments';
import { errorJson, redacted } from '../../../src/cli/errors';
import { optionsOf } from '../../../src/cli/options';
import { COMMANDS, parseRequest } from '../../../src/cli/request';
import { stateFolder } from '../../../src/cli/session';
import { InspectorError } from '../../../src/model';

const url = 'redis://localhost';
const requestOf = (...argv: string[]) => {
  const line = parseArguments(argv);
  if (line.kind !== 'request') throw new Error(`it is ${line.kind}`);
  return line.request;
};
const refused = (code: string) => expect.objectContaining({ code });

describe('a command line', () => {
  test('becomes a request with fields named like the options', () => {
    expect(
      requestOf('jobs', url, '--state', 'failed', '--queue=a=b', '--size', '5', '--cursor', 'c', '--search', 'x y'),
    ).toEqual({ command: 'jobs', url, state: 'failed', queue: 'a=b', size: 5, cursor: 'c', search: 'x y' });
    expect(
      requestOf('perform', url, 'delete', '--worker', 'w', '--dry-run', '--allow-writing', '--confirm', 'n'),
    ).toEqual({
      ...{ command: 'perform', url, action: 'delete', worker: 'w' },
      ...{ dryRun: true, allowWriting: true, confirm: 'n' },
    });
    expect(requestOf('overview', url, '--system', 'rq', '--installation', '', '--options', '{"prefix":"x"}')).toEqual({
      ...{ command: 'overview', url, system: 'rq', installation: '' },
      options: { prefix: 'x' },
    });
  });

  test('takes several jobs, behind one option or several', () => {
    expect(requestOf('perform', url, 'retry', '--job', 'a', 'b', '--job', 'c', '--dry-run').job).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(requestOf('job', url, 'id with spaces').job).toBe('id with spaces');
    expect(requestOf('job', url, '--queue', 'q', '--', '--help')).toMatchObject({ job: '--help', queue: 'q' });
    expect(requestOf('perform', url, 'retry', '--job=--help', '--dry-run').job).toEqual(['--help']);
  });

  test('undo takes a token alone, or behind a url', () => {
    expect(requestOf('undo', 'token')).toEqual({ command: 'undo', token: 'token' });
    expect(requestOf('undo', url, 'token')).toEqual({ command: 'undo', url, token: 'token' });
  });

  test('decode, serve and help are commands of their own', () => {
    expect(parseArguments(['decode'])).toEqual({ kind: 'decode', as: 'auto', batch: false });
    expect(parseArguments(['decode', '--batch', '--as', 'pickle'])).toEqual({
      kind: 'decode',
      as: 'pickle',
      batch: true,
    });
    expect(parseArguments(['serve'])).toEqual({ kind: 'serve' });
    expect(parseArguments([])).toEqual({ kind: 'help' });
    for (const command of [...COMMANDS, 'decode', 'serve']) expect(USAGE).toContain(`\n  ${command}`);
  });

  test.each([
    [['nothing'], 'unknown-command'],
    [['jobs', url], 'bad-request'],
    [['jobs', url, '--state', 'broken'], 'bad-request'],
    [['jobs', url, '--state', 'failed', '--size', '0'], 'bad-request'],
    [['jobs', url, '--state', 'failed', '--size', 'ten'], 'bad-request'],
    [['jobs', url, '--state'], 'bad-request'],
    [['jobs', url, '--stat', 'failed'], 'bad-request'],
    [['detect'], 'bad-request'],
    [['detect', url, 'more'], 'bad-request'],
    [['perform', url], 'bad-request'],
    [['perform', url, 'retry', '--job'], 'bad-request'],
    [['perform', url, 'retry', '--parameters', '{'], 'bad-request'],
    [['perform', url, 'retry', '--parameters', '[1]'], 'bad-request'],
    [['perform', url, 'retry', '--dry-run=no'], 'bad-request'],
    [['decode', '--as', 'json'], 'bad-request'],
    [['serve', url], 'bad-request'],
  ])('%j is %s', (argv, code) => {
    expect(() => parseArguments(argv)).toThrow(refused(code));
  });

  test('errors never repeat what was given: it may be a secret', () => {
    const secret = 'redis://:hunter2@host';
    const given = [
      ['nothing', secret],
      ['detect', url, secret],
      ['jobs', '--state', secret],
      ['jobs', secret, `--${secret}`],
      ['perform', url, 'retry', '--parameters', secret],
    ];
    for (const argv of given) {
      try {
        parseArguments(argv);
        expect.unreachable();
      } catch (thrown) {
        expect(JSON.stringify(thrown)).not.toContain('hunter2');
      }
    }
  });
});

test('a request of serve is checked field by field', () => {
  expect(parseRequest({ command: 'job', url, job: 'x' })).toEqual({ command: 'job', url, job: 'x' });
  for (const wrong of [
    null,
    'x',
    {},
    { command: 'nothing' },
    { command: 'job', jobs: 'x' },
    { command: 'job', job: [] },
  ])
    expect(() => parseRequest(wrong)).toThrow(InspectorError);
});

test('options stand under a system, or go to the one asked for, or to every one that knows them', () => {
  const text = { type: 'string', title: 'A text' } as const;
  const systems = [
    { id: 'rq', options: { type: 'object', properties: { prefix: text } } },
    { id: 'celery', options: { type: 'object', properties: { prefix: text, results: text } } },
    { id: 'arq' },
  ] as const;
  expect(optionsOf({ rq: { prefix: 'x' } }, undefined, systems)).toEqual({ rq: { prefix: 'x' } });
  expect(optionsOf({ prefix: 'x' }, 'rq', systems)).toEqual({ rq: { prefix: 'x' } });
  expect(optionsOf({ prefix: 'x' }, undefined, systems)).toEqual({ rq: { prefix: 'x' }, celery: { prefix: 'x' } });
  expect(optionsOf({ prefix: 'x', results: 'y' }, undefined, systems)).toEqual({
    rq: { prefix: 'x' },
    celery: { prefix: 'x', results: 'y' },
  });
  expect(optionsOf(undefined, 'rq', systems)).toEqual({});
  const wrong = (options: Record<string, unknown>, system?: string) => () => optionsOf(options, system, systems);
  expect(wrong({ resluts: 'y' })).toThrow(/no option "resluts"/);
  expect(wrong({ results: 'y' }, 'rq')).toThrow(/no option "results"/);
  expect(wrong({ celery: { results: 1 } })).toThrow(/should be a text/);
  try {
    wrong({ celery: { resluts: 'secret' } })();
    expect.unreachable();
  } catch (thrown) {
    const error = thrown as InspectorError;
    expect(error.answer).toBe('those of celery are prefix, results');
    expect(JSON.stringify(error)).not.toContain('secret');
  }
});

test('the journal lies in the user’s state folder', () => {
  expect(stateFolder({ JQI_STATE: '/own' })).toBe('/own');
  expect(stateFolder({ XDG_STATE_HOME: '/state' })).toBe('/state/job-queue-inspector');
  expect(stateFolder({ XDG_STATE_HOME: '' })).toMatch(/\.local\/state\/job-queue-inspector$/);
});

test('no error holds a password, in whatever form', () => {
  const password = 'p@ss "w/ord';
  const error = new InspectorError('internal', {
    message: `Could not use ${password}`,
    tried: `redis://:${encodeURIComponent(password)}@host`,
    answer: JSON.stringify(password),
    remedy: 'None.',
  });
  expect(JSON.stringify(errorJson(error, [password]))).not.toMatch(/p@ss|p%40ss/);
  expect(redacted('an abc', ['abc'])).toBe('an abc');
});

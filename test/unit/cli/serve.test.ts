import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Request } from '../../../src/cli/request';
import { type Served, serve } from '../../../src/cli/serve';
import { InspectorError } from '../../../src/model';

type Answer = { id: unknown; result?: unknown; error?: { code: string; message: string }; progress?: unknown };
type Run = Served['run'];

async function talk(requests: readonly unknown[], run: Run, secrets: string[] = []): Promise<Answer[]> {
  const text = requests.map(request => `${typeof request === 'string' ? request : JSON.stringify(request)}\n`).join('');
  const answers: Answer[] = [];
  await serve(Readable.from([Buffer.from(text)]), {
    run,
    secrets: () => secrets,
    write: line => {
      expect(line.endsWith('\n') && !line.slice(0, -1).includes('\n')).toBe(true);
      answers.push(JSON.parse(line));
    },
  });
  return answers;
}

const url = 'redis://localhost';
const detect = (id: unknown) => ({ id, command: 'detect', url });

test('every request is answered, in any order, and the end waits for all of them', async () => {
  let release = () => {};
  const gate = new Promise<void>(resolve => {
    release = resolve;
  });
  const run: Run = async request => {
    if (request.queue === 'slow') await gate;
    else release();
    return request.queue ?? null;
  };
  const answers = await talk(
    [
      { ...detect(1), queue: 'slow' },
      { ...detect('two'), queue: 'fast' },
    ],
    run,
  );
  expect(answers).toEqual([
    { id: 'two', result: 'fast' },
    { id: 1, result: 'slow' },
  ]);
});

test('progress comes while something runs', async () => {
  const answers = await talk([detect(1)], async (_request, _signal, progress) => {
    progress({ looked: 5 });
    return 'done';
  });
  expect(answers).toEqual([
    { id: 1, progress: { looked: 5 } },
    { id: 1, result: 'done' },
  ]);
});

test('abort stops the request it names, and only that', async () => {
  const untilAborted = (signal: AbortSignal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const run: Run = (request, signal) => (request.queue === 'endless' ? untilAborted(signal) : Promise.resolve('fine'));
  const answers = await talk(
    [
      { ...detect(1), queue: 'endless' },
      detect(2),
      { id: 3, command: 'abort', request: 1 },
      { id: 4, command: 'abort', request: 9 },
    ],
    run,
  );
  const byId = new Map(answers.map(answer => [answer.id, answer]));
  expect(byId.get(1)?.error?.code).toBe('aborted');
  expect(byId.get(2)?.result).toBe('fine');
  expect(byId.get(3)?.result).toEqual({ aborted: true });
  expect(byId.get(4)?.result).toEqual({ aborted: false });
});

describe('what is wrong', () => {
  const never: Run = async () => expect.unreachable();

  test('gets an error with its id, and the next request its answer', async () => {
    const requests = [
      '{',
      '[]',
      '{"command":"detect"}',
      { id: 4, command: 'nothing' },
      { id: 5, command: 'jobs', url },
      { id: 6, command: 'abort' },
    ];
    const answers = await talk(requests, never);
    const sorted = answers
      .map(({ id, error }) => [id, error?.code])
      .sort((a, b) => String(a[0]).localeCompare(String(b[0])));
    expect(sorted).toEqual([
      [4, 'unknown-command'],
      [5, 'bad-request'],
      [6, 'bad-request'],
      [null, 'bad-request'],
      [null, 'bad-request'],
      [null, 'bad-request'],
    ]);
  });

  test('an id that is still in use', async () => {
    const untilAborted: Run = (_request, signal) =>
      new Promise(resolve => signal.addEventListener('abort', () => resolve('fine')));
    const answers = await talk([detect(1), detect(1), { id: 2, command: 'abort', request: 1 }], untilAborted);
    expect(answers.map(({ id, error }) => [id, error?.code ?? 'fine'])).toEqual([
      [1, 'bad-request'],
      [2, 'fine'],
      [1, 'fine'],
    ]);
  });

  test('never shows a secret', async () => {
    const run: Run = async (request: Request) => {
      throw new InspectorError('internal', { message: `at ${request.url}`, tried: 't', answer: 'a', remedy: 'r' });
    };
    const answers = await talk([{ ...detect(1), url: 'redis://:hunter2@host' }], run, ['hunter2']);
    expect(answers[0]?.error?.message).toBe('at redis://:•••@host');
  });
});

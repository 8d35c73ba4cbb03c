import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { everyText, names, shellWord, span } from '../../../../src/systems/acting/words';
import { compareVersions } from '../../../../src/systems/reading/versions';
import { errorOfRow, tracebackText } from '../../../../src/systems/rq/errors';
import { nameInDescription, readCall, readValue, taskName } from '../../../../src/systems/rq/payload';
import { isLegacyFailedList } from '../../../../src/systems/rq/read/queues';
import { workerOf } from '../../../../src/systems/rq/read/workers';
import { instantOf, instantOfSeconds } from '../../../../src/systems/rq/times';
import { pythonVersion } from '../../../../src/systems/rq/versions';

describe('times', () => {
  test.each([
    ['2026-11-20T21:39:01.982219Z', '2026-11-20T21:39:01.982219Z'],
    ['2026-11-20T21:39:01Z', '2026-11-20T21:39:01Z'],
    ['2026-11-30T23:59:59.5', '2026-11-30T23:59:59.5Z'],
    ['2026-02-30T99:00:00.000000Z', null],
    ['2026-13-01T00:00:00.000000Z', null],
    ['yesterday', null],
    ['', null],
    [null, null],
  ])('%s', (text, expected) => {
    expect(instantOf(text)).toBe(expected);
  });

  test('a score that means never is no time', () => {
    for (const score of [Number.POSITIVE_INFINITY, -1, 0, Number.NaN, 1e15, null])
      expect(instantOfSeconds(score)).toBeNull();
    expect(instantOfSeconds(1_900_000_000)).toBe('2030-03-17T17:46:40.000Z');
  });
});

describe('what a failed row says', () => {
  const frame = '  File "a.py", line 1, in f\n    g()\n';
  test.each([
    [`Traceback (most recent call last):\n${frame}shop.Error: no answer\n`, 'shop.Error', 'no answer'],
    [`Traceback (most recent call last):\n${frame}KeyboardInterrupt\n`, 'KeyboardInterrupt', ''],
    [`Traceback (most recent call last):\n${frame}ValueError: first\nsecond: line\n`, 'ValueError', 'first'],
    ['Job stopped by user, work-horse terminated.', 'Stopped', 'Job stopped by user, work-horse terminated.'],
    [
      'Work-horse terminated unexpectedly; waitpid returned 9',
      'WorkHorseTerminated',
      'Work-horse terminated unexpectedly; waitpid returned 9',
    ],
  ])('%j', (text, type, message) => {
    expect(errorOfRow(text)).toEqual({ type, message });
  });

  test('an empty one is none', () => {
    expect(tracebackText(deflateSync(Buffer.alloc(0)))).toBeNull();
    expect(tracebackText(null)).toBeNull();
    expect(tracebackText(Buffer.from('bare text'))).toBe('bare text');
    expect(errorOfRow(null)).toBeNull();
  });
});

describe('payloads', () => {
  test('JSON, also with big and fractional numbers', () => {
    const call = readCall(Buffer.from('["shop.f", null, [1, 2.5, 12345678901], {"a": null}]'));
    expect(call).toMatchObject({ serializer: { kind: 'json' }, problem: null, zlib: false });
    expect(taskName(call.value!)).toBe('shop.f');
  });

  test('a class method is named with its class', () => {
    const call = readCall(Buffer.from('(Vmake\ncshop.bank\nAccount\n(t(dt.'));
    expect(taskName(call.value!)).toBe('shop.bank.Account.make');
  });

  test('a value of another serializer is said to be one', () => {
    expect(readValue(Buffer.from([1, 2, 3, 4]), 'meta', 'The meta').problem?.reason).toBe(
      'The meta could not be read: it is neither pickle nor JSON, so a serializer of its own made it.',
    );
  });

  test('a description names its function only where it looks like a call', () => {
    expect(nameInDescription("shop.mail.send('a')")).toBe('shop.mail.send');
    expect(nameInDescription('the nightly report (all)')).toBeNull();
    expect(nameInDescription(null)).toBeNull();
  });
});

describe('the failed list', () => {
  const worker = (version: string | null, queues: string[] = ['default']) => ({ version, queues });
  test.each([
    ['its jobs have failed', { registered: true, statuses: ['queued', 'failed'], workers: [worker('2.12.0')] }, true],
    ['its jobs are queued', { registered: true, statuses: ['queued'], workers: [] }, false],
    ['it is empty, workers are old', { registered: true, statuses: [], workers: [worker(null)] }, true],
    ['it is empty, workers are new', { registered: true, statuses: [], workers: [worker('1.16.2')] }, false],
    ['it is empty, and served', { registered: true, statuses: [], workers: [worker(null, ['failed'])] }, false],
    ['it is not there', { registered: false, statuses: [], workers: [] }, false],
  ])('%s', (_what, seen, expected) => {
    expect(isLegacyFailedList(seen)).toBe(expected);
  });
});

describe('workers', () => {
  const now = Date.parse('2026-11-20T12:00:00Z');
  const fields = (values: Record<string, string>) =>
    [
      'birth',
      'last_heartbeat',
      'queues',
      'state',
      'current_job',
      'pid',
      'hostname',
      'version',
      'python_version',
      'successful_job_count',
      'failed_job_count',
      'total_working_time',
      'death',
      'shutdown_requested_date',
    ].map(name => (values[name] === undefined ? null : Buffer.from(values[name])));
  const beat = { last_heartbeat: '2026-11-20T11:59:48.000000Z', queues: 'a,b', state: 'idle' };

  test.each([
    [
      'a heartbeat 12 s ago',
      fields(beat),
      400_000,
      true,
      'Last heartbeat 12 s ago; without another one its record expires in 400 s.',
    ],
    ['no record', fields({}), -2, false, 'Its record has expired: it stopped sending heartbeats and did not sign off.'],
    ['a death', fields({ ...beat, death: '2026-11-20T11:59:50Z' }), 50_000, false, 'It has signed off.'],
    [
      'a record that never expires',
      fields({ ...beat, last_heartbeat: '2026-11-20T11:00:00Z' }),
      -1,
      false,
      'No heartbeat for 60 min, and its record never expires.',
    ],
  ])('%s', (_what, reply, ttl, alive, reason) => {
    expect(workerOf('w', reply, ttl, undefined, now)).toMatchObject({ alive, aliveReason: reason });
  });

  const born = { ...beat, birth: '2026-11-20T11:50:00.000000Z' };
  test.each([
    ['listens', { ...born, version: '2.12.0' }, 1, true],
    ['no longer listens', { ...born, version: '2.12.0' }, 0, false],
    ['no longer listens, RQ 1.16', { ...born, version: '1.16.2' }, 0, null],
    ['never listened, RQ 1.5', { ...born, version: '1.5.2' }, 0, true],
    ['never listened, RQ 0.12', born, 0, true],
    ['was born just now', { ...born, version: '2.12.0', birth: '2026-11-20T11:59:58.000000Z' }, 0, true],
    ['signed off', { ...born, version: '2.12.0', death: '2026-11-20T11:59:50Z' }, 0, false],
    ['a version of text', { ...born, version: '<b>' }, 0, true],
  ])('a worker with a record that %s', (_what, values, listeners, alive) => {
    const heard = [Buffer.from('rq:pubsub:w'), listeners];
    expect(workerOf('w', fields(values), 400_000, heard, now).alive).toBe(alive);
    expect(workerOf('w', fields(values), 400_000, undefined, now).alive).toBe(!('death' in values));
  });

  test('all that is recorded', () => {
    const reply = fields({
      ...beat,
      pid: '812',
      hostname: 'box',
      version: '2.12.0',
      python_version: '3.11.7 (main, Dec 8) [GCC]',
      current_job: 'x',
      total_working_time: '1.5',
    });
    expect(workerOf('w', reply, 1000, undefined, now)).toMatchObject({
      queues: ['a', 'b'],
      pid: 812,
      host: 'box',
      version: '2.12.0',
      runtime: 'Python 3.11.7',
      currentJob: 'x',
      workingSeconds: 1.5,
      succeeded: null,
    });
  });
});

test('versions in order', () => {
  expect(['2.12.0', '1.16.2', '2.0', '0.12.0', '1.2'].sort(compareVersions)).toEqual([
    '0.12.0',
    '1.2',
    '1.16.2',
    '2.0',
    '2.12.0',
  ]);
  expect(pythonVersion('3.12.1+ (heads/main)')).toBe('3.12.1');
  expect(pythonVersion(null)).toBeNull();
});

test('words', () => {
  expect([60, 300, 3600, 7200, 86_400, 90, 0.5].map(everyText)).toEqual([
    'every minute',
    'every 5 min',
    'every hour',
    'every 2 h',
    'every day',
    'every 90 s',
    'every 0.5 s',
  ]);
  expect(names(['a'])).toBe('a');
  expect(names(['a', 'b'])).toBe('a and b');
  expect(names(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c and 2 more');
  expect(names(['a', 'b', 'c'], 3, 'or')).toBe('a, b or c');
  expect([5000, 180_000, 7_200_000, 400_000_000].map(span)).toEqual(['5 s', '3 min', '2 h', '5 d']);
  expect(shellWord('plain-name')).toBe('plain-name');
  expect(shellWord("it's; rm")).toBe(String.raw`'it'\''s; rm'`);
});

import { execFileSync } from 'node:child_process';
import { inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPickle, reprText } from '../../../../../src/codecs/python';
import { Pace } from '../../../../../src/systems/acting/pace';
import { argumentsOf, isTaskName, keywordsOf } from '../../../../../src/systems/acting/values';
import { durationOf, instantOf } from '../../../../../src/systems/rq/act/enqueue-parameters';
import { allAtLeast, generationOf } from '../../../../../src/systems/rq/act/generation';
import { newJob } from '../../../../../src/systems/rq/act/new-job';
import { callString, dataOf } from '../../../../../src/systems/rq/act/payload';
import { base64, latin1, readable, wireAll } from '../../../../../src/systems/rq/act/undo';

const worker = (version: string | null, python: string | null = '3.11.2', hostname: string | null = 'h') => ({
  version,
  python,
  hostname,
});

describe('the generation that lives here', () => {
  test.each([
    ['nothing registered', [], false, '1.10', true],
    ['all new', [worker('2.12.0')], false, '1.10', true],
    ['one too old', [worker('2.12.0'), worker('1.9.0')], false, '1.10', false],
    ['a pre-release', [worker('2.0rc1')], false, '2.0', true],
    ['two digits are more than one', [worker('1.9.0')], false, '1.16', false],
    ['RQ 1.0 records a host and no version', [worker(null, null)], false, '1.0', true],
    ['RQ 0.x records neither', [worker(null, null, null)], false, '0.13', false],
    ['a list of failed jobs and no worker', [], true, '1.0', false],
    ['a queue that is called failed', [worker('1.16.2')], true, '1.10', true],
  ])('%s', (_what, workers, failedList, version, expected) => {
    expect(allAtLeast(generationOf(workers, failedList), version, true)).toBe(expected);
  });

  test('Python 2 is taken for granted where no worker says what it is', () => {
    expect(generationOf([worker('1.16.2', '2.7.18')], false).python2).toBe(true);
    expect(generationOf([worker(null, null)], false).python2).toBe(true);
    expect(generationOf([worker('1.16.2')], false).python2).toBe(false);
  });
});

describe('names of functions', () => {
  test.each(['a.b', 'shop.payments.charge_card', '_a._b1', 'größe.änderung', 'π.τ'])('%s', name => {
    expect(isTaskName(name)).toBe(true);
  });
  test.each(['', 'a', 'a.', '.a', 'a..b', '1a.b', 'a.1', 'a b.c', 'a.b()', "a.b';drop", 'a-b.c', 'a.b\n'])(
    'not %j',
    name => {
      expect(isTaskName(name)).toBe(false);
    },
  );
});

describe('payloads', () => {
  const call = (args: unknown, kwargs: unknown = undefined) => ({
    task: 'a.b',
    args: argumentsOf(args),
    kwargs: keywordsOf(kwargs),
  });

  test.each([2, 4] as const)('pickle protocol %i is what it was written from', protocol => {
    const data = dataOf(call("(1, 'ä', b'\\x00', None)", '{"k": [1.0, true]}'), 'pickle', protocol);
    const body = inflateSync(data);
    expect(body.subarray(0, 2)).toEqual(Buffer.from([0x80, protocol]));
    expect(reprText(readPickle(body).root)).toBe("('a.b', None, (1, 'ä', b'\\x00', None), {'k': [1.0, True]})");
  });

  test('JSON keeps 1.0 apart from 1, and refuses what it cannot hold', () => {
    const data = dataOf(call('[1, 1.0, "é", null]', { a: [true] }), 'json', 4);
    expect(inflateSync(data).toString()).toBe('["a.b", null, [1, 1.0, "é", null], {"a": [true]}]');
    expect(() => dataOf(call('({1, 2},)'), 'json', 4)).toThrow(/JSON cannot hold/);
  });

  test('anything JSON can say is an argument', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
        const { args } = call([value]);
        expect(args.items).toHaveLength(1);
        const text = inflateSync(dataOf(call([value]), 'json', 4)).toString();
        expect(JSON.parse(text)[2]).toEqual([JSON.parse(JSON.stringify(value))]);
      }),
    );
  });

  test('the description is the one RQ writes', () => {
    expect(callString(call("(1, 'x')", "b=2, a='y'"))).toBe("a.b(1, 'x', a='y', b=2)");
    expect(callString(call([`${'x'.repeat(100)}`]))).toBe(`a.b('${'x'.repeat(74)}...)`);
  });

  test('CPython reads it', () => {
    const body = inflateSync(dataOf(call("('x',)", 'k={1, 2}'), 'pickle', 4));
    const program = 'import pickle,sys; print(pickle.loads(sys.stdin.buffer.read()))';
    expect(execFileSync('python3', ['-c', program], { input: body }).toString().trim()).toBe(
      "('a.b', None, ('x',), {'k': {1, 2}})",
    );
  });
});

describe('time spans and instants', () => {
  test.each([
    ['90', 90],
    ['90s', 90],
    [' 15 m ', 900],
    ['2h', 7200],
    ['3d', 259_200],
    ['1.5h', 5400],
    [12, 12],
    ['', null],
    [undefined, null],
  ])('%j is %j seconds', (text, seconds) => {
    expect(durationOf('x', text)).toBe(seconds);
  });
  test.each(['soon', '1w', '-5', '1h30', Number.NaN, {}, '9'.repeat(30)])('%j is none', value => {
    expect(() => durationOf('x', value)).toThrow(/x: /);
  });
  test('-1 where it means for ever, and nothing else below zero', () => {
    expect(durationOf('x', -1, true)).toBe(-1);
    expect(() => durationOf('x', -2, true)).toThrow(/-1/);
  });
  test('a time with a zone is that time; words are none', () => {
    expect(instantOf('at', '2100-01-01T01:00:00+01:00')).toBe(Date.UTC(2100, 0, 1));
    expect(instantOf('at', '2100-01-01 00:00Z')).toBe(Date.UTC(2100, 0, 1));
    expect(() => instantOf('at', 'tomorrow')).toThrow(/no time/);
  });
});

describe('a new job', () => {
  const modern = generationOf([worker('2.12.0')], false);
  const ancient = generationOf([worker(null, null, null)], true);
  const now = Date.UTC(2026, 10, 21, 12);
  const fields = (job: ReturnType<typeof newJob>) =>
    Object.fromEntries(job.fields.map(([name, value]) => [name, String(value)]));

  test('holds no empty time, which RQ 1.0 cannot read', () => {
    const job = newJob({ task: 'a.b' }, modern, now, 'default');
    expect(Object.entries(fields(job)).filter(([, value]) => value === '')).toEqual([]);
    expect(fields(job)).toMatchObject({ status: 'queued', origin: 'default', timeout: '180' });
    expect(fields(job)['created_at']).toBe('2026-11-21T12:00:00.000000Z');
  });

  test('is refused where the workers are too old for it', () => {
    for (const parameters of [{ delay: 5 }, { retries: 2 }, { serializer: 'json' }]) {
      expect(() => newJob({ task: 'a.b', ...parameters }, ancient, now, 'default')).toThrow(/too old/);
    }
    expect(newJob({ task: 'a.b', id: 'any:id' }, generationOf([worker('1.16.2')], false), now, 'q').id).toBe('any:id');
    expect(() => newJob({ task: 'a.b', id: 'any:id' }, modern, now, 'q')).toThrow(/letters, digits/);
  });

  test('needs a queue', () => {
    expect(() => newJob({ task: 'a.b' }, modern, now, null)).toThrow(/queue/);
  });
});

describe('step size', () => {
  test('comes to two milliseconds of Redis time, and never above its bound', () => {
    const pace = new Pace(0.2);
    for (let step = 0; step < 50; step++) pace.took(pace.size, 0.2 + pace.size * 0.05);
    expect(pace.size).toBeGreaterThanOrEqual(35);
    expect(pace.size).toBeLessThanOrEqual(45);
    for (let step = 0; step < 50; step++) pace.took(pace.size, 0.2);
    expect(pace.size).toBe(100);
  });

  test('one slow step halves it at most, and it never stands still', () => {
    const pace = new Pace(0);
    const before = pace.size;
    pace.took(before, 10_000);
    expect(pace.size).toBe(before / 2);
    for (let step = 0; step < 50; step++) pace.took(pace.size, 10_000);
    expect(pace.size).toBeGreaterThan(0);
  });
});

describe('bytes', () => {
  test('any id goes to the broker and to the journal as the bytes it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        const text = Buffer.from(bytes).toString('latin1');
        expect(latin1(readable(text))).toBe(text);
        expect(Buffer.from(base64(text), 'base64')).toEqual(Buffer.from(bytes));
        const [sent] = wireAll([text]);
        expect(Buffer.from(sent ?? '')).toEqual(Buffer.from(bytes));
      }),
    );
  });
});

/** Results of Celery byte by byte: values, exceptions, times, keys, and the memory of the index. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLiteral, writePickle } from '../../../../src/codecs/python';
import { briefAtOnce, briefOfEnds, readBrief } from '../../../../src/systems/celery/results/brief';
import { jobErrorOf, withPrinted } from '../../../../src/systems/celery/results/errors';
import { choosePrefix, Keys, prefixOf, resultPrefixOf } from '../../../../src/systems/celery/results/keys';
import { Memory } from '../../../../src/systems/celery/results/memory';
import { namedBackends } from '../../../../src/systems/celery/results/named';
import { childrenOf, readForRow, readTaskResult } from '../../../../src/systems/celery/results/read';
import { rowOf } from '../../../../src/systems/celery/results/rows';
import { instantOfText, millisecondsOf } from '../../../../src/systems/celery/results/times';
import { foreignBackend, withoutSecret } from '../../../../src/systems/celery/results/urls';

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const whole = (buffer: Buffer) => ({ bytes: buffer, cut: null, leftMs: null });

describe('exceptions', () => {
  const failed = async (result: unknown, traceback: string | null = null) => {
    const read = await readTaskResult('id', bytes({ status: 'FAILURE', result, traceback }));
    return read.error;
  };

  test.each([
    [{ exc_type: 'KeyError', exc_message: ['x'], exc_module: 'builtins' }, 'KeyError', "'x'"],
    [{ exc_type: 'ValueError', exc_message: ['no', 2], exc_module: 'builtins' }, 'ValueError', "('no', 2)"],
    [{ exc_type: 'Declined', exc_message: [], exc_module: 'shop.errors' }, 'shop.errors.Declined', ''],
    // Before 4.2: the message as a text, no module.
    [{ exc_type: 'ValueError', exc_message: 'no such order' }, 'ValueError', 'no such order'],
    [
      { exc_type: 'FileNotFoundError', exc_message: [2, 'No such file'], exc_module: 'builtins' },
      'FileNotFoundError',
      '[Errno 2] No such file',
    ],
  ])('%j', async (result, type, message) => {
    expect(await failed(result)).toEqual({ type, message });
  });

  test('what a class prints is taken from the last line of the traceback', () => {
    const failure = { type: 'shop.errors.Declined', message: "(7, 'lost')" };
    const traceback =
      'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\nshop.errors.Declined: card 7 lost\n';
    expect(withPrinted(failure, traceback, true).message).toBe('card 7 lost');
    expect(withPrinted(failure, traceback.replace('errors.Declined:', 'errors.Other:'), true).type).toBe(
      'shop.errors.Other',
    );
    // A retry ends with Celery's own Retry, whatever the task raised.
    const retried = traceback.replace('shop.errors.Declined: card 7 lost', 'celery.exceptions.Retry: Retry in 600s');
    expect(withPrinted(failure, retried, false)).toEqual(failure);
    // The last line of a message of several lines names nothing.
    expect(withPrinted(failure, `${traceback}  and more\nNote: this\n`, true)).toEqual(failure);
  });

  test('pickled ones, and what stands for those that cannot be pickled', async () => {
    // builtins.ValueError('late') by REDUCE, in the dict of a result, as Celery 5.7 writes it with protocol 4.
    const head = Buffer.from('80047d288c06737461747573948c074641494c55524594', 'hex');
    const error = Buffer.from('8c06726573756c74948c086275696c74696e73948c0a56616c75654572726f72949394', 'hex');
    const rest = Buffer.from('8c046c61746594859452942e', 'hex');
    const pickle = Buffer.concat([head, error, rest.subarray(0, -1), Buffer.from('752e', 'hex')]);
    const read = await readTaskResult('id', pickle);
    expect(read).toMatchObject({
      status: 'FAILURE',
      serializer: 'pickle',
      error: { type: 'ValueError', message: 'late' },
    });
  });

  test('one that cannot be pickled stands in JSON as its wrapper, and is called by its own name', async () => {
    const result = {
      exc_type: 'UnpickleableExceptionWrapper',
      exc_message: ['shop.errors', 'Declined', [3, 'lost'], "Declined(3, 'lost')"],
      exc_module: 'celery.utils.serialization',
    };
    const traceback =
      'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\n' +
      "celery.utils.serialization.UnpickleableExceptionWrapper: Declined(3, 'lost')\n";
    expect(await failed(result, traceback)).toMatchObject({ type: 'shop.errors.Declined', message: "(3, 'lost')" });
  });

  test('a group of exceptions says what Python prints of it', async () => {
    const members = "[ValueError('one'), ExceptionGroup('inner', [KeyError('k')])]";
    const result = { exc_type: 'ExceptionGroup', exc_message: ['several', members], exc_module: 'builtins' };
    const traceback = [
      '  + Exception Group Traceback (most recent call last):',
      '  |   File "/app/tasks.py", line 26, in odd',
      "  |     raise ExceptionGroup('several', errors)",
      '  | ExceptionGroup: several (2 sub-exceptions)',
      '  +-+---------------- 1 ----------------',
      '    | ValueError: one',
      '    +---------------- 2 ----------------',
      '    | ExceptionGroup: inner (1 sub-exception)',
      '    +-+---------------- 1 ----------------',
      "      | KeyError: 'k'",
      '      +------------------------------------',
    ].join('\n');
    expect(await failed(result, traceback)).toMatchObject({
      type: 'ExceptionGroup',
      message: 'several (2 sub-exceptions)',
    });
    expect(await failed(result)).toMatchObject({ message: expect.stringContaining('several') });
  });

  test('without a traceback an error has no frames; without both there is none', () => {
    expect(jobErrorOf({ type: 'A', message: 'b' }, null)).toEqual({
      type: 'A',
      message: 'b',
      traceback: '',
      frames: [],
    });
    expect(jobErrorOf(null, null)).toBeNull();
    expect(
      jobErrorOf(null, 'Traceback (most recent call last):\n  File "a.py", line 3, in f\n    g()\nOops: no\n'),
    ).toMatchObject({
      type: 'Oops',
      message: 'no',
      frames: [{ file: 'a.py', line: 3, function: 'f' }],
    });
  });
});

describe('times', () => {
  test.each([
    ['2026-11-20T21:39:01.982219', '2026-11-20T21:39:01.982219Z'],
    ['2026-11-20T21:39:01.982219+00:00', '2026-11-20T21:39:01.982219Z'],
    ['2026-11-20T22:39:01.5+01:00', '2026-11-20T21:39:01.5Z'],
    ['2026-11-20T21:39:01-0530', '2026-11-21T03:09:01Z'],
    ['2026-11-20 21:39:01', '2026-11-20T21:39:01Z'],
    ['2026-11-31T99:00:00', null],
    ['yesterday', null],
    ['', null],
  ])('%s', (text, instant) => {
    expect(instantOfText(text)).toBe(instant);
  });

  test('microseconds order what milliseconds cannot', () => {
    expect(millisecondsOf('2026-11-20T21:39:01.982219')).toBeLessThan(
      millisecondsOf('2026-11-20T21:39:01.982220+00:00'),
    );
  });
});

test('children are ids in tuples of every age; a group stands for its members', () => {
  const ids = (literal: string) => childrenOf(parseLiteral(literal));
  expect(ids("[(('a', None), None), [['b', None], None], ('c', None)]")).toEqual(['a', 'b', 'c']);
  expect(ids("[[['g', None], [[['a', None], None], [['b', None], None]]]]")).toEqual(['a', 'b']);
  expect(ids("'nonsense'")).toEqual([]);
  expect(ids('[1, [2], [[3]], None]')).toEqual([]);
});

describe('what the index keeps', () => {
  const pythonJson =
    '{"status": "SUCCESS", "result": NaN, "date_done": "2026-11-20T21:39:01.982219", "name": "shop.f"}';

  test('is the same whichever way a value is read', async () => {
    const at = millisecondsOf('2026-11-20T21:39:01.982219');
    const wanted = { status: 'SUCCESS', date: at, task: 'shop.f', queue: null };
    expect(briefAtOnce(whole(bytes(pythonJson)))).toEqual(wanted);
    expect(briefAtOnce(whole(bytes(pythonJson.replace('NaN', '1'))))).toEqual(wanted);
    const pickle = Buffer.from(writePickle(parseLiteral(pythonJson.replace('NaN', '1')), { protocol: 4 }));
    expect(briefAtOnce(whole(pickle))).toEqual(wanted);
    expect(
      await readBrief(whole(bytes("date_done: '2026-11-20T21:39:01.982219'\nname: shop.f\nstatus: SUCCESS\n"))),
    ).toEqual(wanted);
    const end = bytes(pythonJson).subarray(-80);
    expect(briefOfEnds(bytes(pythonJson).subarray(0, 40), end)).toEqual(wanted);
  });

  test('never fails, whatever a value is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async array => {
        const brief = await readBrief(whole(Buffer.from(array)));
        expect(typeof brief.status).toBe('string');
        const result = await readTaskResult('id', array);
        expect(result.raw).toBe(array);
      }),
      { numRuns: 300 },
    );
  });
});

test('a row is the same by the quick way as by the whole one', async () => {
  const base = {
    status: 'FAILURE',
    result: { exc_type: 'ValueError', exc_message: ['no', 2], exc_module: 'builtins' },
    traceback:
      'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g(1.0, "\\\\")\nValueError: late\n',
    date_done: '2026-11-20T21:39:01.982219+00:00',
    name: 'shop.f',
    args: [4821, 'EUR', 1.5, null, { a: [true] }],
    kwargs: { note: 'Ü"x\\' },
    worker: 'w@shop',
    // Digits and an e in a text are no float.
    task_id: '1e5e1be0-9312-4f6e-8b11-001.00000012',
    retries: 2,
    queue: 'mail',
  };
  const variants = [
    '[1.0]',
    '[1e5]',
    '[12345678901234567890]',
    '[{"10": 1, "9": 2}]',
    '[NaN]',
    '["1.0"]',
    '[1.50]',
    '[-0]',
  ];
  const texts = [base, { ...base, status: 'SUCCESS' }, { ...base, traceback: null }].map(value =>
    JSON.stringify(value),
  );
  const spaced = texts.map(text => text.replace('"traceback":', '"traceback": '));
  const more = variants.map(args => (spaced[0] ?? '').replace(JSON.stringify(base.args), args));
  let quick = 0;
  for (const text of [...spaced, ...more]) {
    const row = readForRow('id', bytes(text));
    if (row === null) continue;
    quick++;
    const whole = rowOf('', await readTaskResult('id', bytes(text)), null);
    expect(rowOf('', row, null), text).toEqual(whole);
  }
  expect(quick).toBe(6);
  expect(readForRow('id', bytes('{"status": "SUCCESS", "args": [1.0]}'))).toBeNull();
});

describe('keys', () => {
  test('a prefix is what stands in front', () => {
    expect(prefixOf(Buffer.from('celery-task-meta-x'))).toBe('');
    expect(prefixOf(Buffer.from('shop_celery-task-meta-x'))).toBe('shop_');
    expect(prefixOf(Buffer.from('celery-task-meta-'))).toBeNull();
    expect(prefixOf(Buffer.from('other'))).toBeNull();
  });

  test('Celery puts a line between, unless the prefix ends in a mark', () => {
    expect(['shop', 'shop:', 'shop_', 'shop-', 'shop.', ''].map(resultPrefixOf)).toEqual([
      'shop_',
      'shop:',
      'shop_',
      'shop-',
      'shop.',
      '',
    ]);
  });

  test('of several prefixes the one of the installation is taken', () => {
    expect(choosePrefix(['', 'shop_'], 'shop', '')).toBe('shop_');
    expect(choosePrefix(['', 'shop_'], '', '')).toBe('');
    expect(choosePrefix(['shop_'], '', '')).toBe('shop_');
    expect(choosePrefix(['', 'shop_'], '', 'shop')).toBe('shop_');
    expect(choosePrefix([''], '', 'shop')).toBeNull();
    expect(choosePrefix([], 'shop', '')).toBeNull();
  });

  test('SCAN takes the prefix as it is', () => {
    expect(new Keys('sh*p[1]?').pattern).toBe(String.raw`sh\*p\[1\]\?celery-task-meta-*`);
  });
});

test('URLs are shown without secrets; only a Redis is read', () => {
  expect(withoutSecret('redis://user:p@ss@host:6379/1?x=y')).toBe('redis://user@host:6379/1');
  expect(withoutSecret('secret stuff')).toBe('secret…');
  expect(foreignBackend('rpc://')?.message).toContain('take them away');
  expect(foreignBackend('django-db')?.message).toContain('Django');
  for (const url of ['redis://h/1', 'rediss://h', 'redis+sentinel://h/m/1', 'unix:///s?db=1', 'localhost:6379/1'])
    expect(foreignBackend(url), url).toBeNull();
});

describe('the memory of the index', () => {
  const id = (n: number) => (n % 7 === 0 ? `order-${n}` : `4d7a1be0-93c2-4f6e-8b11-${String(n).padStart(12, '0')}`);
  const seen = (n: number, status: string, date: number) => ({
    key: Buffer.from(`k${id(n)}`),
    from: 1,
    brief: { status, date, task: `t${n % 5}`, queue: null },
    long: false,
  });

  test('keeps each result once, in the order of its time, through changes and losses', () => {
    const step = fc.record({
      n: fc.nat(60),
      do: fc.constantFrom('FAILURE', 'SUCCESS', 'drop'),
      date: fc.oneof(fc.nat(20), fc.constant(Number.NaN)),
    });
    fc.assert(
      fc.property(fc.array(fc.array(step, { maxLength: 30 }), { maxLength: 12 }), batches => {
        const memory = new Memory();
        const model = new Map<string, { status: string; date: number }>();
        for (const batch of batches) {
          const last = new Map(batch.map(each => [each.n, each]));
          for (const each of last.values()) {
            if (each.do === 'drop') {
              memory.drop(id(each.n));
              model.delete(id(each.n));
            } else {
              memory.take([seen(each.n, each.do, each.date)], 1);
              model.set(id(each.n), { status: each.do, date: each.date });
            }
          }
          if (batch.length % 3 === 0) memory.settle();
          for (const [state, status] of [['failed', 'FAILURE'] as const, ['finished', 'SUCCESS'] as const]) {
            const slots = [...memory.after(state, null, null)];
            const ids = slots.map(slot => memory.table.idOf(slot));
            const wanted = [...model].filter(([, each]) => each.status === status);
            expect(new Set(ids)).toEqual(new Set(wanted.map(([key]) => key)));
            expect(ids).toHaveLength(wanted.length);
            expect(memory.countOf(state).all).toBe(wanted.length);
            const dates = slots
              .map(slot => memory.table.dateOf(slot))
              .map(date => (Number.isNaN(date) ? Infinity : date));
            expect(dates).toEqual([...dates].sort((a, b) => b - a || 0));
            const at = Math.floor(slots.length / 2);
            const from = ids[at];
            if (from === undefined) continue;
            const date = memory.table.dateOf(slots[at] ?? 0);
            const behind = [...memory.after(state, { date, id: from }, null)].map(slot => memory.table.idOf(slot));
            expect(behind).toEqual(ids.slice(at + 1));
          }
        }
        expect(memory.size).toBe(model.size);
      }),
      { numRuns: 150 },
    );
  });

  test('has no trouble with ids that differ in a few places only', () => {
    const milliseconds = (idOf: (n: number) => string) => {
      const memory = new Memory();
      const ids = Array.from({ length: 20_000 }, (_value, n) => idOf(n));
      const began = performance.now();
      for (let from = 0; from < ids.length; from += 1000) {
        const part = ids.slice(from, from + 1000);
        memory.take(
          part.map((text, n) => ({ ...seen(1, 'FAILURE', from + n), key: Buffer.from(text), from: 0 })),
          1,
        );
      }
      for (const text of ids) expect(memory.table.find(text)).toBeGreaterThanOrEqual(0);
      expect(memory.size).toBe(ids.length);
      return performance.now() - began;
    };
    const usual = milliseconds(() => randomUUID());
    const alike = milliseconds(n => `00000000-0000-1000-8000-${n.toString(16).padStart(12, '0')}`);
    // Were each looked for among all that are like it, this would be a thousand times as much.
    expect(alike / usual).toBeLessThan(30);
  });
});

describe('result backends as workers name them', () => {
  const of = (result_backend: unknown, broker_url: unknown = 'redis://cache:6379/0') =>
    namedBackends([{ result_backend, broker_url }]);
  test.each([
    ['redis://cache:6379/3', undefined, 3],
    ['redis://cache', undefined, 0],
    ['redis://:secret@CACHE/2?ssl_cert_reqs=none', undefined, 2],
    ['redis://127.0.0.1/1', 'redis://localhost:6379/0', 1],
    ['redis://cache:6380/3', undefined, 'elsewhere'],
    ['redis://other/3', undefined, 'elsewhere'],
    ['rpc://', undefined, 'elsewhere'],
    ['redis+socket:///run/redis.sock?virtual_host=2', undefined, null],
    ['redis://cache/3', 'amqp://rabbit//', null],
    ['redis://cache/3', null, null],
  ])('%s, messages at %s: %s', (backend, broker, database) => {
    expect(of(backend, broker)).toMatchObject([{ database }]);
    expect(JSON.stringify(of(backend, broker))).not.toContain('secret');
  });

  test('none is none', () => {
    expect(of(null)).toEqual([]);
    expect(of('disabled')).toEqual([]);
  });
});

/** Messages of Celery: both protocols, what stands around a body, and everything that can be wrong with one. */
import { Buffer } from 'node:buffer';
import { brotliCompressSync, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openMessage, readEnvelope, readEnvelopeTail, readHeld } from '../../../../src/systems/celery/message/read';
import { instantOfValue } from '../../../../src/systems/celery/message/values';

interface Parts {
  readonly body?: string | Buffer;
  readonly type?: string;
  readonly headers?: Record<string, unknown>;
  readonly properties?: Record<string, unknown>;
  readonly plain?: boolean;
}

function bytesOf({ body = '', type = 'application/json', headers = {}, properties = {}, plain }: Parts): Buffer {
  const text = plain === true ? body.toString() : Buffer.from(body as string).toString('base64');
  return Buffer.from(
    JSON.stringify({
      body: text,
      'content-encoding': 'utf-8',
      'content-type': type,
      headers,
      properties: {
        ...{ correlation_id: 'an-id', delivery_info: { exchange: '', routing_key: 'celery' }, priority: 3 },
        ...(plain === true ? {} : { body_encoding: 'base64' }),
        ...properties,
      },
    }),
  );
}

const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
const second = { lang: 'py', task: 'shop.tasks.add', id: 'an-id', retries: 2, timelimit: [300, 240] };
const signature = (task: string, id: string | null) => ({
  ...{ task, args: [], kwargs: {}, subtask_type: null, immutable: false },
  options: id === null ? {} : { task_id: id },
});

test('protocol 2: headers name the task, the body has the call', () => {
  const body = JSON.stringify([[1, 'a'], { b: 2.0 }, embed]);
  const headers = {
    ...second,
    ...{ eta: '2026-12-01T12:00:00.123456+02:00', expires: null, root_id: 'root', parent_id: 'parent', group: 'g' },
    ...{ argsrepr: "(1, 'a')", kwargsrepr: "{'b': 2}", origin: 'gen7@host' },
  };
  const message = readEnvelope(bytesOf({ body, headers }));
  expect(message).toMatchObject({
    ...{ id: 'an-id', task: 'shop.tasks.add', protocol: 2, retries: 2, timeLimit: [300, 240], priority: 3 },
    ...{ eta: '2026-12-01T10:00:00.123Z', expires: null, rootId: 'root', parentId: 'parent', groupId: 'g' },
    ...{ origin: 'gen7@host', exchange: '', routingKey: 'celery', redelivered: false, problems: [] },
    callText: "(1, 'a', b=2)",
  });
  expect([message.args?.text, message.kwargs?.text]).toEqual(["[1, 'a']", "{'b': 2}"]);
});

test('protocol 1: everything stands in the body', () => {
  const body = JSON.stringify({
    ...{ task: 'old.add', id: 'an-id', args: [1], kwargs: { x: null }, retries: 1, utc: true, timelimit: [null, 5] },
    ...{ eta: '2026-12-01T10:00:00', expires: '2026-12-01T11:00:00+00:00', taskset: 'set', chord: null },
    callbacks: [signature('old.then', 'next')],
  });
  expect(readEnvelope(bytesOf({ body }))).toMatchObject({
    ...{ id: 'an-id', task: 'old.add', protocol: 1, retries: 1, timeLimit: [null, 5], groupId: 'set' },
    ...{ eta: '2026-12-01T10:00:00.000Z', expires: '2026-12-01T11:00:00.000Z', callText: '(1, x=None)' },
    callbacks: [{ task: 'old.then', id: 'next' }],
  });
});

test('headers with a body of protocol 1 are read too, and what headers tell wins', () => {
  const body = JSON.stringify({ task: 'old.add', id: 'other', args: [1], kwargs: {} });
  const message = readEnvelope(bytesOf({ body, headers: second }));
  expect(message).toMatchObject({ id: 'an-id', task: 'shop.tasks.add', protocol: 2, callText: '(1)', problems: [] });
});

test('what follows comes in the order in which it runs', () => {
  const chain = [signature('last', '3'), signature('then', '2'), signature('next', null)];
  const more = { chain, chord: signature('sum', 'c'), callbacks: null, errbacks: [signature('oops', null)] };
  const message = readEnvelope(bytesOf({ body: JSON.stringify([[], {}, more]), headers: second }));
  expect(message.chain.map(({ task }) => task)).toEqual(['next', 'then', 'last']);
  expect([message.chord, message.errbacks]).toEqual([{ task: 'sum', id: 'c' }, [{ task: 'oops', id: null }]]);
});

test('a pickled signature is a call of celery.canvas, and is read as the dict in it', () => {
  // pickle.dumps(([1], {}, {"chord": signature}), 2) with Signature.__reduce__ = (signature, (dict(self),)).
  const chord = 'ccelery.canvas\nsignature\n((dU\x04taskU\x03sumsU\x07options(dU\x07task_idU\x01csstR';
  const body = Buffer.from(`((lI1\na(d(dU\x05chord${chord}st.`, 'latin1');
  const message = readEnvelope(bytesOf({ body, type: 'application/x-python-serialize', headers: second }));
  expect(message.problems).toEqual([]);
  expect(message.chord).toEqual({ task: 'sum', id: 'c' });
});

test("kombu's type tags become values", () => {
  const body =
    '[[{"__type__":"uuid","__value__":{"hex":"00000000000000000000000000000005"}},{"__type__":"decimal","__value__":"1.20"}],{},{}]';
  expect(readEnvelope(bytesOf({ body, headers: second })).callText).toBe(
    "(UUID('00000000-0000-0000-0000-000000000005'), Decimal('1.20'))",
  );
});

describe('envelopes of a body', () => {
  const body = JSON.stringify([['x'.repeat(50)], {}, embed]);

  test.each([
    ['application/x-gzip', deflateSync(body), 'zlib, JSON'],
    ['application/x-brotli', brotliCompressSync(body), 'brotli, JSON'],
  ])('%s', (compression, packed, layers) => {
    const message = readEnvelope(bytesOf({ body: packed, headers: { ...second, compression } }));
    expect([message.unpacked?.layers, message.problems]).toEqual([layers, []]);
    expect(message.args?.text).toBe(`['${'x'.repeat(50)}']`);
  });

  test('YAML needs its library: rows have the sender’s words, opening has the values', async () => {
    const headers = { ...second, argsrepr: '(1,)', kwargsrepr: '{}' };
    const message = readEnvelope(bytesOf({ body: '[[1], {a: 2.5}, {}]', type: 'application/x-yaml', headers }));
    expect([message.callText, message.args]).toEqual(['(1)', null]);
    await openMessage(message);
    expect([message.args?.text, message.kwargs?.text]).toEqual(['[1]', "{'a': 2.5}"]);
  });

  test('msgpack', () => {
    const packed = Buffer.from([0x93, 0x92, 0x01, 0xa1, 0x61, 0x80, 0x80]);
    expect(readEnvelope(bytesOf({ body: packed, type: 'application/x-msgpack', headers: second })).callText).toBe(
      "(1, 'a')",
    );
  });

  test('plain text where the transport says no base64', () => {
    expect(readEnvelope(bytesOf({ body, headers: second, plain: true })).callText).toBe(`('${'x'.repeat(50)}')`);
  });

  test('signed ones are opened without checking the signature', () => {
    const fields = ['c2lnbmVy', 'c2ln', 'application/json', 'utf-8', body].join('\0\x01');
    const signed = Buffer.from(fields).toString('base64');
    const message = readEnvelope(bytesOf({ body: signed, type: 'application/data', headers: second }));
    expect([message.unpacked?.layers, message.args?.text]).toEqual(['signed, JSON', `['${'x'.repeat(50)}']`]);
  });
});

describe('what is wrong is said, and the rest stands', () => {
  test.each<[string, Buffer, string, Record<string, unknown>]>([
    ['no JSON', Buffer.from('hello'), 'message', { id: null, task: null }],
    ['no UTF-8', Buffer.from([0x7b, 0xff]), 'message', { id: null }],
    ['JSON of something else', Buffer.from('[1]'), 'message', { id: null }],
    ['no properties', Buffer.from('{"body": "", "headers": {}}'), 'properties', { id: null }],
    ['no body', Buffer.from('{"properties": {"correlation_id": "x"}}'), 'body', { id: 'x' }],
    ['headers that are a list', Buffer.from('{"body": "e30=", "headers": [1], "properties": {}}'), 'headers', {}],
    [
      'a body that is no base64',
      Buffer.from(
        JSON.stringify({ body: '***', headers: second, properties: { body_encoding: 'base64' }, 'content-type': 'x' }),
      ),
      'body',
      { task: 'shop.tasks.add' },
    ],
    ['a broken body', bytesOf({ body: '[[1', headers: second }), 'args', { task: 'shop.tasks.add', args: null }],
    ['another shape', bytesOf({ body: '[1]', headers: second }), 'args', { id: 'an-id', callText: null }],
    [
      'a broken pickle',
      bytesOf({ body: '\x80\x04q', type: 'application/x-python-serialize', headers: second }),
      'args',
      {},
    ],
    ['an unknown serializer', bytesOf({ body: 'x', type: 'application/x-own', headers: second }), 'args', {}],
    ['an unknown compression', bytesOf({ body: 'x', headers: { ...second, compression: 'own' } }), 'args', {}],
    ['a dict that names no task', bytesOf({ body: '{"a": 1}' }), 'task', { task: null, id: 'an-id' }],
    [
      'times that are none',
      bytesOf({ body: '[[], {}, {}]', headers: { ...second, eta: 'soon', retries: 'x' } }),
      '',
      { eta: null, retries: null },
    ],
  ])('%s', (_name, bytes, part, rest) => {
    const message = readEnvelope(bytes);
    // Reading the call is what finds the body's faults.
    expect(message.callText === null || typeof message.callText === 'string').toBe(true);
    expect(message).toMatchObject(rest);
    expect(message.problems.map(problem => problem.part)).toEqual(part === '' ? [] : expect.arrayContaining([part]));
  });

  test('any bytes make a message', () => {
    const shape = fc.record(
      {
        body: fc.oneof(fc.string(), fc.integer(), fc.base64String()),
        'content-type': fc.oneof(fc.constantFrom('application/json', 'application/x-python-serialize'), fc.string()),
        headers: fc.dictionary(
          fc.constantFrom('task', 'id', 'eta', 'retries', 'timelimit', 'compression'),
          fc.jsonValue(),
        ),
        properties: fc.dictionary(fc.constantFrom('priority', 'delivery_info', 'body_encoding'), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const anything = fc.oneof(
      fc.uint8Array(),
      shape.map(value => Buffer.from(JSON.stringify(value))),
    );
    fc.assert(
      fc.property(anything, bytes => {
        const message = readEnvelope(bytes);
        const { id, task, callText, eta, timeLimit, chain, chord, groupId, problems } = message;
        expect([id, task, callText, eta].every(value => value === null || typeof value === 'string')).toBe(true);
        expect([timeLimit.length, Array.isArray(chain), chord === null || typeof chord === 'object']).toEqual([
          2,
          true,
          true,
        ]);
        expect(groupId === null || typeof groupId === 'string').toBe(true);
        expect(problems.every(({ reason }) => reason !== '')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

test('the end of a long element has everything but the arguments', () => {
  const whole = bytesOf({ body: JSON.stringify([['x'.repeat(100_000)], {}, embed]), headers: second });
  // json.dumps puts a blank behind commas and colons.
  const spaced = Buffer.from(whole.toString().replaceAll('","', '", "').replaceAll('":', '": '));
  const message = readEnvelopeTail(spaced.subarray(-4000), spaced.length);
  expect(message).toMatchObject({
    id: 'an-id',
    task: 'shop.tasks.add',
    retries: 2,
    callText: '(… 131 kB)',
    problems: [],
  });
  expect(readEnvelopeTail(Buffer.from('x'.repeat(100)), 70_000).problems).toMatchObject([{ part: 'message' }]);
});

test('a held message says where it came from', () => {
  const envelope = bytesOf({ body: '[[1], {}, {}]', headers: second }).toString();
  const { message, heldFrom } = readHeld(Buffer.from(`[${envelope}, "shop", "shop.mail"]`), null);
  expect([message.task, message.callText, heldFrom]).toEqual([
    'shop.tasks.add',
    '(1)',
    { exchange: 'shop', routingKey: 'shop.mail' },
  ]);
  expect(readHeld(Buffer.from('[1, 2]'), null).message.problems).toMatchObject([{ part: 'message' }]);
});

test.each([
  ['2026-12-01T10:00:00', '2026-12-01T10:00:00.000Z'],
  ['2026-12-01 10:00:00.5+0130', '2026-12-01T08:30:00.500Z'],
  ['2026-12-01T10:00:00Z', '2026-12-01T10:00:00.000Z'],
  [1_790_000_000, '2026-09-21T14:13:20.000Z'],
  [{ __type__: 'datetime', __value__: '2026-12-01T10:00:00+00:00' }, '2026-12-01T10:00:00.000Z'],
  ['2026-13-01T10:00:00', null],
  [Number.POSITIVE_INFINITY, null],
  [true, null],
])('%j as a time', (value, expected) => {
  expect(instantOfValue(value)).toBe(expected);
});

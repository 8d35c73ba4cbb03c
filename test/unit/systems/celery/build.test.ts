import { describe, expect, test } from 'vitest';
import {
  parseArguments,
  parseKeywordArguments,
  parseLiteral,
  readPickle,
  reprText,
} from '../../../../src/codecs/python';
import {
  buildTask,
  type Dialect,
  envelopeOf,
  propertiesOf,
  type TaskSpec,
} from '../../../../src/systems/celery/message/build';
import { editDelivery, editEnvelope } from '../../../../src/systems/celery/message/build-edit';
import { kombuJson, UnwritableValue } from '../../../../src/systems/celery/message/build-values';
import { readEnvelope } from '../../../../src/systems/celery/message/read';

const NEW: Dialect = { protocol: 2, serializer: 'json', tagged: true, old: false, stamps: true };
const spec = (more: Partial<TaskSpec> = {}): TaskSpec => ({
  id: 'the-id',
  task: 'shop.tasks.add',
  call: { args: parseArguments("(1, 2.0, 'é')"), kwargs: parseKeywordArguments("{'a': None}") },
  ...more,
});
const read = (element: string) => readEnvelope(Buffer.from(element));

describe('a new message', () => {
  test('of protocol 2 has every header that Celery 5.7 writes', () => {
    const message = read(envelopeOf(buildTask(spec({ priority: 3, timeLimit: [60, 50] }), NEW), 'über', 'tag'));
    expect(message.problems).toEqual([]);
    expect(message).toMatchObject({
      id: 'the-id',
      task: 'shop.tasks.add',
      protocol: 2,
      timeLimit: [60, 50],
      rootId: 'the-id',
      priority: 3,
      exchange: '',
      routingKey: 'über',
      contentType: 'application/json',
    });
    expect(message.args?.text).toBe("[1, 2.0, 'é']");
    expect(message.kwargs?.text).toBe("{'a': None}");
    expect(Object.keys(message.headers).sort()).toEqual(
      [
        ...[
          'argsrepr',
          'eta',
          'expires',
          'group',
          'group_index',
          'id',
          'ignore_result',
          'kwargsrepr',
          'lang',
          'origin',
        ],
        ...['parent_id', 'replaced_task_nesting', 'retries', 'root_id', 'shadow', 'stamped_headers', 'stamps', 'task'],
        'timelimit',
      ].sort(),
    );
    expect(message.headers['argsrepr']).toBe("(1, 2.0, 'é')");
  });

  test('of protocol 1 has no headers, and a dict for its body', () => {
    const message = read(
      envelopeOf(buildTask(spec({ eta: '2099-01-01T00:00:00+00:00' }), { ...NEW, protocol: 1 }), 'q'),
    );
    expect(message).toMatchObject({ protocol: 1, id: 'the-id', task: 'shop.tasks.add', eta: expect.any(String) });
    expect(message.headers).toEqual({});
    expect(message.args?.text).toBe("[1, 2.0, 'é']");
  });

  test('in pickle is what Python loads', () => {
    for (const old of [false, true]) {
      const call = buildTask(spec(), { ...NEW, serializer: 'pickle', old });
      expect(call).toMatchObject({ contentType: 'application/x-python-serialize', contentEncoding: 'binary' });
      const { root, protocol } = readPickle(call.body);
      expect(protocol).toBe(old ? 2 : 4);
      expect(reprText(root)).toBe(
        "((1, 2.0, 'é'), {'a': None}, {'callbacks': None, 'errbacks': None, 'chain': None, 'chord': None})",
      );
    }
  });

  test('takes text of arguments as it is', () => {
    const call = { argsJson: '[1.0, 12345678901234567890]', kwargsJson: '{}', argsrepr: '(…)', kwargsrepr: '{}' };
    const message = read(envelopeOf(buildTask(spec({ call }), NEW), 'q'));
    expect(Buffer.from(message.body).toString()).toContain('[[1.0, 12345678901234567890], {}, {"callbacks"');
    const first = read(envelopeOf(buildTask(spec({ call }), { ...NEW, protocol: 1 }), 'q'));
    expect(first.args?.text).toBe('[1.0, 12345678901234567890]');
  });

  test('for RabbitMQ', () => {
    expect(propertiesOf(buildTask(spec(), NEW))).toMatchObject({
      correlationId: 'the-id',
      deliveryMode: 2,
      headers: { task: 'shop.tasks.add', timelimit: [null, null] },
    });
  });
});

describe("kombu's JSON", () => {
  test.each([
    ["{'a': [True, None, (1, -2)]}", '{"a": [true, null, [1, -2]]}'],
    ['1.0', '1.0'],
    ['123456789012345678901', '123456789012345678901'],
    ["float('nan')", 'NaN'],
    ["float('-inf')", '-Infinity'],
    ["'\\u00e9\\n\"'", String.raw`"\u00e9\n\""`],
    ["b'text'", '{"__type__": "bytes", "__value__": "text"}'],
    ["b'\\xff'", '{"__type__": "base64", "__value__": "/w=="}'],
    ['datetime.date(2026, 1, 2)', '{"__type__": "date", "__value__": "2026-01-02"}'],
    ["Decimal('1.10')", '{"__type__": "decimal", "__value__": "1.10"}'],
    [
      "UUID('12345678-1234-5678-1234-567812345678')",
      '{"__type__": "uuid", "__value__": {"hex":"12345678123456781234567812345678"}}',
    ],
  ])('%s', (literal, json) => {
    expect(kombuJson(parseLiteral(literal), true)).toBe(json);
  });

  test('before kombu 5.3 dates are text', () => {
    expect(kombuJson(parseLiteral('datetime.datetime(2026, 1, 2, 3, 4)'), false)).toBe('"2026-01-02T03:04:00"');
  });

  test.each([
    ['{1: 2}', true],
    ['{1, 2}', true],
    ["b'x'", false],
    ['complex(1, 2)', true],
    ["datetime.datetime(2026, 1, 2, tzinfo=ZoneInfo('Europe/Berlin'))", true],
  ])('what it cannot hold is refused: %s', (literal, tagged) => {
    expect(() => kombuJson(parseLiteral(literal), tagged)).toThrow(UnwritableValue);
  });
});

describe('a change', () => {
  const element =
    '{"body": "W1sxLjAsIDEyMzQ1Njc4OTAxMjM0NTY3ODkwXSwge30sIHsiY2hvcmQiOiB7InRhc2siOiAidCJ9fV0=", "content-encoding": "utf-8", "content-type": "application/json", "headers": {"task": "t", "id": "old", "root_id": "old", "eta": null, "custom": 1.0}, "properties": {"correlation_id": "old", "priority": 0, "delivery_info": {"exchange": "e", "routing_key": "r"}, "body_encoding": "base64", "delivery_tag": "x"}}';

  test('of a header leaves body and everything else', async () => {
    const changed = await editEnvelope(Buffer.from(element), read(element), { eta: '2099', queue: 'q' }, true);
    expect(changed.toString()).toBe(
      element
        .replace('"eta": null', '"eta": "2099"')
        .replace('"exchange": "e", "routing_key": "r"', '"exchange": "", "routing_key": "q"'),
    );
  });

  test('of the id, the arguments and the chord', async () => {
    const edits = { id: 'new', args: parseArguments("('x',)"), outOfChord: true, tag: 'y' } as const;
    const changed = (await editEnvelope(Buffer.from(element), read(element), edits, true)).toString();
    const message = read(changed);
    expect(message).toMatchObject({ id: 'new', rootId: 'new', chord: null });
    expect(message.headers).toMatchObject({ argsrepr: "('x',)" });
    expect(changed).toContain('"custom": 1.0');
    expect(changed).toContain('"correlation_id": "new"');
    expect(changed).toContain('"delivery_tag": "y"');
    expect(Buffer.from(message.body).toString()).toBe('[["x"], {}, {"chord": null}]');
  });

  test('of a pickle, of protocol 1, and of what is compressed', async () => {
    const pickled = buildTask(spec(), { ...NEW, serializer: 'pickle', protocol: 1 });
    const first = read(envelopeOf(pickled, 'q'));
    const changed = read(
      (await editEnvelope(Buffer.from(envelopeOf(pickled, 'q')), first, { id: 'new', retries: 2 }, true)).toString(),
    );
    expect(changed).toMatchObject({ id: 'new', retries: 2, protocol: 1 });
    expect(changed.args?.text).toBe("(1, 2.0, 'é')");
    const { deflateSync } = await import('node:zlib');
    const plain = buildTask(spec(), NEW);
    const packed = {
      ...plain,
      body: deflateSync(plain.body),
      headers: { ...plain.headers, compression: 'application/x-gzip' },
    };
    const compressed = read(envelopeOf(packed, 'q'));
    const edited = await editDelivery(packed.headers, compressed, { kwargs: parseKeywordArguments('b=1') }, true);
    expect(edited.headers).not.toHaveProperty('compression');
    expect(edited.headers).toMatchObject({ kwargsrepr: "{'b': 1}" });
    expect(edited.body.toString()).toContain('{"b": 1}');
  });

  test('of what cannot be changed is refused with the reason', async () => {
    const yaml = element.replace('application/json', 'application/x-yaml');
    await expect(editEnvelope(Buffer.from(yaml), read(yaml), { args: parseArguments('()') }, true)).rejects.toThrow(
      'only JSON and pickles can be changed',
    );
    const broken = '{"body": 1';
    await expect(editEnvelope(Buffer.from(broken), read(broken), { queue: 'q' }, true)).rejects.toThrow(
      UnwritableValue,
    );
    await expect(editEnvelope(Buffer.from(broken), read(broken), { eta: null }, true)).rejects.toThrow(UnwritableValue);
  });
});

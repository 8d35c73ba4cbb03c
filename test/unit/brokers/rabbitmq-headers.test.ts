import { describe, expect, test } from 'vitest';
import { RAW, Translator, unwrapTable, wrapTable } from '../../../src/brokers/rabbitmq/frames';
import { messageOf, openSaved, republication, saveMessage } from '../../../src/brokers/rabbitmq/messages';
import { readTable, tableProblem, writeTable } from '../../../src/brokers/rabbitmq/table';

type Part = string | number | readonly number[] | Uint8Array;
const bytes = (...parts: readonly Part[]) =>
  Buffer.concat(
    parts.map(part => {
      if (typeof part === 'string') return Buffer.from(part, 'latin1');
      return Buffer.from(typeof part === 'number' ? [part] : part);
    }),
  );
const named = (name: string, ...value: readonly Part[]) => bytes(name.length, name, ...value);

describe('tables', () => {
  test('every tag is read', () => {
    const table = Buffer.concat([
      named('b', 'b', 0xfd),
      named('B', 'B', 0xfd),
      named('t', 't', 1),
      named('s', 's', [0xff, 0xfe]),
      named('u', 'u', [0xff, 0xfe]),
      named('I', 'I', [0xff, 0xff, 0xff, 0xfd]),
      named('i', 'i', [0xff, 0xff, 0xff, 0xfd]),
      named('d', 'd', [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
      named('f', 'f', [0x3f, 0x80, 0, 0]),
      named('l', 'l', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]),
      named('L', 'L', [0, 0, 1, 0, 0, 0, 0, 0]),
      named('T', 'T', [0, 0, 0, 0, 0, 0, 0, 5]),
      named('D', 'D', [2, 0, 0, 1, 0x3a]),
      named('V', 'V'),
      named('S', 'S', [0, 0, 0, 2], 'hi'),
      named('x', 'x', [0, 0, 0, 1], 0xff),
      named('F', 'F', [0, 0, 0, 3], named('a', 'V')),
      named('A', 'A', [0, 0, 0, 3], 'V', 't', 0),
    ]);
    const read = readTable(table);
    expect(read).toEqual({
      ...{ b: -3, B: 253, t: true, s: -2, u: 65_534, I: -3, i: 4_294_967_293, d: 1, f: 1, l: -2, L: 2 ** 40 },
      T: { '!': 'timestamp', value: 5 },
      D: { '!': 'decimal', value: { places: 2, digits: 314 } },
      ...{ V: null, S: 'hi', x: Buffer.from([0xff]), F: { a: null }, A: [null, false] },
    });
    expect(tableProblem(read)).toBeNull();
    expect(Object.isFrozen(read)).toBe(true);
    expect(writeTable(read)).toEqual(table);
  });

  test('integers never take the tags that py-amqp reads as something else', () => {
    const tags = (value: unknown) => String.fromCharCode(writeTable({ a: value })[2] ?? 0);
    expect([0, -1, 127, 128, 300, -40_000, 2 ** 31 - 1, -(2 ** 31)].map(tags)).toEqual(Array(8).fill('I'));
    expect([2 ** 31, -(2 ** 31) - 1, 2 ** 53, 5n].map(tags)).toEqual(Array(4).fill('l'));
    expect([0.5, 1e300, { '!': 'double', value: 1 }].map(tags)).toEqual(['d', 'd', 'd']);
    expect(writeTable({ list: [300], table: { small: 3 } })).toEqual(
      Buffer.concat([
        named('list', 'A', [0, 0, 0, 5], 'I', [0, 0, 1, 0x2c]),
        named('table', 'F', [0, 0, 0, 11], named('small', 'I', [0, 0, 0, 3])),
      ]),
    );
  });

  test('a changed copy keeps what was not changed inside', () => {
    const inner = named('n', 's', [0, 3]);
    const table = Buffer.concat([named('keep', 'F', [0, 0, 0, inner.length], inner), named('drop', 'V')]);
    const { drop: _, ...rest } = readTable(table);
    expect(writeTable(rest)).toEqual(named('keep', 'F', [0, 0, 0, inner.length], inner));
  });

  test('what is broken is read as far as it goes, says why, and is never written again', () => {
    const good = named('good', 'V');
    const cases = [
      [named('x', 'Z', 1, 2), 'the value of "x" has the unknown type "Z"'],
      [named('x', 'I', 1), 'the value of "x" is cut off'],
      [named('x', 'S', [0, 0, 1, 0], 'hi'), 'the value of "x" is cut off'],
      [named('x', 'S', [0]), 'the value of "x" is cut off'],
      [named('x', 'F', [0xff, 0xff, 0xff, 0xff]), 'the value of "x" is cut off'],
      [bytes(40, 'short'), 'a name is cut off'],
      [bytes(1, 'x'), 'the value of "x" has the unknown type "\\u0000"'],
    ] as const;
    for (const [bad, why] of cases) {
      const read = readTable(Buffer.concat([good, bad]));
      expect(read).toMatchObject({ good: null });
      expect(tableProblem(read)).toBe(why);
      expect(() => writeTable(read)).toThrow(/could not be read whole/);
    }
  });

  test('nesting has an end', () => {
    let table = named('end', 'V');
    for (let depth = 0; depth < 100; depth++) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(table.length);
      table = Buffer.concat([named('a', 'F'), length, table]);
    }
    expect(tableProblem(readTable(table))).toBe('"a" is nested too deeply');
    let deep: Record<string, unknown> = {};
    for (let depth = 0; depth < 100; depth++) deep = { a: deep };
    expect(() => writeTable(deep)).toThrow(/nested too deeply/);
  });

  test('a header of any name is a header', () => {
    const table = named('__proto__', 'V');
    expect(Object.keys(readTable(table))).toEqual(['__proto__']);
    expect(writeTable({ ...readTable(table) })).toEqual(table);
    expect(() => writeTable({ ['n'.repeat(256)]: 1 })).toThrow(/longer than 255 bytes/);
    expect(() => writeTable({ a: () => 1 })).toThrow(/cannot be written: a is a function/);
    expect(() => writeTable({ a: 2n ** 63n })).toThrow(/beyond 64 bits/);
  });
});

/** A content header frame: flags, then what stands before the headers, the table, and what stands behind. */
function frame(flags: number, ...fields: readonly Buffer[]): Buffer {
  const payload = Buffer.concat([bytes([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4], [flags >> 8, flags & 255]), ...fields]);
  const head = Buffer.alloc(7);
  head[0] = 2;
  head.writeUInt16BE(1, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, bytes(0xce)]);
}
const tableField = (table: Buffer) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(table.length);
  return Buffer.concat([length, table]);
};
const short = (text: string) => bytes(text.length, text);

describe('frames', () => {
  const table = named('big', 'L', [0, 0, 1, 0, 0, 0, 0, 0]);
  const types = [short('application/json'), short('utf-8')];
  const body = bytes(3, [0, 1], [0, 0, 0, 4], 'body', 0xce);
  const heartbeat = bytes(8, [0, 0], [0, 0, 0, 0], 0xce);
  const stream = Buffer.concat([
    heartbeat,
    frame(0xf000, ...types, tableField(table), bytes(2)),
    body,
    frame(0x2000, tableField(Buffer.alloc(0))),
    frame(0x8000, short('text/plain')),
    body,
  ]);
  const wrapped = Buffer.concat([
    heartbeat,
    frame(0xf000, ...types, tableField(wrapTable(table)), bytes(2)),
    body,
    frame(0x2000, tableField(wrapTable(Buffer.alloc(0)))),
    frame(0x8000, short('text/plain')),
    body,
  ]);

  test.each([1, 2, 3, 7, 8, 13, 64, 1000])('are cut rightly in chunks of %i bytes, there and back', size => {
    const there = new Translator(wrapTable);
    const back = new Translator(unwrapTable);
    const middle: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) middle.push(there.push(stream.subarray(at, at + size)));
    expect(Buffer.concat(middle)).toEqual(wrapped);
    expect(Buffer.concat(middle.map(chunk => back.push(chunk)))).toEqual(stream);
  });

  test('that are not as they should be pass as they are', () => {
    const odd = [
      frame(0x2000, bytes([0xff, 0xff, 0xff, 0xff])),
      frame(0xa000, bytes(200, 'cut')),
      frame(0x2001, tableField(table)),
      frame(0x2000),
      bytes(2, [0, 1], [0, 0, 0, 3], 'abc', 0xce),
    ];
    for (const each of odd) expect(new Translator(wrapTable).push(each)).toEqual(each);
    expect(unwrapTable(table)).toBe(table);
    const cut = wrapTable(table).subarray(0, -1);
    expect(unwrapTable(cut)).toBe(cut);
  });
});

describe('messages', () => {
  const fields = { exchange: 'e', routingKey: 'k', redelivered: true, deliveryTag: 1 };
  const given = (headers: Buffer, more: object = {}) =>
    messageOf({
      fields,
      content: Buffer.from('body'),
      properties: { headers: { [RAW]: headers }, correlationId: 'c', userId: 'guest', ...more },
    } as unknown as Parameters<typeof messageOf>[0]);

  test('are saved with the bytes of their headers, and without the user that sent them', () => {
    const table = named('n', 's', [0, 3]);
    const message = given(table, { priority: 3, timestamp: 5, deliveryMode: 2 });
    expect(message).toMatchObject({ exchange: 'e', routingKey: 'k', redelivered: true });
    expect(message.properties).toEqual({
      ...{ correlationId: 'c', priority: 3, timestamp: 5, deliveryMode: 2 },
      headers: { n: 3 },
    });
    const opened = openSaved(JSON.parse(JSON.stringify(saveMessage(message))));
    expect(opened.properties).toEqual(message.properties);
    expect(writeTable(opened.properties.headers ?? {})).toEqual(table);
    expect(() => openSaved({ properties: { table: 5 }, body: '' })).toThrow(/cannot be read/);
  });

  test('are published anew without what brokers add', () => {
    const table = Buffer.concat([
      named('x-death', 'A', [0, 0, 0, 0]),
      named('x-first-death-queue', 'S', [0, 0, 0, 1], 'q'),
      named('x-delivery-count', 'l', [0, 0, 0, 0, 0, 0, 0, 1]),
      named('task', 'S', [0, 0, 0, 1], 't'),
    ]);
    const again = republication(given(table), 'to');
    expect(again).toMatchObject({ routingKey: 'to', properties: { correlationId: 'c', headers: { task: 't' } } });
    expect(again.exchange).toBeUndefined();
    const clean = given(named('n', 's', [0, 3]));
    expect(republication(clean, 'to').properties.headers).toBe(clean.properties.headers);
  });

  test('whose headers are broken say so', () => {
    const message = given(named('x', 'Z'));
    expect(message.headersProblem).toContain('unknown type "Z"');
    expect(() => saveMessage(message)).toThrow(/could not be read whole/);
  });
});

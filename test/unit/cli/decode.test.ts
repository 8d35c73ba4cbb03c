import { Readable } from 'node:stream';
import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeAny, decodeBatch, decodePickle } from '../../../src/cli/decode';
import { framesOf, linesOf } from '../../../src/cli/input';

/** `{'user': 7}`, protocol 2. */
const user = Buffer.concat([
  Buffer.from([0x80, 2, 0x7d, 0x58, 4, 0, 0, 0]),
  Buffer.from('user'),
  Buffer.from([0x4b, 7, 0x73, 0x2e]),
]);

const framed = (inputs: readonly Buffer[]) =>
  Buffer.concat(
    inputs.flatMap(input => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(input.length);
      return [length, input];
    }),
  );

/** The bytes in chunks of a size: frames and lines must not care where the chunks end. */
const inChunks = (bytes: Buffer, size: number) =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })(),
  );

async function batch(input: Readable, as: 'pickle' | 'auto' = 'pickle') {
  let text = '';
  const whole = await decodeBatch(input, as, async part => {
    text += part;
  });
  return {
    whole,
    lines: text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line)),
  };
}

test('a pickle as Python prints it, and as JSON', () => {
  expect(decodePickle(user)).toMatchObject({ text: "{'user': 7}", json: { user: 7 }, kind: 'pickle', notes: [] });
});

test('a few bytes that share their parts widely are not written out', () => {
  // [], then 60 times the pair of the last two: 2^60 lists.
  const pairs = Array.from({ length: 60 }, (_, i) => [0x68, i, 0x68, i, 0x86, 0x94]).flat();
  const { text, json } = decodePickle(Uint8Array.from([0x80, 4, 0x5d, 0x94, ...pairs, 0x2e]));
  expect(text.length).toBeLessThan(1_010_000);
  expect(text).toContain('…');
  expect(JSON.stringify(json).length).toBeLessThan(2_000_000);
});

test('what cannot be read says where', () => {
  expect(() => decodePickle(user.subarray(0, 5))).toThrow(
    expect.objectContaining({ code: 'bad-value', details: expect.objectContaining({ offset: expect.any(Number) }) }),
  );
});

test('envelopes are taken off, and named from the outside in', async () => {
  const decoded = await decodeAny(deflateSync(user));
  expect(decoded).toMatchObject({ text: "{'user': 7}", json: { user: 7 }, kind: 'pickle' });
  expect(decoded.layers.map(({ name }) => name)).toEqual(['zlib', 'pickle']);
  expect(await decodeAny(Buffer.from('plain words'))).toMatchObject({
    text: 'plain words',
    json: 'plain words',
    kind: 'text',
  });
  expect(await decodeAny(Buffer.from('{"a": 1}'))).toMatchObject({ json: { a: 1 }, kind: 'json' });
  await expect(decodeAny(Buffer.from([0xff, 0xfe, 0, 1, 0x80]))).rejects.toMatchObject({ code: 'bad-value' });
});

describe('a batch', () => {
  test.each([1, 3, 7, 1000])('gives a line for every input, in chunks of %s', async size => {
    const { whole, lines } = await batch(inChunks(framed([user, Buffer.from('x'), Buffer.alloc(0), user]), size));
    expect(whole).toBe(true);
    expect(lines.map(line => line.text ?? line.error.code)).toEqual([
      "{'user': 7}",
      'bad-value',
      'bad-value',
      "{'user': 7}",
    ]);
  });

  test('that is cut short says where, after what it had', async () => {
    const bytes = framed([user, user]);
    const { whole, lines } = await batch(inChunks(bytes.subarray(0, -3), 5));
    expect(whole).toBe(false);
    expect(lines.map(line => line.text ?? line.error.offset)).toEqual(["{'user': 7}", 4 + user.length]);
  });

  test('of nothing is nothing', async () => {
    expect(await batch(Readable.from([]))).toEqual({ whole: true, lines: [] });
  });

  test('detects each input by itself', async () => {
    const { lines } = await batch(inChunks(framed([deflateSync(user), Buffer.from('text here')]), 9), 'auto');
    expect(lines.map(line => line.kind)).toEqual(['pickle', 'text']);
  });
});

test.each([1, 2, 5, 100])('lines come whole, in chunks of %s', async size => {
  const lines: string[] = [];
  for await (const line of linesOf(inChunks(Buffer.from('eins\r\nzwölf\n\nlast'), size))) lines.push(line);
  expect(lines).toEqual(['eins', 'zwölf', '', 'last']);
});

test('a line without an end is refused before it fills the memory', async () => {
  const read = async () => {
    for await (const _ of linesOf(inChunks(Buffer.alloc(5000, 97), 100), 1000)) expect.unreachable();
  };
  await expect(read()).rejects.toMatchObject({ code: 'bad-request' });
});

test('a frame that claims more than there is needs no memory for it', async () => {
  const read = async () => {
    for await (const _ of framesOf(Readable.from([Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2])]))) expect.unreachable();
  };
  await expect(read()).rejects.toMatchObject({ code: 'bad-value' });
});

/** Where a command or a reply ends, however the network cuts it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusalOf } from '../../support/redis-5';
import { encodeBulk, encodeCommand, endOfReply, readCommand } from '../../support/resp';

/** A reply of RESP2 or RESP3, as bytes. */
const reply: fc.Arbitrary<Buffer> = fc.letrec<{ reply: Buffer }>(tie => ({
  reply: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc
      .constantFrom('+OK\r\n', '-ERR no\r\n', ':12\r\n', '$-1\r\n', '*-1\r\n', '_\r\n', ',1.5\r\n', '#t\r\n')
      .map(Buffer.from),
    fc.string({ unit: 'binary' }).map(encodeBulk),
    fc
      .tuple(fc.constantFrom('*', '~', '>'), fc.array(tie('reply'), { maxLength: 4 }))
      .map(([type, items]) => Buffer.concat([Buffer.from(`${type}${items.length}\r\n`), ...items])),
    fc
      .array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 3 })
      .map(pairs => Buffer.concat([Buffer.from(`%${pairs.length}\r\n`), ...pairs.flat()])),
  ),
})).reply;

test('a reply ends where it ends, and a cut one has not arrived', () => {
  fc.assert(
    fc.property(reply, fc.nat(), (bytes, cut) => {
      expect(endOfReply(Buffer.concat([bytes, Buffer.from('+next\r\n')]), 0)).toBe(bytes.length);
      expect(endOfReply(bytes.subarray(0, cut % bytes.length), 0)).toBe(-1);
    }),
  );
});

test('a command is read back as it was written, and a cut one has not arrived', () => {
  const parts = fc.array(
    fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(parts, fc.nat(), (written, cut) => {
      const bytes = encodeCommand(written);
      const read = readCommand(Buffer.concat([bytes, Buffer.from('*1\r\n')]), 0);
      expect(read?.end).toBe(bytes.length);
      expect(read?.command.parts.map(part => part.toString('hex'))).toEqual(written.map(part => part.toString('hex')));
      expect(readCommand(bytes.subarray(0, cut % bytes.length), 0)).toBeUndefined();
    }),
  );
});

test.each([
  ['LPOS l x', /unknown command `LPOS`/],
  ['SCAN 0 MATCH * TYPE list', /syntax error/],
  ['SCAN 0 MATCH TYPE:* COUNT 5', undefined],
  ['ZRANGE z 0 -1 REV', /syntax error/],
  ['ZRANGE z 0 -1 WITHSCORES', undefined],
  ['ZADD z GT 1 m', /syntax error/],
  ['ZADD z XX CH LT 1 m', /syntax error/],
  ['ZADD z XX 1 GT', undefined],
  ['XADD s NOMKSTREAM * f v', /syntax error/],
  ['XADD s * MINID v', undefined],
  ['SET k GET', undefined],
  ['SET k v GET', /syntax error/],
  ['AUTH user secret', /wrong number of arguments/],
  ['CLIENT SETINFO lib-name x', /Unknown subcommand/],
  ['CLIENT SETNAME x', undefined],
  ['INFO server clients', /syntax error/],
])('Redis 5.0 on %s', (text, refusal) => {
  const parts = text.split(' ').map(part => Buffer.from(part));
  const answer = refusalOf({ name: text.split(' ')[0] ?? '', parts });
  if (refusal === undefined) expect(answer).toBeUndefined();
  else expect(answer).toMatch(refusal);
});

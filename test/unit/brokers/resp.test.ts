import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Reply, ReplyFailure } from '../../../src/brokers/redis/port';
import { encodeCommands, ReplyReader } from '../../../src/brokers/redis/resp';

/** A reply as a server writes it. */
function written(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n');
  if (typeof reply === 'number') return Buffer.from(`:${reply}\r\n`);
  if (reply instanceof ReplyFailure) return Buffer.from(`-${reply.message}\r\n`);
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(written)]);
}

function readIn(pieces: readonly Buffer[]): Reply[] {
  const replies: Reply[] = [];
  const reader = new ReplyReader(reply => replies.push(reply));
  for (const piece of pieces) reader.write(piece);
  return replies;
}

/** Cuts bytes into pieces of these sizes, again and again. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const leaf = fc.oneof(
  fc.constant(null),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
  fc.stringMatching(/^[A-Z]{1,10} [ -~]{0,80}$/).map(text => new ReplyFailure(text)),
);
const { reply: anyReply } = fc.letrec<{ reply: Reply }>(tie => ({
  reply: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('reply'), { maxLength: 5 })),
}));

describe('replies', () => {
  it('are read as they were written, however the network cuts them', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(anyReply, { maxLength: 6 }), sizes, (replies, pieces) => {
        expect(readIn(cut(Buffer.concat(replies.map(written)), pieces))).toEqual(replies);
      }),
    );
  });

  it('may be arrays that are absent or empty, and words', () => {
    expect(readIn([Buffer.from('*-1\r\n*0\r\n+OK\r\n$0\r\n\r\n')])).toEqual([
      null,
      [],
      Buffer.from('OK'),
      Buffer.alloc(0),
    ]);
  });

  it('of many megabytes cost no more for coming in many pieces', () => {
    const value = Buffer.alloc(32 * 1024 * 1024, 'x');
    const [read] = readIn(cut(written(value), [16_384]));
    expect(Buffer.isBuffer(read) && read.equals(value)).toBe(true);
  });

  it.each(['HTTP/1.1 400 Bad Request\r\n', '\x15\x03\x01\x00\x02', '%1\r\n+a\r\n:1\r\n', ':12a\r\n'])(
    'that are none are refused: %j',
    text => {
      expect(() => readIn([Buffer.from(text, 'latin1')])).toThrow(/Unknown RESP/);
    },
  );
});

describe('commands', () => {
  it('are sent as arrays of bulk strings, by their lengths in bytes', () => {
    const bytes = Buffer.concat(
      encodeCommands([
        ['SET', 'schlüssel', 7],
        ['GET', 'a'],
      ]),
    );
    expect(bytes.toString()).toBe('*3\r\n$3\r\nSET\r\n$10\r\nschlüssel\r\n$1\r\n7\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n');
  });

  it('keep every byte of their arguments', () => {
    const argument = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array());
    fc.assert(
      fc.property(fc.array(fc.array(argument, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), commands => {
        const given = commands.map(args => ['ECHO', ...args] as const);
        const sent = readIn([Buffer.concat(encodeCommands(given))]);
        const bytes = given.map(args => args.map(part => Buffer.from(part as string)));
        expect(sent).toEqual(bytes);
      }),
    );
  });
});

import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identify } from '../../../../src/codecs/envelope';
import { reprText } from '../../../../src/codecs/python';
import { parseLiteral } from '../../../../src/codecs/python/literal';
import { writePickle } from '../../../../src/codecs/python/write';

const PICKLE = writePickle(parseLiteral("('tasks.add', None, (1, 2), {})"), { protocol: 4 });
const names = async (bytes: Uint8Array, hints = {}): Promise<string> =>
  (await identify(bytes, hints)).layers.map(layer => layer.name).join(' → ');

describe('says what bytes are', () => {
  it.each([
    ['zlib → pickle', deflateSync(PICKLE)],
    ['pickle', PICKLE],
    ['base64 → gzip → json', Buffer.from(gzipSync('[[1, 2], {}, {"chain": null}]').toString('base64'))],
    ['base64 → json', Buffer.from(Buffer.from('[[1],{},{}]').toString('base64url'))],
    ['base64 → pickle', Buffer.from(`${PICKLE.toString('base64').replace(/(.{20})/g, '$1\n')}\n`)],
    ['zlib → text', deflateSync('Traceback (most recent call last):\n')],
    ['json', Buffer.from('{"a": 1}')],
    ['json', Buffer.from(' 12 ')],
    ['text', Buffer.from('deadbeef')],
    ['text', Buffer.from('Unpickleable return value')],
    ['text', Buffer.from('x^ is how text may begin')],
    ['text', Buffer.from('2026-11-20T21:39:01.982219Z')],
    ['text', Buffer.from('N.')],
    ['pickle', Buffer.from("(lp0\nI1\naS'x'\np1\na.")],
    ['pickle', Buffer.from('5d710028 4b014b02 652e'.replaceAll(' ', ''), 'hex')],
    ['msgpack', Buffer.from('82a161cb3ff0000000000000a162d3ffffffffffffffff', 'hex')],
    ['unknown', Buffer.from([0xff, 0xfe, 0x00, 0x01])],
    ['empty', Buffer.alloc(0)],
  ])('%s', async (expected, bytes) => {
    expect(await names(bytes)).toBe(expected);
  });

  it('with the evidence', async () => {
    const { layers, value, pickle } = await identify(deflateSync(PICKLE));
    expect(layers.map(layer => layer.evidence)).toEqual(['RFC 1950 header 78 9c', 'opcode PROTO 4']);
    expect(layers.map(layer => layer.size)).toEqual([deflateSync(PICKLE).length, PICKLE.length]);
    expect(reprText(value ?? null)).toBe("('tasks.add', None, (1, 2), {})");
    expect(pickle?.protocol).toBe(4);
  });

  it('goes by what a header says', async () => {
    const yaml = Buffer.from(
      '- 1\n- 2026-01-02 03:04:05.6 +02:00\n- !!binary AAE=\n- 1.5\n- 123456789012345678901\n- {a: yes}\n',
    );
    const read = await identify(yaml, { contentType: 'application/x-yaml' });
    expect(read.layers[0]?.name).toBe('yaml');
    expect(reprText(read.value ?? null)).toBe(
      "[1, datetime.datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=datetime.timezone(datetime.timedelta(seconds=7200))), b'\\x00\\x01', 1.5, 123456789012345678901, {'a': True}]",
    );
    expect(await names(Buffer.from([0x05]), { contentType: 'application/x-msgpack' })).toBe('msgpack');
    expect(await names(brotliCompressSync('{"a": 1}'), { compression: 'application/x-brotli' })).toBe('brotli → json');
    const inBase64 = Buffer.from(deflateSync('[1]').toString('base64'));
    expect(await names(inBase64, { compression: 'application/x-gzip' })).toBe('base64 → zlib → json');
  });

  it('sees a Huey signature', async () => {
    const signed = Buffer.concat([PICKLE, Buffer.from(`:${'a1'.repeat(20)}`)]);
    expect((await identify(signed)).layers[0]?.evidence).toMatch(/SignedSerializer/);
  });

  it('takes kombu’s type tags off, of every generation', async () => {
    const json = Buffer.from(
      JSON.stringify([
        { __type__: 'datetime', __value__: '2026-01-02T03:04:05.000006+00:00' },
        { __type__: 'date', __value__: '2026-01-02' },
        { __type__: 'time', __value__: '03:04:05' },
        { __type__: 'decimal', __value__: '1.10' },
        { __type__: 'uuid', __value__: { hex: '12345678123456781234567812345678' } },
        { __type__: 'bytes', __value__: 'é' },
        { __type__: 'base64', __value__: '/w==' },
        { bytes: 'x', __bytes__: true },
        { base64: '/w==', __base64__: true },
        { __type__: 'mine', __value__: 1 },
        { __type__: 'date', __value__: 'never' },
        '2026-01-02T03:04:05Z',
      ]),
    );
    const { value } = await identify(json);
    expect(reprText(value ?? null)).toBe(
      "[datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc), datetime.date(2026, 1, 2), datetime.time(3, 4, 5), Decimal('1.10'), UUID('12345678-1234-5678-1234-567812345678'), b'\\xc3\\xa9', b'\\xff', b'x', b'\\xff', {'__type__': 'mine', '__value__': 1}, {'__type__': 'date', '__value__': 'never'}, '2026-01-02T03:04:05Z']",
    );
  });
});

describe('hostile bytes', () => {
  it('a bomb inside a bomb', async () => {
    let bomb: Buffer = deflateSync(Buffer.alloc(50_000_000));
    const read = await identify(bomb, { maxBytes: 1_000_000 });
    expect(read).toMatchObject({ value: undefined, bytes: bomb });
    expect(read.problem).toMatch(/more than the 1000000 allowed/);
    for (let i = 0; i < 10; i++) {
      bomb = deflateSync(bomb);
    }
    expect(await names(bomb)).toBe('zlib → zlib → zlib → zlib → zlib → zlib → unknown');
  });

  it('a YAML that multiplies itself', async () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'].map(pair => [...pair])) {
      lines.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(', ')}]`);
    }
    const read = await identify(Buffer.from(lines.join('\n')), { contentType: 'application/x-yaml' });
    expect(read.value).toBeUndefined();
  });

  it('a msgpack that promises more than it has, or nests without end', async () => {
    const hints = { contentType: 'application/x-msgpack' };
    expect(await names(Buffer.from('ddffffffff', 'hex'), hints)).toBe('unknown');
    expect(await names(Buffer.alloc(1_000_000, 0x91), hints)).toBe('unknown');
    expect(await names(Buffer.from('c6ffffffff00', 'hex'), hints)).toBe('unknown');
  });

  it('a cut pickle keeps its name and says where it ends', async () => {
    const read = await identify(PICKLE.subarray(0, 9));
    expect(read.layers[0]?.name).toBe('pickle');
    expect(read.problem).toMatch(/cut short/);
  });

  it('any bytes, any hints: never rejects', async () => {
    const head = fc.constantFrom(
      '',
      '78',
      '789c',
      '1f8b08',
      '8004',
      '8005955a',
      '5b',
      '7b22',
      '28b52ffd',
      '425a6839',
      '93',
      'eyJ',
    );
    const hints = fc.record(
      {
        contentType: fc.constantFrom('application/json', 'application/x-yaml', 'application/x-msgpack', 'x'),
        compression: fc.constantFrom('gzip', 'bzip2', 'lzma', 'zstd', 'brotli', 'x'),
        maxBytes: fc.constantFrom(0, 10, 10_000),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(head, fc.uint8Array({ maxLength: 60 }), hints, async (start, tail, given) => {
        const bytes = Buffer.concat([Buffer.from(start, 'hex'), tail]);
        const { layers } = await identify(bytes, given);
        expect(layers.length).toBeGreaterThan(0);
        expect(layers[0]?.size).toBe(bytes.length);
      }),
      { numRuns: 3000 },
    );
  });
});

import { brotliCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type CompressionFormat,
  compressionByMagic,
  compressionByName,
  decompress,
  EnvelopeError,
  inflateBounded,
} from '../../../../src/codecs/envelope';
import { unzstdByLibrary } from '../../../../src/codecs/envelope/zstd';
import { cpython } from '../python/cpython';

/** Made with `zstd -19` 1.5 of 'hello ' × 20; its last four bytes are a checksum. */
const ZSTD_HELLO = Buffer.from('28b52ffd04686d00003068656c6c6f2001002f6929027a3e7c28', 'hex');

const FORMATS: readonly CompressionFormat[] = ['zlib', 'gzip', 'bzip2', 'xz'];
let made: Record<string, string>;
const bytesOf = (name: string): Buffer => Buffer.from(made[name] ?? '', 'base64');

beforeAll(() => {
  made = cpython<Record<string, string>>('../envelope/make_envelopes.py', null);
  made['brotli/text'] = brotliCompressSync(bytesOf('text')).toString('base64');
  made['brotli/bomb'] = brotliCompressSync(Buffer.alloc(64 * 1024 * 1024), {}).toString('base64');
});

async function failure(promise: Promise<unknown>): Promise<EnvelopeError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(EnvelopeError);
  return outcome as EnvelopeError;
}

describe.each(FORMATS)('%s as Python makes it', format => {
  it('comes out whole', async () => {
    expect(await decompress(format, bytesOf(`${format}/text`))).toEqual(bytesOf('text'));
    expect(await decompress(format, bytesOf(`${format}/value`))).toEqual(bytesOf('value'));
    expect(await decompress(format, bytesOf(`${format}/empty`))).toEqual(Buffer.alloc(0));
  });

  it('is known by its magic number', () => {
    for (const name of ['text', 'value', 'empty', 'bomb']) {
      expect(compressionByMagic(bytesOf(`${format}/${name}`))?.format).toBe(format);
    }
  });

  it('stops a bomb', async () => {
    const bomb = bytesOf(`${format}/bomb`);
    expect(bomb.length).toBeLessThan(100_000);
    const error = await failure(decompress(format, bomb, 1_000_000));
    expect(error).toMatchObject({ format, fault: 'too-large' });
    expect(error.produced).toBeGreaterThanOrEqual(1_000_000);
    expect(error.produced).toBeLessThan(3_000_000);
    expect(error.message).toMatch(/more than the 1000000 allowed; stopped after/);
  });

  it('says so when it is cut or damaged', async () => {
    const whole = bytesOf(`${format}/value`);
    for (let at = 0; at < whole.length; at++) {
      expect(await failure(decompress(format, whole.subarray(0, at)))).toMatchObject({ format });
    }
    const damaged = Buffer.from(bytesOf(`${format}/text`));
    const middle = damaged.length >> 1;
    damaged.writeUInt8(damaged.readUInt8(middle) ^ 0xff, middle);
    expect(['damaged', 'unsupported']).toContain((await failure(decompress(format, damaged))).fault);
  });

  it('takes exactly as much as is allowed', async () => {
    const { length } = bytesOf('text');
    expect((await decompress(format, bytesOf(`${format}/text`), length)).length).toBe(length);
    expect((await failure(decompress(format, bytesOf(`${format}/text`), length - 1))).fault).toBe('too-large');
  });
});

it('several streams one after the other', async () => {
  expect((await decompress('bzip2', bytesOf('bzip2/two'))).toString()).toBe('one two');
  expect((await decompress('gzip', bytesOf('gzip/two'))).toString()).toBe('one two');
});

it('xz with other checks: read, or refused by name', async () => {
  expect(await decompress('xz', bytesOf('xz/crc32'))).toEqual(bytesOf('text'));
  expect(await failure(decompress('xz', bytesOf('xz/sha256')))).toMatchObject({ fault: 'unsupported' });
});

it('brotli', async () => {
  expect(await decompress('brotli', bytesOf('brotli/text'))).toEqual(bytesOf('text'));
  expect(await failure(decompress('brotli', bytesOf('brotli/bomb'), 1000))).toMatchObject({ fault: 'too-large' });
  expect(await failure(decompress('brotli', Buffer.from('no')))).toMatchObject({ fault: 'damaged' });
});

describe('zstd', () => {
  it('by Node or by the library', async () => {
    expect((await decompress('zstd', ZSTD_HELLO)).toString()).toBe('hello '.repeat(20));
    expect(unzstdByLibrary(ZSTD_HELLO, 120).toString()).toBe('hello '.repeat(20));
  });

  it('stops a bomb', async () => {
    // A frame of 500 blocks of 128 kB, each one repeated byte (RFC 8878, RLE_Block): 64 MB from 2 kB.
    const blocks = Array.from({ length: 500 }, (_, index) => {
      const head = ((128 * 1024) << 3) | (1 << 1) | (index === 499 ? 1 : 0);
      return Buffer.from([head & 0xff, (head >> 8) & 0xff, (head >> 16) & 0xff, 0x41]);
    });
    const bomb = Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), ...blocks]);
    expect(unzstdByLibrary(bomb, 70_000_000).length).toBe(500 * 128 * 1024);
    const error = await failure(decompress('zstd', bomb, 1_000_000));
    expect(error).toMatchObject({ fault: 'too-large' });
    expect(() => unzstdByLibrary(bomb, 1_000_000)).toThrow(/more than the 1000000 allowed/);
  });

  it('says so when it is cut', () => {
    for (let at = 0; at < ZSTD_HELLO.length; at++) {
      expect(() => unzstdByLibrary(ZSTD_HELLO.subarray(0, at), 1000)).toThrow(EnvelopeError);
    }
  });
});

it('names of compressions as kombu has them: its gzip is zlib', () => {
  expect(compressionByName('application/x-gzip', Buffer.from([0x78, 0x9c]))).toBe('zlib');
  expect(compressionByName('GZIP', Buffer.from([0x1f, 0x8b]))).toBe('gzip');
  expect(compressionByName('application/x-bz2', Buffer.alloc(0))).toBe('bzip2');
  expect(compressionByName('lzma', Buffer.alloc(0))).toBe('xz');
  expect(compressionByName('application/zstd', Buffer.alloc(0))).toBe('zstd');
  expect(compressionByName('constructor', Buffer.alloc(0))).toBeUndefined();
});

it('any bytes: out they come, or an EnvelopeError', async () => {
  const formats = fc.constantFrom<CompressionFormat>('zlib', 'gzip', 'brotli', 'bzip2', 'xz', 'zstd');
  const heads = fc.constantFrom('789c', '1f8b0800', '425a683931415926', 'fd377a585a000004', '28b52ffd04', '');
  await fc.assert(
    fc.asyncProperty(formats, heads, fc.uint8Array({ maxLength: 200 }), async (format, head, tail) => {
      const bytes = Buffer.concat([Buffer.from(head, 'hex'), tail]);
      await decompress(format, bytes, 100_000).then(
        out => expect(out.length).toBeLessThanOrEqual(100_000),
        error => expect(error).toBeInstanceOf(EnvelopeError),
      );
    }),
    { numRuns: 2000 },
  );
});

it('the common case is synchronous and quick', () => {
  const small = bytesOf('zlib/value');
  const started = performance.now();
  for (let i = 0; i < 1000; i++) {
    inflateBounded(small);
  }
  expect(performance.now() - started).toBeLessThan(2000);
});

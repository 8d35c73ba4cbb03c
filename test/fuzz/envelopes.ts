import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { identify } from '../../src/codecs/envelope';
import { fuzzLoop } from '../support/fuzz-loop';
import { HAND_MADE } from '../unit/codecs/python/hand-made';
import { mutate } from '../unit/codecs/python/mutants';

/** Packed and damaged bytes with true and false hints: identify answers, and no layer is larger than allowed (taking base64
 * off only makes smaller). */

const MAX_BYTES = 1_000_000;
const PACKERS: readonly ((bytes: Buffer) => Buffer)[] = [
  bytes => deflateSync(bytes),
  bytes => gzipSync(bytes),
  bytes => brotliCompressSync(bytes),
  bytes => Buffer.from(bytes.toString('base64')),
  bytes => bytes,
];
const SEEDS: readonly Buffer[] = [
  ...HAND_MADE.map(({ bytes }) => Buffer.from(bytes)),
  Buffer.from('[["a", 1.5], {"__type__": "uuid", "__value__": {"hex": "x"}}, {}]'),
  Buffer.from('- &a [1, *a]\n- !!binary AAE=\n- 2026-01-02\n'),
  Buffer.from('82a161cb3ff0000000000000a162d3ffffffffffffffff', 'hex'),
  Buffer.from('28b52ffd04686d00003068656c6c6f2001002f6929027a3e7c28', 'hex'),
  Buffer.from(
    '425a68393141592653590c8dd56e0000019580400000100100008020002000310c010069a0e2ee48a70a12019 1baadc0'.replace(
      ' ',
      '',
    ),
    'hex',
  ),
  Buffer.from('fd377a585a000004e6d6b4460200210116000000742fe5a3010001686900000000', 'hex'),
  Buffer.alloc(2_000_000),
];
const HINTS = [
  {},
  {},
  { contentType: 'application/x-yaml' },
  { contentType: 'application/x-msgpack' },
  { compression: 'application/x-gzip' },
  { compression: 'brotli' },
  { compression: 'application/x-bz2' },
  { compression: 'lzma' },
  { compression: 'zstd' },
];

await fuzzLoop('envelopes', async (random, note) => {
  let bytes = SEEDS[random(SEEDS.length)] as Buffer;
  for (let layers = random(4); layers > 0; layers--) {
    bytes = (PACKERS[random(PACKERS.length)] as (typeof PACKERS)[number])(bytes);
    if (random(3) === 0 && bytes.length < 10_000) {
      bytes = mutate(bytes, SEEDS[random(SEEDS.length - 1)] as Buffer, random);
    }
  }
  note(bytes);
  const read = await identify(bytes, { ...HINTS[random(HINTS.length)], maxBytes: MAX_BYTES });
  const tooLarge = read.layers.slice(1).find(layer => layer.size > Math.max(MAX_BYTES, bytes.length));
  if (tooLarge !== undefined || read.layers[0]?.size !== bytes.length) {
    throw new Error(`layers: ${JSON.stringify(read.layers)}`);
  }
});

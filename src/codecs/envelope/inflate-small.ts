/**
 * Inflates short zlib data without setting up zlib's engine, which costs 20 µs and a garbage collection for each of the
 * thousands of tiny payloads on a page. RFC 1950 and 1951. Null for whatever is not whole, sound and short: then zlib
 * itself has to say what is wrong with it.
 */
const LONGEST_INPUT = 4096;
/** Bytes that it gives out at most. */
export const LONGEST_OUTPUT = 64 * 1024;

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12_289, 16_385, 24_577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LONGEST_CODE = 15;

/** A canonical Huffman code: how many codes have each length, and the symbols in the order of their codes. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
  /** Bits that one look at the table decodes; longer codes are rare and are read bit by bit. */
  readonly width: number;
  /** By the next bits of the input: symbol * 16 + length of its code; 0 where the code is longer. */
  readonly fast: Uint16Array;
}

const newCode = (size: number, width: number): Code => ({
  counts: new Uint16Array(LONGEST_CODE + 1),
  symbols: new Uint16Array(size),
  width,
  fast: new Uint16Array(1 << width),
});

const offsets = new Uint16Array(LONGEST_CODE + 2);

/** Fills a code from the lengths of its symbols. False where they are no code. */
function fill({ counts, symbols, width, fast }: Code, lengths: Uint8Array, from: number, size: number): boolean {
  counts.fill(0);
  for (let i = 0; i < size; i++) counts[lengths[from + i]!]!++;
  let left = 1;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    left = left * 2 - counts[length]!;
    if (left < 0) return false;
  }
  offsets[1] = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) offsets[length + 1] = offsets[length]! + counts[length]!;
  for (let i = 0; i < size; i++) {
    const length = lengths[from + i]!;
    if (length !== 0) symbols[offsets[length]!++] = i;
  }
  counts[0] = 0;
  fast.fill(0);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= width; length++) {
    for (let i = counts[length]!; i > 0; i--, code++) {
      const entry = symbols[index++]! * 16 + length;
      for (let bits = reversed(code, length); bits < fast.length; bits += 1 << length) fast[bits] = entry;
    }
    code <<= 1;
  }
  return true;
}

/** Codes stand in the input with their first bit first. */
function reversed(code: number, length: number): number {
  let bits = 0;
  for (let i = 0; i < length; i++) bits |= ((code >> i) & 1) << (length - 1 - i);
  return bits;
}

const fixedLiterals = newCode(288, 9);
const fixedDistances = newCode(30, 6);
const lengths = new Uint8Array(320);
lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
fill(fixedLiterals, lengths, 0, 288);
lengths.fill(5, 0, 30);
fill(fixedDistances, lengths, 0, 30);

const dynamicLiterals = newCode(288, 9);
const dynamicDistances = newCode(30, 6);
const lengthCodes = newCode(19, 5);
const output = Buffer.alloc(LONGEST_OUTPUT);

/** What one inflation works on; one at a time, since nothing here waits. */
let input: Uint8Array = output;
let at = 0;
let bits = 0;
let bitCount = 0;
let written = 0;

const CUT = -1;

function take(count: number): number {
  while (bitCount < count) {
    if (at >= input.length) return CUT;
    bits |= input[at++]! << bitCount;
    bitCount += 8;
  }
  const value = bits & ((1 << count) - 1);
  bits >>>= count;
  bitCount -= count;
  return value;
}

function symbolOf(code: Code): number {
  while (bitCount < LONGEST_CODE && at < input.length) {
    bits |= input[at++]! << bitCount;
    bitCount += 8;
  }
  const entry = code.fast[bits & (code.fast.length - 1)]!;
  const length = entry & 15;
  if (length === 0) return longSymbol(code);
  if (length > bitCount) return CUT;
  bits >>>= length;
  bitCount -= length;
  return entry >> 4;
}

function longSymbol({ counts, symbols }: Code): number {
  let code = 0;
  let first = 0;
  let index = 0;
  for (let length = 1; length <= LONGEST_CODE && length <= bitCount; length++) {
    code |= (bits >>> (length - 1)) & 1;
    const count = counts[length]!;
    if (code - count < first) {
      bits >>>= length;
      bitCount -= length;
      return symbols[index + code - first]!;
    }
    index += count;
    first = (first + count) << 1;
    code <<= 1;
  }
  return CUT;
}

/** The bytes, or null where zlib has to look. */
export function inflateSmall(bytes: Uint8Array): Buffer | null {
  if (bytes.length > LONGEST_INPUT || bytes.length < 8 || (bytes[1]! & 0x20) !== 0) return null;
  input = bytes;
  at = 2;
  bits = 0;
  bitCount = 0;
  written = 0;
  for (let last = 0; last === 0; ) {
    last = take(1);
    const type = take(2);
    if (last < 0 || type < 0) return null;
    const sound =
      type === 1 ? block(fixedLiterals, fixedDistances) : type === 2 ? dynamicBlock() : type === 0 && stored();
    if (!sound) return null;
  }
  // Whole bytes that were read ahead belong to the check sum.
  at -= bitCount >> 3;
  if (at + 4 > bytes.length) return null;
  const expected = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  return adler() === expected ? Buffer.from(output.subarray(0, written)) : null;
}

/** The hot loop: what it works on is kept in locals, and written back where a rare path or the end needs it. */
function block(literals: Code, distances: Code): boolean {
  const source = input;
  const end = source.length;
  const target = output;
  const { fast } = literals;
  const mask = fast.length - 1;
  let hold = bits;
  let held = bitCount;
  let to = written;
  for (;;) {
    while (held < LONGEST_CODE && at < end) {
      hold |= source[at++]! << held;
      held += 8;
    }
    const entry = fast[hold & mask]!;
    const size = entry & 15;
    let symbol = entry >> 4;
    if (size !== 0 && size <= held) {
      hold >>>= size;
      held -= size;
    } else {
      bits = hold;
      bitCount = held;
      symbol = size === 0 ? longSymbol(literals) : CUT;
      hold = bits;
      held = bitCount;
    }
    if (symbol < 256) {
      if (symbol < 0 || to === LONGEST_OUTPUT) return false;
      target[to++] = symbol;
      continue;
    }
    bits = hold;
    bitCount = held;
    if (symbol === 256) {
      written = to;
      return true;
    }
    const base = LENGTH_BASE[symbol - 257];
    if (base === undefined) return false;
    const length = base + take(LENGTH_EXTRA[symbol - 257]!);
    const place = symbolOf(distances);
    const near = place < 0 ? undefined : DISTANCE_BASE[place];
    if (near === undefined) return false;
    const more = take(DISTANCE_EXTRA[place]!);
    const from = to - near - more;
    if (more < 0 || length < base || from < 0 || to + length > LONGEST_OUTPUT) return false;
    for (let i = 0; i < length; i++) target[to + i] = target[from + i]!;
    to += length;
    hold = bits;
    held = bitCount;
  }
}

function dynamicBlock(): boolean {
  const literals = take(5) + 257;
  const distances = take(5) + 1;
  const codes = take(4) + 4;
  if (literals < 257 || literals > 286 || distances < 1 || distances > 30 || codes < 4) return false;
  lengths.fill(0, 0, 19);
  for (let i = 0; i < codes; i++) {
    const length = take(3);
    if (length < 0) return false;
    lengths[CODE_ORDER[i]!] = length;
  }
  if (!fill(lengthCodes, lengths, 0, 19)) return false;
  for (let i = 0; i < literals + distances; ) {
    const symbol = symbolOf(lengthCodes);
    if (symbol < 0) return false;
    if (symbol < 16) {
      lengths[i++] = symbol;
      continue;
    }
    if (symbol === 16 && i === 0) return false;
    const value = symbol === 16 ? lengths[i - 1]! : 0;
    const extra = symbol === 16 ? take(2) : symbol === 17 ? take(3) : take(7);
    const repeat = extra + (symbol === 18 ? 11 : 3);
    if (extra < 0 || i + repeat > literals + distances) return false;
    lengths.fill(value, i, i + repeat);
    i += repeat;
  }
  return (
    fill(dynamicLiterals, lengths, 0, literals) &&
    fill(dynamicDistances, lengths, literals, distances) &&
    block(dynamicLiterals, dynamicDistances)
  );
}

function stored(): boolean {
  at -= bitCount >> 3;
  bits = 0;
  bitCount = 0;
  if (at + 4 > input.length) return false;
  const length = input[at]! | (input[at + 1]! << 8);
  const inverse = input[at + 2]! | (input[at + 3]! << 8);
  at += 4;
  if ((length ^ inverse) !== 0xffff || at + length > input.length || written + length > LONGEST_OUTPUT) return false;
  output.set(input.subarray(at, at + length), written);
  at += length;
  written += length;
  return true;
}

function adler(): number {
  let a = 1;
  let b = 0;
  for (let i = 0; i < written; ) {
    // 3,800 bytes keep both sums below 2^31.
    for (const end = Math.min(i + 3800, written); i < end; i++) {
      a += output[i]!;
      b += a;
    }
    a %= 65_521;
    b %= 65_521;
  }
  return ((b << 16) | a) >>> 0;
}

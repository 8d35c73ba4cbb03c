/** `inspect decode`: what bytes hold, as Python prints it and as JSON. */
import type { Readable } from 'node:stream';
import { EnvelopeError, identify } from '../codecs/envelope';
import { PickleError, type PyNode, readPickle, reprText, toTaggedJson } from '../codecs/python';
import { asInspectorError, InspectorError } from '../model';
import { framesOf, wholeOf } from './input';

export type DecodeAs = 'pickle' | 'auto';

/**
 * `text` as Python prints the value (or the text itself), `json` with tags for what JSON lacks, `kind` of the innermost
 * layer, `layers` from the outside in, and notes (dangerous names, bytes behind the end …).
 * @throws InspectorError `bad-value` with the offset, where one is known
 */
export function decodePickle(bytes: Uint8Array) {
  try {
    const { root, protocol, python2, notes } = readPickle(bytes);
    const layers = [{ name: 'pickle', evidence: `protocol ${protocol}`, size: bytes.length }];
    return { ...shown(root, bytes.length), kind: 'pickle', layers, notes, protocol, python2 };
  } catch (thrown) {
    throw unreadable(thrown);
  }
}

export async function decodeAny(bytes: Uint8Array) {
  try {
    const { layers, value, pickle, text, problem } = await identify(bytes);
    const last = layers.at(-1);
    if (problem !== undefined || last === undefined || last.name === 'unknown')
      throw badValue(problem ?? last?.evidence ?? 'it is nothing known', undefined, { layers });
    const notes = pickle?.notes ?? [];
    const kind = last.name;
    if (value === undefined) return { text: text ?? '', json: text ?? null, kind, layers, notes };
    return { ...shown(value, last.size), kind, layers, notes };
  } catch (thrown) {
    throw unreadable(thrown);
  }
}

/** Characters of output for a byte of input: what shares its parts widely is cut, and all that is written out is whole. */
const CHARACTERS_A_BYTE = 16;
const ROOM = 1_000_000;
const MOST = 8_000_000;

/** A few hundred bytes that share their parts can print as gigabytes: what is shown follows the size of the input. */
function shown(value: PyNode, size: number) {
  const max = Math.min(MOST, ROOM + CHARACTERS_A_BYTE * size);
  const maxNodes = Math.min(200_000, 20_000 + size);
  return { text: reprText(value, { max }), json: toTaggedJson(value, { maxNodes, maxText: max }) };
}

/** Decodes standard input whole. */
export async function decodeInput(input: Readable, as: DecodeAs) {
  const bytes = await wholeOf(input);
  return as === 'pickle' ? decodePickle(bytes) : decodeAny(bytes);
}

/** Output is gathered to this many characters: tens of thousands of lines are not as many writes. */
const GATHERED = 1 << 16;

/**
 * Decodes many inputs, one line of JSON each, in order: the answer or `{"error": …}`.
 * @returns false when the input itself was cut short (that is the last line)
 */
export async function decodeBatch(
  input: Readable,
  as: DecodeAs,
  write: (text: string) => Promise<void>,
): Promise<boolean> {
  let lines = '';
  let whole = true;
  try {
    for await (const frame of framesOf(input)) {
      lines += `${as === 'pickle' ? lineOf(() => decodePickle(frame)) : await lineLater(decodeAny(frame))}\n`;
      if (lines.length < GATHERED) continue;
      await write(lines);
      lines = '';
    }
  } catch (thrown) {
    lines += `${errorLine(thrown)}\n`;
    whole = false;
  }
  await write(lines);
  return whole;
}

function lineOf(decode: () => unknown): string {
  try {
    return JSON.stringify(decode());
  } catch (thrown) {
    return errorLine(thrown);
  }
}

async function lineLater(decoded: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await decoded);
  } catch (thrown) {
    return errorLine(thrown);
  }
}

function errorLine(thrown: unknown): string {
  return JSON.stringify({ error: asInspectorError(thrown, 'decoding') });
}

function unreadable(thrown: unknown): unknown {
  if (thrown instanceof PickleError) return badValue(thrown.message, thrown.offset, {});
  if (thrown instanceof EnvelopeError) return badValue(thrown.message, undefined, {});
  return thrown;
}

function badValue(answer: string, offset: number | undefined, more: Record<string, unknown>): InspectorError {
  return new InspectorError(
    'bad-value',
    {
      message: `The bytes could not be read: ${answer}.`,
      tried: 'decoding',
      answer,
      remedy: 'Check that the bytes are whole; --as auto also takes off compression and base64.',
    },
    { details: { offset: offset ?? null, ...more } },
  );
}

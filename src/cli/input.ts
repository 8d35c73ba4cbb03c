/** Standard input: its first line, its lines, all of it, or inputs behind their lengths. */
import type { Readable } from 'node:stream';
import { InspectorError } from '../model';

const NEWLINE = 10;

/** Lines as they come, without their line break. @throws InspectorError `bad-request` for one longer than `longest` bytes */
export async function* linesOf(input: Readable, longest = 64 << 20): AsyncGenerator<string, void> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      parts.push(chunk.subarray(from, at));
      yield Buffer.concat(parts).toString('utf8').replace(/\r$/, '');
      parts = [];
      size = 0;
      from = at + 1;
    }
    parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > longest) throw tooLong(longest);
  }
  if (size > 0) yield Buffer.concat(parts).toString('utf8').replace(/\r$/, '');
}

export async function firstLine(input: Readable): Promise<string> {
  for await (const line of linesOf(input, 1 << 20)) return line;
  return '';
}

export async function wholeOf(input: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of input as AsyncIterable<Buffer>) parts.push(chunk);
  return Buffer.concat(parts);
}

/**
 * Inputs, each behind its length as a little-endian 32-bit number, as they come.
 * @throws InspectorError `bad-value` when the last one is cut short, with the offset at which it begins
 */
export async function* framesOf(input: Readable): AsyncGenerator<Buffer, void> {
  let held: Buffer = Buffer.alloc(0);
  let waiting: Buffer[] = [];
  let size = 0;
  let offset = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    waiting.push(chunk);
    size += chunk.length;
    // Joined only when a whole frame is there, so that a large input is not copied for every chunk of it.
    if (held.length >= 4 && held.length + size < 4 + held.readUInt32LE(0)) continue;
    held = Buffer.concat([held, ...waiting]);
    waiting = [];
    size = 0;
    let at = 0;
    while (held.length - at >= 4) {
      const end = at + 4 + held.readUInt32LE(at);
      if (end > held.length) break;
      yield held.subarray(at + 4, end);
      offset += end - at;
      at = end;
    }
    held = held.subarray(at);
  }
  const rest = held.length + size;
  if (rest > 0) throw cutShort(offset, rest, held);
}

function cutShort(offset: number, rest: number, held: Buffer): InspectorError {
  const wanted = held.length >= 4 ? `${4 + held.readUInt32LE(0)} bytes` : 'its length';
  return new InspectorError(
    'bad-value',
    {
      message: `The input at byte ${offset} is cut short.`,
      tried: 'reading inputs behind their lengths',
      answer: `${rest} bytes are left where ${wanted} should follow`,
      remedy: 'Write each length as a little-endian 32-bit number, then that many bytes.',
    },
    { details: { offset } },
  );
}

const tooLong = (longest: number) =>
  new InspectorError('bad-request', {
    message: 'A line of standard input is too long.',
    tried: 'reading standard input',
    answer: `it has more than ${longest} bytes`,
    remedy: 'Send one JSON request a line.',
  });

/** Just enough of the Redis protocol (RESP2 and RESP3) to tell where a command or a reply ends. */

const CRLF = Buffer.from('\r\n');

/** One command on its way to the server. */
export interface RespCommand {
  /** In capitals: `EVALSHA`. */
  readonly name: string;
  /** Name and arguments, as sent. */
  readonly parts: readonly Buffer[];
}

/**
 * The position behind the reply that begins at `start`, or -1 when it has not arrived in full.
 * @throws Error when the bytes are no reply
 */
export function endOfReply(bytes: Buffer, start: number): number {
  const lineEnd = bytes.indexOf(CRLF, start);
  if (lineEnd < 0) return -1;
  const next = lineEnd + 2;
  const type = String.fromCharCode(bytes[start] ?? 0);
  const length = Number(bytes.toString('latin1', start + 1, lineEnd));
  switch (type) {
    case '+':
    case '-':
    case ':':
    case '_':
    case ',':
    case '#':
    case '(':
      return next;
    case '$':
    case '=':
    case '!':
      if (length < 0) return next;
      return next + length + 2 <= bytes.length ? next + length + 2 : -1;
    case '*':
    case '~':
    case '>':
      return endOfMany(bytes, next, Math.max(length, 0));
    case '%':
    case '|':
      // An attribute stands before the reply that it describes.
      return endOfMany(bytes, next, length * 2 + (type === '|' ? 1 : 0));
    default:
      throw new Error(`Not the beginning of a reply: ${JSON.stringify(type)}.`);
  }
}

function endOfMany(bytes: Buffer, start: number, count: number): number {
  let position = start;
  for (let index = 0; index < count; index++) {
    position = endOfReply(bytes, position);
    if (position < 0) return -1;
  }
  return position;
}

/** The command that begins at `start` and the position behind it, or undefined when it has not arrived in full. */
export function readCommand(bytes: Buffer, start: number): { command: RespCommand; end: number } | undefined {
  const lineEnd = bytes.indexOf(CRLF, start);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString('latin1', start, lineEnd);
  if (!line.startsWith('*')) {
    const parts = line.split(' ').map(part => Buffer.from(part, 'latin1'));
    return { command: commandOf(parts), end: lineEnd + 2 };
  }
  const parts: Buffer[] = [];
  let position = lineEnd + 2;
  for (let index = 0; index < Number(line.slice(1)); index++) {
    const headEnd = bytes.indexOf(CRLF, position);
    if (headEnd < 0) return undefined;
    const begin = headEnd + 2;
    const length = Number(bytes.toString('latin1', position + 1, headEnd));
    if (begin + length + 2 > bytes.length) return undefined;
    parts.push(bytes.subarray(begin, begin + length));
    position = begin + length + 2;
  }
  return { command: commandOf(parts), end: position };
}

function commandOf(parts: readonly Buffer[]): RespCommand {
  return { name: parts[0]?.toString('latin1').toUpperCase() ?? '', parts };
}

/** The bytes of a command. */
export function encodeCommand(parts: readonly (Buffer | string)[]): Buffer {
  const chunks: Buffer[] = [Buffer.from(`*${parts.length}\r\n`)];
  for (const part of parts) {
    const bytes = Buffer.from(part as string);
    chunks.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(chunks);
}

/** The bytes of a bulk string reply. */
export function encodeBulk(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF]);
}

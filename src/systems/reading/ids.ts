/**
 * Ids and queue names are bytes on the broker. People read them as UTF-8; bytes that are none are written `\xNN`, and a
 * backslash that would look like the beginning of such an escape is written `\x5c`, so that every text leads back to
 * exactly one sequence of bytes.
 */
const ESCAPE = /\\x[0-9a-f]{2}/;
const ESCAPES = /\\x([0-9a-f]{2})/g;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of an id or a queue name as text that `bytesOf` turns back into the same bytes. */
export function textOf(bytes: Uint8Array): string {
  let text: string;
  try {
    text = strict.decode(bytes);
  } catch {
    return escapeBytes(bytes);
  }
  return text.includes('\\x') ? text.replace(ESCAPES, String.raw`\x5cx$1`) : text;
}

/** What goes to Redis for a text made by `textOf`: the text itself where it is plain, else the bytes. */
export function bytesOf(text: string): string | Buffer {
  if (!ESCAPE.test(text)) return text;
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of text.matchAll(ESCAPES)) {
    parts.push(Buffer.from(text.slice(from, match.index)), Buffer.from([Number.parseInt(match[1]!, 16)]));
    from = match.index + match[0].length;
  }
  parts.push(Buffer.from(text.slice(from)));
  return Buffer.concat(parts);
}

/** Longest valid UTF-8 runs stay text; every other byte becomes an escape. */
function escapeBytes(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = runLength(bytes, at);
    if (length === 0) {
      text += `\\x${bytes[at]!.toString(16).padStart(2, '0')}`;
      at++;
    } else {
      const run = strict.decode(bytes.subarray(at, at + length));
      text += run === '\\' ? String.raw`\x5c` : run;
      at += length;
    }
  }
  return text;
}

/** Bytes of the one UTF-8 character at a place, or 0 where there is none. */
function runLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

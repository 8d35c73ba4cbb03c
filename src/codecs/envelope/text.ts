import { isUtf8 } from 'node:buffer';

/** Bytes as text when they are UTF-8, without a byte order mark; else undefined. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) {
    return undefined;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** Whether bytes are UTF-8 without control characters other than white space, escape (colours) and backspace. */
export function isPlainText(bytes: Uint8Array): boolean {
  for (const byte of bytes.subarray(0, 65_536)) {
    if (byte < 0x20 && !(byte >= 0x08 && byte <= 0x0d) && byte !== 0x1b) {
      return false;
    }
  }
  return isUtf8(bytes);
}

/** Whether it is worth reading as JSON: a word or a date alone is text. */
export function looksLikeJson(text: string): boolean {
  return /^\s*(?:[[{"]|-?[0-9][0-9.eE+-]*\s*$|(?:true|false|null)\s*$)/.test(text);
}

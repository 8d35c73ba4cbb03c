/** One argument for a POSIX shell: as it stands where nothing in it is special, else in single quotes. */
export function quoteForShell(text: string): string {
  if (text.includes('\0')) throw new Error('No argument of a command can hold a zero byte.');
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** One argument in the quoting of redis-cli's own prompt, which can say every byte. */
export function quoteForRedisCli(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('latin1');
  if (/^[\w@%+=:,./*-]+$/.test(text)) return text;
  const escaped = text.replaceAll(/["\\]|[^\x20-\x7e]/g, character =>
    character === '"' || character === '\\'
      ? `\\${character}`
      : String.raw`\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}

/** Whether bytes can stand in a command line as they are: UTF-8 without control characters. */
export function isPlainText(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.from(text).equals(bytes) && !/[\0-\x1f\x7f]/.test(text);
}

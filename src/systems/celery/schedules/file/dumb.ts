/**
 * `dbm.dumb` of Python (Lib/dbm/dumb.py, 3.6 to 3.14): `<name>.dir` holds lines `'key', (position, size)`, where the key
 * is Python's repr of latin-1 text; `<name>.dat` holds the values. A key that stands twice counts as it stands last.
 */

/** Longest `.dir` that is read, and keys in it: celery beat has four. */
const LIMITS = { characters: 1024 * 1024, keys: 1000 } as const;

/** Values by key. @throws Error what of it is no such file */
export function readDumb(directory: Uint8Array, data: Uint8Array): Map<string, Uint8Array> {
  if (directory.length > LIMITS.characters) throw new Error('its directory is too large');
  const values = new Map<string, Uint8Array>();
  const lines = Buffer.from(directory).toString('latin1').split('\n');
  for (const [number, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const match = /^(['"])(.*)\1, \((\d{1,15}), (\d{1,15})\)\s*$/.exec(line);
    if (match === null) throw new Error(`line ${number + 1} of its directory cannot be read`);
    const [, , key = '', position, size] = match;
    const [from, to] = [Number(position), Number(position) + Number(size)];
    if (to > data.length) throw new Error(`the value of ${key} lies behind the end of the file`);
    values.set(key, data.subarray(from, to));
    if (values.size > LIMITS.keys) throw new Error('it has too many keys');
  }
  return values;
}

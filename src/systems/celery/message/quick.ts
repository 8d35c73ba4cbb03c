/** The usual call as one line of Python: read by the engine's own JSON parser, a fourth of the time of making values. */

/**
 * What that parser would change: `1.0` and `1e5` (floats in Python), ints beyond 2^53, tags of kombu, words of Python's
 * own JSON, keys that are numbers (it would move them to the front); and escapes, behind which any of them may hide.
 */
const CHANGED = /[[:,] ?-?(?:\d+(?:\.0*(?!\d)|(?:\.\d+)?[eE])|\d{16})|"__|NaN|Infinity|"-?\d+":|\\/;
/** Text that Python writes between single quotes as it is. */
const PLAIN = /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Floats that JavaScript and Python write the same way. */
const FLOAT = /^-?(?:[1-9]\d{0,14}|0)\.(?!0000)\d{1,17}$/;
const DEEPEST = 4;
/** Longest text of a value: longer ones are cut by whoever makes the line. */
const LONGEST = 60;

/**
 * `(1, 'EUR', customer='x')` of a body `[args, kwargs, embed]` (protocol 2) in JSON; null where it is not as plain as
 * that, or longer than `characters`: then it has to be read as Python would read it.
 */
export function quickCallText(body: string, characters: number): string | null {
  if (CHANGED.test(body)) return null;
  let call: unknown;
  try {
    call = JSON.parse(body);
  } catch {
    return null;
  }
  if (!Array.isArray(call) || call.length !== 3) return null;
  const [args, kwargs] = call as unknown[];
  return quickCall(args, kwargs, characters);
}

/** The same of arguments in JSON that was parsed already, in which nothing stood that the parser changes. */
export function quickCall(args: unknown, kwargs: unknown, characters: number): string | null {
  if (!Array.isArray(args) || typeof kwargs !== 'object' || kwargs === null || Array.isArray(kwargs)) return null;
  let text = '(';
  for (const arg of args as unknown[]) {
    const part = textOf(arg, 0);
    if (part === null || text.length + part.length > characters) return null;
    text += text.length === 1 ? part : `, ${part}`;
  }
  for (const [name, value] of Object.entries(kwargs)) {
    const part = NAME.test(name) ? textOf(value, 0) : null;
    if (part === null || text.length + name.length + part.length > characters) return null;
    text += text.length === 1 ? `${name}=${part}` : `, ${name}=${part}`;
  }
  return text.length < characters ? `${text})` : null;
}

function textOf(value: unknown, depth: number): string | null {
  switch (typeof value) {
    case 'string':
      return value.length <= LONGEST && PLAIN.test(value) ? `'${value}'` : null;
    case 'number': {
      const text = String(value);
      return Number.isInteger(value) || FLOAT.test(text) ? text : null;
    }
    case 'boolean':
      return value ? 'True' : 'False';
    default:
      if (value === null) return 'None';
      return depth < DEEPEST ? textOfMany(value as object, depth + 1) : null;
  }
}

function textOfMany(value: object, depth: number): string | null {
  const parts: string[] = [];
  let length = 0;
  for (const [name, item] of Object.entries(value)) {
    const text = textOf(item, depth);
    const key = Array.isArray(value) ? '' : textOf(name, depth);
    // Names with two underscores in front may be tags of kombu.
    if (text === null || key === null || name.startsWith('__')) return null;
    const part = key === '' ? text : `${key}: ${text}`;
    length += part.length + 2;
    if (length > LONGEST) return null;
    parts.push(part);
  }
  return Array.isArray(value) ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
}

/**
 * Changes of JSON text that leave every other byte as it is: what another program wrote (1.0, integers beyond 2^53, the
 * order of keys, keys that come twice) is the same afterwards. Text holds one character a byte (latin1): everything that
 * has a meaning in JSON is ASCII, and UTF-8 uses no ASCII byte for anything else.
 */
export type JsonPath = readonly (string | number)[];

/** The text is no JSON, or the path leads into something that is neither object nor array. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** JSON of a value as ASCII, so that it fits into text of any encoding. */
export function asciiJson(value: unknown): string {
  return escapeJson(JSON.stringify(value));
}

/** JSON text with everything beyond ASCII escaped, as Python's `json.dumps` writes it. */
export function escapeJson(json: string): string {
  if (!BEYOND.test(json)) return json;
  return json.replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const BEYOND = /[\u007f-\uffff]/;

/** The text of the value at a path; null where there is none. @throws JsonTextError */
export function textAt(text: string, path: JsonPath): string | null {
  const span = find(text, path);
  return span === null ? null : text.slice(span.start, span.end);
}

/** The texts of all values of an object by their keys, in one pass. @throws JsonTextError where it is no object */
export function membersOf(text: string): Map<string, string> {
  const start = skipSpace(text, 0);
  if (text[start] !== '{') throw new JsonTextError('it is no object');
  const found = new Map<string, string>();
  // What `members` does, without an object for each: of thousands of results every member is looked at.
  let at = skipSpace(text, start + 1);
  while (text[at] !== '}') {
    const keyEnd = endOfString(text, at);
    const colon = skipSpace(text, keyEnd);
    if (text[colon] !== ':') throw new JsonTextError(`a colon was expected at ${colon}`);
    const from = skipSpace(text, colon + 1);
    const end = endOf(text, from);
    found.set(keyText(text.slice(at, keyEnd)), text.slice(from, end));
    at = skipSpace(text, end);
    if (text[at] === '}') break;
    if (text[at] !== ',') throw new JsonTextError(`a comma was expected at ${at}`);
    at = skipSpace(text, at + 1);
  }
  return found;
}

/** Puts JSON text at a path; a key that is not there comes last in its object. @throws JsonTextError */
export function withText(text: string, path: JsonPath, json: string): string {
  const span = find(text, path);
  if (span !== null) return text.slice(0, span.start) + json + text.slice(span.end);
  const key = path.at(-1);
  const parent = find(text, path.slice(0, -1));
  if (parent === null || typeof key !== 'string' || text[parent.start] !== '{') {
    throw new JsonTextError(`there is no ${path.slice(0, -1).join('.') || 'object'} to put ${String(key)} into`);
  }
  const last = parent.end - 1;
  const first = skipSpace(text, parent.start + 1) === last;
  return `${text.slice(0, last)}${first ? '' : ', '}${asciiJson(key)}: ${json}${text.slice(last)}`;
}

/** Takes a key out of its object; the text as it was where it has none. @throws JsonTextError */
export function withoutKey(text: string, path: JsonPath): string {
  const parent = find(text, path.slice(0, -1));
  if (parent === null || text[parent.start] !== '{') return text;
  const kept: string[] = [];
  let removed = false;
  for (const member of members(text, parent.start)) {
    if (member.key === path.at(-1)) removed = true;
    else kept.push(text.slice(member.from, member.value.end));
  }
  return removed ? `${text.slice(0, parent.start)}{${kept.join(', ')}}${text.slice(parent.end)}` : text;
}

/** Of a key that comes twice the last one counts, as in Python. */
function find(text: string, path: JsonPath): Span | null {
  let start = skipSpace(text, 0);
  for (const step of path) {
    let next: Span | null = null;
    if (text[start] === '{' && typeof step === 'string') {
      for (const { key, value } of members(text, start)) if (key === step) next = value;
    } else if (text[start] === '[' && typeof step === 'number') {
      let index = 0;
      for (const item of items(text, start)) {
        if (index++ === step) {
          next = item;
          break;
        }
      }
    } else return null;
    if (next === null) return null;
    start = next.start;
  }
  return { start, end: endOf(text, start) };
}

function* members(text: string, object: number): Generator<{ key: string; from: number; value: Span }> {
  let at = skipSpace(text, object + 1);
  if (text[at] === '}') return;
  for (;;) {
    const from = at;
    const keyEnd = endOfString(text, at);
    const colon = skipSpace(text, keyEnd);
    if (text[colon] !== ':') throw new JsonTextError(`a colon was expected at ${colon}`);
    const start = skipSpace(text, colon + 1);
    const end = endOf(text, start);
    yield { key: keyText(text.slice(from, keyEnd)), from, value: { start, end } };
    at = skipSpace(text, end);
    if (text[at] === '}') return;
    if (text[at] !== ',') throw new JsonTextError(`a comma was expected at ${at}`);
    at = skipSpace(text, at + 1);
  }
}

function* items(text: string, array: number): Generator<Span> {
  let at = skipSpace(text, array + 1);
  if (text[at] === ']') return;
  for (;;) {
    const end = endOf(text, at);
    yield { start: at, end };
    at = skipSpace(text, end);
    if (text[at] === ']') return;
    if (text[at] !== ',') throw new JsonTextError(`a comma was expected at ${at}`);
    at = skipSpace(text, at + 1);
  }
}

function keyText(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw new JsonTextError('a key is no text');
  }
}

/** Where the value that starts here ends. Nesting is counted, not followed. */
function endOf(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first !== '{' && first !== '[') {
    SCALAR.lastIndex = start;
    const scalar = SCALAR.exec(text);
    if (scalar === null) throw new JsonTextError(`a value was expected at ${start}`);
    return start + scalar[0].length;
  }
  let depth = 0;
  NESTING.lastIndex = start;
  for (let match = NESTING.exec(text); match !== null; match = NESTING.exec(text)) {
    const [mark] = match;
    if (mark === '"') NESTING.lastIndex = endOfString(text, match.index);
    else if (mark === '{' || mark === '[') depth++;
    else if (--depth === 0) return match.index + 1;
  }
  throw new JsonTextError('it ends in the middle');
}

const SCALAR = /[^\s,\]}[{:"]+/y;
const NESTING = /["{}[\]]/g;

function endOfString(text: string, start: number): number {
  if (text[start] !== '"') throw new JsonTextError(`a text was expected at ${start}`);
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  throw new JsonTextError('it ends inside of a text');
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\t' || text[at] === '\r') at++;
  return at;
}

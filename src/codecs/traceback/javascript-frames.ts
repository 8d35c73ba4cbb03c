import type { TracebackFrame } from './types';

const AT = /^ {1,200}at (\S[\s\S]*)$/;

/**
 * `    at async Foo.bar [as baz] (file:///app/x.js:1:2)`, `at new Foo (…)`, `at /app/x.js:1:2`, `at Array.map
 * (<anonymous>)`, `at eval (eval at f (x.js:1:2), <anonymous>:1:7)`. Null for a sentence that begins with "at".
 */
export function readV8Frame(line: string): TracebackFrame | null {
  const match = AT.exec(line);
  if (match === null || line.length > 20_000) {
    return null;
  }
  let text = (match[1] ?? '').replace(/(?: \{|,)$/, '');
  const isAsync = text.startsWith('async ');
  if (isAsync) {
    text = text.slice('async '.length);
  }
  const open = text.indexOf(' (');
  if (text.endsWith(')') && open > 0) {
    const place = readPlace(text.slice(open + 2, -1));
    return place === null ? null : frame(place, text.slice(0, open), isAsync);
  }
  const place = readPlace(text);
  return place === null ? null : frame(place, null, isAsync);
}

/** `name@https://host/x.js:1:2`, also with `async*` before it: Firefox and Safari. */
export function readFirefoxFrame(line: string): TracebackFrame | null {
  const at = line.indexOf('@');
  if (at < 0 || line.length > 20_000 || /\s/.test(line.slice(0, at))) {
    return null;
  }
  const file = line.slice(at + 1);
  const place = /^(?:[a-z][a-z+.-]*:\/\/|\/|[A-Za-z]:[\\/])/.test(file) ? readPlace(file) : null;
  if (place === null || place.line === null) {
    return null;
  }
  const name = line
    .slice(0, at)
    .replace(/^async\*/, '')
    .replace(/[/<]+$/, '');
  return frame(place, name === '' ? null : name, line.startsWith('async*'));
}

interface Place {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}

function frame(place: Place, name: string | null, isAsync: boolean): TracebackFrame {
  return { ...place, function: name, source: null, marker: null, repeated: 0, async: isAsync };
}

/** Numbers are read from the end, since a path may hold colons. */
function readPlace(text: string): Place | null {
  const outer = /^eval at [\s\S]*, (<anonymous>:\d{1,9}:\d{1,9})$/.exec(text)?.[1] ?? text;
  const full = /^([\s\S]+?):(\d{1,9}):(\d{1,9})$/.exec(outer);
  if (full !== null) {
    return { file: plainPath(full[1] ?? ''), line: Number(full[2]), column: Number(full[3]) };
  }
  const lineOnly = /^([\s\S]*[/\\.][\s\S]*):(\d{1,9})$/.exec(outer);
  if (lineOnly !== null) {
    return { file: plainPath(lineOnly[1] ?? ''), line: Number(lineOnly[2]), column: null };
  }
  return /^(?:<anonymous>|native|unknown location|index \d{1,9}|wasm:\/\/\S+)$/.test(outer)
    ? { file: outer, line: null, column: null }
    : null;
}

function plainPath(file: string): string {
  if (!file.startsWith('file://')) {
    return file;
  }
  const path = file.slice('file://'.length);
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // A stray percent sign: the path as printed is the best there is.
  }
  return /^\/[A-Za-z]:\//.test(decoded) ? decoded.slice(1) : decoded;
}

import { quoteBytes, quoteText } from '../quote';
import { isKind, type PyCall, type PyDict, PyList, type PyNode } from '../value';
import type { Face, FaceTable, Part, ReprSink } from './face';
import { asDict, asInt, asItems, asText, lastName } from './forms';

/** Classes of the standard library: paths, patterns, functools, types, urllib, http, itertools. */

/** `pathlib`: the parts up to Python 3.12, the paths it was made of from 3.13 on (module `pathlib._local` in 3.13). */
const path: Face = {
  write(call, out) {
    const text = pathText(call);
    if (text === undefined) return false;
    out.raw(`${lastName(call.className!)}(${quoteText(text)})`);
    return true;
  },
  json(call) {
    const text = pathText(call);
    return text === undefined ? undefined : { $path: text };
  },
  contents: () => [],
};

function pathText(call: PyCall): string | undefined {
  if (!call.args.every(part => typeof part === 'string') || call.state !== undefined) return undefined;
  const parts = call.args as readonly string[];
  if (parts.length === 0) return '.';
  const windows = lastName(call.className!).includes('Windows');
  const separated = parts.map(part => (windows ? part.replaceAll('\\', '/') : part));
  const text = separated.reduce((left, right) => joinPath(left, right, windows));
  const root = windows
    ? (/^(?:[A-Za-z]:\/*|\/\/[^/]+\/[^/]+\/*|\/+)/.exec(text)?.[0] ?? '')
    : (/^\/+/.exec(text)?.[0] ?? '');
  const rest = text
    .slice(root.length)
    .split('/')
    .filter(part => part !== '' && part !== '.');
  return `${normalRoot(root, windows)}${rest.join('/')}` || '.';
}

/** An absolute part begins anew, and nothing stands between a drive and what is relative to it. */
function joinPath(left: string, right: string, windows: boolean): string {
  if (right.startsWith('/') || (windows && /^[A-Za-z]:/.test(right))) return right;
  return left.endsWith('/') || (windows && /^[A-Za-z]:$/.test(left)) || left === '' ? left + right : `${left}/${right}`;
}

/** POSIX keeps exactly two leading slashes apart; Windows ends a drive or share with one where there was any. */
function normalRoot(root: string, windows: boolean): string {
  if (!windows) return root === '//' ? '//' : root.slice(0, 1);
  if (/^[A-Za-z]:/.test(root)) return root.slice(0, 3);
  return root.startsWith('//') ? `${root.replace(/\/+$/, '')}/` : root.slice(0, 1);
}

/** As `re.Pattern`'s repr lists them (CPython `Modules/_sre`, `pattern_repr`). */
const RE_FLAGS: readonly (readonly [number, string])[] = [
  [1, 're.TEMPLATE'],
  [2, 're.IGNORECASE'],
  [4, 're.LOCALE'],
  [8, 're.MULTILINE'],
  [16, 're.DOTALL'],
  [32, 're.UNICODE'],
  [64, 're.VERBOSE'],
  [128, 're.DEBUG'],
  [256, 're.ASCII'],
];
/** repr cuts the pattern after so many characters, closing quote or not. */
const PATTERN_TEXT = 200;

const pattern: Face = {
  write(call, out) {
    const [source, bits] = call.args;
    let flags = asInt(bits);
    if (source === undefined || flags === undefined || flags < 0 || call.args.length !== 2) return false;
    const text = typeof source === 'string' ? quoteText(source.slice(0, PATTERN_TEXT + 1)) : bytesText(source);
    if (text === undefined) return false;
    if (typeof source === 'string' && (flags & (4 | 32 | 256)) === 32) flags &= ~32;
    const names: string[] = [];
    for (const [bit, name] of RE_FLAGS) {
      if ((flags & bit) === 0) continue;
      names.push(name);
      flags &= ~bit;
    }
    if (flags !== 0) names.push(`0x${flags.toString(16)}`);
    out.raw(`re.compile(${cutPattern(text)}${names.length > 0 ? `, ${names.join('|')}` : ''})`);
    return true;
  },
  contents: () => [],
};

function bytesText(node: PyNode): string | undefined {
  return isKind(node, 'bytes')
    ? quoteBytes(node.source, node.start, Math.min(node.end, node.start + PATTERN_TEXT))
    : undefined;
}

/** The first code points: an astral one counts once. */
function cutPattern(text: string): string {
  return text.length <= PATTERN_TEXT ? text : [...text].slice(0, PATTERN_TEXT).join('');
}

/** `partial(f)` and the state `(f, args, kwargs, __dict__)`. */
const partial: Face = {
  write(call, out) {
    const state = call.state === undefined ? undefined : asItems(call.state);
    const args = state === undefined ? undefined : asItems(state[1]);
    const named = state?.[2];
    if (state?.length !== 4 || args === undefined || named === undefined) return false;
    if (named !== null && !isKind(named, 'dict')) return false;
    out.raw('functools.partial(');
    out.list([state[0]!, ...args]);
    if (named !== null) keywords(named, out, true);
    out.raw(')');
    return true;
  },
  contents(call) {
    const state = call.state === undefined ? undefined : asItems(call.state);
    if (state?.length !== 4) return undefined;
    const labels = ['func', 'args', 'keywords'];
    return labels.map((label, i): Part => ({ label, node: state[i]! }));
  },
};

/** `name=value` between commas; with a comma before the first where something precedes. */
function keywords(dict: PyDict, out: ReprSink, follows: boolean): void {
  for (let i = 0; i < dict.size && !out.full; i++) {
    const key = dict.keys[i]!;
    if (i > 0 || follows) out.raw(', ');
    if (typeof key === 'string') out.raw(`${key}=`);
    else {
      out.node(key);
      out.raw('=');
    }
    out.node(dict.values[i]!);
  }
}

const namespace: Face = {
  write(call, out) {
    const attributes = call.state === undefined ? null : asDict(call.state);
    if (attributes === undefined || call.args.length > 0) return false;
    out.raw('namespace(');
    if (attributes !== null) keywords(attributes, out, false);
    out.raw(')');
    return true;
  },
  recursion: 'namespace(...)',
  contents: call => call.state ?? [],
};

/** The named tuples of urllib.parse, the only ones whose field names are known beforehand. */
const URL_FIELDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['DefragResult', ['url', 'fragment']],
  ['SplitResult', ['scheme', 'netloc', 'path', 'query', 'fragment']],
  ['ParseResult', ['scheme', 'netloc', 'path', 'params', 'query', 'fragment']],
]);

const url: Face = {
  write(call, out) {
    const name = lastName(call.className!);
    const fields = URL_FIELDS.get(name.replace(/Bytes$/, ''));
    if (fields === undefined || fields.length !== call.args.length || call.state !== undefined) return false;
    out.raw(`${name}(`);
    for (const [i, field] of fields.entries()) {
      out.raw(`${i === 0 ? '' : ', '}${field}=`);
      out.node(call.args[i]!);
    }
    out.raw(')');
    return true;
  },
  contents: call => new PyList([...call.args]),
};

const TIME_FIELDS = ['year', 'mon', 'mday', 'hour', 'min', 'sec', 'wday', 'yday', 'isdst'];

/** `struct_time(fields, {zone name and offset})`. */
const structTime: Face = {
  write(call, out) {
    const fields = asItems(call.args[0]);
    if (fields?.length !== TIME_FIELDS.length) return false;
    out.raw('time.struct_time(');
    for (const [i, field] of TIME_FIELDS.entries()) {
      out.raw(`${i === 0 ? '' : ', '}tm_${field}=`);
      out.node(fields[i]!);
    }
    out.raw(')');
    return true;
  },
};

/** `count(3)`, `repeat('x', 2)`: by the last part of their names. */
const counting: Face = {
  write(call, out) {
    if (call.how !== 'reduce' || call.state !== undefined) return false;
    out.raw(`${lastName(call.className!)}(`);
    out.list(call.args);
    out.raw(')');
    return true;
  },
};

/** Names of `http.HTTPStatus` (CPython 3.11), by number. */
const HTTP_STATUS: ReadonlyMap<number, string> = new Map(
  '100 CONTINUE 101 SWITCHING_PROTOCOLS 102 PROCESSING 103 EARLY_HINTS 200 OK 201 CREATED 202 ACCEPTED 203 NON_AUTHORITATIVE_INFORMATION 204 NO_CONTENT 205 RESET_CONTENT 206 PARTIAL_CONTENT 207 MULTI_STATUS 208 ALREADY_REPORTED 226 IM_USED 300 MULTIPLE_CHOICES 301 MOVED_PERMANENTLY 302 FOUND 303 SEE_OTHER 304 NOT_MODIFIED 305 USE_PROXY 307 TEMPORARY_REDIRECT 308 PERMANENT_REDIRECT 400 BAD_REQUEST 401 UNAUTHORIZED 402 PAYMENT_REQUIRED 403 FORBIDDEN 404 NOT_FOUND 405 METHOD_NOT_ALLOWED 406 NOT_ACCEPTABLE 407 PROXY_AUTHENTICATION_REQUIRED 408 REQUEST_TIMEOUT 409 CONFLICT 410 GONE 411 LENGTH_REQUIRED 412 PRECONDITION_FAILED 413 REQUEST_ENTITY_TOO_LARGE 414 REQUEST_URI_TOO_LONG 415 UNSUPPORTED_MEDIA_TYPE 416 REQUESTED_RANGE_NOT_SATISFIABLE 417 EXPECTATION_FAILED 418 IM_A_TEAPOT 421 MISDIRECTED_REQUEST 422 UNPROCESSABLE_ENTITY 423 LOCKED 424 FAILED_DEPENDENCY 425 TOO_EARLY 426 UPGRADE_REQUIRED 428 PRECONDITION_REQUIRED 429 TOO_MANY_REQUESTS 431 REQUEST_HEADER_FIELDS_TOO_LARGE 451 UNAVAILABLE_FOR_LEGAL_REASONS 500 INTERNAL_SERVER_ERROR 501 NOT_IMPLEMENTED 502 BAD_GATEWAY 503 SERVICE_UNAVAILABLE 504 GATEWAY_TIMEOUT 505 HTTP_VERSION_NOT_SUPPORTED 506 VARIANT_ALSO_NEGOTIATES 507 INSUFFICIENT_STORAGE 508 LOOP_DETECTED 510 NOT_EXTENDED 511 NETWORK_AUTHENTICATION_REQUIRED'
    .match(/\d+ \w+/g)!
    .map(pair => [Number(pair.slice(0, 3)), pair.slice(4)]),
);

const httpStatus: Face = {
  write(call, out) {
    const code = asInt(call.args[0]);
    const name = code === undefined ? undefined : HTTP_STATUS.get(code);
    if (name === undefined || call.args.length !== 1) return false;
    out.raw(`<HTTPStatus.${name}: ${code}>`);
    return true;
  },
  contents: () => [],
};

const GENERIC_ALIAS = 'types.GenericAlias';
/** Types inside of types that are followed. */
const ALIAS_DEPTH = 20;

/** `type[argument, …]` of annotations, where all of it is plain names and types like it. */
const genericAlias: Face = {
  write(call, out) {
    const text = aliasText(call, ALIAS_DEPTH);
    if (text === undefined) return false;
    out.raw(text);
    return true;
  },
};

function aliasText(call: PyCall, depth: number): string | undefined {
  const [origin, args] = call.args;
  const names = [origin, ...(asItems(args) ?? [])].map(node =>
    node === undefined ? undefined : typeName(node, depth),
  );
  if (call.args.length !== 2 || names.includes(undefined) || names.length < 2) return undefined;
  return `${names[0]}[${names.slice(1).join(', ')}]`;
}

function typeName(node: PyNode, depth: number): string | undefined {
  if (isKind(node, 'call')) {
    return node.className === GENERIC_ALIAS && depth > 0 ? aliasText(node, depth - 1) : undefined;
  }
  const name = isKind(node, 'global') ? asText(node.name) : undefined;
  if (name === 'builtins.Ellipsis') return '...';
  return name?.startsWith('builtins.') ? name.slice('builtins.'.length) : name;
}

const PATH_CLASSES = ['PurePath', 'PurePosixPath', 'PureWindowsPath', 'Path', 'PosixPath', 'WindowsPath'];

export const LIBRARY_FACES: FaceTable = {
  ...Object.fromEntries(
    PATH_CLASSES.flatMap(name => [`pathlib.${name}`, `pathlib._local.${name}`]).map(name => [name, path]),
  ),
  ...Object.fromEntries(
    [...URL_FIELDS.keys()].flatMap(name => [name, `${name}Bytes`]).map(name => [`urllib.parse.${name}`, url]),
  ),
  're._compile': pattern,
  'functools.partial': partial,
  'types.SimpleNamespace': namespace,
  [GENERIC_ALIAS]: genericAlias,
  'itertools.count': counting,
  'itertools.repeat': counting,
  'http.HTTPStatus': httpStatus,
  'time.struct_time': structTime,
};

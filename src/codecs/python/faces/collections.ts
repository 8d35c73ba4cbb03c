import { type PyCall, PyDict, PyList, type PyNode } from '../value';
import type { Face, FaceTable } from './face';
import { asDict, asItems, attribute } from './forms';

/** The dict inside a dict subclass: its arguments', then what SETITEMS put in. */
function ownDict(call: PyCall, argument: PyNode | undefined): PyDict | undefined {
  if (argument === undefined) return call.dictItems ?? EMPTY;
  if (call.dictItems !== undefined) return undefined;
  const dict = asDict(argument);
  if (dict !== undefined) return dict;
  // Python 2.7 gave an OrderedDict its items as a list of pairs.
  const pairs = asItems(argument);
  if (pairs === undefined) return undefined;
  const made = new PyDict();
  for (const pair of pairs) {
    const both = asItems(pair);
    if (both?.length !== 2) return undefined;
    made.set(both[0]!, both[1]!);
  }
  return made;
}

const EMPTY = new PyDict();

/** As up to Python 3.11; from 3.12 on it prints `OrderedDict({'a': 1})`, and the bytes do not tell which one wrote them. */
const orderedDict: Face = {
  write(call, out) {
    const dict = call.args.length <= 1 ? ownDict(call, call.args[0]) : undefined;
    if (dict === undefined) return false;
    if (dict.size === 0) {
      out.raw('OrderedDict()');
      return true;
    }
    out.raw('OrderedDict([');
    for (let i = 0; i < dict.size; i++) {
      out.raw(i === 0 ? '(' : ', (');
      out.list([dict.keys[i]!, dict.values[i]!]);
      out.raw(')');
      if (out.full) break;
    }
    out.raw('])');
    return true;
  },
  contents: call => ownDict(call, call.args[0]),
};

const defaultDict: Face = {
  write(call, out) {
    if (call.args.length > 1) return false;
    out.raw('defaultdict(');
    out.node(call.args[0] ?? null);
    out.raw(', ');
    out.node(call.dictItems ?? EMPTY);
    out.raw(')');
    return true;
  },
  recur(call, out) {
    out.raw('defaultdict(');
    out.node(call.args[0] ?? null);
    out.raw(', {...})');
  },
  contents: call => call.dictItems ?? EMPTY,
};

/** `deque((), maxlen)` and then APPENDS; Python 2 gave it its items as a list. */
const deque: Face = {
  write(call, out) {
    const given = call.args.length === 0 ? [] : asItems(call.args[0]);
    const maxlen = call.args[1] ?? null;
    if (given === undefined || call.args.length > 2 || (maxlen !== null && typeof maxlen !== 'number')) return false;
    out.raw('deque([');
    out.list(call.listItems === undefined ? given : [...given, ...call.listItems]);
    out.raw(']');
    out.raw(maxlen === null ? ')' : `, maxlen=${maxlen})`);
    return true;
  },
  recursion: '[...]',
  contents: call => new PyList(call.listItems ?? [...(asItems(call.args[0]) ?? [])]),
};

/** Above so many, sorting for a line of text is not worth its time. */
const SORT_LIMIT = 20_000;

const counter: Face = {
  write(call, out) {
    const dict = counts(call);
    if (dict === undefined) return false;
    if (dict.size === 0) {
      out.raw('Counter()');
      return true;
    }
    out.raw('Counter(');
    out.node(mostCommon(dict));
    out.raw(')');
    return true;
  },
  contents: counts,
};

function counts(call: PyCall): PyDict | undefined {
  return call.args.length <= 1 ? ownDict(call, call.args[0]) : undefined;
}

/** By falling count, as `Counter.most_common`; unsorted where counts cannot be compared. */
function mostCommon(dict: PyDict): PyDict {
  const values = dict.values.map(comparable);
  if (dict.size > SORT_LIMIT || values.includes(undefined)) return dict;
  const order = values
    .map((_, i) => i)
    .sort((a, b) => (values[a]! < values[b]! ? 1 : values[a]! > values[b]! ? -1 : a - b));
  const sorted = new PyDict();
  for (const i of order) sorted.set(dict.keys[i]!, dict.values[i]!);
  return sorted;
}

function comparable(node: PyNode): number | bigint | undefined {
  if (typeof node === 'number' || typeof node === 'bigint') return node;
  if (typeof node === 'boolean') return Number(node);
  return typeof node === 'object' && node?.kind === 'float' ? node.value : undefined;
}

const chainMap: Face = {
  write(call, out) {
    const maps =
      asItems(attribute(call, 'maps')) ?? (call.args.length > 0 && call.state === undefined ? call.args : undefined);
    if (maps === undefined) return false;
    out.raw('ChainMap(');
    out.list(maps);
    out.raw(')');
    return true;
  },
  contents: call => attribute(call, 'maps'),
};

/** UserDict, UserList and UserString print what they hold. */
const user: Face = {
  write(call, out) {
    const data = attribute(call, 'data');
    if (data === undefined) return false;
    out.node(data);
    return true;
  },
  contents: call => attribute(call, 'data'),
};

export const COLLECTION_FACES: FaceTable = {
  'collections.OrderedDict': orderedDict,
  'collections.defaultdict': defaultDict,
  'collections.deque': deque,
  'collections.Counter': counter,
  'collections.ChainMap': chainMap,
  'collections.UserDict': { ...user, recursion: '{...}' },
  'collections.UserList': { ...user, recursion: '[...]' },
  'collections.UserString': user,
};

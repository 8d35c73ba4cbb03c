import { isKind, type PyNode } from '../value';
import { EXCEPTION_NAMES } from './exceptions';
import type { Face, FaceTable } from './face';

/** Values of built-in types that have no opcode, and the built-in names themselves. */

const isIndex = (node: PyNode | undefined): boolean => typeof node === 'number' || typeof node === 'bigint';

const range: Face = {
  write(call, out) {
    const [start, stop, step] = call.args;
    if (call.args.length !== 3 || !call.args.every(isIndex)) return false;
    out.raw('range(');
    out.list(step === 1 ? [start!, stop!] : [start!, stop!, step!]);
    out.raw(')');
    return true;
  },
  contents: () => [],
};

const slice: Face = {
  write(call, out) {
    if (call.args.length !== 3) return false;
    out.raw('slice(');
    out.list(call.args);
    out.raw(')');
    return true;
  },
};

/** `type(None)` and its like, which have no name to be found by. */
const type: Face = {
  write(call, out) {
    const [of] = call.args;
    if (call.args.length !== 1 || of === undefined) return false;
    const name = of === null ? 'NoneType' : isKind(of, 'global') ? SINGLETON_TYPES.get(of.name) : undefined;
    if (name === undefined) return false;
    out.raw(`<class '${name}'>`);
    return true;
  },
  contents: () => [],
};

const SINGLETON_TYPES: ReadonlyMap<string, string> = new Map([
  ['builtins.Ellipsis', 'ellipsis'],
  ['builtins.NotImplemented', 'NotImplementedType'],
]);

/** A bound method, `object.name`. */
const getattr: Face = {
  write(call, out) {
    const [owner, name] = call.args;
    if (call.args.length !== 2 || owner === undefined || typeof name !== 'string') return false;
    out.node(owner);
    out.raw(`.${name}`);
    return true;
  },
};

export const BUILTIN_FACES: FaceTable = {
  'builtins.range': range,
  'builtins.slice': slice,
  'builtins.type': type,
  'builtins.getattr': getattr,
};

const BUILTIN_CLASSES =
  'bool bytearray bytes classmethod complex dict enumerate filter float frozenset int list map memoryview object property range reversed set slice staticmethod str super tuple type zip';
const BUILTIN_FUNCTIONS =
  '__import__ abs aiter all anext any ascii bin breakpoint callable chr compile delattr dir divmod eval exec format getattr globals hasattr hash hex id input isinstance issubclass iter len locals max min next oct ord pow print repr round setattr sorted sum vars';
/** Classes of the standard library that turn up as values: factories of defaultdicts, column types, expected errors. */
const LIBRARY_CLASSES =
  'array.array collections.ChainMap collections.Counter collections.OrderedDict collections.UserDict collections.UserList collections.UserString collections.defaultdict collections.deque datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone decimal.Decimal fractions.Fraction functools.partial ipaddress.IPv4Address ipaddress.IPv4Interface ipaddress.IPv4Network ipaddress.IPv6Address ipaddress.IPv6Interface ipaddress.IPv6Network pathlib.Path pathlib.PosixPath pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath pathlib.WindowsPath types.SimpleNamespace uuid.UUID zoneinfo.ZoneInfo';

const GLOBAL_TEXTS: ReadonlyMap<string, string> = new Map([
  ['builtins.Ellipsis', 'Ellipsis'],
  ['builtins.NotImplemented', 'NotImplemented'],
  ...[...BUILTIN_CLASSES.split(' '), ...EXCEPTION_NAMES].map(
    name => [`builtins.${name}`, `<class '${name}'>`] as const,
  ),
  ...BUILTIN_FUNCTIONS.split(' ').map(name => [`builtins.${name}`, `<built-in function ${name}>`] as const),
  ...LIBRARY_CLASSES.split(' ').map(name => [name, `<class '${name}'>`] as const),
  ['builtins.IOError', "<class 'OSError'>"],
  ['builtins.EnvironmentError', "<class 'OSError'>"],
]);

/** A bare name as Python prints what it names, where that is known; `module.qualname` otherwise. */
export function globalText(name: string): string {
  return GLOBAL_TEXTS.get(name) ?? name;
}

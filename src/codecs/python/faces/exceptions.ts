import { isKind, type PyCall, type PyNode } from '../value';
import type { Face, FaceTable, Part } from './face';
import { asDict, asInt, lastName } from './forms';

/** Python's built-in exceptions: `REDUCE(cls, args)`, and a dict of attributes by BUILD where there are any. */

const OS_ERRORS = [
  'OSError',
  'BlockingIOError',
  'ChildProcessError',
  'ConnectionError',
  'BrokenPipeError',
  'ConnectionAbortedError',
  'ConnectionRefusedError',
  'ConnectionResetError',
  'FileExistsError',
  'FileNotFoundError',
  'InterruptedError',
  'IsADirectoryError',
  'NotADirectoryError',
  'PermissionError',
  'ProcessLookupError',
  'TimeoutError',
];

const OTHER_ERRORS = [
  'BaseException',
  'BaseExceptionGroup',
  'GeneratorExit',
  'KeyboardInterrupt',
  'SystemExit',
  'Exception',
  'ArithmeticError',
  'FloatingPointError',
  'OverflowError',
  'ZeroDivisionError',
  'AssertionError',
  'AttributeError',
  'BufferError',
  'EOFError',
  'ExceptionGroup',
  'ImportError',
  'ModuleNotFoundError',
  'LookupError',
  'IndexError',
  'KeyError',
  'MemoryError',
  'NameError',
  'UnboundLocalError',
  'ReferenceError',
  'RuntimeError',
  'NotImplementedError',
  'PythonFinalizationError',
  'RecursionError',
  'StopAsyncIteration',
  'StopIteration',
  'SyntaxError',
  'IndentationError',
  'TabError',
  'SystemError',
  'TypeError',
  'ValueError',
  'UnicodeError',
  'UnicodeDecodeError',
  'UnicodeEncodeError',
  'UnicodeTranslateError',
  'Warning',
  'BytesWarning',
  'DeprecationWarning',
  'EncodingWarning',
  'FutureWarning',
  'ImportWarning',
  'PendingDeprecationWarning',
  'ResourceWarning',
  'RuntimeWarning',
  'SyntaxWarning',
  'UnicodeWarning',
  'UserWarning',
];

/** Names that Python 3 kept for OSError. */
const OS_ERROR_ALIASES = ['IOError', 'EnvironmentError', 'WindowsError'];

/** `OSError(errno, …)` makes the subclass of that errno (PEP 3151; the numbers of Linux, where brokers' workers run). */
const CLASS_OF_ERRNO: ReadonlyMap<number, string> = new Map([
  [1, 'PermissionError'],
  [2, 'FileNotFoundError'],
  [3, 'ProcessLookupError'],
  [4, 'InterruptedError'],
  [10, 'ChildProcessError'],
  [11, 'BlockingIOError'],
  [13, 'PermissionError'],
  [17, 'FileExistsError'],
  [20, 'NotADirectoryError'],
  [21, 'IsADirectoryError'],
  [32, 'BrokenPipeError'],
  [103, 'ConnectionAbortedError'],
  [104, 'ConnectionResetError'],
  [108, 'BrokenPipeError'],
  [110, 'TimeoutError'],
  [111, 'ConnectionRefusedError'],
  [114, 'BlockingIOError'],
  [115, 'BlockingIOError'],
]);

/** Arguments and attributes: what an exception consists of. */
function contents(call: PyCall): Part[] {
  const parts: Part[] = call.args.map((node, i) => ({ label: `args[${i}]`, node }));
  const attributes = asDict(call.state);
  if (attributes !== undefined) {
    for (const [key, node] of attributes.entries()) parts.push({ label: String(key), node });
  }
  return parts;
}

const error: Face = {
  write(call, out) {
    if (call.how !== 'reduce') return false;
    out.raw(`${lastName(call.className!)}(`);
    out.list(call.args);
    out.raw(')');
    return true;
  },
  recur: (call, out) => out.raw(`${lastName(call.className!)}(...)`),
  contents,
};

const osError: Face = {
  write(call, out) {
    if (call.how !== 'reduce') return false;
    const { args } = call;
    out.raw(`${osErrorClass(call)}(`);
    out.list(keepsFileName(args) ? args.slice(0, 2) : args);
    out.raw(')');
    return true;
  },
  recur: (call, out) => out.raw(`${osErrorClass(call)}(...)`),
  contents,
};

function osErrorClass(call: PyCall): string {
  const name = lastName(call.className!);
  const general = name === 'OSError' || OS_ERROR_ALIASES.includes(name);
  if (!general) return name;
  const errno = asInt(call.args[0]);
  const several = call.args.length >= 2 && call.args.length <= 5;
  return (several && errno !== undefined && CLASS_OF_ERRNO.get(errno)) || 'OSError';
}

/** From the third argument on they become attributes (file names) and leave `args`. */
function keepsFileName(args: readonly PyNode[]): boolean {
  const name = args[2];
  if (args.length < 3 || args.length > 5 || name === null || name === undefined) return false;
  return !(typeof name === 'number' || typeof name === 'boolean' || isKind(name, 'float'));
}

export const EXCEPTION_NAMES: readonly string[] = [...OS_ERRORS, ...OS_ERROR_ALIASES, ...OTHER_ERRORS];

export const EXCEPTION_FACES: FaceTable = Object.fromEntries([
  ...[...OS_ERRORS, ...OS_ERROR_ALIASES].map(name => [`builtins.${name}`, osError] as const),
  ...OTHER_ERRORS.map(name => [`builtins.${name}`, error] as const),
]);

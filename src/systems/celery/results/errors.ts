import { fromJson, isKind, type PyNode, reprText } from '../../../codecs/python';
import type { JobError } from '../../../model';
import { jobErrorOf as tracebackOf } from '../../reading/errors';

export interface Failure {
  readonly type: string;
  readonly message: string;
}

/** Characters of a message. */
const MESSAGE = 10_000;

/**
 * The exception that a result holds: `{"exc_type", "exc_message", "exc_module"}` of every serializer but pickle
 * (celery/backends/base.py, prepare_exception; the message is a text before 4.2, the arguments since), or the exception
 * itself as a pickle makes it. Null where it is none.
 */
export function failureOf(result: PyNode | undefined): Failure | null {
  if (result === undefined || result === null) return null;
  if (isKind(result, 'dict')) {
    const type = result.get('exc_type');
    if (typeof type !== 'string') return null;
    const module = result.get('exc_module');
    if (type === WRAPPER) return unwrapped(argumentsOf(result.get('exc_message')));
    return {
      type: qualified(typeof module === 'string' ? module : null, type),
      message: messageOf(type, argumentsOf(result.get('exc_message'))),
    };
  }
  if (!isKind(result, 'call') || result.className === undefined) return null;
  const { args, className } = result;
  if (className.endsWith(`.${WRAPPER}`)) return unwrapped(args);
  const dot = className.lastIndexOf('.');
  const name = className.slice(dot + 1);
  return { type: qualified(dot < 0 ? null : className.slice(0, dot), name), message: messageOf(name, args) };
}

/** What cannot be pickled travels in this: module, class, arguments, text (celery/utils/serialization.py). */
const WRAPPER = 'UnpickleableExceptionWrapper';

function unwrapped([module, type, values]: readonly PyNode[]): Failure {
  if (typeof type !== 'string') return { type: WRAPPER, message: '' };
  return {
    type: qualified(typeof module === 'string' ? module : null, type),
    message: messageOf(type, argumentsOf(values)),
  };
}

/** The same of parsed JSON: of the usual exception without making values of it. */
export function failureOfJson(result: unknown): Failure | null {
  if (typeof result !== 'object' || result === null) return null;
  const { exc_type: type, exc_message: args, exc_module: module } = result as Partial<Record<string, unknown>>;
  const usual = typeof type === 'string' && type !== 'KeyError' && Array.isArray(args) && args.length === 1;
  if (!usual || typeof args[0] !== 'string') return failureOf(fromJson(result));
  return { type: qualified(typeof module === 'string' ? module : null, type), message: cut(args[0]) };
}

/** As Python prints it: built-in ones by their name alone. */
const qualified = (module: string | null, name: string): string =>
  module === null || module === 'builtins' || module === 'exceptions' || module === '' ? name : `${module}.${name}`;

function argumentsOf(node: PyNode | undefined): readonly PyNode[] {
  if (node === undefined || node === null) return [];
  return isKind(node, 'list') || isKind(node, 'tuple') ? node.items : [node];
}

/** `str(exception)` as Python's own classes make it of their arguments. */
function messageOf(type: string, args: readonly PyNode[]): string {
  const [first, second] = args;
  if (first === undefined) return '';
  if (args.length === 1) return typeof first === 'string' && type !== 'KeyError' ? cut(first) : short(first);
  if (
    typeof first === 'number' &&
    typeof second === 'string' &&
    /(?:^OSError|^IOError|Error)$/.test(type) &&
    args.length <= 5 &&
    IS_OS.test(type)
  )
    return cut(`[Errno ${first}] ${second}${typeof args[2] === 'string' ? `: ${short(args[2])}` : ''}`);
  return cut(`(${args.map(short).join(', ')})`);
}

/** Built-in exceptions that print their first two arguments as number and words. */
const IS_OS =
  /^(?:OSError|IOError|EnvironmentError|BlockingIOError|ChildProcessError|ConnectionError|BrokenPipeError|Connection(?:Aborted|Refused|Reset)Error|FileExistsError|FileNotFoundError|InterruptedError|IsADirectoryError|NotADirectoryError|PermissionError|ProcessLookupError|TimeoutError)$/;

const cut = (text: string): string => (text.length > MESSAGE ? `${text.slice(0, MESSAGE - 1).toWellFormed()}…` : text);
const short = (node: PyNode): string => reprText(node, { max: MESSAGE });

/**
 * The same in the words of the traceback's last line, where that is all of the message: what a class of the application
 * prints cannot be told from its arguments, and of an exception that cannot be pickled Celery stores the nearest base
 * class that can (celery/utils/serialization.py, find_pickleable_exception). `own`: the traceback ends with this
 * exception itself, and not with a Retry.
 */
export function withPrinted(failure: Failure, traceback: string | null, own: boolean): Failure {
  if (traceback === null) return failure;
  const text = traceback.trimEnd();
  const group = text.startsWith('  + Exception Group Traceback ') ? GROUP.exec(text) : null;
  if (group !== null) return { ...failure, message: cut(group[1] ?? '') };
  const start = text.lastIndexOf('\n') + 1;
  const match = LAST_LINE.exec(text.slice(start, start + 2 * MESSAGE));
  if (match === null) return failure;
  const [, type = '', message = ''] = match;
  const same = type === failure.type;
  if (type.endsWith(WRAPPER)) return failure;
  if (!same && !(own && followsFrame(text, start))) return failure;
  return { type, message: message === '' ? failure.message : cut(message) };
}

/** A group's own line; those of its members stand below it, further to the right. */
const GROUP = /^ {2}\| [\w.]{0,200}Group: (.*)$/m;
const LAST_LINE = /^([A-Za-z_][\w.]{0,200})(?:: (.*))?$/;

/** The line before is one of source code, or of carets below it: then this one begins the exception. */
function followsFrame(text: string, start: number): boolean {
  const before = text.lastIndexOf('\n', start - 2) + 1;
  return start > 0 && text.startsWith('    ', before);
}

/** The failure of a result with its traceback taken apart; null where it recorded neither. */
export function jobErrorOf(failure: Failure | null, traceback: string | null): JobError | null {
  if (traceback === null || traceback === '')
    return failure === null ? null : { ...failure, traceback: '', frames: [] };
  return { ...tracebackOf(traceback, failure?.type ?? 'Error'), ...failure };
}

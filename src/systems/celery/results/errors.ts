import { isKind, type PyNode, reprText } from '../../../codecs/python';
import { parseTraceback } from '../../../codecs/traceback';
import type { Frame, JobError } from '../../../model';

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
    return {
      type: qualified(typeof module === 'string' ? module : null, type),
      message: messageOf(type, argumentsOf(result.get('exc_message'))),
    };
  }
  if (!isKind(result, 'call') || result.className === undefined) return null;
  const { args, className } = result;
  // What cannot be pickled travels in a wrapper: module, class, arguments, text (celery/utils/serialization.py).
  if (className.endsWith('.UnpickleableExceptionWrapper')) {
    const [module, type, values] = args;
    if (typeof type !== 'string') return { type: className, message: '' };
    return {
      type: qualified(typeof module === 'string' ? module : null, type),
      message: messageOf(type, argumentsOf(values)),
    };
  }
  const dot = className.lastIndexOf('.');
  const name = className.slice(dot + 1);
  return { type: qualified(dot < 0 ? null : className.slice(0, dot), name), message: messageOf(name, args) };
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
 * The same with the words of the traceback's last line, where that is all of the message: what a class of the
 * application prints cannot be told from its arguments.
 */
export function withPrinted(failure: Failure, traceback: string | null): Failure {
  const text = traceback?.trimEnd() ?? '';
  const line = text.slice(text.lastIndexOf('\n') + 1);
  const head = `${failure.type}: `;
  return line.startsWith(head) && line.length > head.length
    ? { ...failure, message: cut(line.slice(head.length)) }
    : failure;
}

/** The failure of a result with its traceback taken apart; null where it recorded neither. */
export function jobErrorOf(failure: Failure | null, traceback: string | null): JobError | null {
  if (traceback === null || traceback === '')
    return failure === null ? null : { ...failure, traceback: '', frames: [] };
  const parsed = parseTraceback(traceback);
  const frames: Frame[] = parsed.frames.map(frame => ({
    file: frame.file,
    line: frame.line,
    function: frame.function,
    source: frame.source,
    own: isOwn(frame.file),
  }));
  return {
    type: failure?.type ?? parsed.type ?? 'Error',
    message: failure?.message ?? parsed.message,
    traceback,
    frames,
  };
}

/** Libraries stand in site-packages or dist-packages, the standard library in lib/pythonX.Y; `<string>` tells nothing. */
function isOwn(file: string): boolean | null {
  if (file.startsWith('<')) return null;
  return !/[\\/](?:site-packages|dist-packages)[\\/]|[\\/]lib(?:64)?[\\/]python\d(?:\.\d+)?[\\/]|[\\/]Lib[\\/](?!.*[\\/]Scripts)/.test(
    file,
  );
}

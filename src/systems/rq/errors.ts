import { inflate } from '../../codecs/envelope/inflate';
import { parseTraceback } from '../../codecs/traceback';
import type { JobRow } from '../../model';

/** Bytes that a traceback may inflate to. */
const TRACEBACK_LIMIT = 8 * 1024 * 1024;
/** Characters of a traceback's end that name its exception, for a row. */
const TAIL = 16_384;
const MESSAGE = 300;

/**
 * The text of a field `exc_info` or of a result's `exc_string`: zlib of UTF-8, bare in old or foreign data.
 * Null where there is none: a retried job has an empty one. What cannot be read is said in brackets.
 */
export function tracebackText(bytes: Buffer | null): string | null {
  if (bytes === null || bytes.length === 0) return null;
  const inflated = inflate(bytes, TRACEBACK_LIMIT);
  if (inflated.kind === 'broken') return `[The traceback could not be read: ${inflated.reason}.]`;
  const text = (inflated.kind === 'inflated' ? inflated.bytes : bytes).toString('utf8');
  return text.trim() === '' ? null : text;
}

/** A result's `exc_string`: base64 of the above (rq/results.py, 1.12 to 2.12). */
export function resultTracebackText(base64: Buffer | null): string | null {
  if (base64 === null) return null;
  const text = base64.toString('latin1');
  // Node takes anything for base64 and leaves out what is none.
  if (/[^A-Za-z0-9+/=\s]/.test(text)) return '[The traceback could not be read: it is no base64.]';
  return tracebackText(Buffer.from(text, 'base64'));
}

/** Sentences RQ stores instead of a traceback (rq/worker.py), with what stands for the exception's name. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/^Job stopped by user/, 'Stopped'],
  [/^Work-horse (?:process )?was terminated|^Work-horse terminated/, 'WorkHorseTerminated'],
  [/^Job was stuck in intermediate queue/, 'StuckInIntermediateQueue'],
];

/** Type of what RQ recorded without an exception. */
export function typeOfSentence(text: string): string {
  return SENTENCES.find(([pattern]) => pattern.test(text))?.[1] ?? 'Error';
}

/** A traceback that ends as most do: a frame, then one line `package.Type: message`. */
const LAST_LINE = /^([A-Za-z_][\w.]{0,200})(?:: (.*))?$/;

const CARETS = /^ {4}[ ~^]+\n?$/;

/** Where the line before the one that begins at `start` begins. */
const lineBefore = (text: string, start: number): number => (start < 2 ? 0 : text.lastIndexOf('\n', start - 2) + 1);

/** The exception of a traceback whose last line is all of it; null where only the whole text tells. */
function lastLineOf(text: string): { readonly type: string; readonly message: string } | null {
  const end = text.endsWith('\n') ? text.length - 1 : text.length;
  const start = text.lastIndexOf('\n', end - 1) + 1;
  if (start === 0 || end - start > 2000) return null;
  // A line of a longer message, of a note or of a group does not follow a frame: its place, its source, perhaps carets.
  const before = lineBefore(text, start);
  const source = CARETS.test(text.slice(before, Math.min(start, before + 2000))) ? lineBefore(text, before) : before;
  if (!text.startsWith('    ', source) || !text.startsWith('  File "', lineBefore(text, source))) return null;
  const match = LAST_LINE.exec(text.slice(start, end));
  return match === null ? null : { type: match[1]!, message: match[2] ?? '' };
}

/** Exception and first line of its message, for a row. */
export function errorOfRow(text: string | null): JobRow['error'] {
  if (text === null) return null;
  const { type, message } = lastLineOf(text) ?? parseTraceback(text.length > TAIL ? text.slice(-TAIL) : text);
  const line = message.split('\n', 1)[0] ?? '';
  return {
    type: type ?? typeOfSentence(text),
    message: line.length > MESSAGE ? `${line.slice(0, MESSAGE - 1).toWellFormed()}…` : line,
  };
}

import { looksLikeJavaScript, parseJavaScript } from './javascript';
import { looksLikePython, parsePython } from './python';
import { emptyDraft, type Traceback } from './types';
import { unescapeOneLine } from './unescape';

export type { ChainedException, ChainRelation, Traceback, TracebackException, TracebackFrame } from './types';

/** Characters looked at. Of a longer text the head and the tail are read: a traceback's end names the exception. */
const LIMIT = 4 * 1024 * 1024;

/**
 * Takes a traceback apart: Python's (chained, groups, markers, notes, SyntaxError, folded recursion, remote ones in
 * quotes), V8's and Firefox's stacks, and whatever is left of one after somebody cut it. Never throws; the time is
 * linear in the text; `original` is the text itself. What is no traceback becomes a message.
 */
export function parseTraceback(text: string): Traceback {
  const cut = text.length > LIMIT;
  const looked = cut ? headAndTail(text) : text;
  const readable = unescapeOneLine(looked);
  const lines = readable.split(/\r\n|\n|\r/);
  const python = looksLikePython(lines);
  const javascript = looksLikeJavaScript(lines);
  if (python >= 0 && (javascript < 0 || python <= javascript)) {
    const { draft, preamble, complete } = parsePython(lines);
    return { ...draft, language: 'python', preamble, complete: complete && !cut, original: text };
  }
  if (javascript >= 0) {
    const { draft, preamble, complete } = parseJavaScript(lines);
    return { ...draft, language: 'javascript', preamble, complete: complete && !cut, original: text };
  }
  return { ...plainMessage(readable.trim()), language: 'unknown', preamble: '', complete: !cut, original: text };
}

/** Cut at ends of lines, where there are any, so that no half line passes for something else. */
function headAndTail(text: string): string {
  const head = text.slice(0, LIMIT / 2);
  const tail = text.slice(-LIMIT / 2);
  const end = head.lastIndexOf('\n');
  const start = tail.indexOf('\n');
  return `${end < 0 ? head : head.slice(0, end)}\n${tail.slice(start + 1)}`;
}

/** Names that a line may begin with and still be no exception ("Note: …") are left in the message. */
const BARE_EXCEPTION =
  /^((?:[A-Za-z_$][\w$]*\.)*_*[A-Z][\w$]*(?:Error|Exception|Warning|Exit|Interrupt|Timeout|Group|Iteration|LimitExceeded|Rejected?))(?:: ?([\s\S]*))?$/;

/** RQ's own sentence for a job whose worker died; rq/registry.py, StartedJobRegistry.cleanup (1.12 to 2.12). */
const RQ_MOVED = /^Moved to FailedJobRegistry, due to (\w{1,100}), at /;

function plainMessage(text: string) {
  const draft = emptyDraft();
  const moved = RQ_MOVED.exec(text.slice(0, 200));
  const bare = BARE_EXCEPTION.exec(text);
  draft.type = moved?.[1] ?? bare?.[1] ?? null;
  draft.message = bare === null ? text : (bare[2] ?? '');
  return draft;
}

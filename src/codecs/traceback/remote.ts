import { ChainReader } from './chain';
import type { Draft } from './types';

/** Quotations inside quotations that are followed; real ones have one, or two where a pool calls a pool. */
const MAX_QUOTES = 5;

/**
 * concurrent.futures, multiprocessing and billiard carry a traceback home as text, in triple quotes, in the message of
 * a RemoteTraceback or (Celery 5.3 and later, billiard.einfo) ExceptionWithTraceback. What the person needs is inside:
 * it takes the wrapper's place, and a wrapper that has frames of its own follows as chained.
 */
export function unwrapRemote(draft: Draft, quotes: number): Draft {
  if (quotes >= MAX_QUOTES) {
    return draft;
  }
  const match = /^\n?"""\n?([\s\S]*?)\n?"""$/.exec(draft.message.trimEnd());
  if (match === null || !/(?:RemoteTraceback|ExceptionWithTraceback)$/.test(draft.type ?? '')) {
    return draft;
  }
  const reader = new ChainReader(false, quotes + 1);
  for (const line of (match[1] ?? '').split('\n')) {
    reader.feed(line);
  }
  const inner = reader.finish().draft;
  inner.remote = true;
  for (const earlier of inner.chained) {
    earlier.remote = true;
  }
  if (draft.frames.length > 0) {
    inner.chained.push({ ...draft, message: '', relation: 'wrapper' });
  }
  return inner;
}

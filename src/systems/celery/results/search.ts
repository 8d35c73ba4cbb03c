import type { Found, Looked, SearchQuery, State } from '../../../model';
import { Turns } from '../../reading/turns';
import { type Reading, resultOf } from './page';
import { rowOf } from './rows';
import { RESULT_STATES } from './status';
import { PAGE_BEGINNING, readValues } from './values';

/** Results of one step. */
const STEP = 500;

/**
 * Results whose id, task, arguments, worker or error hold a text, whatever its case: newest first, step by step. The
 * index is completed first where nobody has done so.
 */
export async function* searchResults(
  reading: Reading,
  query: SearchQuery,
  signal: AbortSignal,
): AsyncGenerator<Found | Looked, void> {
  const { broker, indexing, installation, keys, memory } = reading;
  if (indexing.completedAt === null)
    for await (const looked of indexing.complete(signal)) yield { looked: 0, of: looked.of };
  const states = RESULT_STATES.filter(state => query.state === null || query.state === state);
  const of = states.reduce((sum, state) => sum + memory.countOf(state).all, 0);
  const needle = query.text.toLowerCase();
  let looked = 0;
  let hits = 0;
  for (const state of states) {
    let from: { date: number; id: string } | null = null;
    for (;;) {
      signal.throwIfAborted();
      const places = nextOf(reading, state, from, query.queue);
      if (places.length === 0) break;
      const values = await readValues(
        broker,
        places.map(({ id }) => keys.task(id)),
        { beginning: PAGE_BEGINNING },
        signal,
      );
      const turns = new Turns();
      for (let i = 0; i < places.length; i++) {
        if (i % 8 === 7 && turns.over) await turns.next();
        const value = values[i];
        const { id } = places[i]!;
        if (value == null) continue;
        const result = await resultOf(id, value);
        const { task, worker, error, traceback, call } = result;
        const parts = [id, task, worker, call, error?.type, error?.message, traceback];
        if (!parts.some(part => part?.toLowerCase().includes(needle) === true)) continue;
        yield { found: rowOf(installation, result, null) };
        if (++hits >= query.limit) return;
      }
      looked += places.length;
      yield { looked, of: Math.max(of, looked) };
      from = places.at(-1) ?? null;
    }
  }
}

function nextOf({ memory }: Reading, state: State, from: { date: number; id: string } | null, queue: string | null) {
  const places: { readonly date: number; readonly id: string }[] = [];
  const { table } = memory;
  for (const slot of memory.after(state, from, queue)) {
    places.push({ date: table.dateOf(slot), id: table.idOf(slot) });
    if (places.length >= STEP) break;
  }
  return places;
}

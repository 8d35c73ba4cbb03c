import type { Found, Looked, SearchQuery } from '../../model';
import type { CeleryParts } from './parts';
import { rowOfHeld, withWorker } from './rows';

/** Hits as they come: results first (they are indexed), then what workers told, then messages one after the other. */
export async function* searchAll(
  parts: CeleryParts,
  query: SearchQuery,
  signal: AbortSignal,
): AsyncGenerator<Found | Looked, void> {
  const { results, transport, workers } = parts;
  const needle = query.text.toLowerCase();
  let left = query.limit;
  let looked = 0;
  let of = 0;
  const told = new Set<string>();
  if (query.state === null || query.state === 'running' || (parts.redis === null && query.state === 'taken')) {
    for (const held of workers.fleet.held.values()) {
      if (held.how !== 'active' && parts.redis !== null) continue;
      const row = rowOfHeld(parts.key, held);
      if (query.state !== null && row.state !== query.state) continue;
      if (query.queue !== null && row.queue !== query.queue) continue;
      if (![held.id, held.task, row.args?.text].some(text => text?.toLowerCase().includes(needle) === true)) continue;
      told.add(held.id);
      yield { found: row };
      if (--left <= 0) return;
    }
  }
  const ofMessages = query.state === null || query.state === 'waiting' || query.state === 'taken';
  if (ofMessages || parts.redis === null) {
    for await (const step of transport.search({ ...query, limit: left }, signal)) {
      if ('looked' in step) {
        looked = step.looked;
        of = step.of;
        yield step;
        continue;
      }
      yield { found: withWorker(parts, step.found) };
      if (--left <= 0) return;
    }
  }
  if (query.state === 'waiting' || query.state === 'taken') return;
  await results.locate(signal);
  if (results.store === null) return;
  for await (const step of results.store.search({ ...query, limit: left }, signal)) {
    if ('looked' in step) yield { looked: looked + step.looked, of: of + step.of };
    else if (step.found.id === null || step.found.state !== 'running' || !told.has(step.found.id)) {
      yield step;
      if (--left <= 0) return;
    }
  }
}

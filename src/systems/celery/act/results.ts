import type { RedisBroker } from '../../../brokers/redis/port';
import type { RedisGuard, RedisUndoUnit } from '../../../model';
import { outcome } from '../../acting/work';
import type { CeleryContext } from '../parts';
import type { RedisResultStore } from '../results';
import type { Change, Take } from './redis/change';
import { runChanges } from './redis/run';
import type { Situation } from './situation';
import { type Ready, StepWork } from './steps';
import { expiryOf, restoringResult, type StoredResult } from './stored';
import { goneOutcome, type Source, thingsOf } from './things';
import { base64, EXPIRED, IN_USE, unit } from './undo';

/** Role of the companion that holds the results. */
export const RESULTS_ROLE = 'results';

/** What puts a result back, and when it must not. @param now by the clock of its broker */
export function resultBack(subject: string, result: StoredResult, store: RedisResultStore, now: number): RedisUndoUnit {
  return unit(subject, resultGuards(result, now), [restoringResult(result, now)], roleOf(store));
}

/** A result is put back only where no new one has come, and before it would have expired. */
export function resultGuards(result: StoredResult, now: number): RedisGuard[] {
  const expireAt = expiryOf(result, now);
  return [
    { kind: 'absent', key: base64(result.key), refusal: IN_USE },
    ...(expireAt === null ? [] : [{ kind: 'before', at: expireAt, refusal: EXPIRED } as const]),
  ];
}

const roleOf = (store: RedisResultStore): string | null => (store.sameDatabase ? null : RESULTS_ROLE);

/** The result as it was read, taken away. */
export const resultTake = ({ key, raw }: StoredResult, database?: number): Take => ({
  kind: 'value',
  key,
  value: raw,
  ...(database === undefined ? {} : { database }),
});

/** `delete` of results: exact copies first, then gone, while they are what was copied. */
export function forgetting(
  situation: Situation,
  source: Source,
  total: number,
  store: RedisResultStore,
  signal: AbortSignal,
): StepWork<Change> {
  async function* prepared() {
    for await (const part of thingsOf(situation.context, source, signal)) {
      yield part.map(found => {
        if (found.kind === 'gone') return { decided: goneOutcome(found) };
        const about = { id: found.id, ref: found.ref };
        if (found.kind !== 'result') return { decided: outcome(about, 'refused', 'it is no result') };
        const { result } = found;
        return {
          subject: result.id,
          ref: found.ref,
          change: { takes: [resultTake(result)], puts: [] },
          undo: [resultBack(result.id, result, store, Date.now() + situation.clockOffset)],
          bytes: result.raw.length,
        };
      });
    }
  }
  const changed = new Changed(store, signal);
  return new StepWork<Change>(
    total,
    prepared(),
    async (items, record, during) => {
      const did = await runChanges(store.broker, 'celery delete results', items, record, during);
      changed.add(items);
      return did;
    },
    null,
    () => changed.tell(),
  );
}

/** Ids that the index is told of at a time. */
const TOLD = 1000;

/**
 * Lets the index know of what was taken away, beside the steps that go on. A result that cannot be looked at again is
 * found by its next lap.
 */
export class Changed {
  readonly #store: RedisResultStore;
  readonly #signal: AbortSignal;
  #ids: string[] = [];

  constructor(store: RedisResultStore, signal: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  add(items: readonly Ready<unknown>[]): void {
    for (const { subject } of items) this.#ids.push(subject);
    if (this.#ids.length >= TOLD) this.tell();
  }

  tell(): void {
    const ids = this.#ids.splice(0);
    if (ids.length > 0) void this.#store.changed(ids, this.#signal).catch(() => undefined);
  }
}

/** Whether one script can change messages and results: the same server, and a user who may change its database there. */
export function sameServer(context: CeleryContext, broker: RedisBroker, store: RedisResultStore): boolean {
  if (store.sameDatabase) return true;
  const server = (address: string) => address.replace(/\/\d+$/, '');
  return server(store.broker.address) === server(context.broker.address) && broker.may('SELECT') === true;
}

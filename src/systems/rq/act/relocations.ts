import { InspectorError } from '../../../model';
import type { RqPlace } from '../keys';
import { isList } from '../places';
import { type Fleet, someAtLeast } from './generation';
import type { Relocation } from './relocate';
import { latin1 } from './undo';

/** What a relocation is made for: now by the broker's clock, and the RQ that lives here. */
export interface Moment {
  readonly fleet: Fleet;
  /** As RQ writes times (rq/utils.py, utcformat). */
  readonly stamp: string;
  /** Unix seconds. */
  readonly seconds: number;
}

export function momentOf(fleet: Fleet): Moment {
  const now = Date.now() + fleet.clockOffset;
  return { fleet, stamp: stampOf(now), seconds: now / 1000 };
}

/** `2026-11-20T21:39:01.982000Z`; RQ 1.0 reads no other form. */
export const stampOf = (milliseconds: number): string =>
  new Date(Math.round(milliseconds)).toISOString().replace('Z', '000Z');

/** How an action moves the jobs of a place, or why it does not move them. */
export type Mover = (
  place: RqPlace,
  moment: Moment,
  parameters: Readonly<Record<string, unknown>>,
) => Relocation | string;

/** Back to the end of its queue, as RQ's own requeue leaves it; in one step where RQ takes three (registry.py). */
const retry: Mover = (place, { stamp }) =>
  place.structure === 'failed' || place.structure === 'failed-list'
    ? {
        name: 'rq retry',
        to: { place: { structure: 'queue', queue: place.queue }, end: 'tail' },
        allow: ['failed', 'stopped', ''],
        set: [
          ['status', 'queued'],
          ['enqueued_at', stamp],
        ],
        // Left out and not emptied: RQ 1.0 cannot read an empty time, and every generation takes none for none.
        drop: ['started_at', 'ended_at', 'exc_info'],
        expiry: 'waiting',
        expiryIsScore: place.structure === 'failed',
      }
    : 'it has not failed';

const runNow: Mover = (place, { stamp }) =>
  place.structure === 'scheduled'
    ? {
        name: 'rq run now',
        to: { place: { structure: 'queue', queue: place.queue }, end: 'head' },
        allow: ['scheduled', ''],
        set: [
          ['status', 'queued'],
          ['enqueued_at', stamp],
        ],
        drop: [],
        expiry: 'waiting',
      }
    : 'it is not scheduled';

const ALLOWED: Readonly<Partial<Record<RqPlace['structure'], readonly string[]>>> = {
  queue: ['queued', 'created', ''],
  scheduled: ['scheduled', 'created', ''],
  deferred: ['deferred', 'created', ''],
};

/**
 * RQ ≥ 1.10 keeps what was canceled in a registry; before, only the hash stays (rq/job.py, cancel). Older ones beside it
 * take no notice of the registry.
 */
const cancel: Mover = (place, { fleet, seconds }) => {
  const allow = ALLOWED[place.structure];
  if (allow === undefined) return 'it does not wait (any more)';
  const registry = someAtLeast(fleet, '1.10', true);
  return {
    name: 'rq cancel',
    to: registry ? { place: { structure: 'canceled', queue: place.queue }, end: 'tail' } : null,
    score: String(Math.floor(seconds)),
    every: true,
    allow,
    set: registry ? [['status', 'canceled']] : [],
    drop: [],
    expiry: 'leave',
  };
};

const move: Mover = (place, _moment, { queue }) => {
  const allow = ALLOWED[place.structure];
  if (allow === undefined) return 'it does not wait (any more)';
  if (typeof queue !== 'string') return 'no queue was named';
  if (queue === place.queue) return `it is in ${queue} already`;
  return {
    name: 'rq move',
    to: { place: { structure: place.structure, queue }, end: 'tail' },
    every: true,
    allow,
    set: [['origin', latin1(queue)]],
    drop: [],
    expiry: 'leave',
  };
};

const moveToFront: Mover = place =>
  isList(place.structure) && place.structure === 'queue'
    ? {
        name: 'rq move to front',
        to: { place, end: 'head' },
        allow: ['queued', 'created', ''],
        set: [],
        drop: [],
        expiry: 'leave',
        undoable: false,
      }
    : 'it does not wait in a queue (any more)';

export const MOVERS: Readonly<Record<string, Mover>> = {
  retry,
  'run-now': runNow,
  cancel,
  move,
  'rq.move-to-front': moveToFront,
};

/** Those that go to the head one after the other: taken from the last on, the first ends first. */
export const BACKWARDS: ReadonlySet<string> = new Set(['run-now', 'rq.move-to-front']);

/** @throws InspectorError `bad-value` where it is no usable name of a queue. */
export function queueParameter(value: unknown, needed: boolean): string | null {
  if (value === undefined && !needed) return null;
  if (typeof value === 'string' && value !== '') return value;
  throw new InspectorError(
    'bad-value',
    {
      message: 'The name of a queue is missing.',
      tried: 'reading the parameter queue',
      answer: value === undefined ? 'there is none' : `${JSON.stringify(value)} is no name`,
      remedy: 'Name the queue, e.g. default.',
    },
    { details: { parameter: 'queue' } },
  );
}

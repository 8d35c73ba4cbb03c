/** Celery's workers: asked by remote control, heard by their events. */
import type { Asked, JobEvent, WorkerSummary } from '../../../model';
import type { CreateWorkers, Workers } from '../parts';
import type { Mailbox } from '../types';
import { askWorkers, TIMEOUT_MS } from './ask';
import { FleetState } from './fleet';

export { askHandlers } from './ask-action';
export { createMailbox } from './mailbox';

/** Milliseconds after which everything is asked again, also what seldom changes. */
const FULL_AGAIN_MS = 60_000;
/** Milliseconds between two yields of `hear`, unless a row changed. */
const TOLD_EVERY_MS = 5_000;

export const createWorkers: CreateWorkers = (place, mailbox) =>
  workersOver(mailbox, {
    installation: place.key,
    // On RabbitMQ hearing needs a queue of our own, so there the person says so: option `hear`.
    hears: place.options.hear ?? place.broker.kind === 'redis',
    now: Date.now,
  });

export interface WorkersOptions {
  readonly installation: string;
  readonly hears: boolean;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly timeoutMs?: number;
}

function workersOver(mailbox: Mailbox, options: WorkersOptions): Workers {
  const { now, timeoutMs = TIMEOUT_MS } = options;
  const fleet = new FleetState(options.installation, now);
  let fullAt: number | null = null;

  const ask = async function* (
    signal: AbortSignal,
    destination: readonly string[] | null = null,
  ): AsyncGenerator<Asked> {
    const strangers = [...fleet.nodes].some(node => node.lastAnswer !== null && !node.known);
    const full = fullAt === null || strangers || destination !== null || now() - fullAt > FULL_AGAIN_MS;
    let answered = false;
    for await (const asked of askWorkers(mailbox, fleet, { destination, full, timeoutMs }, signal)) {
      answered ||= asked.answered;
      yield asked;
    }
    if (full && answered && destination === null) fullAt = now();
  };
  const hear = async function* (signal: AbortSignal): AsyncGenerator<readonly WorkerSummary[]> {
    fleet.hearingSince ??= now();
    let toldAt = 0;
    try {
      for await (const event of mailbox.events('heartbeats', signal)) {
        const changed = fleet.take(event);
        if (!changed && now() - toldAt < TOLD_EVERY_MS) continue;
        toldAt = now();
        yield fleet.workers;
      }
    } finally {
      fleet.hearingSince = null;
    }
  };
  const listen = async function* (signal: AbortSignal): AsyncGenerator<JobEvent> {
    for await (const event of mailbox.events('all', signal)) {
      fleet.take(event);
      const { fields: _, ...shown } = event;
      yield { ...shown, task: shown.task ?? taskOf(event.id), queue: shown.queue ?? queueOf(event.id) };
    }
  };
  const taskOf = (id: string | null) => (id === null ? null : (fleet.seen(id)?.task ?? null));
  const queueOf = (id: string | null) => (id === null ? null : (fleet.seen(id)?.queue ?? null));
  return {
    fleet,
    ask,
    listen,
    hear: options.hears ? hear : null,
    get asked() {
      return fleet.asked;
    },
    summaries: at => fleet.summaries(at),
    learn: workers => fleet.learn(workers),
  };
}

/** One question to all workers: what they are, what they do, what they know. */
import type { Asked } from '../../../model';
import type { Mailbox } from '../types';
import type { FleetState } from './fleet';
import { isAnswer } from './mailbox';

export interface Question {
  /** Node names; null = every worker. */
  readonly destination: readonly string[] | null;
  /** Also what does not change from one question to the next: registered tasks, configuration, versions, revoked. */
  readonly full: boolean;
  readonly timeoutMs: number;
}

/** Milliseconds that a worker has for its answer, as UX promises. */
export const TIMEOUT_MS = 2_000;

/** The first is answered at once, so that a worker is seen before it has told everything. */
const ALWAYS = ['ping', 'active', 'stats', 'active_queues', 'reserved', 'scheduled'];
// A worker imports half of what it has installed for its first report: last, so that nothing waits for it.
const SELDOM = ['registered', 'conf', 'revoked', 'report'];

/** Yields at a worker's first answer, again when it has told all, and at the end those that were silent. */
export async function* askWorkers(
  mailbox: Mailbox,
  fleet: FleetState,
  { destination, full, timeoutMs }: Question,
  signal: AbortSignal,
): AsyncGenerator<Asked, void, void> {
  const commands = (full ? [...ALWAYS, ...SELDOM] : ALWAYS).map(method => ({ method, arguments: {} }));
  // Names are of interest only where somebody is silent; a broker that refuses to tell them keeps no answer back.
  const named = mailbox.nodes(signal).catch(() => []);
  const order = { destination, timeoutMs, expected: null };
  fleet.begin(timeoutMs);
  let ended = false;
  const shown = (worker: string, answered: boolean): Asked => ({
    worker,
    answered,
    answers: fleet.asked?.answers ?? 0,
    of: fleet.asked?.of ?? null,
    workers: fleet.workers,
  });
  try {
    for await (const step of mailbox.askAll(commands, order, signal)) {
      if (!isAnswer(step)) {
        fleet.listened(step.heard);
        continue;
      }
      const { node, first } = fleet.answered(step);
      if (first || node.answeredCommands === commands.length) yield shown(node.name, true);
    }
    const silent = fleet.end(await named, destination);
    ended = true;
    for (const node of silent) yield shown(node.name, false);
  } finally {
    // Stopped half-way: who did not answer so far is not silent.
    if (!ended) fleet.stopped();
  }
}

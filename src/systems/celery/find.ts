import type { JobRow } from '../../model';
import type { CeleryParts } from './parts';
import { rowOfHeld, rowOfMessage, withWorker } from './rows';

/** States of results that stand beside a message of the same task. */
const SAME: ReadonlySet<string> = new Set(['running', 'scheduled', 'canceled']);

/**
 * Rows of a task: its messages first, then its result where that says something else. A result that says that the task
 * runs, will be tried again or was revoked is told by the message that stands for it (`job` of it shows both): since
 * Celery 5.6 each worker stores REVOKED as soon as it hears of it, while the message still waits.
 */
export async function findJob(
  parts: CeleryParts,
  id: string,
  queue: string | null,
  signal: AbortSignal,
): Promise<readonly JobRow[]> {
  const { transport, results, workers } = parts;
  const [messages, result] = await Promise.all([transport.find(id, queue, signal), resultRow()]);
  const rows = messages.map(stored => withWorker(parts, rowOfMessage(stored)));
  const held = workers.fleet.held.get(id);
  const ours = held !== undefined && (queue === null || held.queue === queue) ? held : undefined;
  if (ours !== undefined && rows.every(row => row.state !== 'taken')) rows.push(rowOfHeld(parts.key, ours));
  if (result !== null && (queue === null || result.queue === null || result.queue === queue)) {
    const same = rows.length > 0 && SAME.has(result.state ?? '');
    if (!same) rows.push(result);
  }
  return rows;

  async function resultRow(): Promise<JobRow | null> {
    await results.locate(signal);
    return (await results.store?.row(id, signal)) ?? null;
  }
}

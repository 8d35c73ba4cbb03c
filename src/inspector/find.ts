/** Finds a job by its id, part of it, or `task:`, on every connected broker at once; hits come as they are found. */
import { t } from '@vscode/l10n';
import { asInspectorError, type Installation, isAbort, type JobRow } from '../model';
import type { Connection } from './connection';
import { merged } from './merged';

/** A hit, how far one installation has been looked through, or why it could not be. */
export type Find =
  | { readonly kind: 'hit'; readonly connection: string; readonly installation: Installation; readonly row: JobRow }
  | {
      readonly kind: 'looked';
      readonly connection: string;
      readonly installation: Installation;
      readonly looked: number;
      readonly of: number;
    }
  | {
      readonly kind: 'failed';
      readonly connection: string;
      readonly installation: Installation;
      readonly reason: string;
    };

const LIMIT_EACH = 50;

/** Exact ids first (cheap), then the text in what can be searched. Each job comes once. */
export function findJobs(
  connections: readonly Connection[],
  text: string,
  signal: AbortSignal,
): AsyncGenerator<Find, void> {
  const wanted = text.trim();
  if (wanted === '') return merged([]);
  const places = connections.flatMap(connection =>
    connection.state.kind === 'live'
      ? connection.installations.map(view => ({ connection: connection.profile.id, installation: view.installation }))
      : [],
  );
  return merged(places.map(place => findIn(place.connection, place.installation, wanted, signal)));
}

async function* findIn(
  connection: string,
  installation: Installation,
  text: string,
  signal: AbortSignal,
): AsyncGenerator<Find, void> {
  const told = new Set<string>();
  try {
    if (!/^\w+:/.test(text)) {
      for (const row of await installation.find(text, null, signal)) {
        told.add(row.ref);
        yield { kind: 'hit', connection, installation, row };
      }
      // An id that was found whole is what was asked for; its parts in other places are not.
      if (told.size > 0) return;
    }
    const task = /^task:\s*(.+)$/i.exec(text)?.[1]?.toLowerCase();
    const query = { text: task ?? text, queue: null, state: null, limit: LIMIT_EACH };
    for await (const step of installation.search(query, signal)) {
      if ('found' in step && task !== undefined && step.found.task?.toLowerCase().includes(task) !== true) continue;
      if ('looked' in step) yield { kind: 'looked', connection, installation, looked: step.looked, of: step.of };
      else if (!told.has(step.found.ref)) {
        told.add(step.found.ref);
        yield { kind: 'hit', connection, installation, row: step.found };
      }
    }
  } catch (thrown) {
    if (isAbort(thrown) || signal.aborted) return;
    const { message } = asInspectorError(thrown, t('looking for {0}', text));
    yield { kind: 'failed', connection, installation, reason: message };
  }
}

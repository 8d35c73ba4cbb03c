/** One answer shall be whole: what an overview can only begin is completed before it is read. */
import type { LiveConnection } from '../inspector';
import { asInspectorError, type Installation, isAbort } from '../model';
import type { Context } from './commands';

/** After so many milliseconds an answer comes with what is known then: it says how far it is. */
const LONGEST = 60_000;

/**
 * Completes what the installations can complete, telling how far it is. What goes wrong is left to the reading that
 * follows: it says so itself.
 * @throws InspectorError `aborted` when the request is
 */
export async function completed(
  installations: readonly Installation[],
  { signal, progress }: Pick<Context, 'signal' | 'progress'>,
  longest = LONGEST,
): Promise<void> {
  const wanted = installations.filter(({ complete }) => complete !== undefined);
  if (wanted.length === 0) return;
  const over = AbortSignal.timeout(longest);
  const both = AbortSignal.any([signal, over]);
  await Promise.all(
    wanted.map(async installation => {
      let told = 0;
      try {
        for await (const { looked, of } of installation.complete?.(both) ?? []) {
          if (performance.now() - told < TELL_EVERY) continue;
          told = performance.now();
          progress({ system: installation.system.id, installation: installation.key, looked, of });
        }
      } catch (thrown) {
        if (signal.aborted) throw asInspectorError(thrown, 'looking through everything');
        if (isAbort(thrown) || over.aborted) return;
      }
    }),
  );
}

const TELL_EVERY = 500;

/** The same for everything on a connection. */
export const completedAll = (connection: LiveConnection, context: Pick<Context, 'signal' | 'progress'>) =>
  completed(
    connection.installations.map(view => view.installation),
    context,
  );

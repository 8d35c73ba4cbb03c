import { t } from '@vscode/l10n';
import { formatCount, joined } from '../../../inspector/present/format';
import type { Overview } from '../../../model';
import type { EnqueueView } from '../../../protocol';

/** Queues with what waits in them, the ones nobody serves said so. @param noun what the system calls one job */
export function queueChoices(overview: Overview | null, noun: string): EnqueueView['queues'] {
  return (overview?.queues ?? []).map(({ name, counts, workers }) => ({
    name,
    note: joined(
      counts.waiting === undefined ? '' : t('{0} waiting', formatCount(counts.waiting)),
      workers === null
        ? ''
        : workers.length === 0
          ? t('No worker serves "{0}". The {1} will wait.', name, t(noun))
          : workers.length === 1
            ? t('1 worker listens')
            : t('{0} workers listen', workers.length),
    ),
  }));
}

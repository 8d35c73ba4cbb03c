import type { State } from '../../../model';
import type { Icon } from './row';

/** The same in tree, table and panels. */
export const STATE_ICONS: Readonly<Record<State, Icon>> = {
  waiting: { id: 'circle-large-outline' },
  scheduled: { id: 'calendar' },
  deferred: { id: 'git-commit' },
  running: { id: 'play-circle', tint: 'running' },
  taken: { id: 'target', tint: 'running' },
  failed: { id: 'error', tint: 'failed' },
  finished: { id: 'pass' },
  canceled: { id: 'circle-slash' },
  dead: { id: 'archive', tint: 'failed' },
};

/** The icon of a kind of broker, by the scheme of its URL. */
export function brokerIcon(url: string): string {
  if (/^(?:(?:py)?amqps?|rabbitmqs?|librabbitmq):/i.test(url)) return 'server';
  return /^(?:sqlite|file):/i.test(url) ? 'file' : 'database';
}

import type { Offer } from '../../../model';
import { ACTION_FLAGS, hasCommand } from '../../commands/action-table';

/** What a row is; the first flag of its context value. */
export const ROW_KINDS = [
  'connection',
  'installation',
  'trouble',
  'queues',
  'queue',
  'state',
  'job',
  'workers',
  'worker',
  'schedules',
  'schedule',
  'companion',
  'results',
  'withheld',
  'more',
  'note',
] as const;
export type RowKind = (typeof ROW_KINDS)[number];

/** How a row stands; beside these an action's flag says that the action is offered on it. */
export const ROW_FLAGS = [
  /** Connection: in use, and so can be disconnected. */
  'live',
  /** Connection: not in use, and so can be connected. */
  'off',
  /** Connection: to a RabbitMQ, for which redis-cli is no tool. */
  'rabbitmq',
  'writable',
  'readonly',
  'local',
  'development',
  'staging',
  'production',
  /** Worker: runs a job that can be opened. */
  'busy',
  /** Schedule: stands for a job that can be opened. */
  'opens',
  /** Installation: it needs further brokers. */
  'companions',
  /** Queue: its keys can be copied. */
  'keys',
  /** Workers: can be asked. */
  'asks',
  /** Workers: heartbeats can be heard once a person has said so. */
  'hears',
  /** Connection: something on it tells events, which are not followed, or are. */
  'follows',
  'following',
  /** Offers actions that have no command of their own. */
  'more-actions',
] as const;
export type RowFlag = (typeof ROW_FLAGS)[number];

/**
 * The context value of a row: `;job;retry;delete;`. When-clauses ask for one flag with `/;retry;/`, for the kind with
 * `/^;job;/`, for both with `/^;job;(.*;)?retry;/`.
 */
export function contextValue(
  kind: RowKind,
  flags: readonly (RowFlag | false)[] = [],
  offers: readonly Offer[] = [],
): string {
  const known = flags.filter(flag => flag !== false);
  let value = `;${[kind, ...known].join(';')};`;
  let more = false;
  for (const offer of offers) {
    const { id } = offer.action;
    if (isOtherHalf(offer, offers)) continue;
    if (!hasCommand(id, kind)) more = true;
    if (ACTION_FLAGS.has(id) && !value.includes(`;${id};`)) value += `${id};`;
  }
  return more ? `${value}more-actions;` : value;
}

/** Of a pair that undoes each other only the half that can be run is offered; both where neither can, each saying why. */
const PAIRS: Readonly<Record<string, string>> = { pause: 'resume', resume: 'pause' };

function isOtherHalf(offer: Offer, offers: readonly Offer[]): boolean {
  const other = PAIRS[offer.action.id];
  return !offer.available && offers.some(({ action, available }) => action.id === other && available);
}

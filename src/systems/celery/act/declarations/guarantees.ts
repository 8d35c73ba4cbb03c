import type { ActionDeclaration } from '../../../../model';
import { ATOMIC } from '../../../acting/declare';

/** The kinds of brokers that Celery is acted on here. */
export type BrokerKind = 'redis' | 'rabbitmq';

type Guarantee = ActionDeclaration['guarantee'];
type Undo = ActionDeclaration['undo'];

const NEVER_LOST: Guarantee = {
  kind: 'at-least-once',
  words: 'Never lost. If the connection breaks in between, a message may exist twice.',
};
const PUBLISHED: Guarantee = {
  kind: 'at-least-once',
  words:
    'Done only when RabbitMQ has confirmed and routed it. If the connection breaks before, it may exist all the same.',
};

/** A script on Redis; on RabbitMQ a message is published before its original is acknowledged. */
export const moving = (kind: BrokerKind): Guarantee => (kind === 'redis' ? ATOMIC : NEVER_LOST);
export const publishing = (kind: BrokerKind): Guarantee => (kind === 'redis' ? ATOMIC : PUBLISHED);

/** Remote control: a broadcast that no broker keeps. */
export const TOLD: Guarantee = {
  kind: 'at-least-once',
  words: 'Workers are told by a message that is not kept: those that hear it answer, and each answer is shown.',
};

export const none = (reason: string): Undo => ({ kind: 'none', reason });

/** What remote control changes is kept nowhere. */
export const GONE_AT_RESTART = 'A worker that restarts begins with its own settings again.';

import { createHash } from 'node:crypto';
import type { RabbitUndoUnit } from '../../../../model';
import type { TaskCall } from '../../types';
import { TAKEN } from '../undo';

/** Messages that are looked through for one that is to be taken back. */
const WITHIN = 1000;

/** Takes a published message back while it waits where we put it. */
export function takingFrom(
  subject: string,
  queue: string,
  { id, body }: Pick<TaskCall, 'id' | 'body'>,
): RabbitUndoUnit {
  return {
    broker: 'rabbitmq',
    subject,
    operations: [
      {
        kind: 'take',
        queue,
        correlationId: id,
        bodySha256: createHash('sha256').update(body).digest('hex'),
        within: WITHIN,
        refusal: TAKEN,
      },
    ],
  };
}

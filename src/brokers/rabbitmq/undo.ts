import { createHash } from 'node:crypto';
import { InspectorError, isAbort, type RabbitOperation, type RabbitUndoUnit, type UndoUnit } from '../../model';
import { openSaved } from './messages';
import type { RabbitBroker } from './port';

type Undoing = Pick<RabbitBroker, 'publish' | 'take'>;

/**
 * Undoes units in the order given. Each operation says what it needs; the first that fails ends its unit, and the text
 * says what of it was done. After an abort, or a loss in the middle, the rest is answered with the reason.
 */
export async function undoRabbitUnits(
  broker: Undoing,
  units: readonly UndoUnit[],
  signal: AbortSignal,
): Promise<readonly (true | string)[]> {
  const answers: (true | string)[] = [];
  for (const unit of units) {
    if (unit.broker !== 'rabbitmq') throw new Error('This undo is for another kind of broker.');
    if (signal.aborted) {
      answers.push('Stopped before it.');
      continue;
    }
    answers.push(await undoOne(broker, unit, signal));
  }
  return answers;
}

async function undoOne(broker: Undoing, unit: RabbitUndoUnit, signal: AbortSignal): Promise<true | string> {
  for (const [index, operation] of unit.operations.entries()) {
    let answer: true | string;
    try {
      answer =
        operation.kind === 'publish' ? await put(broker, operation, signal) : await take(broker, operation, signal);
    } catch (thrown) {
      if (isAbort(thrown) && index === 0) answer = 'Stopped before it.';
      else answer = thrown instanceof InspectorError ? thrown.message : String(thrown);
    }
    if (answer !== true) return index === 0 ? answer : `Taken back in part only: ${answer}`;
  }
  return true;
}

async function put(
  broker: Undoing,
  { queue, message }: Extract<RabbitOperation, { kind: 'publish' }>,
  signal: AbortSignal,
): Promise<true | string> {
  const [outcome] = await broker.publish([{ ...openSaved(message), routingKey: queue }], signal);
  switch (outcome) {
    case 'done':
      return true;
    case 'unroutable':
      return `There is no queue ${queue} any more.`;
    case 'unknown':
      return `Unknown: the connection was lost before RabbitMQ confirmed it. Look into ${queue}.`;
    default:
      return `RabbitMQ refused the message; ${queue} may be full.`;
  }
}

async function take(
  broker: Undoing,
  operation: Extract<RabbitOperation, { kind: 'take' }>,
  signal: AbortSignal,
): Promise<true | string> {
  const { queue, correlationId, bodySha256, within } = operation;
  let found = false;
  const report = await broker.take(
    {
      queue,
      atMost: within,
      pick: message => {
        if (found) return 'stop';
        found =
          (message.properties.correlationId ?? null) === correlationId &&
          createHash('sha256').update(message.body).digest('hex') === bodySha256;
        return found ? 'take' : 'leave';
      },
      act: async taken => taken.map(() => true),
    },
    signal,
  );
  if (report.taken === 1) return true;
  if (report.twice.length > 0) return `Unknown: the connection was lost in the middle. Look into ${queue}.`;
  return operation.refusal;
}

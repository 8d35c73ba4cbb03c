/** Remote control and events over any broker. */
import { randomUUID } from 'node:crypto';
import { isRabbit } from '../../../brokers/rabbitmq/port';
import { isRedis } from '../../../brokers/redis/port';
import { InspectorError } from '../../../model';
import type { CreateMailbox } from '../parts';
import type { AnsweredCommand, Mailbox } from '../types';
import type { Carrier } from './carrier';
import { readReply } from './envelope';
import { readEvents } from './events';
import { rabbitCarrier } from './rabbit-carrier';
import { redisCarrier } from './redis-carrier';

export const createMailbox: CreateMailbox = place => {
  const { broker, key, options } = place;
  if (isRedis(broker)) return mailboxOver(redisCarrier(broker, key, options));
  if (isRabbit(broker)) return mailboxOver(rabbitCarrier(broker, options));
  throw new InspectorError('unsupported', {
    message: `Celery's workers cannot be asked through ${broker.address}.`,
    tried: `asking workers through ${broker.address}`,
    answer: `it is a broker of the kind ${broker.kind}`,
    remedy: 'Connect to the Redis or RabbitMQ that the workers use.',
  });
};

function mailboxOver(carrier: Carrier): Mailbox {
  const askAll: Mailbox['askAll'] = async function* (commands, order, signal) {
    const { destination, timeoutMs } = order;
    const oid = randomUUID();
    const methods = new Map<string, string>(commands.map(({ method }) => [randomUUID(), method]));
    const tickets = [...methods.keys()];
    const messages = commands.map(({ method, arguments: given }, i) => ({
      method,
      arguments: given,
      destination,
      reply: { oid, ticket: tickets[i] ?? '' },
    }));
    const began = performance.now();
    let expected = order.expected ?? destination?.length ?? null;
    let answers = 0;
    for await (const step of carrier.exchange(messages, oid, timeoutMs, signal)) {
      if ('heard' in step) {
        // Who was named and does not listen will not answer either.
        if (step.heard !== null) expected = Math.min(expected ?? step.heard, step.heard);
        yield step;
      } else {
        const method = methods.get(step.raw.ticket ?? '') ?? (methods.size === 1 ? commands[0]?.method : undefined);
        if (method === undefined) continue;
        answers++;
        for (const answer of await readReply(step.raw, method, performance.now() - began)) yield answer;
      }
      if (expected !== null && answers >= expected * commands.length) return;
    }
  };
  return {
    askAll,
    async *ask(command, signal) {
      for await (const step of askAll([command], command, signal)) if (isAnswer(step)) yield step;
    },
    tell: ({ method, arguments: given, destination }, signal) =>
      carrier.send({ method, arguments: given, destination, reply: null }, signal),
    nodes: signal => carrier.nodes(signal),
    async *events(which, signal) {
      for await (const raw of carrier.events(which, signal)) yield* await readEvents(raw);
    },
  };
}

/** Whether a step of a question is an answer, not the count of those who heard it. */
export function isAnswer(step: { readonly heard: number | null } | AnsweredCommand): step is AnsweredCommand {
  return 'worker' in step;
}

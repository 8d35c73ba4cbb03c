import type { Fact } from '../../../model';
import { VISIBILITY_TIMEOUT } from '../keys';
import type { Message } from '../message/message';
import { SENT_NOT_RECORDED } from '../native';
import type { CeleryParts } from '../parts';
import type { Known } from './index';

/** The side column: names and values in Celery's own terms. */
export function factsOf(parts: CeleryParts, known: Known): Fact[] {
  const facts: Fact[] = [];
  const text = (name: string, value: string | null, note?: string) => {
    if (value !== null || note !== undefined) facts.push({ name, value, format: 'text', ...noted(note) });
  };
  const instant = (name: string, value: string | null, note?: string) => {
    if (value !== null || note !== undefined) facts.push({ name, value, format: 'instant', ...noted(note) });
  };
  const { row, message, result, held } = known;
  text('Queue', row.queue, row.queue === null ? queueNote(known) : undefined);
  text('Worker', held?.worker ?? row.worker, workerNote(parts, known));
  if (held?.workerPid != null) text('Process', String(held.workerPid));
  if (message !== null) instant('Sent', row.enqueuedAt, row.enqueuedAt === null ? SENT_NOT_RECORDED : undefined);
  instant('Due', row.dueAt ?? message?.eta ?? null);
  addHeld(parts, known, instant);
  instant('Started', row.startedAt);
  const waits = message !== null && (row.state === 'waiting' || row.state === 'taken');
  const revoked = result?.status === 'REVOKED' || (row.id !== null && parts.workers.fleet.revoked.has(row.id));
  if (waits && revoked) text('Revoked', 'yes', 'a worker that comes to it does not run it');
  instant('Expires', message?.expires ?? null, expiresNote(message?.expires ?? null));
  addMessage(parts, known, text, facts);
  if (result !== null) {
    text('Result', result.status);
    instant('Written', result.dateDone);
    instant(
      'Result kept until',
      known.resultExpiresAt,
      known.resultExpiresAt === null ? 'it does not expire' : undefined,
    );
    if (!result.extended && message === null) {
      const { seen } = known;
      if (seen?.args != null) text('Arguments', `${seen.args} ${seen.kwargs ?? ''}`.trim(), 'As an event told them.');
      else text('Arguments', null, 'Celery records them with result_extended only.');
    }
    text('Result serializer', result.serializer);
    facts.push({ name: 'Result size', value: String(result.raw.length), format: 'size' });
  } else if (parts.results.store === null) {
    text('Result', null, parts.results.companion.reason ?? 'Nobody has said where the results are.');
  }
  return facts;
}

const noted = (note: string | undefined) => (note === undefined ? {} : { note });

type AddText = (name: string, value: string | null, note?: string) => void;

function queueNote({ message }: Known): string {
  return message === null ? 'Celery records it with result_extended only.' : 'Its routing key leads to no queue.';
}

function workerNote({ workers: { fleet } }: CeleryParts, { row, held }: Known): string | undefined {
  if (held !== null || row.worker !== null || row.state === 'waiting') return undefined;
  if (row.state !== 'taken' && row.state !== 'running') return 'Celery records it with result_extended only.';
  return fleet.askedAt === null
    ? 'Redis does not record which worker holds it: ask the workers.'
    : 'No worker that answered says that it holds it.';
}

function addHeld(
  { workers: { fleet }, options }: CeleryParts,
  { stored }: Known,
  instant: (name: string, value: string | null, note?: string) => void,
): void {
  if (stored === null || stored.state !== 'taken') return;
  if (stored.heldSince === null) {
    instant('Held since', null, 'The index does not have it, so that it is never delivered again by itself.');
    return;
  }
  instant('Held since', new Date(stored.heldSince).toISOString());
  const told = options.visibilityTimeout ?? fleet.visibilityTimeout;
  const seconds = told ?? VISIBILITY_TIMEOUT;
  const why =
    options.visibilityTimeout !== null
      ? 'as you set it'
      : told !== null
        ? 'as a worker told'
        : 'kombu’s default; no worker has told another';
  const again = new Date(stored.heldSince + seconds * 1000).toISOString();
  const { eta } = stored.message;
  const twice = eta !== null && eta > again ? ' Its ETA is later, so that it will run twice.' : '';
  const timeout = seconds.toLocaleString('en-US');
  instant('Delivered again', again, `unless it is acknowledged; visibility timeout of ${timeout} s, ${why}.${twice}`);
}

function expiresNote(expires: string | null): string | undefined {
  if (expires === null) return undefined;
  return Date.parse(expires) < Date.now() ? 'over: a worker that takes it will revoke it' : undefined;
}

/** Why a message was dead-lettered last, and where from (header `x-death` of RabbitMQ, the last first); null = never. */
function deathOf({ parts }: Message): string | null {
  const deaths = parts.headers['x-death'];
  const [last] = Array.isArray(deaths) ? (deaths as unknown[]) : [];
  if (typeof last !== 'object' || last === null) return null;
  const { reason, queue, count } = last as Readonly<Record<string, unknown>>;
  if (typeof reason !== 'string' || typeof queue !== 'string') return null;
  const times = typeof count === 'number' && count > 1 ? `, ${count} times` : '';
  return `${reason} in ${queue}${times}`;
}

function addMessage(parts: CeleryParts, { message, result }: Known, text: AddText, facts: Fact[]): void {
  const retries = message?.retries ?? result?.retries ?? null;
  text('Retries', retries === null ? null : String(retries), retries === null ? 'not recorded' : undefined);
  if (message === null) return;
  const [hard, soft] = message.timeLimit;
  if (hard !== null) facts.push({ name: 'Time limit', value: String(hard), format: 'duration' });
  if (soft !== null) facts.push({ name: 'Soft time limit', value: String(soft), format: 'duration' });
  const order = parts.redis === null ? 'the largest is served first' : 'on Redis 0 is served first';
  text('Priority', message.priority === null ? 'none' : String(message.priority), order);
  const before = 'a worker had it before and gave it back, or was lost';
  // RabbitMQ marks what was looked at in the same way.
  const why = parts.redis === null ? `${before}; or somebody looked at it` : before;
  if (message.redelivered) text('Redelivered', 'yes', why);
  text('Dead letter', deathOf(message));
  text('Shadow', message.shadow);
  text('Group', message.groupId);
  text('Sent by', message.origin);
  if (message.ignoresResult) text('Ignores its result', 'yes');
  const { unpacked } = message;
  text('Body', unpacked === null ? message.serializer : unpacked.layers);
  text('Protocol', message.protocol === null ? null : String(message.protocol));
  facts.push({ name: 'Size', value: String(message.element?.length ?? message.body.length), format: 'size' });
  text('Exchange', message.exchange === '' ? 'default' : message.exchange);
  text('Routing key', message.routingKey);
  if (message.deliveryTag !== null) facts.push({ name: 'Delivery tag', value: message.deliveryTag, format: 'code' });
}

import type { ActionDeclaration } from '../../../../model';
import { outcome, Sequence } from '../../../acting/work';
import { bindingKey, unackedIndexKey } from '../../keys';
import { editEnvelope } from '../../message/build-edit';
import { textAt } from '../../message/build-text';
import { UnwritableValue } from '../../message/build-values';
import type { StoredElement } from '../../parts';
import { bindingsOf, Bindings as Routes } from '../../redis/bindings';
import { type Asked, silent, whoHolds } from '../held';
import { planTasks, type Verdict } from '../plan';
import { type Handler, type Situation, unserved } from '../situation';
import { type Prepared, StepWork } from '../steps';
import { goneOutcome, type Source, sourcesOf, type Thing, thingsOf } from '../things';
import { base64, takingBack } from '../undo';
import { CHANGE_NEEDS, type Change } from './change';
import { listFor, redisOf } from './places';
import { runChanges } from './run';

const NOT_HELD = 'no worker holds it: it is not in "unacked"';

/**
 * `give-back`: what a dead worker held goes back to the serving end of its queue, marked redelivered, as kombu's own
 * sweep does it after the visibility timeout (kombu/transport/redis.py, restore_by_tag and _do_restore_message). Workers
 * are asked first: what a living one holds is left alone.
 */
export function giveBackHandler(declaration: ActionDeclaration): Handler {
  return {
    declaration,
    needs: [...CHANGE_NEEDS, 'PUBLISH'],
    plan: (request, situation, signal) =>
      planTasks(declaration, request, situation, signal, {
        verdict: thing => verdictOn(thing, situation),
        cautions: (_taken, queues) => [
          ...(situation.fleet.askedAt === null
            ? [
                'Workers have not been asked yet. They are asked before anything is given back; one that lives but does not answer in time would run its task as well.',
              ]
            : []),
          ...[...queues].flatMap(([queue, count]) => unserved(queue, count, situation) ?? []),
        ],
      }),
    work: async (plan, situation, signal) => {
      const sources = await sourcesOf(situation.context, plan.targets, signal);
      const total = Math.ceil(plan.total / Math.max(1, sources.length));
      return new Sequence(sources.map(source => givingBack(situation, source, source.refs?.length ?? total, signal)));
    },
  };
}

function verdictOn(thing: Thing, { fleet }: Situation): Verdict {
  if (thing.kind === 'held') return { leave: holds(thing.held.worker) };
  if (thing.kind !== 'element' || thing.element.kind !== 'unacked') return { leave: NOT_HELD };
  const held = thing.id === null ? undefined : fleet.held.get(thing.id);
  if (held !== undefined) return { leave: holds(held.worker) };
  const { queue, bytes } = thing.element;
  return queue === null ? { leave: UNROUTED } : { queue, saved: bytes.length };
}

const UNROUTED = 'no queue is bound for it any more, so it cannot be told where it belongs';
const holds = (worker: string): string => `${worker} says that it holds it`;

const LIMITED = 'its task has a rate limit: a worker that lives may hold it back for that, and does not tell';

function mayBeLimited({ element }: Thing & { readonly kind: 'element' }, asked: Asked | null): boolean {
  const { task } = element.message;
  return asked !== null && asked.answered.size > 0 && task !== null && asked.limited.has(task);
}

function givingBack(situation: Situation, source: Source, total: number, signal: AbortSignal): StepWork<Change> {
  const { broker } = redisOf(situation.context);
  async function* prepared(): AsyncGenerator<readonly Prepared<Change>[], void> {
    for await (const part of thingsOf(situation.context, source, signal)) {
      const ids = part.flatMap(found => (found.kind === 'element' && found.id !== null ? [found.id] : []));
      const asked = ids.length === 0 ? null : await whoHolds(ids, situation, signal);
      const quiet = asked === null ? [] : silent(situation, asked);
      const ready: Prepared<Change>[] = [];
      for (const found of part) {
        if (found.kind === 'gone') {
          ready.push({ decided: goneOutcome(found) });
          continue;
        }
        const about = { id: found.id, ref: found.ref };
        const holder = found.id === null ? undefined : asked?.holders.get(found.id);
        const verdict = holder === undefined ? verdictOn(found, situation) : { leave: holds(holder.worker) };
        if ('leave' in verdict || found.kind !== 'element') {
          ready.push({ decided: outcome(about, 'refused', 'leave' in verdict ? verdict.leave : NOT_HELD) });
        } else if (mayBeLimited(found, asked)) {
          ready.push({ decided: outcome(about, 'refused', LIMITED) });
        } else if (quiet.length > 0) {
          const reason = `${quiet.join(', ')} lives and did not answer: it may hold it`;
          ready.push({ decided: outcome(about, 'refused', reason) });
        } else ready.push(await prepare(found, situation, signal));
      }
      // Each goes to the end that runs next: the one held longest goes last and runs first, as kombu has it.
      yield ready.reverse();
    }
  }
  return new StepWork(total, prepared(), (items, record, during) =>
    runChanges(broker, 'celery give back', items, record, during),
  );
}

async function prepare(
  thing: Thing & { readonly kind: 'element' },
  { context }: Situation,
  signal: AbortSignal,
): Promise<Prepared<Change>> {
  const { element, ref } = thing;
  const about = { id: thing.id, ref };
  const subject = thing.id ?? ref;
  const { redis } = redisOf(context);
  const index = unackedIndexKey(context.key);
  try {
    const { message, queues } = await routed(element, context, signal);
    const { tag, bytes, key, score } = element;
    if (queues.length === 0 || tag === null) return { decided: outcome(about, 'refused', UNROUTED) };
    const edited = await editEnvelope(message, element.message, { redelivered: true }, false);
    const lists = queues.map(queue => listFor(redis, queue, element.message.priority));
    const [first = key, ...others] = lists;
    const again = takingBack(subject, first, edited, {
      operations: [
        ...others.map(list => ({ kind: 'lrem', key: base64(list), value: base64(edited) }) as const),
        { kind: 'hset', key: base64(key), fields: [[base64(tag), base64(bytes)]] },
        ...(score === null ? [] : [{ kind: 'zadd', key: base64(index), member: base64(tag), score } as const]),
      ],
    });
    return {
      subject,
      ref,
      change: {
        takes: [{ kind: 'held', key, tag, value: bytes, index }],
        puts: lists.map(list => ({ command: 'RPUSH', key: list, args: [edited] })),
      },
      undo: [again],
      bytes: bytes.length * 2,
    };
  } catch (error) {
    if (error instanceof UnwritableValue) return { decided: outcome(about, 'refused', error.message) };
    throw error;
  }
}

/** The message in an entry of `unacked`, exactly, and the queues that kombu would give it back to. */
async function routed(
  { bytes, queue }: StoredElement,
  context: Situation['context'],
  signal: AbortSignal,
): Promise<{ readonly message: Buffer; readonly queues: readonly string[] }> {
  const { broker, redis } = redisOf(context);
  const text = bytes.toString('latin1');
  const message = Buffer.from(textAt(text, [0]) ?? '', 'latin1');
  const exchange = textIn(text, 1);
  const routingKey = textIn(text, 2);
  if (queue !== null || exchange === null || exchange === '')
    return { message, queues: queue !== null ? [queue] : routingKey === null ? [] : [routingKey] };
  const [reply] = await broker.read([['SMEMBERS', bindingKey(context.key, exchange)]], signal);
  // kombu gives it to each queue that is bound for it.
  const fitting = bindingsOf(exchange, reply, redis.separator).filter(
    each => new Routes([each]).queueOf(exchange, routingKey) !== null,
  );
  return { message, queues: [...new Set(fitting.map(each => each.queue))] };
}

function textIn(text: string, index: number): string | null {
  const found = textAt(text, [index]);
  const value: unknown = found === null ? null : JSON.parse(Buffer.from(found, 'latin1').toString('utf8'));
  return typeof value === 'string' ? value : null;
}

import { isRabbit } from '../../../brokers/rabbitmq/port';
import type { Finding, JobRow } from '../../../model';
import { count, names, span } from '../../acting/words';
import {
  allAnswered,
  answering,
  asked,
  finding,
  NotCheckable,
  needAsked,
  type Rule,
  type RuleContext,
  settingOf,
  startWorker,
  tasks,
  visibilityTimeout,
} from './context';

/** Seconds after the timeout within which a worker that is there delivers again: it looks about every 100 s. */
const SWEEP = 180;
/** Seconds before the question: what was taken later may not have been told. */
const BEFORE = 15;
/** Tasks held until their ETA by one worker that are remarkable. */
const MANY_ETA = 500;
/** RabbitMQ's own `consumer_timeout`, seconds (since 3.8.17). */
const CONSUMER_TIMEOUT = 1800;

const refsOf = (rows: readonly JobRow[]) => ({ kind: 'jobs', refs: rows.slice(0, 500).map(({ ref }) => ref) }) as const;
const named = (rows: readonly { readonly id: string | null }[]) => names(rows.map(({ id }) => id ?? 'without id'));

/** Held for longer than Redis lets a worker hold it: nobody is there who would deliver it again. */
export const heldTooLong: Rule = {
  id: 'celery.held-too-long',
  async check(context) {
    if (context.redis === null) return [];
    const { seconds, sure, evidence } = visibilityTimeout(context);
    const { members, total } = await context.samples.held();
    const late = members.filter(
      ({ heldSince }) => heldSince !== null && context.now - heldSince > (seconds + SWEEP) * 1000,
    );
    if (late.length === 0) return [];
    const first = Math.min(...late.flatMap(({ heldSince }) => heldSince ?? []));
    return [
      finding(context, heldTooLong.id, {
        subject: 'unacked',
        title: `${late.length === members.length && total > members.length ? 'At least ' : ''}${tasks(late.length)} ${late.length === 1 ? 'has' : 'have'} been held for longer than the visibility timeout, the first for ${span(context.now - first)}`,
        label: `${tasks(late.length)} held for too long`,
        severity: 'trouble',
        sure,
        since: new Date(first).toISOString(),
        evidence: [{ what: 'held', value: named(late), source: 'ZRANGE unacked_index 0 -1 WITHSCORES' }, evidence],
        consequence:
          'After that time any worker of this broker would have delivered them again, so none is running or it cannot. They are neither waiting nor running, and stay so.',
        remedies: [
          startWorker(late[0]?.queue ?? 'celery'),
          { text: 'Give them back to their queue now.', action: { id: 'give-back', target: refsOf(late) } },
        ],
        notProblemWhen: 'The workers are set to a longer visibility timeout than is known here.',
      }),
    ];
  },
};

/** In `unacked`, but none of the workers, which have all answered, has it. */
export const heldByNobody: Rule = {
  id: 'celery.held-by-nobody',
  async check(context) {
    if (context.redis === null) return [];
    const askedAt = needAsked(context);
    const { fleet } = context;
    const { members } = await context.samples.held();
    const old = members.filter(({ heldSince }) => heldSince !== null && heldSince < askedAt - BEFORE * 1000);
    if (old.length === 0) return [];
    const there = answering(context);
    const nobody = fleet.heard === 0;
    if (!nobody && !allAnswered(context)) {
      const silent = fleet.silent.length === 0 ? 'not every worker' : names(fleet.silent);
      throw new NotCheckable(`${silent} did not answer`);
    }
    const { seconds, evidence } = visibilityTimeout(context);
    const left = old.filter(
      ({ id, task, heldSince }) =>
        id !== null &&
        // Held back by its rate limit, a worker has it and tells nobody.
        (nobody || task === null || fleet.limited?.has(task) !== true) &&
        !there.has(fleet.held.get(id)?.worker ?? '') &&
        context.now - (heldSince ?? 0) <= (seconds + SWEEP) * 1000,
    );
    if (left.length === 0) return [];
    const next = Math.min(...left.map(({ heldSince }) => (heldSince ?? 0) + seconds * 1000));
    return [
      finding(context, heldByNobody.id, {
        subject: 'unacked',
        title: `${tasks(left.length)} ${left.length === 1 ? 'was' : 'were'} taken by a worker that is gone`,
        label: `${tasks(left.length)} of a worker that is gone`,
        severity: 'trouble',
        sure: nobody,
        since: new Date(Math.min(...left.map(({ heldSince }) => heldSince ?? 0))).toISOString(),
        evidence: [
          { what: 'held', value: named(left), source: 'ZRANGE unacked_index 0 -1 WITHSCORES' },
          {
            what: 'workers that answered',
            value: there.size === 0 ? 'none' : `${names([...there.keys()])}: none of them has it`,
            source: asked('active, reserved, scheduled'),
          },
          evidence,
        ],
        consequence: nobody
          ? 'They stay where they are until a worker starts; it delivers them again once the visibility timeout has passed.'
          : `They run again only when the visibility timeout has passed: the first ${next <= context.now ? 'within minutes' : `in ${span(next - context.now)}`}.`,
        remedies: [
          {
            text: 'Give them back to their queue now. Take care that they have not done half of their work.',
            action: { id: 'give-back', target: refsOf(left) },
          },
        ],
        notProblemWhen: 'A worker holds them back by a rate limit, or has remote control switched off.',
      }),
    ];
  },
};

/** An ETA further away than Redis lets a worker hold the task: it is delivered again meanwhile, and runs more than once. */
export const etaBeyondTimeout: Rule = {
  id: 'celery.eta-beyond-visibility-timeout',
  async check(context) {
    if (context.redis === null) return [];
    const { seconds, sure, evidence } = visibilityTimeout(context);
    const held = (await context.samples.held()).members.filter(({ dueAt, heldSince }) => {
      const due = Date.parse(dueAt ?? '');
      return due > context.now && due - (heldSince ?? context.now) > seconds * 1000;
    });
    const read = await context.samples.waiting();
    const waiting = (typeof read === 'string' ? [] : read).flatMap(({ members }) =>
      members.filter(({ eta }) => Date.parse(eta ?? '') - context.now > seconds * 1000),
    );
    const n = held.length + waiting.length;
    if (n === 0) return [];
    const furthest = Math.max(
      ...[...held.map(({ dueAt }) => dueAt), ...waiting.map(({ eta }) => eta)].map(at => Date.parse(at ?? '')),
    );
    const refs = [...held, ...waiting].slice(0, 500).map(({ ref }) => ref);
    return [
      finding(context, etaBeyondTimeout.id, {
        subject: 'eta',
        title: `${tasks(n)} ${n === 1 ? 'is' : 'are'} due later than the visibility timeout of ${span(seconds * 1000)} allows, the last in ${span(furthest - context.now)}`,
        label: `${tasks(n)} due beyond the visibility timeout`,
        severity: 'trouble',
        sure,
        evidence: [
          ...(held.length === 0
            ? []
            : [{ what: 'held until their ETA', value: named(held), source: 'unacked_index, unacked' }]),
          ...(waiting.length === 0
            ? []
            : [{ what: 'waiting, with such an ETA', value: named(waiting), source: 'LRANGE' }]),
          evidence,
        ],
        consequence:
          'A worker holds such a task until it is due. Each time the visibility timeout passes, Redis delivers it once more, so that several workers hold it and each of them runs it.',
        remedies: [
          {
            text: 'Raise the visibility timeout above the longest ETA, for all workers and producers alike.',
            action: null,
            code: {
              language: 'python',
              text: `app.conf.broker_transport_options = {'visibility_timeout': ${Math.ceil((furthest - context.now) / 3_600_000 + 1) * 3600}}`,
            },
          },
          {
            text: 'Or keep far dates out of the queue: in RedBeat, or in a table that a periodic task looks through.',
            action: null,
          },
          { text: 'Or run them now.', action: { id: 'run-now', target: { kind: 'jobs', refs } } },
        ],
        notProblemWhen: 'Running the task twice does no harm.',
      }),
    ];
  },
};

/** Held on RabbitMQ for longer than the broker waits for an acknowledgement. */
export const consumerTimeout: Rule = {
  id: 'celery.consumer-timeout',
  check(context) {
    const { broker } = context.celery;
    if (!isRabbit(broker) || !broker.server.atLeast('3.8.15')) return [];
    needAsked(context);
    const { fleet, now } = context;
    const late = settingOf(fleet, 'task_acks_late')?.value === true;
    const timeouts = new Map(context.seen.overview.queues.map(({ name, details }) => [name, timeoutIn(details)]));
    const risky = [...fleet.held.values()].flatMap(task => {
      const told = task.queue === null ? null : (timeouts.get(task.queue) ?? null);
      const limit = (told ?? CONSUMER_TIMEOUT) * 1000;
      const far = task.how === 'scheduled' && Date.parse(task.eta ?? '') - now > limit;
      const long = task.how === 'active' && late && task.startedAt !== null && now - task.startedAt > limit / 2;
      return far || long ? [{ task, told, limit, far }] : [];
    });
    if (risky.length === 0) return [];
    const far = risky.filter(each => each.far).length;
    const [first] = risky;
    return [
      finding(context, consumerTimeout.id, {
        subject: 'consumer-timeout',
        title: `${tasks(risky.length)} ${risky.length === 1 ? 'is' : 'are'} held for longer than RabbitMQ waits for an acknowledgement (${span(first?.limit ?? 0)})`,
        label: `${tasks(risky.length)} beyond the consumer timeout`,
        severity: 'trouble',
        sure: risky.some(({ told }) => told !== null),
        evidence: [
          { what: 'held until their ETA', value: tasks(far), source: asked('scheduled') },
          { what: 'running with acks_late', value: tasks(risky.length - far), source: asked('active') },
          {
            what: 'tasks',
            value: names(risky.map(({ task }) => `${task.task ?? task.id} on ${task.worker}`)),
            source: asked('scheduled, active'),
          },
          {
            what: 'consumer timeout',
            value: span(first?.limit ?? 0),
            source: first?.told === null ? 'default of RabbitMQ' : 'argument or policy of the queue',
          },
        ],
        consequence:
          'RabbitMQ closes the channel with PRECONDITION_FAILED when the time is over, and delivers everything that this worker holds again. Tasks that had begun run twice.',
        remedies: [
          {
            text: 'Use quorum queues with Celery 5.5 or newer: the broker itself then keeps tasks until they are due.',
            action: null,
            code: { language: 'python', text: "app.conf.task_default_queue_type = 'quorum'" },
          },
          {
            text: 'Or raise the timeout of the queue by a policy.',
            action: null,
            code: {
              language: 'shellscript',
              text: `rabbitmqctl set_policy long-tasks '^celery$' '{"consumer-timeout": 86400000}' --apply-to queues`,
            },
          },
        ],
        notProblemWhen: 'The timeout of this server was raised in rabbitmq.conf, which cannot be read from here.',
      }),
    ];
  },
};

function timeoutIn(details: RuleContext['seen']['overview']['queues'][number]['details']): number | null {
  const fact = details?.find(({ name }) => name === 'Consumer timeout');
  const seconds = Number(fact?.value ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : null;
}

/** Many tasks in one worker's memory until they are due. */
export const manyHeldForEta: Rule = {
  id: 'celery.many-held-until-eta',
  check(context) {
    needAsked(context);
    const byWorker = new Map<string, number>();
    for (const { how, worker } of context.fleet.held.values()) {
      if (how === 'scheduled') byWorker.set(worker, (byWorker.get(worker) ?? 0) + 1);
    }
    return [...byWorker]
      .filter(([, n]) => n >= MANY_ETA)
      .map(
        ([worker, n]): Finding =>
          finding(context, manyHeldForEta.id, {
            subject: worker,
            title: `${worker} holds ${tasks(n)} in its memory until they are due`,
            label: `${count(n, 'ETA task')} on one worker`,
            severity: 'warning',
            evidence: [{ what: 'held until their ETA', value: tasks(n), source: asked('scheduled') }],
            consequence:
              'Its prefetch grows with each of them, so that it takes tasks that others could run, and its memory grows. When it ends, all of them are delivered again.',
            remedies: [{ text: 'Spread them over more workers, or keep far dates out of the queue.', action: null }],
            notProblemWhen: 'The worker has memory enough and serves this purpose alone.',
          }),
      );
  },
};

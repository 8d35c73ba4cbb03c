import { isRabbit } from '../../../brokers/rabbitmq/port';
import type { Finding } from '../../../model';
import { count, names, span } from '../../acting/words';
import { asked, finding, needAsked, type Rule, type RuleContext, settingOf, tasks, visibilityTimeout } from './context';
import { named } from './held';

/** Tasks held until their ETA by one worker that are remarkable. */
const MANY_ETA = 500;
/** RabbitMQ's own `consumer_timeout`, seconds (since 3.8.17). */
const CONSUMER_TIMEOUT = 1800;

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
        title: `${tasks(risky.length)} ${risky.length === 1 ? 'stays' : 'stay'} with a worker for longer than RabbitMQ waits for an acknowledgement (${span(first?.limit ?? 0)})`,
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

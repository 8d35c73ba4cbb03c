import { isRabbit } from '../../../brokers/rabbitmq/port';
import type { Finding, QueueSummary } from '../../../model';
import { amount, moveWaiting, queuesWith } from '../../acting/rules';
import { count, names } from '../../acting/words';
import {
  alive,
  answering,
  askAgain,
  asked,
  finding,
  isBeat,
  needAsked,
  type Rule,
  type RuleContext,
  startWorker,
  tasks,
} from './context';

/** Tasks wait, and nobody answers at all. */
export const noWorker: Rule = {
  id: 'celery.no-worker',
  check(context) {
    const waiting = queuesWith(context, 'waiting');
    if (waiting.length === 0) return [];
    needAsked(context);
    const { fleet } = context;
    // From 5.7 on beat answers too, if it is set to; it runs nothing.
    const lives = alive(context).some(worker => worker.alive === true && !isBeat(worker.name));
    if (answering(context).size > 0 || lives) return [];
    const total = waiting.reduce((sum, queue) => sum + amount(queue, 'waiting'), 0);
    // Somebody listens and says nothing: a solo pool at work, or a monitor.
    const heard = fleet.heard ?? 0;
    return [
      finding(context, noWorker.id, {
        subject: 'workers',
        title: `${total === 1 ? '1 task waits' : `${total.toLocaleString('en-US')} tasks wait`} and no worker answers`,
        label: `${tasks(total)} waiting, no worker answers`,
        severity: heard === 0 ? 'trouble' : 'warning',
        sure: heard === 0,
        evidence: [
          { what: 'workers that answered', value: '0', source: asked('ping') },
          {
            what: 'listeners to remote control',
            value: fleet.heard === null ? 'the broker does not tell' : String(heard),
            source: 'PUBLISH to celery.pidbox',
          },
          ...waiting.slice(0, 5).map(queue => ({
            what: `waiting in ${queue.name}`,
            value: tasks(amount(queue, 'waiting')),
            source: queue.keys[0] ?? queue.name,
          })),
        ],
        consequence: 'Nothing runs until a worker starts. The tasks wait and are not lost, unless they expire.',
        remedies: [
          startWorker(waiting[0]?.name ?? 'celery'),
          {
            text: 'If workers do run, they look elsewhere: compare their broker URL and database number with this connection’s.',
            action: null,
          },
          askAgain,
        ],
        notProblemWhen: 'Workers run with remote control switched off, or are started on a timetable.',
      }),
    ];
  },
};

/** Who counted the consumers of a queue: without the management API RabbitMQ itself does, when a queue is declared. */
function consumersFrom({ celery: { broker } }: RuleContext, queue: string): string {
  return isRabbit(broker) && broker.management === null
    ? `queue.declare ${queue} (passive)`
    : `GET /api/queues/…/${queue}`;
}

/** Workers are there, but none of them takes from this queue. */
export const queueWithoutWorker: Rule = {
  id: 'celery.queue-without-worker',
  check(context) {
    const { fleet } = context;
    const waiting = queuesWith(context, 'waiting');
    // RabbitMQ counts consumers itself: what it says needs no question.
    if (
      context.redis !== null ||
      waiting.some(queue => queue.workers === null && context.celery.broker.kind !== 'rabbitmq')
    )
      needAsked(context);
    const there = answering(context);
    const someoneAnswers = there.size > 0;
    const served = [...new Set([...there.values()].flat())].sort();
    const unserved = (queue: QueueSummary) =>
      context.redis === null ? queue.workers?.length === 0 : someoneAnswers && !served.includes(queue.name);
    return waiting
      .filter(unserved)
      .slice(0, 50)
      .map((queue): Finding => {
        const n = amount(queue, 'waiting');
        return finding(context, queueWithoutWorker.id, {
          subject: queue.name,
          queue: queue.name,
          title: `${n === 1 ? '1 task waits' : `${n.toLocaleString('en-US')} tasks wait`} in ${queue.name}, which no worker consumes`,
          label: `Nobody consumes ${queue.name}`,
          severity: 'trouble',
          sure: fleet.silent.length === 0,
          since: queue.oldestWaitingAt,
          evidence: [
            { what: 'waiting', value: tasks(n), source: queue.keys[0] ?? queue.name },
            context.redis === null
              ? { what: 'consumers', value: '0', source: consumersFrom(context, queue.name) }
              : {
                  what: 'workers that answered',
                  value: names([...there.keys()]),
                  source: asked('active_queues'),
                },
            ...(served.length === 0
              ? []
              : [{ what: 'queues they consume', value: names(served, 8), source: asked('active_queues') }]),
            ...(fleet.silent.length === 0
              ? []
              : [{ what: 'did not answer', value: names(fleet.silent), source: asked('ping') }]),
          ],
          consequence: 'These tasks wait until a worker that consumes this queue starts.',
          remedies: [
            startWorker(queue.name),
            ...(someoneAnswers
              ? [
                  {
                    text: 'Let the running workers consume it until they restart.',
                    action: { id: 'celery.add-consumer', target: { kind: 'queue', name: queue.name } as const },
                  },
                ]
              : []),
            ...moveWaiting(queue.name, served, 'Move the waiting tasks to a queue that is consumed'),
          ],
          notProblemWhen: 'Its worker is started on a timetable, or is restarting just now.',
        });
      });
  },
};

/** A worker that answers and takes from no queue. */
export const workerWithoutQueue: Rule = {
  id: 'celery.worker-without-queue',
  check(context) {
    needAsked(context);
    const { fleet } = context;
    return [...answering(context)]
      .filter(([, queues]) => queues.length === 0)
      .slice(0, 25)
      .map(([worker]): Finding => {
        const other = [...fleet.queues.values()].flat()[0] ?? queuesWith(context, 'waiting')[0]?.name ?? 'celery';
        return finding(context, workerWithoutQueue.id, {
          subject: worker,
          title: `${worker} answers, but consumes no queue`,
          label: `${worker} consumes no queue`,
          severity: 'trouble',
          evidence: [
            { what: 'answers', value: 'pong', source: asked('ping') },
            { what: 'queues', value: 'none', source: asked('active_queues') },
          ],
          consequence: 'It looks alive and runs nothing, until it consumes a queue again or restarts.',
          remedies: [
            {
              text: `Let workers consume ${other}.`,
              action: { id: 'celery.add-consumer', target: { kind: 'queue', name: other } },
            },
            { text: 'Or restart it: it begins with the queues of its command line.', action: null },
          ],
          notProblemWhen: 'Somebody paused it on purpose (cancel_consumer).',
        });
      });
  },
};

/** Workers that were known and stopped answering, or whose heartbeats stopped. */
export const silentWorkers: Rule = {
  id: 'celery.silent-worker',
  check(context) {
    const { fleet, seen } = context;
    const gone = seen.overview.workers.filter(
      worker => worker.alive === false && !(worker.aliveReason ?? '').startsWith('signed off'),
    );
    const silent = seen.overview.workers.filter(worker => worker.alive !== false && fleet.silent.includes(worker.name));
    if (gone.length + silent.length === 0 && seen.overview.workers.length === 0) needAsked(context);
    const heldBy = (worker: string) => fleet.heldBy(worker).length;
    return [...gone, ...silent].slice(0, 25).map((worker): Finding => {
      const sure = worker.alive === false;
      const held = heldBy(worker.name);
      return finding(context, silentWorkers.id, {
        subject: worker.name,
        title: sure
          ? `${worker.name} is gone: ${worker.aliveReason ?? 'it does not answer'}`
          : `${worker.name} does not answer`,
        label: sure ? `${worker.name} is gone` : `${worker.name} does not answer`,
        severity: sure && held > 0 ? 'trouble' : 'warning',
        sure,
        since: worker.lastHeartbeat,
        evidence: [
          { what: 'judged', value: worker.aliveReason ?? 'no answer', source: asked('ping') },
          { what: 'last heartbeat', value: worker.lastHeartbeat ?? 'none heard', source: 'events worker-heartbeat' },
          ...(held === 0 ? [] : [{ what: 'held when it last answered', value: tasks(held), source: asked('active') }]),
          ...(gone.length + silent.length > 25
            ? [{ what: 'such workers', value: count(gone.length + silent.length, 'worker'), source: asked('ping') }]
            : []),
        ],
        consequence: sure
          ? 'What it held comes back only after the visibility timeout on Redis, at once on RabbitMQ. What it ran without acks_late is lost.'
          : 'It may be busy: a solo pool answers only between tasks. If it hangs, the tasks that it holds wait with it.',
        remedies: [
          askAgain,
          { text: 'Look in its log for why it ended: out of memory, a deployment, a lost connection.', action: null },
        ],
        notProblemWhen: sure ? 'It was stopped on purpose.' : 'It runs a long task in a solo pool.',
      });
    });
  },
};

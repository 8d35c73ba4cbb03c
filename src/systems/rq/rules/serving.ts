import { type Finding, knownAmount, type Remedy } from '../../../model';
import { amount, moveWaiting, queuesWith } from '../../acting/rules';
import { names, shellWord } from '../../acting/words';
import { finding, jobs, type Rule, type RuleContext } from './rule';

const startWorker = (queues: readonly string[], options = ''): Remedy => ({
  text: `Start a worker for ${names(queues)}.`,
  action: null,
  code: { language: 'shellscript', text: `rq worker${options} ${queues.slice(0, 10).map(shellWord).join(' ')}` },
});

const alive = ({ seen }: RuleContext) => seen.overview.workers.filter(worker => worker.alive !== false);

/** Jobs wait, and nobody has registered on this Redis at all. */
export const noWorker: Rule = {
  id: 'rq.no-worker',
  check(context) {
    const waiting = queuesWith(context, 'waiting');
    const { overview } = context.seen;
    if (waiting.length === 0 || overview.workers.length > 0) return [];
    const total = waiting.reduce((sum, queue) => sum + amount(queue, 'waiting'), 0);
    const ran = (['finished', 'failed', 'running'] as const).some(state => knownAmount(overview.counts[state]) > 0);
    const many = total === 1 ? '1 job waits' : `${total.toLocaleString('en-US')} jobs wait`;
    return [
      finding(context, noWorker.id, {
        subject: 'workers',
        title: ran ? `${many} and no worker is registered` : `${many} and no worker has ever registered here`,
        label: ran ? `${many}, no worker is registered` : `${many}, no worker ever registered`,
        severity: 'trouble',
        since: oldest(waiting.map(queue => queue.oldestWaitingAt)),
        evidence: [
          { what: 'registered workers', value: '0', source: 'SMEMBERS rq:workers' },
          ...waiting.slice(0, 5).map(queue => ({
            what: `waiting in ${queue.name}`,
            value: jobs(amount(queue, 'waiting')),
            source: `LLEN rq:queue:${queue.name}`,
          })),
        ],
        consequence:
          'Nothing runs until a worker starts. The jobs wait and are not lost, unless they have a time to live.',
        remedies: [
          startWorker(waiting.map(queue => queue.name)),
          {
            text: 'If workers do run, they look elsewhere: compare their Redis URL and database number with this connection’s.',
            action: null,
          },
        ],
        notProblemWhen: 'Workers are started on a timetable, or a burst worker comes later.',
      }),
    ];
  },
};

/** Workers are there, but none of them listens to this queue. */
export const queueWithoutWorker: Rule = {
  id: 'rq.queue-without-worker',
  check(context) {
    if (context.seen.overview.workers.length === 0) return [];
    const live = alive(context);
    return queuesWith(context, 'waiting')
      .filter(queue => !live.some(worker => worker.queues.includes(queue.name)))
      .slice(0, 50)
      .map((queue): Finding => {
        const n = amount(queue, 'waiting');
        const served = [...new Set(live.flatMap(worker => worker.queues))].sort();
        return finding(context, queueWithoutWorker.id, {
          subject: queue.name,
          queue: queue.name,
          title: `${n === 1 ? '1 job waits' : `${n.toLocaleString('en-US')} jobs wait`} in ${queue.name}, which no live worker serves`,
          label: `Nobody serves ${queue.name}`,
          severity: 'trouble',
          since: queue.oldestWaitingAt,
          evidence: [
            { what: 'waiting', value: jobs(n), source: `LLEN rq:queue:${queue.name}` },
            { what: 'live workers', value: String(live.length), source: 'SMEMBERS rq:workers' },
            {
              what: 'queues they serve',
              value: served.length === 0 ? 'none' : names(served, 8),
              source: 'HGET rq:worker:… queues',
            },
          ],
          consequence: 'These jobs wait until a worker that listens to this queue starts.',
          remedies: [
            startWorker([queue.name]),
            ...moveWaiting(queue.name, served, 'Move the waiting jobs to a queue that is served'),
          ],
          notProblemWhen: 'Its worker is started on a timetable, or is restarting just now.',
        });
      });
  },
};

/** The name of a worker is left whose record has expired, or whose heartbeat stopped. */
export const staleWorker: Rule = {
  id: 'rq.stale-worker',
  check(context) {
    const stale = context.seen.overview.workers.filter(
      worker => worker.alive === false && worker.aliveReason !== 'It has signed off.',
    );
    return stale.slice(0, 25).map(worker =>
      finding(context, staleWorker.id, {
        subject: worker.name,
        title: `Worker ${worker.name} is gone, and its name is still registered`,
        label: `Worker ${worker.name} is gone`,
        severity: 'warning',
        since: worker.lastHeartbeat,
        evidence: [
          { what: 'registered', value: worker.name, source: 'SMEMBERS rq:workers' },
          { what: 'judged', value: worker.aliveReason ?? '', source: `HGETALL rq:worker:${worker.name}` },
          ...(stale.length > 25
            ? [{ what: 'such workers', value: String(stale.length), source: 'SMEMBERS rq:workers' }]
            : []),
        ],
        consequence:
          'It was killed or lost its Redis, so the job it ran may have ended half-way. The entry itself does no harm: workers remove it when they start or clean up.',
        remedies: [
          {
            text: 'Remove what is left of it.',
            action: { id: 'forget-worker', target: { kind: 'worker', name: worker.name } },
          },
          { text: 'Look in its log for why it ended: out of memory, a deployment, a lost connection.', action: null },
        ],
        notProblemWhen: 'The machine was shut down on purpose.',
      }),
    );
  },
};

export const suspended: Rule = {
  id: 'rq.suspended',
  check(context) {
    const { overview } = context.seen;
    if (!overview.notices.some(notice => notice.code === 'suspended')) return [];
    const waiting = knownAmount(overview.counts.waiting);
    return [
      finding(context, suspended.id, {
        subject: 'suspension',
        title:
          waiting === 0
            ? 'Workers are suspended'
            : `Workers are suspended while ${waiting === 1 ? '1 job waits' : `${waiting.toLocaleString('en-US')} jobs wait`}`,
        label: waiting === 0 ? 'Workers are suspended' : `Suspended, ${jobs(waiting)} waiting`,
        severity: waiting === 0 ? 'warning' : 'trouble',
        evidence: [
          { what: 'key rq:suspended', value: 'exists', source: 'EXISTS rq:suspended' },
          { what: 'waiting', value: jobs(waiting), source: 'LLEN rq:queue:…' },
        ],
        consequence:
          'No worker takes a job until somebody resumes, or the suspension runs out. Jobs keep being enqueued.',
        remedies: [{ text: 'Resume all workers.', action: { id: 'resume', target: { kind: 'installation' } } }],
        notProblemWhen: 'Somebody suspended them for maintenance that still goes on.',
      }),
    ];
  },
};

function oldest(instants: readonly (string | null)[]): string | null {
  return instants.flatMap(instant => instant ?? []).sort()[0] ?? null;
}

export { alive, startWorker };

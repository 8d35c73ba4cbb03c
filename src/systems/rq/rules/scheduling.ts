import type { Command } from '../../../brokers/redis/port';
import type { Finding, ScheduleSummary } from '../../../model';
import { amount, queuesWith } from '../../acting/rules';
import { count, names, span } from '../../acting/words';
import { numberOf, scoredOf } from '../../reading/replies';
import { CRON_SCHEDULERS, registryKey, SCHEDULER_LOCK, SCHEDULER_OLD, schedulerLockKey } from '../keys';
import { instantOfSeconds } from '../times';
import { finding, jobs, type Rule } from './rule';
import { existsKey } from './scan';
import { startWorker } from './serving';

/** Seconds that a due job may be late before it counts: the scheduler looks every second. */
const GRACE = 30;
/** Seconds after which a `rq cron` scheduler counts as stale (rq/cron.py, 2.6 to 2.12). */
const CRON_STALE = 120;
/** rq-scheduler looks every 60 s unless told otherwise. */
const SCHEDULER_LATE = 180;

/** Scheduled jobs, also those that wait for a retry, in a queue that no scheduler serves. */
export const scheduledWithoutScheduler: Rule = {
  id: 'rq.scheduled-without-scheduler',
  async check(context) {
    const queues = queuesWith(context, 'scheduled').slice(0, 500);
    if (queues.length === 0) return [];
    const now = context.now / 1000;
    const replies = await context.reading.broker.read(
      queues.flatMap(({ name }): Command[] => [
        ['EXISTS', schedulerLockKey(name)],
        ['ZCOUNT', registryKey('scheduled', name), '-inf', String(now - GRACE)],
        ['ZRANGE', registryKey('scheduled', name), 0, 0, 'WITHSCORES'],
      ]),
      context.signal,
    );
    return queues.flatMap((queue, i): Finding[] => {
      const locked = numberOf(replies[i * 3]) === 1;
      const overdue = numberOf(replies[i * 3 + 1]) ?? 0;
      const due = scoredOf(replies[i * 3 + 2])[0]?.score ?? null;
      if (locked) return [];
      const n = amount(queue, 'scheduled');
      const late = overdue > 0 && due !== null ? span((now - due) * 1000) : null;
      return [
        finding(context, scheduledWithoutScheduler.id, {
          subject: queue.name,
          queue: queue.name,
          title:
            late === null
              ? `${n === 1 ? '1 job is' : `${n.toLocaleString('en-US')} jobs are`} scheduled in ${queue.name}, and no scheduler serves it`
              : `${count(overdue, 'scheduled job')} in ${queue.name} ${overdue === 1 ? 'is' : 'are'} overdue, the first by ${late}, and no scheduler serves it`,
          label: late === null ? `No scheduler for ${queue.name}` : `${overdue} overdue in ${queue.name}`,
          severity: late === null ? 'warning' : 'trouble',
          sure: late !== null,
          since: late === null ? null : instantOfSeconds(due),
          evidence: [
            { what: 'scheduled', value: jobs(n), source: `ZCARD rq:scheduled:${queue.name}` },
            { what: 'overdue', value: jobs(overdue), source: `ZCOUNT rq:scheduled:${queue.name} -inf now` },
            { what: 'scheduler’s lock', value: 'none', source: `EXISTS rq:scheduler-lock:${queue.name}` },
          ],
          consequence:
            'Scheduled jobs, and failed ones that wait for a retry, stay where they are when they are due: only a worker started with a scheduler moves them to the queue.',
          remedies: [
            startWorker([queue.name], ' --with-scheduler'),
            {
              text: 'Enqueue the scheduled jobs now.',
              action: { id: 'run-now', target: { kind: 'selector', queue: queue.name, state: 'scheduled' } },
            },
          ],
          notProblemWhen: 'A worker with scheduler starts before they are due.',
        }),
      ];
    });
  },
};

const overdueOf = (schedules: readonly ScheduleSummary[], now: number, late: number): ScheduleSummary[] =>
  schedules.filter(({ nextRun }) => nextRun !== null && Date.parse(nextRun) < now - late * 1000);

/** Jobs of the package rq-scheduler, and no such scheduler at work. */
export const schedulerPackage: Rule = {
  id: 'rq.rq-scheduler-not-running',
  async check(context) {
    const schedules = context.seen.overview.schedules.filter(({ owner }) => owner === 'rq-scheduler');
    if (schedules.length === 0) return [];
    const overdue = overdueOf(schedules, context.now, SCHEDULER_LATE);
    const [lock, old] = await context.reading.broker.read(
      [
        ['EXISTS', SCHEDULER_LOCK],
        ['EXISTS', SCHEDULER_OLD],
      ],
      context.signal,
    );
    if (numberOf(lock) === 1 || numberOf(old) === 1) return [];
    // Since 0.10 the lock is held only while it works; what stays is a record of each scheduler, named at random.
    if (await existsKey(context, 'rq:scheduler_instance:*', 'hash')) return [];
    const first = overdue[0]?.nextRun ?? null;
    return [
      finding(context, schedulerPackage.id, {
        subject: 'rq-scheduler',
        title:
          overdue.length > 0
            ? `${count(overdue.length, 'schedule')} of rq-scheduler ${overdue.length === 1 ? 'is' : 'are'} overdue, and no rqscheduler runs`
            : `${count(schedules.length, 'schedule')} of rq-scheduler, and no rqscheduler runs`,
        label: 'No rqscheduler runs',
        severity: overdue.length > 0 ? 'trouble' : 'warning',
        sure: overdue.length > 0,
        since: first,
        evidence: [
          { what: 'schedules', value: String(schedules.length), source: 'ZCARD rq:scheduler:scheduled_jobs' },
          {
            what: 'overdue',
            value: String(overdue.length),
            source: 'ZRANGE rq:scheduler:scheduled_jobs 0 499 WITHSCORES',
          },
          { what: 'records of schedulers', value: 'none', source: 'SCAN … MATCH rq:scheduler_instance:*' },
        ],
        consequence:
          'Nothing that it should enqueue is enqueued until one runs; then each overdue one is enqueued once.',
        remedies: [
          { text: 'Start the scheduler.', action: null, code: { language: 'shellscript', text: 'rqscheduler' } },
        ],
        notProblemWhen: 'It is started on a timetable.',
      }),
    ];
  },
};

/** `rq cron` schedulers that stopped writing heartbeats. */
export const staleCron: Rule = {
  id: 'rq.cron-stale',
  async check(context) {
    const [reply] = await context.reading.broker.read(
      [['ZRANGE', CRON_SCHEDULERS, 0, 99, 'WITHSCORES']],
      context.signal,
    );
    const schedulers = scoredOf(reply);
    const stale = schedulers.filter(({ score }) => score < context.now / 1000 - CRON_STALE);
    if (stale.length === 0) return [];
    const none = stale.length === schedulers.length;
    const last = Math.max(...stale.map(({ score }) => score));
    return [
      finding(context, staleCron.id, {
        subject: 'rq cron',
        title: `${count(stale.length, 'scheduler')} of rq cron stopped ${span(context.now - last * 1000)} ago${none ? ', and no other runs' : ''}`,
        label: none ? 'No rq cron scheduler runs' : 'A rq cron scheduler stopped',
        severity: none ? 'trouble' : 'info',
        since: instantOfSeconds(last),
        evidence: stale.slice(0, 5).map(({ member, score }) => ({
          what: member,
          value: `last heartbeat ${instantOfSeconds(score) ?? 'never'}`,
          source: `ZSCORE ${CRON_SCHEDULERS} ${member}`,
        })),
        consequence: none
          ? 'None of its jobs is enqueued any more: their times stand in the memory of the process that ended.'
          : 'Others go on. The entry does no harm.',
        remedies: [
          {
            text: `Start it again, as ${names(stale.map(({ member }) => member))} ran.`,
            action: null,
            code: { language: 'shellscript', text: 'rq cron path/to/cron_config.py' },
          },
        ],
        notProblemWhen: 'It was stopped on purpose.',
      }),
    ];
  },
};

import type { Command } from '../../../brokers/redis/port';
import type { Finding } from '../../../model';
import { queuesWith } from '../../acting/rules';
import { count, names, span } from '../../acting/words';
import { arrayOf, nameOf, numberOf, plainOf } from '../../reading/replies';
import { firstSeenKey, intermediateKey, jobKey, QUEUE_PREFIX } from '../keys';
import { refOf } from '../places';
import { instantOfSeconds } from '../times';
import { finding, jobs, type Rule, type RuleContext } from './rule';
import { atLeastText, lookedAt, type Sampled } from './samples';
import { scanKeys } from './scan';
import { alive } from './serving';

/** Queues whose members a rule looks at: the fullest ones. */
export const QUEUES = 50;
/** Seconds that a job may be without heartbeat after its score, for clocks that differ. */
const GRACE = 10;
/** A job older than this in the intermediate list is stuck (rq/intermediate_queue.py, 1.16.2 to 2.12). */
const STUCK = 60;

interface Lost {
  readonly member: Sampled;
  readonly why: string;
  readonly sure: boolean;
}

/** Jobs that say they are running while nobody runs them. */
export const lostJobs: Rule = {
  id: 'rq.job-of-dead-worker',
  async check(context) {
    const findings: Finding[] = [];
    for (const queue of queuesWith(context, 'running').slice(0, QUEUES)) {
      const sample = await context.samples.of('wip', queue.name);
      const lost = sample.members.flatMap(member => judge(context, member) ?? []);
      if (lost.length === 0) continue;
      const live = alive(context).some(worker => worker.queues.includes(queue.name));
      const n = lost.length;
      findings.push(
        finding(context, lostJobs.id, {
          subject: queue.name,
          queue: queue.name,
          title: `${atLeastText(sample)}${jobs(n)} in ${queue.name} ${n === 1 ? 'says it is' : 'say they are'} running, and ${n === 1 ? 'its worker is' : 'their workers are'} gone`,
          label: `${jobs(n)} of a dead worker in ${queue.name}`,
          severity: 'trouble',
          sure: lost.some(({ sure }) => sure),
          since: lost.map(({ member }) => member.record.text('started_at')).sort()[0] ?? null,
          evidence: [
            ...lost.slice(0, 5).map(({ member, why }) => ({
              what: `job ${member.id}`,
              value: why,
              source: `ZSCORE rq:wip:${queue.name} ${member.member}`,
            })),
            ...lookedAt(sample, `ZREVRANGE rq:wip:${queue.name}`),
          ],
          consequence: live
            ? 'A worker that cleans up (at most every 15 minutes) moves them to the failed ones, or retries them where retries are left. Whatever they had done stays done.'
            : 'They stay “started” until a worker of this queue starts and cleans up; then they fail as abandoned.',
          remedies: [
            {
              text: live
                ? 'Wait for the cleaning, then retry them from the failed ones.'
                : `Start a worker for ${queue.name}: it cleans up, and the jobs can be retried.`,
              action: null,
            },
            {
              text: 'Run them again now, as copies. Take care that they have not done half of their work, and that their processes have ended: a killed worker can leave its work-horse running.',
              action: {
                id: 'enqueue-copy',
                target: {
                  kind: 'jobs',
                  refs: lost
                    .slice(0, 1)
                    .map(({ member }) => refOf({ structure: 'wip', queue: queue.name }, member.member)),
                },
              },
            },
          ],
          notProblemWhen: 'Clocks of the workers and of Redis differ by more than a minute.',
        }),
      );
    }
    return findings;
  },
};

function judge(context: RuleContext, member: Sampled): Lost | null {
  const { workers } = context.seen.overview;
  const running = workers.some(worker => worker.alive === true && worker.currentJob === member.id);
  if (running || !member.record.exists) return null;
  const late = member.score === null || !Number.isFinite(member.score) ? 0 : context.now / 1000 - member.score;
  // Up to 1.x the score is when the timeout ends, later when heartbeats have stopped: past it, nobody runs the job.
  if (late > GRACE) return { member, why: `given up ${span(late * 1000)} ago: no heartbeat since`, sure: true };
  const name = member.record.name('worker_name');
  if (name === null) {
    const started = Date.parse(member.record.text('started_at') ?? '');
    const long = Number.isNaN(started) || context.now - started > 60_000;
    return workers.every(worker => worker.alive === false) && long
      ? { member, why: 'no worker is alive', sure: false }
      : null;
  }
  const worker = workers.find(each => each.name === name);
  if (worker?.alive === null && worker.currentJob === member.id) {
    return { member, why: `its worker ${name} no longer listens`, sure: false };
  }
  if (worker !== undefined && worker.alive !== false) return null;
  // A worker that came after the overview was read is not in it; its job is younger than the overview, too.
  const started = Date.parse(member.record.text('started_at') ?? '');
  if (worker === undefined && !(started < context.now - 5000)) return null;
  return {
    member,
    why: `its worker ${name} ${worker === undefined ? 'is not registered' : 'is gone'}`,
    sure: true,
  };
}

/** Jobs that a worker took and never started. */
export const stuckIntermediate: Rule = {
  id: 'rq.stuck-in-intermediate',
  async check(context) {
    const findings: Finding[] = [];
    for (const queue of queuesWith(context, 'taken').slice(0, QUEUES)) {
      const [reply] = await context.reading.broker.read(
        [['LRANGE', intermediateKey(queue.name), 0, 199]],
        context.signal,
      );
      const ids = arrayOf(reply).flatMap(id => nameOf(id) ?? []);
      if (ids.length === 0) continue;
      const seen = await context.reading.broker.read(
        ids.flatMap((id): Command[] => [
          ['GET', firstSeenKey(queue.name, id)],
          ['HMGET', jobKey(id), 'status', 'created_at'],
        ]),
        context.signal,
      );
      const served = alive(context).some(worker => worker.queues.includes(queue.name));
      const stuck = ids.filter((_id, i) => {
        const [status, created] = arrayOf(seen[i * 2 + 1]).map(plainOf);
        // One that had expired when it was taken: the next cleaning drops its id, and nothing is lost.
        if (!status && !created) return false;
        // One that was enqueued twice, in two queues: it did start, and only its id was left here.
        if (status && status !== 'queued') return false;
        const first = numberOf(seen[i * 2]);
        return !served || (first !== null && context.now / 1000 - first > STUCK);
      });
      if (stuck.length === 0) continue;
      const since =
        seen
          .flatMap((reply, i) => (i % 2 === 0 ? [numberOf(reply)] : []))
          .filter(value => value !== null)
          .sort()[0] ?? null;
      findings.push(
        finding(context, stuckIntermediate.id, {
          subject: queue.name,
          queue: queue.name,
          title: `${jobs(stuck.length)} in ${queue.name} ${stuck.length === 1 ? 'was' : 'were'} taken by a worker and never started`,
          label: `${jobs(stuck.length)} stuck on the way in ${queue.name}`,
          severity: 'trouble',
          since: instantOfSeconds(since),
          evidence: [
            {
              what: 'taken, not started',
              value: names(stuck),
              source: `LRANGE rq:queue:${queue.name}:intermediate 0 -1`,
            },
            { what: 'live workers of the queue', value: served ? 'some' : 'none', source: 'SMEMBERS rq:workers' },
          ],
          consequence:
            'The worker died between taking and starting. The next worker that cleans up lets these jobs fail; until then they are in no queue.',
          remedies: [
            {
              text: `Start a worker for ${queue.name}; after its cleaning, retry the jobs from the failed ones.`,
              action: null,
            },
          ],
          notProblemWhen: 'A worker is taking them at this very moment.',
        }),
      );
    }
    return findings;
  },
};

/** Lists that an interrupted `Queue.compact()` left behind: the jobs in them are in no queue. */
export const compactLeft: Rule = {
  id: 'rq.compact-leftover',
  async check(context) {
    const found = await scanKeys(context, `${QUEUE_PREFIX}_compact*`, 'list', 20);
    if (found.length === 0) return [];
    const lengths = await context.reading.broker.read(
      found.map((key): Command => ['LLEN', key]),
      context.signal,
    );
    const total = lengths.reduce<number>((sum, length) => sum + (numberOf(length) ?? 0), 0);
    if (total === 0) return [];
    return [
      finding(context, compactLeft.id, {
        subject: 'compact',
        title: `${jobs(total)} lie in ${count(found.length, 'list')} that an interrupted cleaning left behind`,
        label: `${jobs(total)} left behind by compact()`,
        severity: 'trouble',
        evidence: found.slice(0, 5).map((key, i) => ({
          what: key.toString(),
          value: jobs(numberOf(lengths[i]) ?? 0),
          source: `LLEN ${key.toString()}`,
        })),
        consequence:
          'Queue.compact() moves the ids of a queue there and back. It was cut off, so no worker ever takes these jobs.',
        remedies: [
          {
            text: 'Put each id back to its queue, whose name stands in the field origin of the job.',
            action: null,
            code: { language: 'shellscript', text: `redis-cli LRANGE ${found[0]!.toString()} 0 -1` },
          },
        ],
        notProblemWhen: 'compact() runs at this moment.',
      }),
    ];
  },
};

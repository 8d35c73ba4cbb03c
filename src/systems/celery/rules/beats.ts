import type { Finding } from '../../../model';
import { count, names, span } from '../../acting/words';
import { dueOf } from '../schedules/redbeat';
import { alive, asked, finding, isBeat, messages, type Rule, type RuleContext } from './context';
import { END, type Sampled } from './sampled';

/** Seconds that an entry may be late while beat holds the lock: it looks at least every 300 s. */
const LATE_WITH_LOCK = 330;
/** Messages by turns that show beats whose schedule is not known, and how many of these there may be. */
const STRICT = 12;
const MOST_BEATS = 3;
/** And where nobody holds the lock. */
const LATE = 30;

/** Entries of RedBeat that are overdue. */
export const redbeatOverdue: Rule = {
  id: 'celery.redbeat-overdue',
  check(context) {
    return context.schedules.redbeats.flatMap(({ entries, prefix, lockTtl, now }): Finding[] => {
      const late = lockTtl === null ? LATE : LATE_WITH_LOCK;
      const overdue = entries.filter(
        ({ exists, entry, score }) =>
          exists && entry?.enabled !== false && score >= 0 && dueOf(score, entry) < now - late * 1000,
      );
      const [first] = overdue;
      if (first === undefined) return [];
      const since = dueOf(first.score, first.entry);
      const behind = span(now - since);
      return [
        finding(context, redbeatOverdue.id, {
          subject: prefix,
          title: `${count(overdue.length, 'entry', 'entries')} of RedBeat ${overdue.length === 1 ? 'is' : 'are'} overdue, the first by ${behind}, and ${lockTtl === null ? 'no beat holds the lock' : 'the beat that holds the lock does not run them'}`,
          label: lockTtl === null ? 'No RedBeat runs' : 'RedBeat has stopped, its lock stays',
          severity: 'trouble',
          sure: lockTtl === null,
          since: new Date(since).toISOString(),
          evidence: [
            {
              what: 'overdue',
              value: names(overdue.map(({ id }) => id)),
              source: `ZRANGE ${prefix}:schedule 0 -1 WITHSCORES`,
            },
            {
              what: 'lock',
              value:
                lockTtl === null
                  ? 'none'
                  : Number.isFinite(lockTtl)
                    ? `held for another ${span(lockTtl)}`
                    : 'held, never expires',
              source: `PTTL ${prefix}:lock`,
            },
          ],
          consequence:
            lockTtl === null
              ? 'None of the periodic tasks is sent until a beat with RedBeat starts; then each overdue one is sent once.'
              : 'It hangs, or was killed and left its lock behind: a new one waits for the lock before it sends anything.',
          remedies: [
            {
              text: 'Start beat with RedBeat.',
              action: null,
              code: { language: 'shellscript', text: 'celery -A your_app beat --scheduler redbeat.RedBeatScheduler' },
            },
            ...(lockTtl === null
              ? []
              : [
                  {
                    text: 'When it is sure that no beat runs, remove its lock.',
                    action: null,
                    code: { language: 'shellscript', text: `redis-cli DEL ${prefix}:lock` },
                  },
                ]),
          ],
          notProblemWhen:
            lockTtl === null
              ? 'Beat is stopped on purpose.'
              : 'Beat was set to look less often than every five minutes.',
        }),
      ];
    });
  },
};

/** Entries that the sorted set names and whose hash is gone or cannot be read. */
export const redbeatGone: Rule = {
  id: 'celery.redbeat-broken-entry',
  check(context) {
    return context.schedules.redbeats.flatMap(({ entries, prefix }): Finding[] => {
      const broken = entries.filter(({ entry }) => entry === null);
      if (broken.length === 0) return [];
      const gone = broken.filter(({ exists }) => !exists).length;
      return [
        finding(context, redbeatGone.id, {
          subject: prefix,
          title: `${count(broken.length, 'entry', 'entries')} of RedBeat ${broken.length === 1 ? 'has' : 'have'} no definition that can be read`,
          label: `${count(broken.length, 'broken entry', 'broken entries')} of RedBeat`,
          severity: gone === broken.length ? 'info' : 'trouble',
          evidence: broken.slice(0, 5).map(({ id, problems }) => ({
            what: id,
            value: problems[0]?.reason ?? '',
            source: `HGET ${id} definition`,
          })),
          consequence:
            gone === broken.length
              ? 'Their tasks are sent no more. Beat takes such entries off the list when they are due.'
              : 'Beat ends with an error when it meets a definition that it cannot read, and then sends nothing at all.',
          remedies: broken.slice(0, 3).map(({ id }) => ({
            text: `Delete ${id}.`,
            action: { id: 'delete', target: { kind: 'schedule', id } as const },
          })),
          notProblemWhen: 'Somebody is deleting the entry just now.',
        }),
      ];
    });
  },
};

/**
 * The same periodic task published by two processes in turns. A message tells its publisher (`origin`), not when; one
 * beat that was restarted shows first one origin, then the other, while two beats alternate.
 */
export const twoBeats: Rule = {
  id: 'celery.two-beats',
  async check(context) {
    const periodic = new Map<string, string>();
    for (const { task, id } of context.seen.overview.schedules) if (task !== null) periodic.set(task, id);
    const findings: Finding[] = answeringBeats(context);
    const read = await context.samples.waiting();
    if (typeof read === 'string') return findings;
    for (const { queue, total: all, members: sampled, source } of read) {
      // Of long queues the front alone is in one piece.
      const members = sampled.length >= all ? sampled : sampled.slice(0, END);
      const groups = new Map<string, Sampled[]>();
      for (const member of members) {
        if (member.task === null || member.origin === null) continue;
        const key = `${member.task}${member.call ?? ''}`;
        groups.set(key, [...(groups.get(key) ?? []), member]);
      }
      for (const group of groups.values()) {
        const turns = group.filter(({ origin }, i) => i > 0 && origin !== group[i - 1]?.origin).length;
        const origins = [...new Set(group.flatMap(({ origin }) => origin ?? []))];
        const task = group[0]?.task ?? '';
        const schedule = periodic.get(task);
        // Once there and back could be a restart with a late message; twice is no accident. Where no schedule is known
        // (beat keeps it in a file of its own), only even turns tell beats from an application that sends the same.
        const enough = schedule === undefined ? isStrict(group) : turns >= 3;
        if (origins.length < 2 || !enough) continue;
        findings.push(
          finding(context, twoBeats.id, {
            subject: `${queue}: ${task}`,
            queue,
            title: `${task} is sent by ${count(origins.length, 'process', 'processes')} in turns: ${messages(group.length)} wait in ${queue}`,
            label: `Two beats send ${task.split('.').at(-1) ?? task}`,
            severity: schedule === undefined ? 'warning' : 'trouble',
            sure:
              schedule !== undefined &&
              origins.every(origin => group.filter(member => member.origin === origin).length > 1),
            evidence: [
              { what: 'published by', value: names(origins, 5), source: `header origin, ${source}` },
              { what: 'changes of the publisher', value: String(turns), source },
              ...(schedule === undefined
                ? []
                : [{ what: 'schedule', value: schedule, source: 'schedules of this installation' }]),
            ],
            consequence: 'Each beat sends every periodic task by itself, so that each of them runs that many times.',
            remedies: [
              {
                text: 'Stop all beats but one.',
                action: null,
                code: { language: 'shellscript', text: 'pgrep -af "celery.* beat"' },
              },
              {
                text: 'Where several must be ready to start, use RedBeat: its lock lets only one send.',
                action: null,
                code: { language: 'shellscript', text: 'pip install celery-redbeat' },
              },
            ],
            notProblemWhen: 'The application itself sends this task with these arguments too.',
          }),
        );
      }
    }
    return findings;
  },
};

/**
 * Since the last publisher came, all have sent equally often at any moment, as beats of one schedule do, whoever of them
 * is first. (Of an application with two processes, one in sixty sends twelve times by chance like that.)
 */
function isStrict(group: readonly Sampled[]): boolean {
  const first = new Map([...group].map(({ origin }, i) => [origin, i] as const).reverse());
  const rest = group.slice(Math.max(...first.values()));
  const sent = new Map([...new Set(rest.map(({ origin }) => origin))].map(origin => [origin, 0]));
  if (sent.size < 2 || sent.size > MOST_BEATS) return false;
  let even = 0;
  for (const { origin } of rest) {
    sent.set(origin, (sent.get(origin) ?? 0) + 1);
    if (Math.max(...sent.values()) - Math.min(...sent.values()) > 1) break;
    even++;
  }
  // One of them may have ended since.
  return even >= STRICT && even >= 0.8 * rest.length;
}

/** Several beats that answer to remote control; whether they have the same schedule cannot be told. */
function answeringBeats(context: RuleContext): Finding[] {
  const beats = alive(context).filter(({ name, alive: lives }) => lives === true && isBeat(name));
  if (beats.length < 2) return [];
  return [
    finding(context, twoBeats.id, {
      subject: 'beats',
      title: `${count(beats.length, 'beat')} run on this broker: ${names(beats.map(({ name }) => name))}`,
      label: `${count(beats.length, 'beat')} run on this broker`,
      severity: 'warning',
      sure: false,
      evidence: beats.slice(0, 5).map(({ name, aliveReason }) => ({
        what: name,
        value: aliveReason ?? 'answers',
        source: asked('ping'),
      })),
      consequence:
        'If they have the same schedule, each of them sends every periodic task, which runs that many times.',
      remedies: [{ text: 'Stop all beats of one application but one.', action: null }],
      notProblemWhen: 'They belong to different applications, or RedBeat’s lock lets only one of them send.',
    }),
  ];
}

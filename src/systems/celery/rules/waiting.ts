import type { Finding } from '../../../model';
import { NotCheckable } from '../../acting/rules';
import { names, span } from '../../acting/words';
import { answering, asked, finding, needAsked, type Rule, startWorker, tasks } from './context';
import { atLeastText, jobsTarget, lookedAt, type Sampled } from './sampled';
import { samplesOf } from './samples';

/** Tasks whose name no worker knows. */
export const unregistered: Rule = {
  id: 'celery.unregistered-task',
  async check(context) {
    needAsked(context);
    const { fleet } = context;
    if (fleet.registered.size === 0) throw new NotCheckable('no worker has told which tasks it knows');
    const findings: Finding[] = [];
    for (const sample of await samplesOf(context)) {
      const consumers = [...answering(context)].flatMap(([worker, queues]) =>
        queues.includes(sample.queue) ? [worker] : [],
      );
      const asking = consumers.filter(worker => fleet.registered.has(worker));
      // A queue that nobody consumes is a trouble of its own; then any worker that knows the task will do.
      const knowing = asking.length > 0 ? asking : [...fleet.registered.keys()];
      const known = new Set(knowing.flatMap(worker => [...(fleet.registered.get(worker) ?? [])]));
      const strangers = new Map<string, Sampled[]>();
      for (const member of sample.members) {
        if (member.task === null || known.has(member.task)) continue;
        strangers.set(member.task, [...(strangers.get(member.task) ?? []), member]);
      }
      for (const [task, members] of [...strangers].slice(0, 20)) {
        const elsewhere = [...fleet.registered].flatMap(([worker, all]) => (all.has(task) ? [worker] : []));
        findings.push(
          finding(context, unregistered.id, {
            subject: `${sample.queue}: ${task}`,
            queue: sample.queue,
            title: `${atLeastText([sample])}${tasks(members.length)} in ${sample.queue} ${members.length === 1 ? 'is' : 'are'} called ${task}, which no worker of it knows`,
            label: `No worker knows ${task}`,
            severity: 'trouble',
            sure: fleet.silent.length === 0,
            evidence: [
              { what: 'waiting', value: tasks(members.length), source: sample.source },
              { what: 'workers asked', value: names(knowing), source: asked('registered') },
              {
                what: 'known elsewhere',
                value: elsewhere.length === 0 ? 'nowhere' : names(elsewhere),
                source: asked('registered'),
              },
              ...lookedAt(sample),
            ],
            consequence:
              'A worker that takes such a task writes “Received unregistered task” into its log and throws it away. No result tells of it.',
            remedies: [
              {
                text: 'Before a worker takes them, add the module that defines the task to imports or include, then restart the workers.',
                action: null,
                code: {
                  language: 'python',
                  text: `app.conf.imports = ('${task.split('.').slice(0, -1).join('.') || 'your_module'}',)`,
                },
              },
              ...(elsewhere.length === 0
                ? []
                : [
                    {
                      text: `Move them to a queue of ${names(elsewhere)}.`,
                      action: {
                        id: 'move',
                        target: jobsTarget(members),
                        ...queueParameter(fleet.queues.get(elsewhere[0]!)?.[0]),
                      },
                    },
                  ]),
            ],
            notProblemWhen: 'The worker for this task is not running yet, and no other consumes the queue.',
          }),
        );
      }
    }
    return findings;
  },
};

const queueParameter = (queue: string | undefined) => (queue === undefined ? {} : { parameters: { queue } });

/** Tasks that were revoked and wait: a worker will throw them away. */
export const revokedWaiting: Rule = {
  id: 'celery.revoked-waiting',
  async check(context) {
    needAsked(context);
    const { revoked } = context.fleet;
    if (revoked.size === 0) return [];
    const found = (await samplesOf(context)).map(sample => ({
      sample,
      members: sample.members.filter(({ id }) => id !== null && revoked.has(id)),
    }));
    return found
      .filter(({ members }) => members.length > 0)
      .map(({ sample, members }) =>
        finding(context, revokedWaiting.id, {
          subject: sample.queue,
          queue: sample.queue,
          title: `${atLeastText([sample])}${tasks(members.length)} in ${sample.queue} ${members.length === 1 ? 'is' : 'are'} revoked and still ${members.length === 1 ? 'waits' : 'wait'}`,
          label: `${tasks(members.length)} revoked in ${sample.queue}`,
          severity: 'info',
          evidence: [
            { what: 'revoked ids', value: names(members.flatMap(({ id }) => id ?? [])), source: asked('revoked') },
            ...lookedAt(sample),
          ],
          consequence:
            'A worker that knows of it throws the task away when it takes it. Workers forget after three hours and at a restart: one that comes later runs it.',
          remedies: [
            {
              text: 'Take them off the queue, so that no worker can run them.',
              action: { id: 'delete', target: jobsTarget(members) },
            },
          ],
          notProblemWhen: 'They are taken soon.',
        }),
      );
  },
};

/** Tasks that will be thrown away since they have expired. */
export const expiredWaiting: Rule = {
  id: 'celery.expired-waiting',
  async check(context) {
    const findings: Finding[] = [];
    for (const sample of await samplesOf(context)) {
      const late = sample.members
        .map(member => ({ member, at: Date.parse(member.expires ?? '') }))
        .filter(({ at }) => at < context.now - 1000);
      if (late.length === 0) continue;
      const first = Math.min(...late.map(({ at }) => at));
      findings.push(
        finding(context, expiredWaiting.id, {
          subject: sample.queue,
          queue: sample.queue,
          title: `${atLeastText([sample])}${tasks(late.length)} in ${sample.queue} ${late.length === 1 ? 'has' : 'have'} expired, the first ${span(context.now - first)} ago`,
          label: `${tasks(late.length)} expired in ${sample.queue}`,
          severity: 'warning',
          since: new Date(first).toISOString(),
          evidence: [
            ...late.slice(0, 3).map(({ member }) => ({
              what: member.id ?? member.task ?? 'a task',
              value: `expires ${member.expires}`,
              source: sample.source,
            })),
            ...lookedAt(sample),
          ],
          consequence:
            'A worker that takes such a task does not run it and records REVOKED. Tasks come faster than they are taken, or nobody takes them.',
          remedies: [
            startWorker(sample.queue),
            {
              text: 'Take the expired ones off the queue.',
              action: { id: 'delete', target: jobsTarget(late.map(({ member }) => member)) },
            },
          ],
          notProblemWhen: 'It is meant so: only the newest counts.',
        }),
      );
    }
    return findings;
  },
};

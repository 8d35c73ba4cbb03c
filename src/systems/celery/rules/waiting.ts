import type { Finding } from '../../../model';
import { names, span } from '../../acting/words';
import {
  answering,
  asked,
  finding,
  messages,
  NotCheckable,
  needAsked,
  type Rule,
  type RuleContext,
  startWorker,
  tasks,
} from './context';
import { atLeastText, lookedAt, type Sample, type Sampled } from './samples';

/** @throws NotCheckable where waiting messages cannot be seen */
async function samplesOf({ samples }: RuleContext): Promise<readonly Sample[]> {
  const read = await samples.waiting();
  if (typeof read === 'string') throw new NotCheckable(read);
  return read;
}

const jobsTarget = (members: readonly Sampled[]) =>
  ({ kind: 'jobs', refs: members.slice(0, 500).map(({ ref }) => ref) }) as const;

/** Messages that no worker can read. */
export const poison: Rule = {
  id: 'celery.poison-message',
  async check(context) {
    const findings: Finding[] = [];
    for (const sample of await samplesOf(context)) {
      const broken = sample.members.filter(({ problems }) => problems.length > 0);
      if (broken.length === 0) continue;
      const n = broken.length;
      const noEnvelope = broken.some(({ problems }) => problems.some(({ part }) => part === 'message'));
      findings.push(
        finding(context, poison.id, {
          subject: sample.queue,
          queue: sample.queue,
          title: `${atLeastText([sample])}${messages(n)} in ${sample.queue} cannot be read`,
          label: `${messages(n)} unreadable in ${sample.queue}`,
          severity: 'trouble',
          sure: broken.some(({ ownSerializer }) => !ownSerializer),
          evidence: [
            ...broken.slice(0, 5).map(({ id, task, problems }) => ({
              what: task ?? id ?? 'a message without id',
              value: problems[0]?.reason ?? '',
              source: sample.source,
            })),
            ...lookedAt(sample),
          ],
          consequence: noEnvelope
            ? 'A worker that takes it loses its connection or ends, and one after the other may do so. What is no message of kombu can be put back and block the queue again.'
            : 'A worker that takes it writes an error into its log and throws the message away: the task never runs.',
          remedies: [
            {
              text: 'Take the messages off the queue; exact copies are kept for Undo.',
              action: { id: 'delete', target: jobsTarget(broken) },
            },
            { text: 'Find who writes to this queue: it may be another program, or another serializer.', action: null },
          ],
          notProblemWhen: 'The queue is not one of Celery, or the application has a serializer of its own.',
        }),
      );
    }
    return findings;
  },
};

/** What `accept_content` calls the content types of kombu (kombu/serialization.py). */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  pickle: 'application/x-python-serialize',
  yaml: 'application/x-yaml',
  msgpack: 'application/x-msgpack',
  auth: 'application/data',
};

/** Tasks in a serialization that the workers of their queue refuse. */
export const notAccepted: Rule = {
  id: 'celery.content-not-accepted',
  async check(context) {
    needAsked(context);
    const { fleet } = context;
    if (fleet.configurations.size === 0) throw new NotCheckable('no worker has told its configuration');
    const findings: Finding[] = [];
    for (const sample of await samplesOf(context)) {
      const workers = [...answering(context)].flatMap(([worker, queues]) =>
        queues.includes(sample.queue) && fleet.configurations.has(worker) ? [worker] : [],
      );
      if (workers.length === 0) continue;
      const accepted = new Set(workers.flatMap(worker => acceptedBy(fleet.configurations.get(worker))));
      const refused = sample.members.filter(
        ({ contentType, problems }) => contentType !== null && problems.length === 0 && !accepted.has(contentType),
      );
      if (refused.length === 0) continue;
      const types = [...new Set(refused.flatMap(({ contentType }) => contentType ?? []))];
      findings.push(
        finding(context, notAccepted.id, {
          subject: sample.queue,
          queue: sample.queue,
          title: `${atLeastText([sample])}${tasks(refused.length)} in ${sample.queue} ${refused.length === 1 ? 'is' : 'are'} of a content type that no worker of it accepts: ${names(types)}`,
          label: `${tasks(refused.length)} refused in ${sample.queue}`,
          severity: 'trouble',
          evidence: [
            { what: 'tasks', value: names(refused.map(({ task, id }) => task ?? id ?? '')), source: sample.source },
            { what: 'content type', value: names(types), source: 'content-type of the messages' },
            { what: 'accepted', value: [...accepted].join(', '), source: `${asked('conf')}, ${names(workers)}` },
            ...lookedAt(sample),
          ],
          consequence:
            'A worker that takes such a task writes “Refusing to deserialize” into its log and throws it away. No result tells of it.',
          remedies: [
            {
              text: 'Let producers write what workers accept.',
              action: null,
              code: { language: 'python', text: "app.conf.task_serializer = 'json'" },
            },
            {
              text: 'Or let the workers accept it too, and restart them before they take these tasks.',
              action: null,
              code: { language: 'python', text: `app.conf.accept_content = ['json', '${shortName(types[0] ?? '')}']` },
            },
          ],
          notProblemWhen: 'Another worker, which accepts it, starts before they are taken.',
        }),
      );
    }
    return findings;
  },
};

const shortName = (type: string): string =>
  Object.entries(CONTENT_TYPES).find(([, known]) => known === type)?.[0] ?? type;

/** Content types that a configuration accepts; JSON alone where it does not say (celery/app/defaults.py). */
function acceptedBy(conf: Readonly<Record<string, unknown>> | undefined): string[] {
  const given = conf?.['accept_content'];
  const list = Array.isArray(given) ? given.filter(name => typeof name === 'string') : ['json'];
  return list.map(name => CONTENT_TYPES[name] ?? name);
}

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

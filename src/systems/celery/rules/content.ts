import type { Finding } from '../../../model';
import { NotCheckable } from '../../acting/rules';
import { names } from '../../acting/words';
import { answering, asked, finding, messages, needAsked, type Rule, tasks } from './context';
import { atLeastText, jobsTarget, lookedAt } from './sampled';
import { samplesOf } from './samples';

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

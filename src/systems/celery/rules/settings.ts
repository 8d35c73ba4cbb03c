import type { Command } from '../../../brokers/redis/port';
import type { Finding } from '../../../model';
import { count, names } from '../../acting/words';
import { arrayOf, nameOf, numberOf } from '../../reading/replies';
import { bindingKey, escaped, keyOf, replyExchange } from '../keys';
import { asked, finding, needAsked, type Rule, tasks } from './context';

const PICKLE = /pickle|x-python-serialize/i;

/** Pickle is read: who can write to the broker can run code on the workers. */
export const pickleAccepted: Rule = {
  id: 'celery.pickle-accepted',
  async check(context) {
    const { fleet } = context;
    const accepting = [...fleet.configurations].filter(([, conf]) =>
      PICKLE.test(JSON.stringify(conf['accept_content'] ?? [])),
    );
    const read = await context.samples.waiting();
    const pickled = (typeof read === 'string' ? [] : read).flatMap(({ members, queue }) =>
      members.filter(({ contentType }) => PICKLE.test(contentType ?? '')).map(member => ({ member, queue })),
    );
    if (accepting.length === 0 && pickled.length === 0) {
      if (fleet.configurations.size === 0 && (typeof read === 'string' || read.length === 0)) needAsked(context);
      return [];
    }
    return [
      finding(context, pickleAccepted.id, {
        subject: 'pickle',
        title:
          accepting.length > 0
            ? `${count(accepting.length, 'worker')} ${accepting.length === 1 ? 'accepts' : 'accept'} pickled tasks`
            : `${tasks(pickled.length)} ${pickled.length === 1 ? 'waits' : 'wait'} as a pickle`,
        label: 'Workers accept pickle',
        severity: 'warning',
        sure: accepting.length > 0,
        evidence: [
          ...(accepting.length === 0
            ? []
            : [
                { what: 'workers', value: names(accepting.map(([worker]) => worker)), source: asked('conf') },
                {
                  what: 'accept_content',
                  value: JSON.stringify(accepting[0]?.[1]['accept_content']),
                  source: asked('conf'),
                },
              ]),
          ...(pickled.length === 0
            ? []
            : [
                {
                  what: 'pickled tasks',
                  value: names(pickled.map(({ member }) => member.task ?? member.id ?? '')),
                  source: `content-type of messages in ${names([...new Set(pickled.map(({ queue }) => queue))])}`,
                },
              ]),
        ],
        consequence:
          'A pickle can name any code to be run when it is read. Whoever can write to this broker can run programs on the machines of the workers.',
        remedies: [
          {
            text: 'Send and accept JSON alone, once no pickled task waits any more.',
            action: null,
            code: {
              language: 'python',
              text: "app.conf.task_serializer = 'json'\napp.conf.result_serializer = 'json'\napp.conf.accept_content = ['json']",
            },
          },
        ],
        notProblemWhen:
          'The broker is reached by trusted programs alone, and tasks need objects that JSON cannot hold.',
      }),
    ];
  },
};

/** Messages with priorities stand in lists of their own: the length of the plain one tells only a part. */
export const priorityLists: Rule = {
  id: 'celery.priority-lists',
  async check(context) {
    const transport = context.celery.redis;
    if (transport === null) return [];
    const read = await context.samples.waiting();
    if (typeof read === 'string') return [];
    const { separator } = transport;
    return read.flatMap(({ queue, steps, total }): Finding[] => {
      const plain = steps.get(0) ?? 0;
      if (plain === total) return [];
      const others = [...steps].filter(([step]) => step !== 0);
      return [
        finding(context, priorityLists.id, {
          subject: queue,
          queue,
          title: `LLEN ${queue} says ${plain.toLocaleString('en-US')}, while ${tasks(total)} wait there`,
          label: `${queue} has lists by priority`,
          severity: 'info',
          evidence: [...steps]
            .sort(([a], [b]) => a - b)
            .map(([step, n]) => ({
              what: step === 0 ? `priority 0${upTo(transport.servedListKeys(queue))}` : `priority ${step} and up`,
              value: tasks(n),
              source: `LLEN ${queue}${step === 0 ? '' : `${escaped(separator)}${step}`}`,
            })),
          consequence: `kombu keeps ${others.length === 1 ? 'one more list' : `${others.length} more lists`} for this queue. Whatever measures it by LLEN of its name, alarms and autoscalers among them, misses what waits there.`,
          remedies: [
            {
              text: 'Add up all lists of the queue.',
              action: null,
              code: {
                language: 'shellscript',
                text: [...steps.keys()]
                  .sort((a, b) => a - b)
                  .map(step => `redis-cli LLEN "$(printf '${queue}${step === 0 ? '' : `${octal(separator)}${step}`}')"`)
                  .join('\n'),
              },
            },
          ],
          notProblemWhen: 'Nothing but Celery and this extension looks at the length.',
        }),
      ];
    });
  },
};

/** The last priority that stands in the first list. */
function upTo(lists: readonly { readonly step: number }[]): string {
  const next = lists.find(({ step }) => step > 0)?.step ?? 1;
  return next === 1 ? '' : ` to ${next - 1}`;
}

/** For printf of a shell. */
const octal = (text: string): string =>
  [...Buffer.from(text)].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('');

/** Bindings of reply queues that are looked at, and from which on their number is remarkable. */
const MEMBERS = 500;
const REMARKABLE = 20;

/** What questions left behind: queues for answers that nobody collects any more. */
export const replyQueues: Rule = {
  id: 'celery.orphan-reply-queues',
  async check(context) {
    const { redis, celery, signal } = context;
    if (redis === null || celery.redis === null) return [];
    const { separator } = celery.redis;
    const set = bindingKey(celery.key, replyExchange(celery.options.controlExchange));
    const [size, sampled] = await redis.read(
      [
        ['SCARD', set],
        ['SRANDMEMBER', set, MEMBERS],
      ],
      signal,
    );
    const total = numberOf(size) ?? 0;
    const queues = arrayOf(sampled).flatMap(member => nameOf(member)?.split(separator)[2] ?? []);
    if (queues.length === 0) return [];
    const lengths = await redis.read(
      queues.map((queue): Command => ['LLEN', keyOf(`${celery.key}${queue}`)]),
      signal,
    );
    const filled = queues.flatMap((queue, i) =>
      (numberOf(lengths[i]) ?? 0) > 0 ? [{ queue, length: numberOf(lengths[i]) ?? 0 }] : [],
    );
    if (filled.length === 0 && total < REMARKABLE) return [];
    const answers = filled.reduce((sum, { length }) => sum + length, 0);
    return [
      finding(context, replyQueues.id, {
        subject: 'replies',
        title: `${count(total, 'reply queue')} of earlier questions ${total === 1 ? 'is' : 'are'} left behind${answers === 0 ? '' : `, with ${count(answers, 'answer')} that nobody collects`}`,
        label: `${count(total, 'reply queue')} left behind`,
        severity: 'info',
        // One that is being asked at this moment looks the same.
        sure: total > 1 || answers > 10,
        evidence: [
          { what: 'members', value: String(total), source: `SCARD ${set.toString()}` },
          ...filled.slice(0, 3).map(({ queue, length }) => ({
            what: queue,
            value: count(length, 'answer'),
            source: `LLEN ${queue}`,
          })),
        ],
        consequence:
          'Programs that asked workers ended before they cleaned up. The lists stay for ever; each is small, unless somebody asks often.',
        remedies: [
          {
            text: 'When no program asks at this moment, remove them: workers and later questions do not need them.',
            action: null,
            code: {
              language: 'shellscript',
              text: [
                `redis-cli DEL ${set.toString()}`,
                ...filled.slice(0, 10).map(({ queue }) => `redis-cli DEL ${celery.key}${queue}`),
              ].join('\n'),
            },
          },
        ],
        notProblemWhen: 'Something asks the workers at this very moment.',
      }),
    ];
  },
};

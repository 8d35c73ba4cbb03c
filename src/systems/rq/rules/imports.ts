import { parseTraceback } from '../../../codecs/traceback';
import type { Finding } from '../../../model';
import { queuesWith } from '../../acting/rules';
import { names } from '../../acting/words';
import { resultTracebackText, tracebackText } from '../errors';
import { readCall, taskName } from '../payload';
import { refOf } from '../places';
import { finding, jobs, type Rule, type RuleContext } from './rule';
import { QUEUES } from './running';
import { atLeastText, lookedAt, type Sample, type Sampled } from './samples';

interface Failure {
  readonly member: Sampled;
  readonly task: string | null;
  readonly said: string;
}

/** Failed jobs whose function the worker could not import. */
export const importFailures: Rule = {
  id: 'rq.cannot-import',
  async check(context) {
    const findings: Finding[] = [];
    for (const { queue, structure, sample, key } of await samplesOf(context)) {
      const failures = sample.members.flatMap(member => failureOf(member) ?? []);
      for (const [said, group] of groupBy(failures)) {
        const n = group.length;
        const tasks = [...new Set(group.flatMap(({ task }) => task ?? []))];
        const subjectTask = tasks.length === 0 ? 'their function' : names(tasks, 2);
        findings.push(
          finding(context, importFailures.id, {
            subject: `${queue}: ${said}`,
            queue,
            title: `${atLeastText(sample)}${jobs(n)} in ${queue} failed because the worker cannot import ${subjectTask}`,
            label: `Worker cannot import ${tasks[0] ?? 'a function'}`,
            severity: 'trouble',
            since:
              group
                .map(({ member }) => member.record.text('ended_at') ?? '')
                .filter(Boolean)
                .sort()[0] ?? null,
            evidence: [
              { what: 'error', value: said, source: 'XREVRANGE rq:results:… or HGET rq:job:… exc_info' },
              {
                what: 'jobs',
                value: names(group.map(({ member }) => member.id)),
                source: key,
              },
              ...workersOf(group),
              ...lookedAt(sample, key),
            ],
            consequence:
              'Every job of this function fails at once in this worker, also when it is retried, until its code, its path or its packages are right.',
            remedies: [
              {
                text: 'Start the worker where the module can be imported: same code, same working folder or PYTHONPATH, same packages as what enqueues.',
                action: null,
                code: {
                  language: 'shellscript',
                  text: `python -c 'import ${moduleOf(tasks[0] ?? null)}'`,
                },
              },
              {
                text: 'After that, retry them.',
                action: {
                  id: 'retry',
                  target: {
                    kind: 'jobs',
                    refs: group
                      .slice(0, 500)
                      .map(({ member }) =>
                        refOf(structure === 'failed' ? { structure, queue } : { structure, queue: '' }, member.member),
                      ),
                  },
                },
              },
            ],
            notProblemWhen: 'The function was removed on purpose, and these jobs are old.',
          }),
        );
      }
    }
    return findings;
  },
};

interface QueueSample {
  readonly queue: string;
  readonly structure: 'failed' | 'failed-list';
  readonly sample: Sample;
  readonly key: string;
}

/** Failed jobs by queue; those of RQ 0.13 and older stand in one list, and each names its queue. */
async function samplesOf(context: RuleContext): Promise<QueueSample[]> {
  const found: QueueSample[] = [];
  for (const { name } of queuesWith(context, 'failed').slice(0, QUEUES)) {
    const sample = await context.samples.of('failed', name);
    found.push({ queue: name, structure: 'failed', sample, key: `ZREVRANGE rq:failed:${name}` });
  }
  if (context.reading.memory.failedListIsLegacy !== true) return found;
  const { members, total, whole } = await context.samples.of('failed-list', '');
  const queues = [...new Set(members.flatMap(({ record }) => record.name('origin') ?? []))];
  for (const queue of queues.slice(0, QUEUES)) {
    const own = members.filter(({ record }) => record.name('origin') === queue);
    // Of a list that was looked at whole, these are all of the queue.
    const sample = { members: own, total: whole ? own.length : total, whole };
    found.push({ queue, structure: 'failed-list', sample, key: 'LRANGE rq:queue:failed' });
  }
  return found;
}

const moduleOf = (task: string | null): string => {
  const parts = task?.split('.') ?? [];
  const module = parts.slice(0, -1).join('.');
  return /^[\w.]+$/.test(module) && module !== '' ? module : 'the_module';
};

/**
 * What RQ raises when it looks up the function: ModuleNotFoundError, ImportError or AttributeError from its own
 * `import_attribute`, and from 1.16 on `ValueError: Invalid attribute name` (rq/utils.py).
 */
function failureOf(member: Sampled): Failure | null {
  const text = resultTracebackText(member.record.resultError) ?? tracebackText(member.record.error);
  if (text === null || !/Error/.test(text)) return null;
  const { type, message, frames } = parseTraceback(text.length > 65_536 ? text.slice(-65_536) : text);
  const inRq = frames.some(frame => frame.function === 'import_attribute');
  const invalid = type === 'ValueError' && message.startsWith('Invalid attribute name');
  const failed = type === 'ModuleNotFoundError' || type === 'ImportError' || type === 'AttributeError';
  if (!invalid && !(failed && inRq)) return null;
  const call = member.record.data === null ? null : readCall(member.record.data).value;
  return {
    member,
    task: call === null ? null : taskName(call),
    said: `${type}: ${message.split('\n', 1)[0]?.slice(0, 200) ?? ''}`,
  };
}

function groupBy(failures: readonly Failure[]): [string, Failure[]][] {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) groups.set(failure.said, [...(groups.get(failure.said) ?? []), failure]);
  return [...groups].slice(0, 20);
}

function workersOf(group: readonly Failure[]): Finding['evidence'] {
  const workers = [
    ...new Set(group.flatMap(({ member }) => member.record.resultWorker ?? member.record.name('worker_name') ?? [])),
  ];
  return workers.length === 0 ? [] : [{ what: 'workers', value: names(workers), source: 'HGET rq:job:… worker_name' }];
}

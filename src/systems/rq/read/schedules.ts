import type { Command, Reply } from '../../../brokers/redis/port';
import { callText, isKind, PyDict, type PyNode, PyTuple, parseJson } from '../../../codecs/python';
import type { ScheduleSummary } from '../../../model';
import { everyText } from '../../acting/words';
import { bufferOf, nameOf, numberOf, plainOf } from '../../reading/replies';
import { cronSchedulerKey, jobKey } from '../keys';
import { readCall, readValue, taskName } from '../payload';
import { refOf } from '../places';
import { instantOf, instantOfSeconds } from '../times';
import { ROW_LIMIT } from './records';

export interface Scheduled {
  readonly member: string;
  readonly score: number;
}

/** Jobs of the package rq-scheduler that are listed. */
export const SCHEDULE_LIMIT = 500;
const ARGS = 160;

/** Trip 2: how long the parts of rq-scheduler's jobs are. */
export const lengthCommands = (jobs: readonly Scheduled[]): Command[] =>
  jobs.flatMap(({ member }): Command[] => [
    ['HSTRLEN', jobKey(member), 'data'],
    ['HSTRLEN', jobKey(member), 'meta'],
  ]);

/** Trip 3: the parts that are short enough. */
export const scheduleCommands = (jobs: readonly Scheduled[], lengths: readonly Reply[]): Command[] =>
  jobs.map(({ member }, index): Command => {
    const short = (at: number) => (numberOf(lengths[index * 2 + at]) ?? 0) <= ROW_LIMIT;
    return ['HMGET', jobKey(member), 'origin', short(0) ? 'data' : '-', short(1) ? 'meta' : '-'];
  });

/** A job of rq-scheduler: what repeats it stands in the job's pickled `meta` (rq_scheduler/scheduler.py, 0.9 to 0.14). */
export function scheduleOf({ member, score }: Scheduled, reply: Reply | undefined): ScheduleSummary {
  const [origin, data, meta] = Array.isArray(reply) ? (reply as readonly Reply[]) : [];
  const queue = nameOf(origin);
  const bytes = bufferOf(data);
  const call = bytes === null ? null : readCall(bytes).value;
  return {
    id: member,
    task: call === null ? null : taskName(call),
    trigger: triggerOf(bufferOf(meta)),
    nextRun: instantOfSeconds(score),
    paused: null,
    queue,
    owner: 'rq-scheduler',
    args: call === null ? null : { text: callText(call.args, call.kwargs, ARGS) },
    jobRef: refOf({ structure: 'scheduler', queue: queue ?? '' }, member),
  };
}

function triggerOf(meta: Buffer | null): string {
  const value = meta === null || meta.length === 0 ? null : readValue(meta, 'meta', 'The meta').value;
  if (!isKind(value, 'dict')) return 'once';
  const cron = value.get('cron_string');
  if (typeof cron === 'string') return `cron ${cron}`;
  const interval = seconds(value.get('interval'));
  if (interval === null) return 'once';
  const left = seconds(value.get('repeat'));
  return left === null ? everyText(interval) : `${everyText(interval)}, ${left} more ${left === 1 ? 'time' : 'times'}`;
}

function seconds(node: PyNode | undefined): number | null {
  if (typeof node === 'number') return node;
  return node !== undefined && isKind(node, 'float') ? node.value : null;
}

const CRON_FIELDS = ['hostname', 'pid', 'config_file', 'cron_jobs'] as const;
/** Longest `cron_jobs` that is read. */
const CRON_LIMIT = 1024 * 1024;

export const cronLengthCommands = (schedulers: readonly Scheduled[]): Command[] =>
  schedulers.map(({ member }): Command => ['HSTRLEN', cronSchedulerKey(member), 'cron_jobs']);

export const cronCommands = (schedulers: readonly Scheduled[], lengths: readonly Reply[]): Command[] =>
  schedulers.map(({ member }, index): Command => {
    const short = (numberOf(lengths[index]) ?? 0) <= CRON_LIMIT;
    return ['HMGET', cronSchedulerKey(member), ...CRON_FIELDS.filter(field => short || field !== 'cron_jobs')];
  });

/** The entries that a `rq cron` process wrote down; they live in its memory (rq/cron.py, CronJob.to_dict, 2.4 to 2.12). */
export function cronSchedulesOf({ member }: Scheduled, reply: Reply | undefined): ScheduleSummary[] {
  const text = plainOf((Array.isArray(reply) ? (reply as readonly Reply[]) : [])[3]);
  if (text === null) return [];
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(entries)) return [];
  return entries.slice(0, SCHEDULE_LIMIT).flatMap((entry: unknown, index) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const job = entry as Readonly<Record<string, unknown>>;
    const task = textIn(job['func_name']);
    const interval = job['interval'];
    const cron = textIn(job['cron']);
    return [
      {
        id: `${member}#${index}`,
        task,
        trigger: cron !== null ? `cron ${cron}` : typeof interval === 'number' ? everyText(interval) : 'not recorded',
        nextRun: instantOf(textIn(job['next_enqueue_time'])),
        paused: null,
        queue: textIn(job['queue_name']),
        owner: 'rq cron',
        args: argsOf(textIn(job['args']), textIn(job['kwargs'])),
        jobRef: null,
      },
    ];
  });
}

const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** `args` and `kwargs` are JSON inside JSON, or a sentence where they could not be written as such. */
function argsOf(args: string | null, kwargs: string | null): { readonly text: string } | null {
  try {
    const list = args === null ? null : parseJson(args);
    const words = kwargs === null ? new PyDict() : parseJson(kwargs);
    return { text: callText(list !== null && isKind(list, 'list') ? list : new PyTuple([]), words, ARGS) };
  } catch {
    return args === null ? null : { text: args.slice(0, ARGS) };
  }
}

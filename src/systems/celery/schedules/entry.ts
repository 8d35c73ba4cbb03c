import { callText, PyDict, type PyNode, PyTuple, reprRow } from '../../../codecs/python';
import type { Fact, Instant, ScheduleSummary } from '../../../model';
import { type Trigger, triggerText } from './trigger';

/** A periodic task, wherever it is written down. */
export interface Entry {
  readonly name: string | null;
  readonly task: string | null;
  readonly trigger: Trigger | null;
  readonly args: PyNode;
  readonly kwargs: PyNode;
  /** Of `apply_async`: queue, expires, priority … */
  readonly options: PyDict;
  /** Null where the scheduler knows no pause. */
  readonly enabled: boolean | null;
  readonly lastRun: Instant;
  readonly runs: number | null;
  /** Of the application, in which crontabs are read: an IANA name, or `UTC+01:00`. */
  readonly zone: string | null;
}

/** What surrounds an entry. */
export interface Standing {
  readonly id: string;
  readonly owner: string;
  readonly nextRun: Instant;
  /** Key or file it was read from. */
  readonly source: string;
  /** Further rows of its tooltip. */
  readonly more?: readonly Fact[];
}

/** Characters of arguments in a row. */
const ARGS = 160;
/** Options that a tooltip shows at most. */
const OPTIONS = 20;

/** An entry as the tree and `inspect` show it. */
export function summaryOf(entry: Entry, { id, owner, nextRun, source, more }: Standing): ScheduleSummary {
  const queue = entry.options.get('queue');
  // Celery and RedBeat write when an entry was made as its last run (celery/beat.py, ScheduleEntry; RedBeat's save()).
  const lastRun = entry.runs === null || entry.runs === 0 ? null : entry.lastRun;
  const noArgs = entry.args === null && (entry.kwargs === null || isEmpty(entry.kwargs));
  return {
    id,
    task: entry.task,
    trigger: entry.trigger === null ? 'not recorded' : triggerText(entry.trigger),
    nextRun: entry.enabled === false ? null : nextRun,
    paused: entry.enabled === null ? null : !entry.enabled,
    queue: typeof queue === 'string' ? queue : null,
    owner,
    args: noArgs
      ? { text: '()' }
      : { text: callText(entry.args ?? new PyTuple([]), entry.kwargs ?? new PyDict(), ARGS) },
    jobRef: null,
    details: [
      { name: 'Name', value: entry.name, format: 'text' },
      {
        name: 'Last run',
        value: lastRun,
        format: 'instant',
        ...(lastRun === null ? { note: 'none yet' } : {}),
      },
      { name: 'Runs', value: entry.runs === null ? null : String(entry.runs), format: 'text' },
      ...(entry.zone === null ? [] : [{ name: 'Time zone', value: entry.zone, format: 'text' } as const]),
      ...[...entry.options.entries()].slice(0, OPTIONS).map(
        ([name, value]): Fact => ({
          name: `Option ${typeof name === 'string' ? name.slice(0, 60) : reprRow(name, 60)}`,
          value: reprRow(value, ARGS),
          format: 'code',
        }),
      ),
      ...(more ?? []),
      { name: 'Read from', value: source, format: 'code' },
    ],
  };
}

const isEmpty = (node: PyNode): boolean => node instanceof PyDict && node.size === 0;

/** Events of workers and producers (celery/events, 4.4 to 5.7), singly or many in one message (`task.multi`). */
import type { JobEvent, State } from '../../../model';
import { isRecord } from '../../reading/values';
import type { EventFields } from '../types';
import { type RawMessage, readBody } from './envelope';
import { instantOfSeconds, numberIn, textIn } from './plain';

export type CeleryEvent = JobEvent & { readonly fields: EventFields };

/** Events of one message that are read. */
const MAX_EVENTS = 10_000;
/** Characters of the short line. */
const LINE = 300;

/** What became of the task; names of events as celery/worker/request.py and celery/app/base.py send them. */
const STATES: Readonly<Record<string, State>> = {
  'task-sent': 'waiting',
  'task-received': 'taken',
  'task-started': 'running',
  'task-succeeded': 'finished',
  'task-failed': 'failed',
  'task-retried': 'scheduled',
  'task-revoked': 'canceled',
  'task-rejected': 'failed',
};

/** Events of one message; none where it cannot be read. */
export async function readEvents(message: RawMessage): Promise<readonly CeleryEvent[]> {
  const read = await readBody(message, true).catch(() => null);
  if (read === null) return [];
  const items = Array.isArray(read.value) ? read.value.slice(0, MAX_EVENTS) : [read.value];
  return items.flatMap(item => eventOf(item) ?? []);
}

/** @returns null for what is no event */
export function eventOf(value: unknown): CeleryEvent | null {
  if (!isRecord(value)) return null;
  const kind = textIn(value['type']);
  if (kind === null || kind.length > 200) return null;
  const isTask = kind.startsWith('task-');
  return {
    at: instantOfSeconds(value['timestamp']) ?? new Date().toISOString(),
    kind,
    id: isTask ? textIn(value['uuid']) : null,
    task: isTask ? textIn(value['name']) : null,
    queue: textIn(value['queue']),
    // Of what was sent it is the producer's.
    worker: kind === 'task-sent' ? null : textIn(value['hostname']),
    state: Object.hasOwn(STATES, kind) ? (STATES[kind] ?? null) : null,
    text: lineOf(kind, value),
    fields: value,
  };
}

function lineOf(kind: string, fields: EventFields): string | null {
  const line = textOf(kind, fields)?.replace(/\s+/g, ' ').trim() ?? '';
  return line === '' ? null : line.length > LINE ? `${line.slice(0, LINE)}…` : line;
}

function textOf(kind: string, fields: EventFields): string | null {
  const field = (name: string) => textIn(fields[name]);
  switch (kind) {
    case 'task-sent':
    case 'task-received':
      return [field('args'), field('kwargs') === '{}' ? null : field('kwargs')].filter(part => part !== null).join(' ');
    case 'task-succeeded': {
      const runtime = numberIn(fields['runtime']);
      const took = runtime === null ? '' : `in ${runtime < 10 ? runtime.toFixed(2) : Math.round(runtime)} s`;
      return [took, field('result')].filter(part => part !== null && part !== '').join(': ');
    }
    case 'task-failed':
    case 'task-retried':
      return field('exception');
    case 'task-revoked':
      return fields['terminated'] === true ? 'terminated' : fields['expired'] === true ? 'expired' : null;
    case 'task-rejected':
      return fields['requeue'] === true ? 'put back' : null;
    case 'worker-heartbeat':
    case 'worker-online':
    case 'worker-offline': {
      const active = numberIn(fields['active']);
      const processed = numberIn(fields['processed']);
      return active === null || processed === null ? null : `${active} active, ${processed} processed`;
    }
    default:
      return null;
  }
}

import type { Fact, JobTimes, State } from '../../../../model';
import { type Serializer, serializerText } from '../../payload';
import { secondsBetween } from './attempts';
import { type Fields, numberIn, textIn } from './whole';

export interface Known {
  readonly queue: string | null;
  readonly worker: string | null;
  readonly workerGone: boolean;
  readonly times: JobTimes;
  readonly state: State;
  readonly nativeState: string;
  readonly attempts: number | null;
  readonly fields: Fields;
  readonly serializer: Serializer | null;
  readonly bytes: number;
  readonly heartbeat: string | null;
  readonly places: readonly string[];
  readonly progress: string | null;
  /** Broker's clock. */
  readonly now: string;
}

/** RQ's defaults (rq/defaults.py and rq/job.py, 1.0 to 2.12). */
const DEFAULT_RESULT_TTL = 500;
const DEFAULT_FAILURE_TTL = 31_536_000;

/** The side column: names and values in RQ's own terms. */
export function factsOf(known: Known): Fact[] {
  const { times, state, fields } = known;
  const facts: Fact[] = [];
  const text = (name: string, value: string | null, note?: string) => {
    facts.push({ name, value, format: 'text', ...(note === undefined ? {} : { note }) });
  };
  const instant = (name: string, value: string | null, note?: string) => {
    if (value !== null || note !== undefined)
      facts.push({ name, value, format: 'instant', ...(note === undefined ? {} : { note }) });
  };
  const duration = (name: string, seconds: number | null, note?: string) => {
    if (seconds !== null || note !== undefined) {
      facts.push({
        name,
        value: seconds === null ? null : String(seconds),
        format: 'duration',
        ...(note === undefined ? {} : { note }),
      });
    }
  };
  text('Queue', known.queue);
  if (known.worker !== null) text('Worker', known.worker, known.workerGone ? 'no longer registered' : undefined);
  else if (state === 'running' || state === 'failed' || state === 'finished') {
    text('Worker', null, 'RQ records it from 1.7 on');
  }
  instant('Created', times.createdAt);
  instant('Enqueued', times.enqueuedAt);
  instant('Due', times.dueAt);
  instant('Started', times.startedAt);
  instant(state === 'failed' ? (known.nativeState === 'stopped' ? 'Stopped' : 'Failed') : 'Ended', times.endedAt);
  instant('Heartbeat', known.heartbeat);
  const took = positive(secondsBetween(times.startedAt, times.endedAt));
  duration('Took', took);
  if (state === 'running' && took === null)
    duration('Running for', positive(secondsBetween(times.startedAt, known.now)));
  duration('Waited', positive(secondsBetween(times.enqueuedAt, times.startedAt)));
  addLimits(known, text, duration);
  text('Attempts', attemptsText(known), known.attempts === null ? 'not recorded' : undefined);
  addExtras(fields, text);
  instant('Expires', times.expiresAt);
  text(
    'Serializer',
    known.serializer === null ? null : serializerText(known.serializer),
    'told from the bytes; RQ records it nowhere',
  );
  facts.push({ name: 'Size', value: String(known.bytes), format: 'size' });
  text('Progress', known.progress, known.progress === null ? 'not recorded by RQ' : 'from meta');
  text(
    'Stands in',
    known.places.length === 0 ? null : known.places.join(', '),
    known.places.length === 0 ? 'no list or registry' : undefined,
  );
  return facts;
}

type AddText = (name: string, value: string | null, note?: string) => void;
type AddDuration = (name: string, seconds: number | null, note?: string) => void;

function addLimits({ fields }: Known, text: AddText, duration: AddDuration): void {
  const timeout = numberIn(fields, 'timeout');
  if (timeout !== null && timeout < 0) text('Timeout', 'none');
  else duration('Timeout', timeout, timeout === null ? 'the queue’s default' : undefined);
  const ttl = numberIn(fields, 'ttl');
  if (ttl !== null) duration('Time to live', ttl);
  kept('Result kept', numberIn(fields, 'result_ttl'), DEFAULT_RESULT_TTL, text, duration);
  kept('Failure kept', numberIn(fields, 'failure_ttl'), DEFAULT_FAILURE_TTL, text, duration);
}

function kept(name: string, seconds: number | null, fallback: number, text: AddText, duration: AddDuration): void {
  if (seconds === null) duration(name, fallback, 'RQ’s default');
  else if (seconds < 0) text(name, 'for ever');
  else duration(name, seconds);
}

function attemptsText({ attempts, fields }: Known): string | null {
  const left = numberIn(fields, 'retries_left');
  const retries = left === null ? [] : [`${left} ${left === 1 ? 'retry' : 'retries'} left`];
  const parts = [...(attempts === null ? [] : [String(attempts)]), ...retries];
  return parts.length === 0 ? null : parts.join(', ');
}

function addExtras(fields: Fields, text: AddText): void {
  const intervals = textIn(fields, 'retry_intervals');
  if (intervals !== null) text('Retry intervals', listText(intervals));
  const repeats = numberIn(fields, 'repeats_left');
  if (repeats !== null) text('Repeats left', String(repeats));
  const repeatIntervals = textIn(fields, 'repeat_intervals');
  if (repeatIntervals !== null) text('Repeat intervals', listText(repeatIntervals));
  for (const [field, name] of CALLBACKS) {
    const callback = textIn(fields, field);
    if (callback !== null) text(name, callback);
  }
  const group = textIn(fields, 'group_id');
  if (group !== null) text('Group', group);
  if (textIn(fields, 'enqueue_at_front') === '1') text('At front', 'yes');
  if (textIn(fields, 'allow_dependency_failures') === '1') text('Runs when a dependency failed', 'yes');
  const webhooks = textIn(fields, 'webhooks');
  if (webhooks !== null && webhooks !== '[]') text('Webhooks', webhooks.slice(0, 500));
}

const CALLBACKS = [
  ['success_callback_name', 'On success'],
  ['failure_callback_name', 'On failure'],
  ['stopped_callback_name', 'On stop'],
] as const;

/** `[10, 30]` as `10 s, 30 s`. */
function listText(json: string): string {
  const numbers = json.match(/-?\d+(?:\.\d+)?/g);
  return numbers === null ? json.slice(0, 200) : numbers.map(number => `${number} s`).join(', ');
}

const positive = (seconds: number | null): number | null => (seconds !== null && seconds >= 0 ? seconds : null);

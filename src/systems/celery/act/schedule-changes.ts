import type { RedisBroker } from '../../../brokers/redis/port';
import type { Plan, RedisOperation } from '../../../model';
import { durationOf, textOfParameter } from '../../acting/parameters';
import { argumentsOf, badValue, keywordsOf } from '../../acting/values';
import { asciiJson, withText } from '../message/build-text';
import { kombuJson, UnwritableValue } from '../message/build-values';
import type { Change } from './redis/change';
import { base64, type unit } from './undo';

/** An entry of RedBeat exactly as it stands. */
export interface Standing {
  readonly id: string;
  readonly broker: RedisBroker;
  readonly set: string;
  readonly key: Buffer;
  readonly definition: Buffer;
  /** Null where it has never run. */
  readonly meta: Buffer | null;
  readonly score: string | null;
  readonly enabled: boolean;
  readonly lastRun: string | null;
  readonly configured: boolean;
  /** False where no beat holds the lock. */
  readonly running: boolean;
}

/** What becomes of an entry; a text = why it is left alone. */
export interface Becoming {
  readonly definition?: string;
  readonly meta?: string;
  /** Unix seconds. */
  readonly score?: string;
}

type Changing = (entry: Standing, parameters: Plan['parameters'], now: number) => Becoming | string;

const json = (bytes: Buffer): string => bytes.toString('latin1');
const seconds = (now: number): string => String(Math.floor(now / 1000));

export const CHANGING: Readonly<Record<string, Changing>> = {
  pause: entry =>
    entry.enabled ? { definition: withText(json(entry.definition), ['enabled'], 'false') } : 'it is paused already',
  resume: entry =>
    entry.enabled ? 'it is not paused' : { definition: withText(json(entry.definition), ['enabled'], 'true') },
  // Due is worked out from the last run; the score alone only makes beat look (redbeat/schedulers.py, is_due).
  'run-now': (entry, _parameters, now) =>
    entry.enabled
      ? { meta: withText(entry.meta === null ? '{}' : json(entry.meta), ['last_run_at'], 'null'), score: seconds(now) }
      : 'it is paused: resume it first',
  reschedule: (entry, parameters, now) => {
    const every = durationOf('every', parameters['every']);
    const cron = textOfParameter('cron', parameters['cron']);
    if (every !== null && cron !== null) throw badValue('cron', 'either every or a cron expression, not both');
    let definition = json(entry.definition);
    const set = (name: string, text: string) => {
      definition = withText(definition, [name], text);
    };
    if (every !== null) set('schedule', intervalOf(every));
    if (cron !== null) set('schedule', crontabOf(cron));
    if (told(parameters['args']))
      set(
        'args',
        written('args', () => kombuJson(argumentsOf(parameters['args']), false)),
      );
    if (told(parameters['kwargs']))
      set(
        'kwargs',
        written('kwargs', () => kombuJson(keywordsOf(parameters['kwargs']), false)),
      );
    if (definition === json(entry.definition)) throw badValue('every', 'nothing would be different');
    const last = entry.lastRun === null ? null : Date.parse(entry.lastRun);
    // Looked at at once, beat works out when it is due by a new crontab.
    const due = every === null || last === null ? now : Math.max(now, last + every * 1000);
    return { definition, score: seconds(due) };
  },
};

const told = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

function intervalOf(every: number): string {
  if (every <= 0) throw badValue('every', 'it must be longer than nothing');
  return asciiJson({ __type__: 'interval', every, relative: false });
}

/** As RedBeat writes it (redbeat/decoder.py, RedBeatJSONEncoder). */
function crontabOf(cron: string): string {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5 || !fields.every(field => /^[\w*/,-]+$/.test(field)))
    throw badValue('cron', 'five fields were expected: minute hour day-of-month month day-of-week');
  const [minute, hour, day_of_month, month_of_year, day_of_week] = fields;
  return asciiJson({ __type__: 'crontab', minute, hour, day_of_week, day_of_month, month_of_year });
}

function written(parameter: string, write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (error instanceof UnwritableValue) throw badValue(parameter, error.message);
    throw error;
  }
}

type Back = { readonly guards: Parameters<typeof unit>[1]; readonly operations: readonly RedisOperation[] };

const MOVED = 'it has run or was changed since';

/** Fields of an entry of RedBeat written anew, and how to go back; only while it is as it was read. */
export function changing(entry: Standing, next: Becoming): { readonly change: Change; readonly back: Back } {
  const key = base64(entry.key);
  const field = (name: string, value: Buffer | string | null) =>
    ({
      kind: 'field-is',
      key,
      field: base64(name),
      value: value === null ? null : base64(typeof value === 'string' ? Buffer.from(value, 'latin1') : value),
      refusal: MOVED,
    }) as const;
  const fields: string[] = [];
  const set = (name: string, text: string | undefined) => {
    if (text !== undefined) fields.push(name, text);
  };
  set('definition', next.definition);
  set('meta', next.meta);
  const operations: RedisOperation[] = [];
  const old: [string, string][] = [];
  if (next.definition !== undefined) old.push([base64('definition'), base64(entry.definition)]);
  if (next.meta !== undefined && entry.meta !== null) old.push([base64('meta'), base64(entry.meta)]);
  if (old.length > 0) operations.push({ kind: 'hset', key, fields: old });
  if (next.meta !== undefined && entry.meta === null) operations.push({ kind: 'hdel', key, fields: [base64('meta')] });
  if (next.score !== undefined)
    operations.push(
      entry.score === null
        ? { kind: 'zrem', key: base64(entry.set), member: key }
        : { kind: 'zadd', key: base64(entry.set), member: key, score: entry.score },
    );
  return {
    change: {
      takes: takesOf(entry),
      puts: [
        { command: 'HSET', key: entry.key, args: fields.map(text => Buffer.from(text, 'latin1')) },
        ...(next.score === undefined
          ? []
          : [{ command: 'ZADD', key: entry.set, args: [next.score, entry.key] } as const]),
      ],
    },
    back: {
      guards: [
        field('definition', next.definition ?? entry.definition),
        ...(next.meta === undefined && next.score === undefined ? [] : [field('meta', next.meta ?? entry.meta)]),
      ],
      operations,
    },
  };
}

/** An entry of RedBeat and its place in the sorted set taken away, and how to put them back. */
export function deleting(entry: Standing): { readonly change: Change; readonly back: Back } {
  const key = base64(entry.key);
  const fields: [string, string][] = [[base64('definition'), base64(entry.definition)]];
  if (entry.meta !== null) fields.push([base64('meta'), base64(entry.meta)]);
  return {
    change: {
      takes: takesOf(entry),
      puts: [
        { command: 'ZREM', key: entry.set, args: [entry.key] },
        { command: 'DEL', key: entry.key, args: [] },
      ],
    },
    back: {
      guards: [{ kind: 'absent', key, refusal: 'an entry of this name is there again' }],
      operations: [
        { kind: 'create', key, value: { type: 'hash', fields }, expireAt: null },
        ...(entry.score === null
          ? []
          : [{ kind: 'zadd', key: base64(entry.set), member: key, score: entry.score } as const]),
      ],
    },
  };
}

/** Only while it is what was read. */
const takesOf = ({ key, definition, meta }: Standing): Change['takes'] => [
  { kind: 'field', key, field: 'definition', value: definition },
  meta === null ? { kind: 'bare', key, field: 'meta' } : { kind: 'field', key, field: 'meta', value: meta },
];

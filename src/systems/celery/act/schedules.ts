import type { RedisBroker } from '../../../brokers/redis/port';
import type { ActionDeclaration, Plan, RedisOperation } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { durationOf, textOfParameter } from '../../acting/parameters';
import { argumentsOf, badValue, keywordsOf } from '../../acting/values';
import { Batches, type Did, decided, outcome } from '../../acting/work';
import { asciiJson, JsonTextError, textAt, withText } from '../message/build-text';
import { kombuJson, UnwritableValue } from '../message/build-values';
import { type Schedules, scheduleKey } from '../schedules';
import type { ScheduleSource } from '../types';
import { CHANGE_NEEDS, type Change } from './redis/change';
import { runChanges } from './redis/run';
import { RESULTS_ROLE } from './results';
import type { Handler, Situation } from './situation';
import { base64, unit } from './undo';

/** An entry of RedBeat exactly as it stands. */
interface Standing {
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

type Entry = Standing | { readonly id: string; readonly missing: string };

const NOT_HERE =
  'it is no entry of RedBeat: what stands in a file of celery beat, or in a configuration, is changed there';
const GONE = 'it is no longer there';
const CONFIGURED = 'It comes from the configuration of the application: beat writes that again when it starts next.';
const NO_BEAT = 'No beat holds the lock of RedBeat: nothing is sent before one is started.';

async function entriesOf(targets: Plan['targets'], { context }: Situation, signal: AbortSignal): Promise<Entry[]> {
  const ids = targets.flatMap(target => (target.kind === 'schedule' ? [target.id] : []));
  const { schedules } = context;
  if (!isSchedules(schedules)) return ids.map(id => ({ id, missing: NOT_HERE }));
  if (ids.some(id => schedules.entry(id) === null)) await schedules.schedules(signal);
  return Promise.all(ids.map(id => entryOf(id, schedules, signal)));
}

const isSchedules = (source: ScheduleSource): source is Schedules => 'entry' in source;

async function entryOf(id: string, schedules: Schedules, signal: AbortSignal): Promise<Entry> {
  const found = schedules.entry(id);
  if (found === null) return { id, missing: NOT_HERE };
  const { redbeat, entry } = found;
  const { broker, prefix } = redbeat;
  const set = scheduleKey(prefix);
  const [fields, score] = await broker.read(
    [
      ['HMGET', entry.key, 'definition', 'meta'],
      ['ZSCORE', set, entry.key],
    ],
    signal,
  );
  const [definition, meta] = Array.isArray(fields) ? fields : [];
  if (!Buffer.isBuffer(definition)) return { id, missing: GONE };
  return {
    id,
    broker,
    set,
    key: entry.key,
    definition,
    meta: Buffer.isBuffer(meta) ? meta : null,
    score: Buffer.isBuffer(score) ? score.toString() : null,
    enabled: textAt(definition.toString('latin1'), ['enabled']) !== 'false',
    lastRun: entry.entry?.lastRun ?? null,
    configured: entry.configured,
    running: redbeat.lockTtl !== null,
  };
}

/** What becomes of an entry; a text = why it is left alone. */
interface Becoming {
  readonly definition?: string;
  readonly meta?: string;
  /** Unix seconds. */
  readonly score?: string;
}

type Changing = (entry: Standing, parameters: Plan['parameters'], now: number) => Becoming | string;

const json = (bytes: Buffer): string => bytes.toString('latin1');
const seconds = (now: number): string => String(Math.floor(now / 1000));

const CHANGING: Readonly<Record<string, Changing>> = {
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

/** `run-now`, `pause`, `resume`, `reschedule` and `delete` of entries of RedBeat (redbeat/schedulers.py, 0.13 to 2.4). */
export function scheduleHandler(declaration: ActionDeclaration): Handler {
  const { id: action } = declaration;
  const becoming = (entry: Entry, parameters: Plan['parameters'], now: number): Becoming | string => {
    if ('missing' in entry) return entry.missing;
    try {
      return action === 'delete' ? {} : (CHANGING[action]?.(entry, parameters, now) ?? NOT_HERE);
    } catch (error) {
      if (error instanceof JsonTextError) return `its definition cannot be changed: ${error.message}`;
      throw error;
    }
  };
  return {
    declaration,
    needs: CHANGE_NEEDS,
    plan: async (request, situation, signal) => {
      const entries = await entriesOf(request.targets, situation, signal);
      const against = entries.map(entry => becoming(entry, request.parameters, Date.now()));
      const taken = entries.filter(
        (each, i): each is Standing => !('missing' in each) && typeof against[i] !== 'string',
      );
      const left = against.filter(each => typeof each === 'string');
      const cautions = new Set<string>();
      if (action !== 'run-now' && taken.some(({ configured }) => configured)) cautions.add(CONFIGURED);
      if (action !== 'delete' && action !== 'pause' && taken.some(({ running }) => !running)) cautions.add(NO_BEAT);
      return simplePlan(request, declaration, {
        total: taken.length,
        leftOut: [...new Set(left)].map(reason => ({ reason, count: left.filter(each => each === reason).length })),
        savedBytes: taken.reduce((sum, { definition, meta }) => sum + definition.length + (meta?.length ?? 0), 0),
        cautions: [...cautions],
      });
    },
    work: async (plan, situation, signal) => {
      const entries = await entriesOf(plan.targets, situation, signal);
      return new Batches<never>(
        entries.length,
        entries.map(entry => async () => {
          const next = becoming(entry, plan.parameters, Date.now() + situation.clockOffset);
          if ('missing' in entry || typeof next === 'string') {
            const reason = typeof next === 'string' ? next : NOT_HERE;
            return decided([outcome({ id: entry.id, ref: null }, 'missing' in entry ? 'gone' : 'refused', reason)]);
          }
          return batchOf(action, entry, next, situation);
        }),
      );
    },
  };
}

function batchOf(action: string, entry: Standing, next: Becoming, situation: Situation) {
  const { id, broker } = entry;
  const { change, back } = action === 'delete' ? deleting(entry) : changing(entry, next);
  const on = roleOf(entry, situation);
  return {
    subjects: [id],
    undo: [unit(id, back.guards, back.operations, on)],
    outcomes: [],
    weight: 0,
    run: async (record: string, signal: AbortSignal): Promise<Did<never>> => {
      const item = { subject: id, ref: null, change, undo: [], bytes: 0 };
      const did = await runChanges(broker, `celery ${action} schedule`, [item], record, signal);
      const [answer] = did.outcomes;
      if (answer?.outcome !== 'refused' || answer.reason?.startsWith('it has changed') !== true) return did;
      return {
        outcomes: [{ ...answer, reason: 'beat sent it, or somebody changed it, at this very moment' }],
        undo: [],
      };
    },
  };
}

type Back = { readonly guards: Parameters<typeof unit>[1]; readonly operations: readonly RedisOperation[] };

const MOVED = 'it has run or was changed since';

function changing(entry: Standing, next: Becoming): { readonly change: Change; readonly back: Back } {
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

function deleting(entry: Standing): { readonly change: Change; readonly back: Back } {
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

/** RedBeat may live elsewhere than the messages. */
function roleOf({ broker }: Standing, { context }: Situation): string | null {
  if (broker.address === context.broker.address) return null;
  return broker.address === context.results.companion.address ? RESULTS_ROLE : 'redbeat';
}

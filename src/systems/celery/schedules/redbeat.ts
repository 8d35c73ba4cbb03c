import { type Command, isFailure, type RedisBroker, type Reply } from '../../../brokers/redis/port';
import type { Problem, ScheduleSummary } from '../../../model';
import { clockOf } from '../../reading/clock';
import { isoOf } from '../../reading/instants';
import { arrayOf, bufferOf, failureOf, nameOf, numberOf, plainOf } from '../../reading/replies';
import { nextRunOf } from './cron';
import { readDefinition } from './definition';
import { type Entry, summaryOf } from './entry';
import SCRIPT from './redbeat.lua';

/** Entries that are listed, the next ones first; and of those that never run again. */
const LIMIT = 500;
const ENDED = 50;
/** Longest definition that is read: those of RedBeat have some hundred bytes. */
const LONGEST = 64 * 1024;

/** RedBeat's own default of `redbeat_key_prefix`. */
export const PREFIX = 'redbeat:';

export const scheduleKey = (prefix: string): string => `${prefix}:schedule`;
const lockKey = (prefix: string): string => `${prefix}:lock`;
const staticsKey = (prefix: string): string => `${prefix}:statics`;

/** RedBeat of one prefix in one database, as of one look. */
export interface RedBeat {
  readonly broker: RedisBroker;
  readonly prefix: string;
  /** Entries in all. */
  readonly total: number;
  /** Milliseconds until the lock of the running beat expires; null = nobody holds it. */
  readonly lockTtl: number | null;
  /** The server's clock. */
  readonly now: number;
  readonly entries: readonly RedBeatEntry[];
  readonly problems: readonly Problem[];
}

export interface RedBeatEntry {
  /** Exact, as it stands in the sorted set. */
  readonly key: Buffer;
  /** The key as text; names the entry in `--schedule`. */
  readonly id: string;
  /** Unix seconds; below 0 = never again. */
  readonly score: number;
  /** False where the set names it and its hash is gone. */
  readonly exists: boolean;
  /** Null where it cannot be read. */
  readonly entry: Entry | null;
  /** From the configuration of the application; beat writes it again at each start. */
  readonly configured: boolean;
  readonly problems: readonly Problem[];
}

/**
 * Reads RedBeat's entries (redbeat/schedulers.py, 0.13 to 2.4): one round trip where the server runs read-only scripts
 * (Redis 7.0), else three. Null where there is none under this prefix.
 */
export async function readRedBeat(broker: RedisBroker, prefix: string, signal: AbortSignal): Promise<RedBeat | null> {
  const look = canScript(broker) ? await byScript(broker, prefix, signal) : await bySteps(broker, prefix, signal);
  if (look === null) return null;
  const listed = look.entries.length;
  return {
    ...look,
    broker,
    prefix,
    problems:
      look.total > listed
        ? [
            {
              part: 'schedules',
              reason: `Only the next ${listed.toLocaleString('en-US')} of ${look.total.toLocaleString('en-US')} entries of RedBeat are listed.`,
              offset: null,
            },
          ]
        : [],
  };
}

type Look = Omit<RedBeat, 'broker' | 'prefix' | 'problems'>;

const canScript = (broker: RedisBroker): boolean =>
  broker.server.mode !== 'cluster' && broker.server.atLeast('7.0') && broker.may('EVAL_RO') === true;

async function byScript(broker: RedisBroker, prefix: string, signal: AbortSignal): Promise<Look | null> {
  const keys = [scheduleKey(prefix), lockKey(prefix), staticsKey(prefix)];
  const [reply] = await broker.read([['EVAL_RO', SCRIPT, keys.length, ...keys, LIMIT, ENDED, LONGEST, prefix]], signal);
  // Not the type that RedBeat makes: then it is somebody else's key.
  if (isFailure(reply) && /WRONGTYPE/.test(reply.message)) return null;
  if (isFailure(reply)) return bySteps(broker, prefix, signal);
  const [total, ttl, time, ...rows] = arrayOf(reply);
  return numberOf(total) === 0
    ? null
    : {
        total: numberOf(total) ?? 0,
        lockTtl: ttlOf(ttl),
        now: clockOf(time),
        entries: rows.flatMap(row => entryOf(arrayOf(row)) ?? []),
      };
}

async function bySteps(broker: RedisBroker, prefix: string, signal: AbortSignal): Promise<Look | null> {
  const set = scheduleKey(prefix);
  const [total, ttl, time, next, ended] = await broker.read(
    [
      ['ZCARD', set],
      ['PTTL', lockKey(prefix)],
      ['TIME'],
      ['ZRANGEBYSCORE', set, 0, '+inf', 'WITHSCORES', 'LIMIT', 0, LIMIT],
      ['ZRANGEBYSCORE', set, '-inf', '(0', 'WITHSCORES', 'LIMIT', 0, ENDED],
    ],
    signal,
  );
  if (isFailure(total) || numberOf(total) === 0) return null;
  const members = [...pairsOf(next), ...pairsOf(ended)];
  const lengths = await broker.read(
    members.flatMap(({ key }): Command[] => [
      ['HSTRLEN', key, 'definition'],
      ['HSTRLEN', key, 'meta'],
      ['SISMEMBER', staticsKey(prefix), nameIn(key, prefix)],
    ]),
    signal,
  );
  const values = await broker.read(
    members.map(({ key }, i): Command => {
      const short = (at: number) => (numberOf(lengths[i * 3 + at]) ?? 0) <= LONGEST;
      return ['HMGET', key, short(0) ? 'definition' : '-', short(1) ? 'meta' : '-'];
    }),
    signal,
  );
  return {
    total: numberOf(total) ?? 0,
    lockTtl: ttlOf(ttl),
    now: clockOf(time),
    entries: members.flatMap(({ key, score }, i) => {
      const length = numberOf(lengths[i * 3]) ?? 0;
      const failure = failureOf(lengths[i * 3]) ?? (length > LONGEST ? `it has ${length} bytes` : null);
      const [definition, meta] = arrayOf(values[i]);
      return (
        entryOf([
          key,
          score,
          failure === null ? null : Buffer.from(failure),
          definition ?? null,
          meta ?? null,
          lengths[i * 3 + 2] ?? null,
        ]) ?? []
      );
    }),
  };
}

function pairsOf(reply: Reply | undefined): { readonly key: Buffer; readonly score: Reply }[] {
  const flat = arrayOf(reply);
  const pairs = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const key = bufferOf(flat[i]);
    if (key !== null) pairs.push({ key, score: flat[i + 1] ?? null });
  }
  return pairs;
}

/** What the set of configured names holds for a key. */
function nameIn(key: Buffer, prefix: string): Buffer {
  const head = Buffer.from(prefix);
  return key.subarray(0, head.length).equals(head) ? key.subarray(head.length) : key;
}

const ttlOf = (reply: Reply | undefined): number | null => {
  const ttl = numberOf(reply);
  // -1: it never expires, as after `redbeat_lock_timeout` was taken off by hand; somebody holds it all the same.
  return ttl === null || ttl === -2 ? null : ttl === -1 ? Number.POSITIVE_INFINITY : ttl;
};

function entryOf([member, score, failure, definition, meta, configured]: readonly Reply[]): RedBeatEntry | null {
  const key = bufferOf(member);
  const id = nameOf(member);
  if (key === null || id === null) return null;
  const common = { key, id, score: numberOf(score) ?? Number.NaN, configured: numberOf(configured) === 1 };
  const failed = plainOf(failure) ?? failureOf(failure);
  if (failed !== null) {
    const reason = `The entry could not be read: ${failed}.`;
    return { ...common, exists: true, entry: null, problems: [{ part: 'definition', reason, offset: null }] };
  }
  const text = plainOf(definition);
  if (text === null || text === '') {
    const reason = 'Its hash is gone; beat takes it off the list when it is due.';
    return { ...common, exists: false, entry: null, problems: [{ part: 'definition', reason, offset: null }] };
  }
  const read = readDefinition(text, plainOf(meta));
  return 'entry' in read
    ? { ...common, exists: true, ...read }
    : { ...common, exists: true, entry: null, problems: [read] };
}

/** Entries as the tree shows them. */
export function summariesOf({ entries, broker, prefix }: RedBeat): ScheduleSummary[] {
  return entries.map(({ id, score, entry, configured, problems, exists }) => {
    const source = broker.cli(['HGETALL', id]);
    const more = [
      {
        name: 'Made by',
        value: configured ? 'the configuration of the application' : 'the application while it runs',
        format: 'text',
      } as const,
      ...(score < 0 ? [{ name: 'Next run', value: 'never again', format: 'text' } as const] : []),
      ...problems.map(({ reason }) => ({ name: 'Problem', value: reason, format: 'text' }) as const),
    ];
    const nextRun = score < 0 ? null : isoOf(dueOf(score, entry));
    if (entry !== null) return summaryOf(entry, { id, owner: ownerOf(prefix), nextRun, source, more });
    return {
      id,
      task: null,
      trigger: exists ? 'not readable' : 'its hash is gone',
      nextRun,
      paused: null,
      queue: null,
      owner: ownerOf(prefix),
      args: null,
      jobRef: null,
      details: [...more, { name: 'Read from', value: source, format: 'code' }],
    };
  });
}

/**
 * When an entry is due, in milliseconds. The score says when beat looks at it next; whether it is due then is worked out
 * from the last run (redbeat/schedulers.py, is_due), so that a crontab that was changed stands there with an earlier one.
 */
export function dueOf(score: number, entry: Entry | null): number {
  const { trigger, lastRun, zone } = entry ?? {};
  // RedBeat cuts fractions off, which puts whole minutes of a crontab a second too early: 02:59:59 for 03:00.
  const looked = (trigger?.kind === 'crontab' && score % 60 === 59 ? score + 1 : score) * 1000;
  if (trigger?.kind !== 'crontab' || lastRun == null || zone == null) return looked;
  return Math.max(looked, nextRunOf(trigger, Date.parse(lastRun), zone) ?? looked);
}

const ownerOf = (prefix: string): string => (prefix === PREFIX ? 'RedBeat' : `RedBeat (${prefix})`);

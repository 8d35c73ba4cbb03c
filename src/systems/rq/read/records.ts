import type { Command, Reply } from '../../../brokers/redis/port';
import { jobKey, resultsKey } from '../keys';
import { arrayOf, bufferOf, failureOf, nameOf, numberOf, plainOf } from '../replies';
import { clockOf } from './clock';
import { canCut, type Reading } from './reading';
import ROWS from './rows.lua';

/** What was read of a job's hash for a row. Values longer than the limit are cut, `data` is left out. */
export interface RowRecord {
  /** The server's words where the key holds no hash; null else. */
  readonly failure: string | null;
  readonly exists: boolean;
  /** Null where it is missing or too long. */
  readonly data: Buffer | null;
  readonly dataLength: number;
  /** Field `exc_info`. */
  readonly error: Buffer | null;
  /** Field `exc_string` of the newest result. */
  readonly resultError: Buffer | null;
  readonly resultWorker: string | null;
  /** When the hash expires, in unix milliseconds; null = never. */
  readonly expiresAt: number | null;
  text(field: RowField): string | null;
  /** Like `text`, in the form that leads back to the bytes. */
  name(field: RowField): string | null;
}

const FIELDS = [
  'status',
  'origin',
  'description',
  'created_at',
  'enqueued_at',
  'started_at',
  'ended_at',
  'worker_name',
] as const;
export type RowField = (typeof FIELDS)[number];
const PLACE_OF = Object.fromEntries(FIELDS.map((field, index) => [field, index])) as Record<RowField, number>;

/** Longest value that a row reads. */
export const ROW_LIMIT = 64 * 1024;
/** Jobs of one script call: the next one runs while the answer of the last is read, and none holds the server for long. */
const CHUNK = 25;
/** Sent with every call, so without its comments. */
const SCRIPT = ROWS.replaceAll(/^ *--.*\n/gm, '');

/** The hashes of jobs, in order; `errors` reads the newest result and `exc_info` too. */
export async function readRecords(
  reading: Reading,
  ids: readonly string[],
  errors: boolean,
  signal: AbortSignal,
): Promise<RowRecord[]> {
  if (ids.length === 0) return [];
  if (canCut(reading)) {
    const records = await byScript(reading, ids, errors, signal);
    if (records !== null) return records;
    reading.memory.scripts = false;
  }
  return byLength(reading, ids, errors, signal);
}

/** One round trip: the server leaves out what is too long. Null where it does not run scripts for us. */
async function byScript(
  reading: Reading,
  ids: readonly string[],
  errors: boolean,
  signal: AbortSignal,
): Promise<RowRecord[] | null> {
  const commands: Command[] = [];
  for (let from = 0; from < ids.length; from += CHUNK) {
    const chunk = ids.slice(from, from + CHUNK);
    const chunkKeys = chunk.flatMap(id => [jobKey(id), resultsKey(id)]);
    commands.push([
      'EVAL_RO',
      SCRIPT,
      chunkKeys.length,
      ...chunkKeys,
      ROW_LIMIT,
      errors ? '1' : '0',
      ...FIELDS,
      'data',
      'exc_info',
    ]);
  }
  const replies = await reading.broker.read(commands, signal);
  const records: RowRecord[] = [];
  for (const reply of replies) {
    if (failureOf(reply) !== null || !Array.isArray(reply)) return null;
    for (const row of reply) {
      const [failure, values, length, resultError, worker, expires] = arrayOf(row);
      const all = arrayOf(values);
      records.push(
        recordOf({
          failure: plainOf(failure),
          values: all,
          data: bufferOf(all[FIELDS.length]),
          dataLength: numberOf(length) ?? 0,
          error: bufferOf(all[FIELDS.length + 1]),
          resultError: bufferOf(resultError),
          resultWorker: nameOf(worker),
          expiresAt: instantIn(expires),
        }),
      );
    }
  }
  return records.length === ids.length ? records : null;
}

/** Two round trips: lengths first, then what is short enough. */
async function byLength(
  reading: Reading,
  ids: readonly string[],
  errors: boolean,
  signal: AbortSignal,
): Promise<RowRecord[]> {
  const fields = ['data', 'exc_info', ...FIELDS];
  const perJob = fields.length + 1 + (errors ? 1 : 0);
  const [clock, ...lengths] = await reading.broker.read(
    [
      ['TIME'],
      ...ids.flatMap(id => {
        const key = jobKey(id);
        const asked: Command[] = fields.map(field => ['HSTRLEN', key, field]);
        asked.push(['PTTL', key]);
        if (errors) asked.push(['MEMORY', 'USAGE', resultsKey(id)]);
        return asked;
      }),
    ],
    signal,
  );
  const now = clockOf(clock);
  const wanted: string[][] = [];
  const commands: Command[] = [];
  ids.forEach((id, index) => {
    const at = index * perJob;
    const short = fields.filter((field, i) => {
      const length = numberOf(lengths[at + i]) ?? 0;
      return length > 0 && length <= ROW_LIMIT && (errors || field !== 'exc_info');
    });
    wanted.push(short);
    // A field that no hash has keeps the answers in step where nothing is short enough.
    commands.push(['HMGET', jobKey(id), ...(short.length > 0 ? short : ['status'])]);
    const memory = errors ? lengths[at + fields.length + 1] : null;
    const readable = errors && (numberOf(memory) ?? 0) <= 4 * ROW_LIMIT;
    commands.push(readable ? ['XREVRANGE', resultsKey(id), '+', '-', 'COUNT', 1] : ['EXISTS', jobKey(id)]);
  });
  const replies = await reading.broker.read(commands, signal);
  return ids.map((_id, index) => {
    const short = wanted[index]!;
    const values = arrayOf(replies[index * 2]);
    const of = (field: string) => (short.includes(field) ? values[short.indexOf(field)] : null);
    const result = newestResult(replies[index * 2 + 1]);
    return recordOf({
      failure: failureOf(lengths[index * perJob]) ?? failureOf(replies[index * 2]),
      values: FIELDS.map(field => of(field) ?? null),
      data: bufferOf(of('data') ?? null),
      dataLength: numberOf(lengths[index * perJob]) ?? 0,
      error: bufferOf(of('exc_info') ?? null),
      resultError: result.get('exc_string') ?? null,
      resultWorker: nameOf(result.get('worker_name')),
      expiresAt: instantIn(lengths[index * perJob + fields.length], now),
    });
  });
}

/** A time in milliseconds, or a span from `now`; null where Redis answers that there is none (-1, -2). */
function instantIn(reply: Reply | undefined, now = 0): number | null {
  const milliseconds = numberOf(reply);
  return milliseconds === null || milliseconds < 0 ? null : now + milliseconds;
}

function newestResult(reply: Reply | undefined): Map<string, Buffer> {
  const fields = arrayOf(arrayOf(arrayOf(reply)[0])[1]);
  const map = new Map<string, Buffer>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = bufferOf(fields[i + 1]);
    if (value !== null) map.set(plainOf(fields[i]) ?? '', value);
  }
  return map;
}

interface Parts extends Omit<RowRecord, 'exists' | 'text' | 'name'> {
  readonly values: readonly Reply[];
}

function recordOf(parts: Parts): RowRecord {
  const { values, ...rest } = parts;
  const of = (field: RowField) => values[PLACE_OF[field]];
  return {
    ...rest,
    exists: rest.dataLength > 0 || values.some(value => value !== null),
    text: field => plainOf(of(field)) || null,
    name: field => nameOf(of(field)) || null,
  };
}

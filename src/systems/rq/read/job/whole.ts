import type { Command, Reply } from '../../../../brokers/redis/port';
import { arrayOf, bufferOf, failureOf, numberOf, plainOf } from '../../../reading/replies';
import { jobKey, resultsKey } from '../../keys';
import { READ_WHOLE_LIMIT } from '../../payload';
import { canCut, type Reading } from '../reading';
import WHOLE from './whole.lua';

/** A field of a hash or an entry. */
export interface Field {
  /** In bytes, of the whole value. */
  readonly length: number;
  /** All of it, or its beginning, or nothing where the server cannot cut. */
  readonly bytes: Buffer;
}

export type Fields = ReadonlyMap<string, Field>;

export interface ResultEntry {
  readonly id: string;
  readonly fields: Fields;
}

/** The hash and the results of one job. */
export interface Whole {
  /** The server's words where `rq:job:<id>` holds no hash. */
  readonly failure: string | null;
  readonly fields: Fields;
  /** Fields that the hash has; more than `fields` holds where they are too many. */
  readonly fieldCount: number;
  /** Why the results could not be read; null where they were, or are none. */
  readonly resultsFailure: string | null;
  /** Newest first. */
  readonly results: readonly ResultEntry[];
}

/** Bytes shown of a value that is too long to be read whole. */
const PART = 64 * 1024;
/** Bytes of one job in all. */
const ROOM = 4 * READ_WHOLE_LIMIT;
/** Fields that are read; beyond, only the known ones. */
const FIELD_LIMIT = 500;
/** RQ keeps about the newest ten (XADD MAXLEN ~ 10; rq/results.py). */
const RESULTS = 50;

/** Field names that RQ writes (rq/job.py, 0.12 to 2.12). */
const KNOWN = `data status origin description created_at enqueued_at started_at ended_at last_heartbeat timeout
  result_ttl failure_ttl ttl worker_name meta exc_info result dependency_id dependency_ids allow_dependency_failures
  enqueue_at_front enqueue_at_front_on_retry retries_left retry_intervals number_of_retries repeats_left
  repeat_intervals success_callback_name success_callback_timeout failure_callback_name failure_callback_timeout
  stopped_callback_name stopped_callback_timeout group_id webhooks`.split(/\s+/);

/** One round trip where the server cuts; else up to three: names, lengths, values. */
export async function readWhole(reading: Reading, id: string, signal: AbortSignal): Promise<Whole> {
  if (canCut(reading)) {
    const limits = [READ_WHOLE_LIMIT, PART, ROOM, FIELD_LIMIT, RESULTS];
    const command: Command = ['EVAL_RO', WHOLE, 2, jobKey(id), resultsKey(id), ...limits, ...KNOWN];
    const [reply] = await reading.broker.read([command], signal);
    if (Array.isArray(reply)) return fromScript(reply as readonly Reply[]);
    reading.memory.scripts = false;
  }
  return byLength(reading, id, signal);
}

function fromScript(reply: readonly Reply[]): Whole {
  const [failure, fields, count, broken, results] = reply;
  const flat = arrayOf(results);
  const entries: ResultEntry[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    entries.push({ id: plainOf(flat[i]) ?? '', fields: measuredFields(arrayOf(flat[i + 1])) });
  }
  return {
    failure: plainOf(failure),
    fields: measuredFields(arrayOf(fields)),
    fieldCount: numberOf(count) ?? 0,
    resultsFailure: plainOf(broken),
    results: entries,
  };
}

/** `name, length, value` three by three. */
function measuredFields(flat: readonly Reply[]): Fields {
  const fields = new Map<string, Field>();
  for (let i = 0; i + 2 < flat.length; i += 3) {
    const bytes = bufferOf(flat[i + 2]) ?? Buffer.alloc(0);
    fields.set(plainOf(flat[i]) ?? '', { length: numberOf(flat[i + 1]) ?? bytes.length, bytes });
  }
  return fields;
}

async function byLength(reading: Reading, id: string, signal: AbortSignal): Promise<Whole> {
  const { broker } = reading;
  const key = jobKey(id);
  const stream = resultsKey(id);
  const [count, memory, type] = await broker.read(
    [
      ['HLEN', key],
      ['MEMORY', 'USAGE', stream],
      ['TYPE', stream],
    ],
    signal,
  );
  const failure = failureOf(count);
  const fieldCount = numberOf(count) ?? 0;
  const size = numberOf(memory) ?? 0;
  const streamType = plainOf(type);
  const readable = streamType === 'stream' && size <= READ_WHOLE_LIMIT;
  const [listed, entries] = await broker.read(
    [
      failure === null && fieldCount <= FIELD_LIMIT ? ['HKEYS', key] : ['TIME'],
      readable ? ['XREVRANGE', stream, '+', '-', 'COUNT', RESULTS] : ['TIME'],
    ],
    signal,
  );
  const names =
    failure !== null ? [] : fieldCount <= FIELD_LIMIT ? arrayOf(listed).flatMap(name => bufferOf(name) ?? []) : KNOWN;
  const lengths =
    names.length === 0
      ? []
      : await broker.read(
          names.map((name): Command => ['HSTRLEN', key, name]),
          signal,
        );
  let room = ROOM;
  const short = names.filter((_name, i) => {
    const length = numberOf(lengths[i]) ?? 0;
    const fits = length <= READ_WHOLE_LIMIT && length <= room;
    if (fits) room -= length;
    return fits;
  });
  const values = short.length === 0 ? [] : arrayOf((await broker.read([['HMGET', key, ...short]], signal))[0]);
  const fields = new Map<string, Field>();
  names.forEach((name, i) => {
    const length = numberOf(lengths[i]) ?? 0;
    const value = bufferOf(values[short.indexOf(name)]);
    if (length > 0 || value !== null) fields.set(String(name), { length, bytes: value ?? Buffer.alloc(0) });
  });
  const foreign = streamType !== null && streamType !== 'none' && streamType !== 'stream';
  return {
    failure,
    fields,
    fieldCount,
    resultsFailure: foreign
      ? `it is a ${streamType}, not a stream`
      : readable || streamType !== 'stream'
        ? null
        : `it takes ${Math.round(size / 1024 / 1024)} MB`,
    results: readable ? arrayOf(entries).map(plainEntry) : [],
  };
}

function plainEntry(entry: Reply): ResultEntry {
  const [id, values] = arrayOf(entry);
  const flat = arrayOf(values);
  const fields = new Map<string, Field>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const bytes = bufferOf(flat[i + 1]) ?? Buffer.alloc(0);
    fields.set(plainOf(flat[i]) ?? '', { length: bytes.length, bytes });
  }
  return { id: plainOf(id) ?? '', fields };
}

/** A field as text; null where it is missing, empty or not whole. */
export function textIn(fields: Fields, name: string): string | null {
  const field = fields.get(name);
  return field === undefined || field.length === 0 || field.bytes.length < field.length
    ? null
    : field.bytes.toString('utf8');
}

export function numberIn(fields: Fields, name: string): number | null {
  const text = textIn(fields, name);
  const number = text === null ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : null;
}

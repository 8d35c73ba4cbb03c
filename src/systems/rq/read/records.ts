import type { Command, Reply } from '../../../brokers/redis/port';
import { clockOf } from '../../reading/clock';
import { arrayOf, bufferOf, failureOf, nameOf, numberOf, plainOf } from '../../reading/replies';
import { jobKey, type Key, resultsKey } from '../keys';
import JOB_ROWS from './job-rows.lua';
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
  /** When the newest result was written, in unix seconds. */
  readonly resultAt: number | null;
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
/** Jobs of one script call: none holds the server for long. */
const CHUNK = 30;
/** What part of the jobs is read first: rows are made of them while the server reads the others. */
const FIRST = 0.6;
/** Sent with every call, so without its comments. */
const SCRIPT = rowScript(ROWS);

/** A script that may call `rowsOf` of job-rows.lua, ready to be sent. */
export function rowScript(source: string): string {
  return (JOB_ROWS + source).replaceAll(/^ *--.*\n/gm, '');
}

/** What `rowsOf` wants to know beside the keys, as the last arguments of a script. */
export const rowArguments = (errors: boolean): (string | number)[] => [
  ROW_LIMIT,
  errors ? '1' : '0',
  ...FIELDS,
  'data',
  'exc_info',
];

/** The hashes of jobs, in order; `errors` reads the newest result and `exc_info` too. */
export async function readRecords(
  reading: Reading,
  ids: readonly string[],
  errors: boolean,
  signal: AbortSignal,
): Promise<RowRecord[]> {
  const records: RowRecord[] = [];
  for await (const group of readRecordGroups(reading, ids, errors, signal)) records.push(...group);
  return records;
}

/** The same in groups, each as soon as it is there: what is made of them is made while the server reads the next. */
export async function* readRecordGroups(
  reading: Reading,
  ids: readonly string[],
  errors: boolean,
  signal: AbortSignal,
): AsyncGenerator<RowRecord[], void, void> {
  let done = 0;
  if (canCut(reading)) {
    for await (const replies of reading.broker.readParts(scriptCalls(ids, errors), signal)) {
      for (const reply of replies) {
        const group = recordsOf(reply);
        if (group === null) {
          reading.memory.scripts = false;
          break;
        }
        done += group.length;
        yield group;
      }
      if (reading.memory.scripts === false) break;
    }
  }
  // Where the server does not run scripts for us.
  if (done < ids.length) yield await byLength(reading, ids.slice(done), errors, signal);
}

/** One round trip, in two parts: the server leaves out what is too long. */
function* scriptCalls(ids: readonly string[], errors: boolean): Generator<readonly Command[]> {
  const first = Math.min(CHUNK, Math.ceil(ids.length * FIRST));
  const rest: Command[] = [];
  if (first > 0) yield [scriptCall(ids.slice(0, first), errors)];
  for (let from = first; from < ids.length; from += CHUNK) rest.push(scriptCall(ids.slice(from, from + CHUNK), errors));
  if (rest.length > 0) yield rest;
}

function scriptCall(ids: readonly string[], errors: boolean): Command {
  const keys: Key[] = [];
  for (const id of ids) keys.push(jobKey(id), resultsKey(id));
  return ['EVAL_RO', SCRIPT, keys.length, ...keys, ...rowArguments(errors)];
}

/** What one call of the script answered; null where it is none of its answers. */
export function recordsOf(reply: Reply | undefined): RowRecord[] | null {
  if (!Array.isArray(reply)) return null;
  const records: RowRecord[] = [];
  for (const row of reply as readonly Reply[]) {
    const [failure, values, length, resultError, worker, expires, ended] = arrayOf(row);
    const all = arrayOf(values);
    records.push(
      new HashRecord(
        plainOf(failure),
        all,
        bufferOf(all[FIELDS.length]),
        numberOf(length) ?? 0,
        bufferOf(all[FIELDS.length + 1]),
        bufferOf(resultError),
        nameOf(worker),
        numberOf(ended),
        instantIn(expires),
      ),
    );
  }
  return records;
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
    return new HashRecord(
      failureOf(lengths[index * perJob]) ?? failureOf(replies[index * 2]),
      FIELDS.map(field => of(field) ?? null),
      bufferOf(of('data') ?? null),
      numberOf(lengths[index * perJob]) ?? 0,
      bufferOf(of('exc_info') ?? null),
      result.get('exc_string') ?? null,
      nameOf(result.get('worker_name')),
      endOf(replies[index * 2 + 1], result),
      instantIn(lengths[index * perJob + fields.length], now),
    );
  });
}

/** A time in milliseconds, or a span from `now`; null where Redis answers that there is none (-1, -2). */
function instantIn(reply: Reply | undefined, now = 0): number | null {
  const milliseconds = numberOf(reply);
  return milliseconds === null || milliseconds < 0 ? null : now + milliseconds;
}

/** What the entry says, else the time in its id. */
function endOf(reply: Reply | undefined, result: ReadonlyMap<string, Buffer>): number | null {
  const id = plainOf(arrayOf(arrayOf(reply)[0])[0]);
  return numberOf(result.get('execution_ended_at')) ?? (id === null ? null : Number.parseInt(id, 10) / 1000);
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

class HashRecord implements RowRecord {
  readonly failure: string | null;
  readonly data: Buffer | null;
  readonly dataLength: number;
  readonly error: Buffer | null;
  readonly resultError: Buffer | null;
  readonly resultWorker: string | null;
  readonly resultAt: number | null;
  readonly expiresAt: number | null;
  /** In the order of FIELDS. */
  readonly #values: readonly Reply[];

  constructor(
    failure: string | null,
    values: readonly Reply[],
    data: Buffer | null,
    dataLength: number,
    error: Buffer | null,
    resultError: Buffer | null,
    resultWorker: string | null,
    resultAt: number | null,
    expiresAt: number | null,
  ) {
    this.failure = failure;
    this.#values = values;
    this.data = data;
    this.dataLength = dataLength;
    this.error = error;
    this.resultError = resultError;
    this.resultWorker = resultWorker;
    this.resultAt = resultAt;
    this.expiresAt = expiresAt;
  }

  get exists(): boolean {
    return this.dataLength > 0 || this.#values.some(value => value !== null);
  }

  text(field: RowField): string | null {
    return plainOf(this.#values[PLACE_OF[field]]) || null;
  }

  name(field: RowField): string | null {
    return nameOf(this.#values[PLACE_OF[field]]) || null;
  }
}

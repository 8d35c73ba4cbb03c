import {
  InspectorError,
  isAbort,
  type RedisGuard,
  type RedisOperation,
  type RedisUndoUnit,
  type RedisValue,
  type UndoUnit,
} from '../../model';
import { aborted } from '../common/failures';
import type { Reply, ScriptCall } from './port';
import source from './undo.lua';

/** Units and bytes of one call: a step of about 2 ms for Redis. */
const UNITS_PER_CALL = 25;
const BYTES_PER_CALL = 256 * 1024;

export interface UndoRunner {
  /** Runs the script exactly once, if the user may run all commands that it needs. */
  run(call: ScriptCall, needs: readonly string[]): Promise<Reply>;
  atLeast(version: string): boolean;
}

type Argument = string | Buffer;

/** Reasons that no guard names. */
const REASONS: Readonly<Record<number, string>> = {
  [-1]: 'Something stands in its place again.',
  [-2]: 'Something of another kind stands in its place.',
  [-3]: 'It has expired meanwhile.',
  [-4]: 'Its saved score is no number.',
};

/**
 * Undoes units in the order given, each atomically; several go in one call. True = put back, text = why not. After an
 * abort, or a loss in the middle, the rest is answered with the reason, so that what was put back is known.
 * @throws InspectorError when not even the first call could be made
 */
export async function undoUnits(
  given: readonly UndoUnit[],
  record: string,
  runner: UndoRunner,
  signal: AbortSignal,
): Promise<(true | string)[]> {
  const units = given.map(unit => {
    if (unit.broker !== 'redis') throw new Error('This undo is for another kind of broker.');
    return unit;
  });
  const answers: (true | string)[] = [];
  for (const batch of batches(units)) {
    const call = callFor(batch, `${record}:${answers.length}`, runner.atLeast('6.0.6'));
    try {
      if (signal.aborted) throw aborted('undoing');
      const reply = await runner.run(call, needs(batch));
      const codes = Array.isArray(reply) ? (reply as readonly Reply[]) : [];
      answers.push(...batch.map((unit, index) => answerOf(unit, codes[index])));
    } catch (thrown) {
      if (answers.length === 0) throw thrown;
      const [about, rest] = afterFailure(thrown);
      answers.push(...batch.map(() => about));
      while (answers.length < units.length) answers.push(rest);
      return answers;
    }
  }
  return answers;
}

function afterFailure(thrown: unknown): [about: string, rest: string] {
  if (isAbort(thrown)) return ['Stopped before it.', 'Stopped before it.'];
  const message = thrown instanceof InspectorError ? thrown.message : String(thrown);
  const lost = thrown instanceof InspectorError && thrown.code === 'connection-lost';
  return [lost ? `Unknown: ${message}` : message, `Not tried: ${message}`];
}

function answerOf(unit: RedisUndoUnit, code: Reply | undefined): true | string {
  if (code === 0) return true;
  if (typeof code !== 'number') return 'The broker gave no answer about it.';
  return unit.guards[code - 1]?.refusal ?? REASONS[code] ?? `The broker refused it (${code}).`;
}

function* batches(units: readonly RedisUndoUnit[]): Generator<RedisUndoUnit[]> {
  let batch: RedisUndoUnit[] = [];
  let bytes = 0;
  for (const unit of units) {
    const size = JSON.stringify(unit).length;
    if (batch.length > 0 && (batch.length >= UNITS_PER_CALL || bytes + size > BYTES_PER_CALL)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(unit);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function callFor(units: readonly RedisUndoUnit[], record: string, knowsLpos: boolean): ScriptCall {
  const keys: string[] = [];
  const index = new Map<string, number>();
  const keyIndex = (key: string): string => {
    let position = index.get(key);
    if (position === undefined) {
      position = keys.push(key);
      index.set(key, position);
    }
    return String(position);
  };
  const args: Argument[] = [knowsLpos ? '1' : '0', String(units.length)];
  for (const unit of units) {
    args.push(String(unit.guards.length));
    for (const guard of unit.guards) args.push(guard.kind, ...guardArguments(guard, keyIndex));
    args.push(String(unit.operations.length));
    for (const operation of unit.operations) {
      const rest = operationArguments(operation);
      args.push(operation.kind, keyIndex(operation.key), String(rest.length));
      for (const argument of rest) args.push(argument);
    }
  }
  return { script: { name: 'undo', source }, keys: keys.map(bytes), args, record };
}

function guardArguments(guard: RedisGuard, keyIndex: (key: string) => string): [Argument, Argument, Argument] {
  // A guard without a key points nowhere; the script does not look.
  if (guard.kind === 'before') return ['0', String(guard.at), ''];
  const key = keyIndex(guard.key);
  switch (guard.kind) {
    case 'absent':
    case 'exists':
      return [key, '', ''];
    case 'in-list':
    case 'not-in-list':
      return [key, bytes(guard.value), ''];
    case 'in-zset':
    case 'not-in-zset':
      return [key, bytes(guard.member), ''];
    case 'field-is':
      return [
        key,
        bytes(guard.field),
        guard.value === null ? '' : Buffer.concat([Buffer.from('='), bytes(guard.value)]),
      ];
  }
}

function operationArguments(operation: RedisOperation): Argument[] {
  switch (operation.kind) {
    case 'create':
      return [operation.value.type, instant(operation.expireAt), ...valueArguments(operation.value)];
    case 'delete':
      return [];
    case 'hset':
      return operation.fields.flat().map(bytes);
    case 'hdel':
      return operation.fields.map(bytes);
    case 'expire-at':
      return [instant(operation.at)];
    case 'zadd':
      return [operation.score, bytes(operation.member)];
    case 'zrem':
    case 'sadd':
    case 'srem':
      return [bytes(operation.member)];
    case 'lrem':
      return [bytes(operation.value)];
    case 'push':
      return [operation.end, bytes(operation.value)];
    case 'insert':
      return [bytes(operation.value), operation.otherwise, ...neighbours(operation.before, operation.after)];
  }
}

/** Nearest first: one after, one before, the next after … Undo runs backwards: what stood after is back already. */
function neighbours(before: readonly string[], after: readonly string[]): Argument[] {
  const sorted: Argument[] = [];
  for (let distance = 0; distance < Math.max(before.length, after.length); distance++) {
    const [one, other] = [before[distance], after[distance]];
    if (other !== undefined) sorted.push('after', bytes(other));
    if (one !== undefined) sorted.push('before', bytes(one));
  }
  return sorted;
}

function valueArguments(value: RedisValue): Argument[] {
  switch (value.type) {
    case 'string':
      return [bytes(value.value)];
    case 'hash':
      return value.fields.flat().map(bytes);
    case 'set':
      return value.members.map(bytes);
    case 'list':
      return value.values.map(bytes);
    case 'zset':
      return value.members.flatMap(([member, score]): Argument[] => [score, bytes(member)]);
    case 'stream':
      return value.entries.flatMap((entry): Argument[] => [
        entry.id,
        String(entry.fields.length),
        ...entry.fields.map(bytes),
      ]);
  }
}

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');
const instant = (at: number | null): string => (at === null ? '' : String(Math.round(at)));

const ALWAYS = ['TIME', 'TYPE'];
const BY_GUARD: Readonly<Record<RedisGuard['kind'], readonly string[]>> = {
  absent: ['EXISTS'],
  exists: ['EXISTS'],
  'in-list': [],
  'not-in-list': [],
  'in-zset': ['ZSCORE'],
  'not-in-zset': ['ZSCORE'],
  'field-is': ['HGET'],
  before: [],
};
const BY_TYPE: Readonly<Record<RedisValue['type'], string>> = {
  string: 'SET',
  hash: 'HSET',
  set: 'SADD',
  list: 'RPUSH',
  zset: 'ZADD',
  stream: 'XADD',
};

/** Commands that these units run: a user may lack one that only other units need. */
function needs(units: readonly RedisUndoUnit[]): string[] {
  const names = new Set(ALWAYS);
  for (const unit of units) {
    for (const guard of unit.guards) for (const name of BY_GUARD[guard.kind]) names.add(name);
    for (const operation of unit.operations) for (const name of commandsFor(operation)) names.add(name);
  }
  return [...names];
}

function commandsFor(operation: RedisOperation): string[] {
  switch (operation.kind) {
    case 'create':
      return [BY_TYPE[operation.value.type], ...(operation.expireAt === null ? [] : ['PEXPIREAT'])];
    case 'delete':
      return ['DEL'];
    case 'expire-at':
      return [operation.at === null ? 'PERSIST' : 'PEXPIREAT'];
    case 'push':
      return [operation.end === 'head' ? 'LPUSH' : 'RPUSH'];
    case 'insert':
      return ['LINSERT', operation.otherwise === 'head' ? 'LPUSH' : 'RPUSH'];
    default:
      return [operation.kind.toUpperCase()];
  }
}

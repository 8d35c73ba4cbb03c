import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InspectorError } from '../../model';
import { aborted, connectionLost } from '../common/failures';
import { type Driver, LostConnection } from './driver';
import { replyError } from './failures';
import { type Command, isFailure, type Reply, type Script, type ScriptCall } from './port';
import type { Counting } from './read';

/** How long a script's answer is remembered on the server. */
const RECORD_SECONDS = 600;
/** Milliseconds before each further try to learn the outcome of a step whose answer was lost. */
const PAUSES_MS = [0, 250, 1000];

/** The connection that changes things: opened when it is first needed, and again after a loss. */
export interface WritingLink {
  readonly node: string;
  readonly meter: Counting;
  readonly timeoutMs: number;
  /** True where another look may find another master (sentinels). */
  readonly followsMaster: boolean;
  open(signal: AbortSignal): Promise<Driver>;
  /** Never used again; the next `open` makes a new one. */
  drop(driver: Driver): void;
  /** A refusal of a command, for what is offered from now on. */
  learn(reply: string): void;
}

interface Wrapped {
  readonly text: string;
  readonly sha: string;
}

const wrapped = new Map<string, Wrapped>();

/**
 * Puts the record around a script's body: the same step, sent twice, runs once and answers twice. The body stays on
 * its own lines, so that line numbers in errors are those of the `.lua` file; it sees KEYS without the record. Effects
 * replication is Redis' default since 5.0 and is switched on for whoever turned it off (TIME before a write).
 * Limits of the record (cmsgpack): 16 levels of tables.
 */
export function wrapScript(script: Script): Wrapped {
  const known = wrapped.get(script.source);
  if (known !== undefined) return known;
  const before = [
    'if redis.replicate_commands then redis.replicate_commands() end',
    'local jqi_record = KEYS[#KEYS]',
    "local jqi_kept = redis.call('GET', jqi_record)",
    'if jqi_kept then return cmsgpack.unpack(jqi_kept) end',
    'local jqi_keys = {} for i = 1, #KEYS - 1 do jqi_keys[i] = KEYS[i] end',
    'local function jqi_body(KEYS, ARGV) ',
  ].join(' ');
  const after = [
    'end',
    'local jqi_answer = jqi_body(jqi_keys, ARGV)',
    'if jqi_answer == nil then jqi_answer = false end',
    `redis.call('SET', jqi_record, cmsgpack.pack(jqi_answer), 'EX', ${RECORD_SECONDS})`,
    'return jqi_answer',
  ].join('\n');
  const text = `${before}${script.source}\n${after}`;
  const made = { text, sha: createHash('sha1').update(text).digest('hex') };
  wrapped.set(script.source, made);
  return made;
}

/**
 * Runs a step exactly once. When its answer is lost, the same step is sent again on a new connection: the script looks
 * for its record first and does nothing where it has run. NOSCRIPT means that it did not run.
 * Once sent, a step is not broken off by the signal.
 * @throws InspectorError `aborted` before anything was sent, `connection-lost` with unknown outcome, and refusals
 */
export async function runScript(call: ScriptCall, link: WritingLink, signal: AbortSignal): Promise<Reply> {
  const tried = `running ${call.script.name}`;
  if (signal.aborted) throw aborted(tried);
  const first = await link.open(signal);
  /** The last thing that went wrong; the outcome is unknown once an answer was lost. */
  let failure: Error = new LostConnection(undefined);
  let unknown = false;
  for (const [attempt, pause] of PAUSES_MS.entries()) {
    let driver = first;
    try {
      if (attempt > 0) {
        await sleep(pause);
        driver = await link.open(AbortSignal.timeout(link.timeoutMs));
      }
      const reply = await evaluate(call, driver, link);
      if (!isFailure(reply)) return reply;
      link.learn(reply.message);
      failure = replyError(reply.message, tried);
      // Refused before its first change, so it did not run; through sentinels the next look finds the new master.
      if (!link.followsMaster || !/READONLY|MASTERDOWN|LOADING/.test(reply.message)) throw failure;
      link.drop(driver);
    } catch (thrown) {
      if (thrown instanceof LostConnection) unknown = true;
      // From the second try on, not being able to connect is only one more way of not hearing the answer.
      else if (!(attempt > 0 && thrown instanceof InspectorError && thrown !== failure)) throw thrown;
      failure = thrown;
      link.drop(driver);
    }
  }
  if (!unknown) throw failure;
  const outcome = `Whether ${call.script.name} was carried out is unknown; look before you do it again.`;
  throw connectionLost(link.node, failure, tried, outcome);
}

async function evaluate(call: ScriptCall, driver: Driver, link: WritingLink): Promise<Reply> {
  const { text, sha } = wrapScript(call.script);
  const rest = [call.keys.length + 1, ...call.keys, call.record, ...call.args] as const;
  const reply = await send(['EVALSHA', sha, ...rest], driver, link);
  return isFailure(reply) && reply.code === 'NOSCRIPT' ? send(['EVAL', text, ...rest], driver, link) : reply;
}

/** PUBLISH, never repeated. */
export async function publishMessage(
  channel: string,
  message: string,
  link: WritingLink,
  signal: AbortSignal,
): Promise<number> {
  const tried = `publishing to ${channel}`;
  if (signal.aborted) throw aborted(tried);
  const driver = await link.open(signal);
  let reply: Reply;
  try {
    reply = await send(['PUBLISH', channel, message], driver, link);
  } catch (thrown) {
    link.drop(driver);
    const cause = thrown instanceof Error ? thrown : undefined;
    throw connectionLost(link.node, cause, tried, 'Whether anybody heard it is unknown; it is not sent again.');
  }
  if (isFailure(reply)) {
    link.learn(reply.message);
    throw replyError(reply.message, tried);
  }
  return Number(reply);
}

/** @throws LostConnection, also when no answer comes in time */
async function send(command: Command, driver: Driver, link: WritingLink): Promise<Reply> {
  link.meter.roundTrips++;
  link.meter.commands++;
  link.meter.writes++;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    // Were it we who had no time, what has come meanwhile is read first.
    const expire = () => setImmediate(() => reject(new LostConnection(new Error('no answer in time'))));
    timer = setTimeout(expire, link.timeoutMs);
  });
  try {
    const [reply] = await Promise.race([driver.send([command]), late]);
    return reply ?? null;
  } finally {
    clearTimeout(timer);
  }
}

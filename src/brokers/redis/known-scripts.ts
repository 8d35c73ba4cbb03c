import { createHash } from 'node:crypto';
import type { Driver } from './driver';
import { type Command, isFailure, type Reply } from './port';

/** Hashes of scripts, made once for all connections. */
const hashes = new Map<string, string>();

function hashOf(script: string): string {
  const known = hashes.get(script) ?? createHash('sha1').update(script).digest('hex');
  hashes.set(script, known);
  return known;
}

/**
 * The read-only scripts that the server of one connection has: these are called by their hash (EVALSHA_RO, Redis 7.0),
 * so that it need not read and hash some kilobytes for every call.
 */
export class KnownScripts {
  readonly #known = new Set<string>();
  /** False once EVALSHA_RO was refused where EVAL_RO is not. */
  #allowed = true;

  /** Sends reading commands; a script that the server no longer has is sent again, whole. @throws LostConnection */
  async send(commands: readonly Command[], driver: Driver): Promise<Reply[]> {
    const calls = callsIn(commands);
    if (calls.length === 0) return driver.send(commands);
    const sent = [...commands];
    for (const { at, script } of calls)
      if (this.#allowed && this.#known.has(script)) sent[at] = ['EVALSHA_RO', hashOf(script), ...sent[at]!.slice(2)];
    const replies = await driver.send(sent);
    const again = calls.filter(({ at, script }) => {
      const reply = replies[at];
      if (!isFailure(reply)) this.#known.add(script);
      else if (sent[at] !== commands[at]) return this.#isUnknown(script, reply.code);
      return false;
    });
    if (again.length === 0) return replies;
    const whole = await driver.send(again.map(({ at }) => commands[at]!));
    for (const [index, { at }] of again.entries()) replies[at] = whole[index] ?? null;
    return replies;
  }

  /** Whether a call by hash failed for being one. */
  #isUnknown(script: string, code: string): boolean {
    if (code !== 'NOSCRIPT' && code !== 'NOPERM') return false;
    if (code === 'NOPERM') this.#allowed = false;
    this.#known.delete(script);
    return true;
  }
}

/** Calls of scripts among commands, with the place of each. */
function callsIn(commands: readonly Command[]): { readonly at: number; readonly script: string }[] {
  const calls: { at: number; script: string }[] = [];
  for (const [at, [name, script]] of commands.entries())
    if (name === 'EVAL_RO' && typeof script === 'string') calls.push({ at, script });
  return calls;
}

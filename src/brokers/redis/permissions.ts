import { type Driver, LostConnection } from './driver';
import { commandIn } from './failures';
import { type Command, isFailure, type Reply } from './port';

/** Commands that decide what can be offered at all, with arguments with which they do nothing even when they run. */
const HARMLESS: readonly Command[] = [
  ['EVAL', 'return 1', 0],
  ['EVALSHA', '0000000000000000000000000000000000000000', 0],
  ['SCAN', 0],
];
const DECISIVE: readonly Command[] = [...HARMLESS, ['PUBLISH', 'x', 'x']];

/** Commands that scripts run; asked only where scripts may run. */
const CHANGING: readonly Command[] = [
  ['DEL', 'x'],
  ['SET', 'x', 'x'],
  ['EXPIRE', 'x', 1],
  ['PEXPIREAT', 'x', 1],
  ['PERSIST', 'x'],
  ['HSET', 'x', 'x', 'x'],
  ['HDEL', 'x', 'x'],
  ['HINCRBY', 'x', 'x', 1],
  ['ZADD', 'x', 1, 'x'],
  ['ZREM', 'x', 'x'],
  ['SADD', 'x', 'x'],
  ['SREM', 'x', 'x'],
  ['LPUSH', 'x', 'x'],
  ['RPUSH', 'x', 'x'],
  ['LREM', 'x', 1, 'x'],
  ['LPOP', 'x'],
  ['RPOP', 'x'],
  ['LINSERT', 'x', 'BEFORE', 'x', 'x'],
  ['XADD', 'x', '*', 'x', 'x'],
  ['XDEL', 'x', '1-1'],
];

/** What a user may not do, learned at connect and from every refusal since. */
export class Permissions {
  readonly #refused = new Map<string, string>();

  may(command: string): true | string {
    return this.#refused.get(command.toUpperCase()) ?? true;
  }

  /** Notes a server's refusal of a command; other failures tell nothing about permissions. */
  learn(command: string, reply: string): void {
    const name = command.toUpperCase();
    if (/^NOPERM\b/.test(reply) && commandIn(reply).split('|', 1)[0] === name)
      this.#refused.set(name, `needs ${name}, which this user may not run`);
    else if (/unknown command/i.test(reply)) this.#refused.set(name, `needs ${name}, which this server does not offer`);
  }

  refuse(commands: readonly string[], reason: string): void {
    for (const command of commands) this.#refused.set(command, reason);
  }
}

/**
 * Finds out without side effects what may be run: between MULTI and DISCARD a server checks every command (permission,
 * name, arity) and runs none. Works on every version and needs no right to see the ACL, unlike ACL DRYRUN. Where MULTI
 * itself is refused (`+@read`), the harmless ones are simply run; of the others refusals are learned as they come.
 * @throws LostConnection
 */
export async function findPermissions(driver: Driver, replica: boolean): Promise<Permissions> {
  const permissions = new Permissions();
  if (replica) {
    const scripts = ['EVAL', 'EVALSHA', ...CHANGING.map(([name]) => name)];
    permissions.refuse(scripts, 'this Redis is a replica and takes no changes');
    return permissions;
  }
  const asked = await tryOut(driver, DECISIVE, permissions);
  if (!asked) learnAll(HARMLESS, await driver.send(HARMLESS), permissions);
  else if (permissions.may('EVAL') === true && permissions.may('EVALSHA') === true)
    await tryOut(driver, CHANGING, permissions);
  return permissions;
}

/** False where the server or the user knows no MULTI. */
async function tryOut(driver: Driver, commands: readonly Command[], permissions: Permissions): Promise<boolean> {
  // On its own: were MULTI refused, what follows it would run.
  const [begun] = await driver.send([['MULTI']]);
  if (!Buffer.isBuffer(begun) || begun.toString() !== 'OK') return false;
  const replies = await driver.send([...commands, ['DISCARD']]);
  if (isFailure(replies.at(-1))) throw new LostConnection(new Error('MULTI was accepted, but DISCARD refused'));
  learnAll(commands, replies, permissions);
  return true;
}

function learnAll(commands: readonly Command[], replies: readonly Reply[], permissions: Permissions): void {
  for (const [index, [name]] of commands.entries()) {
    const reply = replies[index];
    if (isFailure(reply)) permissions.learn(name, reply.message);
  }
}

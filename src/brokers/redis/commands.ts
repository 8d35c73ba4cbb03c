import type { Command } from './port';

/** Commands that change nothing, whatever their arguments. EVAL_RO (7.0) is held to that by the server. */
const READING = new Set(
  `BITCOUNT DBSIZE DUMP ECHO EVAL_RO EXISTS EXPIRETIME GET GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET HPTTL HSCAN HSTRLEN
   HTTL HVALS INFO LINDEX LLEN LPOS LRANGE MGET PEXPIRETIME PING PTTL SCAN SCARD SINTER SISMEMBER SMEMBERS SMISMEMBER
   SRANDMEMBER SSCAN STRLEN TIME TTL TYPE XLEN XPENDING XRANGE XREVRANGE ZCARD ZCOUNT ZLEXCOUNT ZMSCORE ZRANDMEMBER
   ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE`.split(/\s+/),
);

/** Commands of which only some subcommands change nothing. */
const READING_SUBCOMMANDS: Readonly<Record<string, RegExp>> = {
  ACL: /^(WHOAMI|CAT)$/i,
  CLIENT: /^(LIST|INFO|ID|GETNAME)$/i,
  CLUSTER: /^(INFO|NODES|SLOTS|KEYSLOT|MYID)$/i,
  COMMAND: /^(INFO|COUNT|DOCS|GETKEYS)$/i,
  CONFIG: /^GET$/i,
  MEMORY: /^(USAGE|STATS)$/i,
  OBJECT: /^(ENCODING|IDLETIME|FREQ|REFCOUNT)$/i,
  PUBSUB: /^(CHANNELS|NUMSUB|NUMPAT)$/i,
  XINFO: /^(STREAM|GROUPS|CONSUMERS)$/i,
};

/** What `CONFIG GET` may ask for: nothing that could hold a secret (`requirepass`, `masterauth`, `*`). */
const READABLE_SETTINGS = /^(maxmemory|maxmemory-policy|databases|notify-keyspace-events|timeout|proto-max-bulk-len)$/;

/**
 * Refuses whatever is not known to change nothing.
 * @throws Error naming the command: a fault of the caller, not of the broker
 */
export function assertReading(command: Command): void {
  const [name] = command;
  if (READING.has(name)) return;
  const capitals = name.toUpperCase();
  if (READING.has(capitals)) return;
  const subcommands = Object.hasOwn(READING_SUBCOMMANDS, capitals) ? READING_SUBCOMMANDS[capitals] : undefined;
  const setting = capitals !== 'CONFIG' || READABLE_SETTINGS.test(String(command[2]));
  if (subcommands?.test(String(command[1])) !== true || !setting)
    throw new Error(`${capitals} ${subcommands === undefined ? '' : String(command[1])} is not a reading command.`);
}

/** `ZCARD, LLEN ×3`: what a batch was, for a message. No arguments: keys may be many and long. */
export function summarize(commands: readonly Command[]): string {
  const counts = new Map<string, number>();
  for (const [name] of commands) counts.set(name.toUpperCase(), (counts.get(name.toUpperCase()) ?? 0) + 1);
  const named = [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`));
  return named.length > 4 ? `${named.slice(0, 4).join(', ')} …` : named.join(', ');
}

const called = new Map<string, readonly string[]>();

/** Names of the commands that a Lua source calls literally, in capitals. Remembered: it is asked before every step. */
export function commandsOf(source: string): readonly string[] {
  let names = called.get(source);
  if (names === undefined) {
    const literal = source.matchAll(/redis\.p?call\(\s*['"](\w+)['"]/g);
    names = [...new Set([...literal].map(match => (match[1] ?? '').toUpperCase()))];
    called.set(source, names);
  }
  return names;
}

/**
 * Rules for a proxy that makes any Redis answer as 5.0 did: newer commands are unknown to it, newer options are
 * syntax errors, also inside Lua scripts. Source: the `since` and `history` fields of the command tables in Redis
 * 7.4 (`src/commands/*.json`).
 */
import type { ProxyRules } from './proxy';
import { encodeBulk, type RespCommand } from './resp';

const NEWER_COMMANDS = new Set(
  `ACL BLMOVE BLMPOP BZMPOP COPY EVALSHA_RO EVAL_RO EXPIRETIME FAILOVER FCALL FCALL_RO FUNCTION GEOSEARCH
   GEOSEARCHSTORE GETDEL GETEX HELLO HEXPIRE HPEXPIRE HPTTL HTTL HRANDFIELD LCS LMOVE LMPOP LPOS PEXPIRETIME RESET
   SINTERCARD SMISMEMBER SORT_RO SPUBLISH SSUBSCRIBE WAITAOF XAUTOCLAIM ZDIFF ZDIFFSTORE ZINTER ZINTERCARD ZMPOP
   ZMSCORE ZRANDMEMBER ZRANGESTORE ZUNION`.split(/\s+/),
);

/** Subcommands of commands that 5.0 knows. */
const NEWER_SUBCOMMANDS: Readonly<Record<string, RegExp>> = {
  CLIENT: /^(SETINFO|INFO|TRACKING|TRACKINGINFO|CACHING|GETREDIR|NO-EVICT|NO-TOUCH|UNPAUSE)$/i,
  COMMAND: /^(DOCS|LIST|GETKEYSANDFLAGS)$/i,
  XGROUP: /^CREATECONSUMER$/i,
  SCRIPT: /^SHOW$/i,
};

/** Options that 5.0 takes for syntax errors. */
const NEWER_OPTIONS: Readonly<Record<string, RegExp>> = {
  SCAN: /^TYPE$/i,
  ZRANGE: /^(REV|BYSCORE|BYLEX|LIMIT)$/i,
  SET: /^(KEEPTTL|GET|EXAT|PXAT)$/i,
  ZADD: /^(GT|LT)$/i,
  EXPIRE: /^(NX|XX|GT|LT)$/i,
  PEXPIRE: /^(NX|XX|GT|LT)$/i,
  EXPIREAT: /^(NX|XX|GT|LT)$/i,
  PEXPIREAT: /^(NX|XX|GT|LT)$/i,
  XADD: /^(NOMKSTREAM|MINID)$/i,
  XTRIM: /^MINID$/i,
  XPENDING: /^IDLE$/i,
  HSCAN: /^NOVALUES$/i,
};

/** Commands that took fewer arguments then: the most they took, name included. */
const MOST_PARTS: Readonly<Record<string, number>> = { LPOP: 2, RPOP: 2, AUTH: 2, INFO: 2 };

/** For `startProxy(redis, asRedis5)`. */
export const asRedis5: ProxyRules = {
  answer: command => {
    const refusal = refusalOf(command);
    return refusal === undefined ? undefined : Buffer.from(`-${refusal}\r\n`);
  },
  rewrite: (command, reply) => {
    if (command.name !== 'INFO' || reply[0] !== 0x24) return reply;
    const text = reply.toString('latin1', reply.indexOf('\r\n') + 2, reply.length - 2);
    const version = /^(redis_version|valkey_version):.*$/gm;
    return encodeBulk(text.replaceAll(version, (_line, name) => (name === 'redis_version' ? `${name}:5.0.14` : '')));
  },
};

/** The error that Redis 5.0 gives, or undefined when it knows the command as it stands. */
export function refusalOf(command: RespCommand): string | undefined {
  const name = command.name;
  const words = command.parts.map(part => part.toString('latin1'));
  if (NEWER_COMMANDS.has(name)) {
    const shown = words.slice(1).map(word => `\`${word.slice(0, 40).replaceAll(/[\r\n]/g, ' ')}\`, `);
    return `ERR unknown command \`${words[0] ?? ''}\`, with args beginning with: ${shown.slice(0, 10).join('')}`;
  }
  if (NEWER_SUBCOMMANDS[name]?.test(words[1] ?? '') === true)
    return `ERR Unknown subcommand or wrong number of arguments for '${words[1]}'. Try ${name} HELP.`;
  const option = NEWER_OPTIONS[name];
  if (option !== undefined && optionsOf(name, words).some(word => option.test(word))) return 'ERR syntax error';
  const most = MOST_PARTS[name];
  if (most !== undefined && words.length > most)
    return name === 'INFO' ? 'ERR syntax error' : `ERR wrong number of arguments for '${name.toLowerCase()}' command`;
  if (name === 'EVAL') return scriptRefusal(words[1] ?? '');
  if (name === 'SCRIPT' && words[1]?.toUpperCase() === 'LOAD') return scriptRefusal(words[2] ?? '');
  return undefined;
}

/** The words of a command among which its options stand; what a user may have named like one is left out. */
function optionsOf(name: string, words: readonly string[]): readonly string[] {
  if (name === 'SCAN') return words.slice(2);
  if (name !== 'ZADD' && name !== 'XADD' && name !== 'XTRIM') return words.slice(3);
  // Here they stand before the first score or id, and members or fields of any name follow.
  const end = words.findIndex((word, index) => index > 1 && !/^[a-z]+$/i.test(word));
  return words.slice(2, end < 0 ? undefined : end);
}

/** A script that names a newer command literally is refused when it is loaded; 5.0 would do so when it runs. */
function scriptRefusal(script: string): string | undefined {
  for (const [, name] of script.matchAll(/redis\.p?call\(\s*['"](\w+)['"]/g))
    if (NEWER_COMMANDS.has((name ?? '').toUpperCase()))
      return `ERR Error running script: Unknown Redis command called from Lua script (${name})`;
  return undefined;
}

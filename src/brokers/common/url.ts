/** Parts of reading the URL of a broker as people paste it. What each of them says when it cannot, its broker gives. */
import type { InspectorError } from '../../model';

/** One host; IPv6 without brackets. */
export interface BrokerNode {
  readonly host: string;
  readonly port: number;
}

/** Makes the error for a text that cannot be read: what is wrong, and where. Neither may hold any piece of the text. */
export type Wrong = (what: string, where: string) => InspectorError;

/** A host with or without its port, as a piece of a regular expression. */
export const HOST = String.raw`(?:\[[\da-f:.]+(?:%[\w.-]+)?\]|[^\s:/?#@,[\]]+)(?::\d*)?`;

/** Takes away blanks, a variable's name, quotes and brackets; `command` is one that the URL is an argument of. */
export function unwrap(pasted: string, command?: RegExp): string {
  const text = pasted.trim().replace(/^(?:export\s+)?\w+\s*=\s*(?=\S)/, '');
  return (command === undefined ? text : text.replace(command, '')).replace(/^["'<`](.*)["'>`];?$/s, '$1').trim();
}

export interface Parts {
  readonly username: string | null;
  readonly password: string | null;
  /** Hosts with their ports. */
  readonly authority: string;
  /** With its leading slash, or empty; as it stands, not decoded. */
  readonly path: string;
  readonly query: string;
}

/**
 * Splits what follows `scheme://`. A password that is not percent-encoded may hold @ / ? # itself: `place` says what
 * may follow the @ behind it.
 */
export function splitParts(rest: string, place: RegExp, hasHost: boolean, wrong: Wrong): Parts {
  const at = userinfoEnd(rest, place, hasHost, wrong);
  const [user = '', secret] = cut(at < 0 ? '' : rest.slice(0, at), ':');
  const target = rest.slice(at + 1).split('#', 1)[0] ?? '';
  if (/\s/.test(target)) throw wrong('there is a blank inside', 'blanks in a name or password are written %20');
  const [beforeQuery = '', query = ''] = cut(target, '?');
  const slash = beforeQuery.indexOf('/');
  return {
    username: decode(user) || null,
    password: secret === undefined ? null : decode(secret) || null,
    authority: slash < 0 ? beforeQuery : beforeQuery.slice(0, slash),
    path: slash < 0 ? '' : beforeQuery.slice(slash),
    query,
  };
}

/** Position of the @ behind user and password, or -1. */
function userinfoEnd(rest: string, place: RegExp, hasHost: boolean, wrong: Wrong): number {
  const inAuthority = (/^[^/?#]*/.exec(rest)?.[0] ?? '').lastIndexOf('@');
  if (inAuthority < 0 && place.test(rest)) return -1;
  for (let at = rest.lastIndexOf('@'); at >= 0; at = at === 0 ? -1 : rest.lastIndexOf('@', at - 1))
    if (place.test(rest.slice(at + 1))) return at;
  if (inAuthority < 0 && rest.includes('@') && hasHost)
    throw wrong('password and host cannot be told apart', 'there is an @, but no host behind it');
  return inAuthority;
}

/** Reads `host`, `host:port`, `[::1]:port`. `whose` names the port in the error, ` of localhost`, where the host is surely one. */
export function readNode(
  text: string,
  defaultPort: number,
  wrong: Wrong,
  whose?: (host: string) => string,
): BrokerNode {
  const match = /^(?:\[([\da-f:.]+(?:%[\w.-]+)?)\]|([^:[\]]*))(?::([^:]*))?$/i.exec(text);
  if (match === null) throw wrong('the host cannot be read', 'an IPv6 address stands in [brackets]');
  const host = match[1] ?? decode(match[2] ?? '');
  if (host === '') throw wrong('the host is missing', 'nothing stands where it should');
  const portText = match[3] ?? '';
  const port = portText === '' ? defaultPort : Number(portText);
  // What stands there may be a piece of a password without its @: never repeat it.
  if (!/^\d*$/.test(portText) || port < 1 || port > 65_535)
    throw wrong(
      `the port${whose?.(host) ?? ''} is not a number from 1 to 65535`,
      'what stands behind the colon of the host is no port',
    );
  return { host, port };
}

/** `localhost:6379`, `[::1]:6379`. */
export const showNode = ({ host, port }: BrokerNode): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The text before and behind the first separator; no second part without one. */
function cut(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** Percent-decoding; a text with a stray percent sign is taken as it stands. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

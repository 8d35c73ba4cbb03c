import { InspectorError } from '../../model';

/** Where a Redis is, without its password. */
export interface RedisAddress {
  readonly kind: 'tcp' | 'unix' | 'sentinel';
  /** One node, or every sentinel named; empty for a unix socket. IPv6 hosts without brackets. */
  readonly nodes: readonly RedisNode[];
  /** Of the unix socket. */
  readonly path: string | null;
  /** Name under which the sentinels watch the master. */
  readonly masterName: string | null;
  readonly database: number;
  readonly username: string | null;
  readonly tls: boolean;
  /** False where the URL says `ssl_cert_reqs=none`, redis-py's word for TLS without looking at the certificate. */
  readonly verify: boolean;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

export interface ParsedRedisUrl {
  readonly address: RedisAddress;
  readonly password: string | null;
}

/** Scheme → what it means. The `valkey`, `redis+socket` and `sentinel` spellings are other clients' names. */
const SCHEMES: Readonly<Record<string, { kind: RedisAddress['kind']; tls: boolean }>> = {
  redis: { kind: 'tcp', tls: false },
  rediss: { kind: 'tcp', tls: true },
  valkey: { kind: 'tcp', tls: false },
  valkeys: { kind: 'tcp', tls: true },
  'redis+sentinel': { kind: 'sentinel', tls: false },
  'rediss+sentinel': { kind: 'sentinel', tls: true },
  unix: { kind: 'unix', tls: false },
  'redis+unix': { kind: 'unix', tls: false },
  'redis+socket': { kind: 'unix', tls: false },
};

const FORMS = 'redis://host:6379/0, rediss://…, redis+sentinel://host:26379,host:26379/name/0 or unix:///path?db=0';

/**
 * Reads a URL as a person pastes it: with blanks or quotes around it, as `REDIS_URL=…`, without a scheme
 * (`localhost:6379`), with a password whose special characters are not percent-encoded.
 * Options: `db` (or `virtual_host`, Celery's), `username`, `password`, `ssl_cert_reqs`; those of other clients are
 * left aside. As in redis-py, `?db=` wins over the path.
 * @throws InspectorError `bad-value`: what is wrong, and where. Never holds the password.
 */
export function parseRedisUrl(pasted: string): ParsedRedisUrl {
  const text = unwrap(pasted);
  if (text === '') throw wrong('the URL is empty', 'nothing was given');
  const schemeEnd = text.indexOf('://');
  const scheme = schemeEnd < 0 ? 'redis' : text.slice(0, schemeEnd).toLowerCase();
  const meaning = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (meaning === undefined)
    throw wrong(
      /^[a-z][\w+.-]{0,19}$/.test(scheme) ? `the scheme "${scheme}://" is not one of a Redis` : 'it has no scheme',
      'it starts so',
    );
  const parts = splitParts(schemeEnd < 0 ? text : text.slice(schemeEnd + 3), meaning.kind);
  const options = new URLSearchParams(parts.query);
  const { nodes, path, masterName, databaseText } = place(meaning.kind, parts);
  return {
    address: {
      kind: meaning.kind,
      nodes,
      path,
      masterName,
      database: database(options.get('db') ?? options.get('virtual_host') ?? databaseText),
      username: parts.username ?? (options.get('username') || null),
      tls: meaning.tls,
      verify: !/^(cert_)?none$/i.test(options.get('ssl_cert_reqs') ?? ''),
    },
    password: parts.password ?? (options.get('password') || null),
  };
}

/** The one spelling of an address; holds no password. */
export function formatRedisUrl(address: RedisAddress): string {
  const user = address.username === null ? '' : `${encodeURIComponent(address.username)}@`;
  const secure = address.tls ? 's' : '';
  const query = address.verify ? '' : '?ssl_cert_reqs=none';
  if (address.kind === 'unix') return `unix://${user}${encodeURI(address.path ?? '')}?db=${address.database}`;
  const nodes = address.nodes.map(showNode).join(',');
  if (address.kind === 'tcp') return `redis${secure}://${user}${nodes}/${address.database}${query}`;
  return `redis${secure}+sentinel://${user}${nodes}/${encodeURIComponent(address.masterName ?? '')}/${address.database}${query}`;
}

/**
 * Splits what was pasted into the URL that may be kept in settings and the password that may not.
 * @throws InspectorError `bad-value`
 */
export function splitRedisUrl(pasted: string): { url: string; password: string | null } {
  const { address, password } = parseRedisUrl(pasted);
  return { url: formatRedisUrl(address), password };
}

/** A URL to show: without password, whatever the text is. */
export function showRedisUrl(url: string): string {
  try {
    return splitRedisUrl(url).url;
  } catch {
    // No URL of ours, so any part of it could be a password.
    return `${/^[\w+.-]{1,20}:\/\//.exec(unwrap(url))?.[0] ?? ''}…`;
  }
}

/** `host:port/db`, `path/db`, `master@sentinel:port/db`: how a broker is called where it has no name yet. */
export function showAddress(address: RedisAddress): string {
  if (address.kind === 'unix') return `${address.path}/${address.database}`;
  const first = address.nodes[0];
  const node = first === undefined ? '' : showNode(first);
  return `${address.masterName === null ? '' : `${address.masterName}@`}${node}/${address.database}`;
}

export function showNode(node: RedisNode): string {
  return `${node.host.includes(':') ? `[${node.host}]` : node.host}:${node.port}`;
}

/** Takes away blanks, quotes, brackets, a variable's name, `redis-cli -u`. */
function unwrap(pasted: string): string {
  return pasted
    .trim()
    .replace(/^(?:export\s+)?\w+\s*=\s*(?=\S)/, '')
    .replace(/^redis-cli\s+-u\s+/, '')
    .replace(/^["'<`](.*)["'>`];?$/s, '$1')
    .trim();
}

interface Parts {
  readonly username: string | null;
  readonly password: string | null;
  /** Hosts with their ports. */
  readonly authority: string;
  /** With its leading slash, or empty. */
  readonly path: string;
  readonly query: string;
}

function splitParts(rest: string, kind: RedisAddress['kind']): Parts {
  const at = userinfoEnd(rest, kind);
  const userinfo = at < 0 ? '' : rest.slice(0, at);
  const place = rest.slice(at + 1);
  const [beforeQuery = '', query = ''] = cut(place.split('#', 1)[0] ?? '', '?');
  const slash = beforeQuery.indexOf('/');
  const authority = slash < 0 ? beforeQuery : beforeQuery.slice(0, slash);
  const path = slash < 0 ? '' : beforeQuery.slice(slash);
  if (/\s/.test(place)) throw wrong('there is a blank inside', 'blanks in a name or password are written %20');
  const [user = '', secret] = cut(userinfo, ':');
  return {
    username: decode(user) || null,
    password: secret === undefined ? null : decode(secret) || null,
    authority,
    path,
    query,
  };
}

const HOST = String.raw`(?:\[[\da-f:.]+(?:%[\w.-]+)?\]|[^\s:/?#@,[\]]+)(?::\d*)?`;
/** What may follow the @ behind user and password. */
const PLACES: Readonly<Record<RedisAddress['kind'], RegExp>> = {
  tcp: new RegExp(String.raw`^${HOST}(?:/\d*)?(?:[?#].*)?$`, 'i'),
  sentinel: new RegExp(String.raw`^${HOST}(?:,${HOST})*(?:/[^/?#@]*)?(?:/\d*)?(?:[?#].*)?$`, 'i'),
  unix: /^\/[^@]*$/,
};

/** Position of the @ behind user and password, or -1. A password that is not percent-encoded may hold @ / ? # itself. */
function userinfoEnd(rest: string, kind: RedisAddress['kind']): number {
  const inAuthority = (/^[^/?#]*/.exec(rest)?.[0] ?? '').lastIndexOf('@');
  if (inAuthority < 0 && PLACES[kind].test(rest)) return -1;
  for (let at = rest.lastIndexOf('@'); at >= 0; at = at === 0 ? -1 : rest.lastIndexOf('@', at - 1))
    if (PLACES[kind].test(rest.slice(at + 1))) return at;
  if (inAuthority < 0 && rest.includes('@') && kind !== 'unix')
    throw wrong('password and host cannot be told apart', 'there is an @, but no host behind it');
  return inAuthority;
}

function place(kind: RedisAddress['kind'], parts: Parts) {
  if (kind === 'unix') {
    if (parts.authority !== '')
      throw wrong('a unix socket has no host', 'something stands before its path, which begins with three slashes');
    const path = decode(parts.path);
    if (path.length < 2) throw wrong('the path of the socket is missing', 'nothing follows unix://');
    return { nodes: [], path, masterName: null, databaseText: '' };
  }
  const steps = parts.path.split('/').slice(1).map(decode);
  if (kind === 'tcp') {
    if (parts.authority.includes(','))
      throw wrong('it names several hosts', 'several are for sentinels: redis+sentinel://host,host/name/db');
    if (steps.length > 1 && steps[1] !== '')
      throw wrong('something follows the database number', 'there is one more slash');
    return { nodes: [node(parts.authority, 6379)], path: null, masterName: null, databaseText: steps[0] ?? '' };
  }
  const masterName = steps[0] ?? '';
  if (masterName === '')
    throw wrong('the name of the master is missing', 'it stands behind the hosts: redis+sentinel://host:26379/name/0');
  const nodes = parts.authority.split(',').map(text => node(text, 26379));
  return { nodes, path: null, masterName, databaseText: steps[1] ?? '' };
}

function node(text: string, defaultPort: number): RedisNode {
  const match = /^(?:\[([\da-f:.]+(?:%[\w.-]+)?)\]|([^:[\]]*))(?::([^:]*))?$/i.exec(text);
  if (match === null) throw wrong('the host cannot be read', 'an IPv6 address stands in [brackets]');
  const host = match[1] ?? decode(match[2] ?? '');
  if (host === '') throw wrong('the host is missing', 'nothing stands where it should');
  const portText = match[3] ?? '';
  if (portText === '') return { host, port: defaultPort };
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port < 1 || port > 65_535)
    // What stands there may be a piece of a password without its @: never repeat it.
    throw wrong(
      `the port of ${shorten(host)} is not a number from 1 to 65535`,
      'what stands behind its colon is no port',
    );
  return { host, port };
}

function database(text: string): number {
  if (text === '') return 0;
  if (!/^\d{1,9}$/.test(text))
    throw wrong('the database is not a number', 'it stands behind the last slash, or in ?db=');
  return Number(text);
}

/** The text before and behind the first separator; no second part without one. */
function cut(text: string, separator: string): [string, string?] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** Percent-decoding; a text with a stray percent sign is taken as it stands. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function wrong(what: string, where: string): InspectorError {
  return new InspectorError('bad-value', {
    message: `This is no Redis URL: ${what}.`,
    tried: 'reading the URL of a Redis',
    answer: where,
    remedy: `Write it as ${FORMS}. Special characters of user and password are percent-encoded.`,
  });
}

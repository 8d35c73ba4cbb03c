import { InspectorError } from '../../model';
import {
  type BrokerNode,
  decode,
  HOST,
  type Parts,
  readNode,
  showNode,
  splitParts,
  unwrap as unwrapUrl,
} from '../common/url';

/** Where a Redis is, without its password. */
export interface RedisAddress {
  readonly kind: 'tcp' | 'unix' | 'sentinel';
  /** One node, or every sentinel named; empty for a unix socket. IPv6 hosts without brackets. */
  readonly nodes: readonly BrokerNode[];
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
  const parts = splitParts(
    schemeEnd < 0 ? text : text.slice(schemeEnd + 3),
    PLACES[meaning.kind],
    meaning.kind !== 'unix',
    wrong,
  );
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

const unwrap = (pasted: string) => unwrapUrl(pasted, /^redis-cli\s+-u\s+/);

/** What may follow the @ behind user and password. */
const PLACES: Readonly<Record<RedisAddress['kind'], RegExp>> = {
  tcp: new RegExp(String.raw`^${HOST}(?:/\d*)?(?:[?#].*)?$`, 'i'),
  sentinel: new RegExp(String.raw`^${HOST}(?:,${HOST})*(?:/[^/?#@]*)?(?:/\d*)?(?:[?#].*)?$`, 'i'),
  unix: /^\/[^@]*$/,
};

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

const node = (text: string, defaultPort: number) => readNode(text, defaultPort, wrong, host => ` of ${shorten(host)}`);

function database(text: string): number {
  if (text === '') return 0;
  if (!/^\d{1,9}$/.test(text))
    throw wrong('the database is not a number', 'it stands behind the last slash, or in ?db=');
  return Number(text);
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

import { InspectorError } from '../../model';

/** Where a virtual host of RabbitMQ is, without its password. */
export interface RabbitAddress {
  /** Tried in turn; never empty. IPv6 hosts without brackets. */
  readonly nodes: readonly RabbitNode[];
  /** `/` unless told. */
  readonly vhost: string;
  /** null = `guest`, RabbitMQ's own. */
  readonly username: string | null;
  readonly tls: boolean;
  /** False where the URL says `verify=verify_none` (RabbitMQ's URIs) or `ssl_cert_reqs=none`. */
  readonly verify: boolean;
  /** Seconds; null = ours. */
  readonly heartbeat: number | null;
}

export interface RabbitNode {
  readonly host: string;
  readonly port: number;
}

export interface ParsedRabbitUrl {
  readonly address: RabbitAddress;
  readonly password: string | null;
}

/** Scheme → whether it speaks TLS. `pyamqp` and `librabbitmq` are kombu's names of its transports. */
const SCHEMES: Readonly<Record<string, boolean>> = {
  amqp: false,
  amqps: true,
  pyamqp: false,
  pyamqps: true,
  librabbitmq: false,
  rabbitmq: false,
  rabbitmqs: true,
};

const FORMS = 'amqp://user@host:5672/vhost, amqps://… or amqp://host1,host2/vhost';

/** Whether a text begins as the URL of a RabbitMQ, a variable's name and quotes before it aside. */
export function isRabbitUrl(pasted: string): boolean {
  const scheme = /^([a-z]+):\/\//i.exec(unwrap(pasted))?.[1]?.toLowerCase();
  return scheme !== undefined && Object.hasOwn(SCHEMES, scheme);
}

/**
 * Reads a URL as a person pastes it: with blanks or quotes around it, as `CELERY_BROKER_URL=…`, with a password whose
 * special characters are not percent-encoded, several hosts with commas, or Celery's several URLs with semicolons (the
 * first one's user, password and virtual host count). No path, `/` and kombu's `//` are the virtual host `/`.
 * Sources: RabbitMQ URI specification (uri-spec, uri-query-parameters); kombu 5.7 `utils/url.py`.
 * @throws InspectorError `bad-value`: what is wrong, and where. Never holds the password.
 */
export function parseRabbitUrl(pasted: string): ParsedRabbitUrl {
  const [first = '', ...others] = unwrap(pasted).split(/;(?=[a-z]+:\/\/)/i);
  const parsed = parseOne(first);
  const further = others.flatMap(text => parseOne(text).address.nodes);
  return { ...parsed, address: { ...parsed.address, nodes: [...parsed.address.nodes, ...further] } };
}

function parseOne(text: string): ParsedRabbitUrl {
  if (text === '') throw wrong('the URL is empty', 'nothing was given');
  const end = text.indexOf('://');
  const scheme = end < 0 ? '' : text.slice(0, end).toLowerCase();
  const tls = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (tls === undefined)
    throw wrong(
      /^[a-z][\w+.-]{0,19}$/.test(scheme) ? `the scheme "${scheme}://" is not one of a RabbitMQ` : 'it has no scheme',
      'it starts so',
    );
  const rest = text.slice(end + 3);
  const at = userinfoEnd(rest);
  const place = rest.slice(at + 1).split('#', 1)[0] ?? '';
  if (/\s/.test(place)) throw wrong('there is a blank inside', 'blanks in a name are written %20');
  const [beforeQuery = '', query = ''] = cut(place, '?');
  const slash = beforeQuery.indexOf('/');
  const authority = slash < 0 ? beforeQuery : beforeQuery.slice(0, slash);
  const vhost = slash < 0 ? '' : decode(beforeQuery.slice(slash + 1));
  const [user = '', secret] = cut(at < 0 ? '' : rest.slice(0, at), ':');
  const options = new URLSearchParams(query);
  const heartbeat = Number(options.get('heartbeat') ?? Number.NaN);
  return {
    address: {
      nodes: authority.split(',').map(part => node(part, tls ? 5671 : 5672)),
      vhost: vhost === '' ? '/' : vhost,
      username: decode(user) || null,
      tls,
      verify: !/^(?:verify_|cert_)?none$/i.test(options.get('verify') ?? options.get('ssl_cert_reqs') ?? ''),
      heartbeat: Number.isInteger(heartbeat) && heartbeat >= 0 && heartbeat <= 3600 ? heartbeat : null,
    },
    password: secret === undefined ? null : decode(secret) || null,
  };
}

/** The one spelling of an address; holds no password. */
export function formatRabbitUrl(address: RabbitAddress): string {
  const user = address.username === null ? '' : `${encodeURIComponent(address.username)}@`;
  const options = [
    ...(address.verify ? [] : ['verify=verify_none']),
    ...(address.heartbeat === null ? [] : [`heartbeat=${address.heartbeat}`]),
  ];
  const query = options.length === 0 ? '' : `?${options.join('&')}`;
  const nodes = address.nodes.map(showRabbitNode).join(',');
  return `amqp${address.tls ? 's' : ''}://${user}${nodes}/${encodeURIComponent(address.vhost)}${query}`;
}

/**
 * Splits what was pasted into the URL that may be kept in settings and the password that may not.
 * @throws InspectorError `bad-value`
 */
export function splitRabbitUrl(pasted: string): { url: string; password: string | null } {
  const { address, password } = parseRabbitUrl(pasted);
  return { url: formatRabbitUrl(address), password };
}

/** `host:port/vhost`: how a broker is called where it has no name yet; the virtual host `/` adds nothing. */
export function showRabbitAddress(address: RabbitAddress): string {
  const first = address.nodes[0];
  const vhost = address.vhost === '/' ? '' : `/${address.vhost}`;
  return `${first === undefined ? '' : showRabbitNode(first)}${vhost}`;
}

export function showRabbitNode({ host, port }: RabbitNode): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * `https://user:password@host:15671/path` in its parts; a path that ends in /api is taken without it.
 * @throws InspectorError `bad-value`; holds no password
 */
export function splitManagementUrl(given: string): {
  readonly url: string;
  readonly user: string | null;
  readonly password: string | null;
} {
  const parsed = URL.canParse(given.trim()) ? new URL(given.trim()) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.hostname === '')
    throw new InspectorError('bad-value', {
      message: 'This is no URL of a management API.',
      tried: 'reading the management URL',
      answer: 'it does not begin with http:// or https://, or has no host',
      remedy: 'Write it as http://host:15672 or https://host:15671.',
    });
  const path = parsed.pathname.replace(/\/(?:api\/?)?$/, '').replace(/\/+$/, '');
  return {
    url: `${parsed.protocol}//${parsed.host}${path}`,
    user: decodeURIComponent(parsed.username) || null,
    password: decodeURIComponent(parsed.password) || null,
  };
}

/** Takes away blanks, quotes, brackets and a variable's name. */
function unwrap(pasted: string): string {
  return pasted
    .trim()
    .replace(/^(?:export\s+)?\w+\s*=\s*(?=\S)/, '')
    .replace(/^["'<`](.*)["'>`];?$/s, '$1')
    .trim();
}

const HOST = String.raw`(?:\[[\da-f:.]+(?:%[\w.-]+)?\]|[^\s:/?#@,[\]]+)(?::\d*)?`;
const PLACE = new RegExp(`^${HOST}(?:,${HOST})*(?:/[^@]*)?(?:[?#].*)?$`, 'i');

/** Position of the @ behind user and password, or -1. A password that is not percent-encoded may hold @ / ? # itself. */
function userinfoEnd(rest: string): number {
  const inAuthority = (/^[^/?#]*/.exec(rest)?.[0] ?? '').lastIndexOf('@');
  if (inAuthority < 0 && PLACE.test(rest)) return -1;
  for (let at = rest.lastIndexOf('@'); at >= 0; at = at === 0 ? -1 : rest.lastIndexOf('@', at - 1))
    if (PLACE.test(rest.slice(at + 1))) return at;
  if (inAuthority < 0 && rest.includes('@'))
    throw wrong('password and host cannot be told apart', 'there is an @, but no host behind it');
  return inAuthority;
}

function node(text: string, defaultPort: number): RabbitNode {
  const match = /^(?:\[([\da-f:.]+(?:%[\w.-]+)?)\]|([^:[\]]*))(?::([^:]*))?$/i.exec(text);
  if (match === null) throw wrong('the host cannot be read', 'an IPv6 address stands in [brackets]');
  const host = match[1] ?? decode(match[2] ?? '');
  if (host === '') throw wrong('the host is missing', 'nothing stands where it should');
  const portText = match[3] ?? '';
  const port = portText === '' ? defaultPort : Number(portText);
  // What stands there may be a piece of a password without its @: never repeat it.
  if (!/^\d*$/.test(portText) || port < 1 || port > 65_535)
    throw wrong('the port is not a number from 1 to 65535', 'what stands behind the colon of the host is no port');
  return { host, port };
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

function wrong(what: string, where: string): InspectorError {
  return new InspectorError('bad-value', {
    message: `This is no RabbitMQ URL: ${what}.`,
    tried: 'reading the URL of a RabbitMQ',
    answer: where,
    remedy: `Write it as ${FORMS}. Special characters of user, password and virtual host are percent-encoded: / is %2F.`,
  });
}

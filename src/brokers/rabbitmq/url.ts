import { InspectorError } from '../../model';
import { type BrokerNode, decode, HOST, readNode, showNode, splitParts, unwrap } from '../common/url';

/** Where a virtual host of RabbitMQ is, without its password. */
export interface RabbitAddress {
  /** Tried in turn; never empty. IPv6 hosts without brackets. */
  readonly nodes: readonly BrokerNode[];
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
  const parts = splitParts(text.slice(end + 3), PLACE, true, wrong);
  const vhost = decode(parts.path.slice(1));
  const options = new URLSearchParams(parts.query);
  const heartbeat = Number(options.get('heartbeat') ?? Number.NaN);
  return {
    address: {
      nodes: parts.authority.split(',').map(part => readNode(part, tls ? 5671 : 5672, wrong)),
      vhost: vhost === '' ? '/' : vhost,
      username: parts.username,
      tls,
      verify: !/^(?:verify_|cert_)?none$/i.test(options.get('verify') ?? options.get('ssl_cert_reqs') ?? ''),
      heartbeat: Number.isInteger(heartbeat) && heartbeat >= 0 && heartbeat <= 3600 ? heartbeat : null,
    },
    password: parts.password,
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
  const nodes = address.nodes.map(showNode).join(',');
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
  return `${first === undefined ? '' : showNode(first)}${vhost}`;
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

/** What may follow the @ behind user and password. */
const PLACE = new RegExp(`^${HOST}(?:,${HOST})*(?:/[^@]*)?(?:[?#].*)?$`, 'i');

function wrong(what: string, where: string): InspectorError {
  return new InspectorError('bad-value', {
    message: `This is no RabbitMQ URL: ${what}.`,
    tried: 'reading the URL of a RabbitMQ',
    answer: where,
    remedy: `Write it as ${FORMS}. Special characters of user, password and virtual host are percent-encoded: / is %2F.`,
  });
}

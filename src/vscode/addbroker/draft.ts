import { formatRabbitUrl, isRabbitUrl, splitManagementUrl, splitRabbitUrl } from '../../brokers/rabbitmq/url';
import type { ConnectionProfile, Environment } from '../../inspector/api';
import type { BrokerCandidate } from '../../model';
import { splitPassword } from '../profiles';
import { addressOfUrl } from '../tree/model/connection';

/** A broker on its way in: what has been answered so far. Nothing of it is saved before the last step. */
export interface Draft {
  readonly url: string;
  readonly password: string | undefined;
  readonly tls: ConnectionProfile['tls'];
  /** By system: where the management API of a RabbitMQ is. */
  readonly options?: ConnectionProfile['options'];
  /** What it may be called. */
  readonly label: string;
}

/** Anything a person types or pastes: a whole URL, or `host`, `host:port`, `host:port/db`. */
export function draftOf(typed: string): Draft | null {
  const text = typed.trim();
  if (text === '' || /\s/.test(text)) return null;
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : isHost(text) ? `${schemeOf(text)}://${text}` : null;
  if (whole === null) return null;
  const { url, password } = parted(whole);
  return { url, password, tls: undefined, label: labelOf(url) };
}

/** A URL of RabbitMQ in its one spelling (several hosts, kombu's `//`); anything else as it was typed. */
function parted(text: string): { readonly url: string; readonly password: string | undefined } {
  if (!isRabbitUrl(text)) return splitPassword(text);
  try {
    const { url, password } = splitRabbitUrl(text);
    return { url, password: password ?? undefined };
  } catch {
    // What is wrong with it is said when it is tried.
    return splitPassword(text);
  }
}

/** The RabbitMQ behind the URL of its management API: the same host and user, AMQP at its usual port. */
export function draftOfManagement(typed: string): Draft | null {
  try {
    const { url: management, user, password } = splitManagementUrl(typed);
    const { hostname, protocol } = new URL(management);
    const tls = protocol === 'https:';
    const node = { host: hostname.replace(/^\[|\]$/g, ''), port: tls ? 5671 : 5672 };
    const url = formatRabbitUrl({ nodes: [node], vhost: '/', username: user, tls, verify: true, heartbeat: null });
    const options = { rabbitmq: { management } };
    return { url, password: password ?? undefined, tls: undefined, options, label: labelOf(url) };
  } catch {
    return null;
  }
}

/** Of a bare host: its port tells RabbitMQ from Redis. */
const schemeOf = (text: string) =>
  /:5672(?:\/|$)/.test(text) ? 'amqp' : /:5671(?:\/|$)/.test(text) ? 'amqps' : 'redis';

const isHost = (text: string) =>
  /^(?:\[[0-9a-f:]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?::\d{1,5})?(?:\/\d+)?$/i.test(text);

export function draftOfCandidate(candidate: BrokerCandidate): Draft {
  const { url, password } = parted(candidate.url);
  return { url, password: candidate.password ?? password, tls: undefined, label: candidate.label };
}

/** `localhost` for `redis://localhost:6379/0`. */
export function labelOf(url: string): string {
  const address = addressOfUrl(url);
  return address.replace(/[:/].*$/, '') || address || 'broker';
}

/** The name with the lowest number behind it that is not taken. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let n = 2; ; n++) if (!taken.has(`${wanted}-${n}`)) return `${wanted}-${n}`;
}

/** True for an address that never leaves this machine by itself; a tunnel may still lead it elsewhere. */
export function isLoopbackUrl(url: string): boolean {
  const host = addressOfUrl(url)
    .replace(/^\[([^\]]*)\].*$/, '$1')
    .replace(/[:/].*$/, '')
    .toLowerCase();
  return host === 'localhost' || /^127\./.test(host) || addressOfUrl(url).startsWith('[::1]');
}

/**
 * The access of a new connection. Choosing *Local* at a loopback address that could not be shown to be this machine's
 * own is the person's word that it is.
 */
export function accessOf(
  environment: Environment,
  url: string,
  byDefault: 'own' | 'read-only',
  own: boolean,
): ConnectionProfile['access'] {
  if (byDefault === 'read-only' || environment === 'production') return 'read-only';
  return environment === 'local' && !own && isLoopbackUrl(url) ? 'read-write' : 'own';
}

/** The same broker through TLS, at the other database, or elsewhere. */
export const throughTls = (draft: Draft): Draft => ({
  ...draft,
  url: isRabbitUrl(draft.url)
    ? draft.url.replace(/^((?:py)?amqp):(.*?):5672(?=[/,?]|$)/i, '$1s:$2:5671').replace(/^((?:py)?amqp):/i, '$1s:')
    : draft.url.replace(/^redis:/i, 'rediss:'),
});

export function atDatabase(url: string, db: number): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)([^?#]*)(.*)$/i.exec(url);
  if (match === null) return url;
  const [, head = '', path = '', rest = ''] = match;
  if (/sentinel/i.test(url)) {
    const [service = ''] = path.split('/').filter(part => part !== '');
    return `${head}/${service}/${db}${rest}`;
  }
  return `${head}/${db}${rest}`;
}

export type Values = Readonly<Record<string, string>>;

/** What the fields say, as a draft: every part of the URL encoded, the password kept apart. */
export function draftOfFields(scheme: string, values: Values): Draft {
  const given = (name: string) => values[name] ?? '';
  const user = given('user') === '' ? '' : `${encodeURIComponent(given('user'))}@`;
  const rabbit = scheme.startsWith('amqp');
  const database = given('database') === '' ? '' : `/${given('database')}`;
  const url =
    scheme === 'unix'
      ? `unix://${given('path')}${given('database') === '' ? '' : `?db=${given('database')}`}`
      : scheme === 'redis+sentinel'
        ? `redis+sentinel://${user}${given('sentinels')}/${encodeURIComponent(given('service'))}${database}`
        : rabbit
          ? `${scheme}://${user}${given('host')}:${given('port')}/${encodeURIComponent(given('vhost') || '/')}`
          : `${scheme}://${user}${given('host')}:${given('port')}${database}`;
  const tls: Record<string, string> = {};
  for (const name of ['ca', 'certificate', 'key', 'serverName']) if (given(name) !== '') tls[name] = given(name);
  return {
    url,
    password: given('password') === '' ? undefined : given('password'),
    tls: Object.keys(tls).length === 0 ? undefined : (tls as NonNullable<ConnectionProfile['tls']>),
    ...(given('management') === '' ? {} : { options: { rabbitmq: { management: given('management') } } }),
    label: scheme === 'redis+sentinel' ? given('service') : scheme === 'unix' ? 'socket' : labelOf(url),
  };
}

import type { ConnectionProfile, Environment } from '../../inspector/api';
import type { BrokerCandidate } from '../../model';
import { splitPassword } from '../profiles';
import { addressOfUrl } from '../tree/model/connection';

/** A broker on its way in: what has been answered so far. Nothing of it is saved before the last step. */
export interface Draft {
  readonly url: string;
  readonly password: string | undefined;
  readonly tls: ConnectionProfile['tls'];
  /** What it may be called. */
  readonly label: string;
}

/** Anything a person types or pastes: a whole URL, or `host`, `host:port`, `host:port/db`. */
export function draftOf(typed: string): Draft | null {
  const text = typed.trim();
  if (text === '' || /\s/.test(text)) return null;
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : isHost(text) ? `redis://${text}` : null;
  if (whole === null) return null;
  const { url, password } = splitPassword(whole);
  return { url, password, tls: undefined, label: labelOf(url) };
}

const isHost = (text: string) =>
  /^(?:\[[0-9a-f:]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)(?::\d{1,5})?(?:\/\d+)?$/i.test(text);

export function draftOfCandidate(candidate: BrokerCandidate): Draft {
  const { url, password } = splitPassword(candidate.url);
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
export const throughTls = (draft: Draft): Draft => ({ ...draft, url: draft.url.replace(/^redis:/i, 'rediss:') });

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

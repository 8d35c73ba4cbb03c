/** A broker's URL as a file names it, taken apart just far enough to move it and to keep its password apart. */
export interface NamedUrl {
  /** Without password. */
  readonly url: string;
  readonly password: string | null;
  /** Null where it names no host (a unix socket), several, or a part that only the program knows. */
  readonly host: string | null;
  readonly port: number | null;
}

const SCHEMES = 'rediss?|valkeys?|rediss?\\+sentinel|unix|redis\\+(?:unix|socket)|amqps?|pyamqp';
/** Every URL of a broker in a line. */
export const URLS = new RegExp(String.raw`(?<![\w+])(?:${SCHEMES})://[^\s"'<>\`]+`, 'gi');

/** Default ports by scheme. */
export const defaultPort = (url: string): number =>
  /^(py)?amqps:/i.test(url) ? 5671 : /^(py)?amqp/i.test(url) ? 5672 : 6379;

export function splitUrl(text: string): NamedUrl {
  const match = /^([\w+]+:\/\/)(?:([^\s@/:]*)(?::(.*))?@)?(.*)$/s.exec(text);
  if (match === null) return { url: text, password: null, host: null, port: null };
  const [, scheme = '', user = '', secret, rest = ''] = match;
  const place = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?(?=[/?#]|$)/i.exec(rest);
  const url = `${scheme}${user === '' ? '' : `${user}@`}${rest}`;
  return {
    url,
    password: secret === undefined || secret === '' ? null : decoded(secret),
    host: place === null ? null : (place[1] ?? place[2] ?? null),
    port: place === null ? null : Number(place[3] ?? defaultPort(url)),
  };
}

/** The same URL, leading to another host and port. */
export function moveUrl(url: string, host: string, port: number): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return url.replace(/^([\w+]+:\/\/(?:[^\s@/]*@)?)(\[[^\]]*\]|[^\s:/?#]+)(:\d+)?/, `$1${shown}:${port}`);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

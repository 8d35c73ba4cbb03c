/** What can be told from a URL alone, of any kind of broker; no driver is loaded for it. */
import {
  isRabbitUrl,
  parseRabbitUrl,
  showRabbitAddress,
  splitManagementUrl,
  splitRabbitUrl,
} from '../brokers/rabbitmq/url';
import { formatRedisUrl, parseRedisUrl, showAddress, splitRedisUrl } from '../brokers/redis/url';

/**
 * Splits what a person pasted into the URL that may be saved and the password that may not, with a name for it. Takes
 * the URL of a management API (http, https) too.
 * @throws InspectorError `bad-value`: what is wrong with the URL; never holds the password
 */
export function splitUrl(pasted: string): {
  readonly url: string;
  readonly password: string | null;
  readonly name: string;
} {
  if (/^\s*https?:\/\//i.test(pasted)) {
    const { url, user, password } = splitManagementUrl(pasted);
    const { host } = new URL(url);
    const login = user === null ? '' : `${encodeURIComponent(user)}@`;
    return { url: url.replace('://', `://${login}`), password, name: host };
  }
  if (isRabbitUrl(pasted)) {
    const split = splitRabbitUrl(pasted);
    return { ...split, name: showRabbitAddress(parseRabbitUrl(split.url).address) };
  }
  const { url, password } = splitRedisUrl(pasted);
  return { url, password, name: showAddress(parseRedisUrl(url).address) };
}

/**
 * The URL of another database of the same Redis (null = of the same one, in the same spelling); null where the broker
 * has no databases by number.
 */
export function databaseUrl(url: string, database: number | null): string | null {
  if (!isRedisUrl(url)) return null;
  const { address } = parseRedisUrl(url);
  return formatRedisUrl(database === null ? address : { ...address, database });
}

/** Whether two URLs lead to the same host and port, socket, or master of the same sentinels, and to a Redis. */
export function isSameServer(one: string, other: string): boolean {
  return isRedisUrl(one) && isRedisUrl(other) && databaseUrl(one, 0) === databaseUrl(other, 0);
}

const isRedisUrl = (url: string): boolean => {
  try {
    parseRedisUrl(url);
    return true;
  } catch {
    return false;
  }
};

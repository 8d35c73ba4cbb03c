import { InspectorError } from '../../../model';

/** A URL without its password; of what is no URL only its scheme, since any part of the rest could be one. */
export function withoutSecret(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^:@/?#]*)(?::.*)?@)?([^@?#]*)/is.exec(url.trim());
  if (match === null) return `${/^[\w+.-]{1,20}/.exec(url.trim())?.[0] ?? ''}…`;
  const [, scheme = '', user = '', rest = ''] = match;
  return `${scheme}${user === '' ? '' : `${user}@`}${rest}`;
}

/** Backends that Celery knows and we do not read (celery/app/backends.py, BACKEND_ALIASES). */
const FOREIGN: Readonly<Record<string, string>> = {
  rpc: 'results go back as messages to whoever waits for them, and reading them would take them away',
  amqp: 'results go back as messages to whoever waits for them, and reading them would take them away',
  db: 'results are kept in an SQL database',
  sqlalchemy: 'results are kept in an SQL database',
  'django-db': 'results are kept in the database of Django',
  'django-cache': 'results are kept in the cache of Django',
  file: 'results are kept in files',
  filesystem: 'results are kept in files',
  cache: 'results are kept in memcached',
  memcache: 'results are kept in memcached',
  mongodb: 'results are kept in MongoDB',
  disabled: 'results are switched off',
};

/** The error for a backend that is no Redis; null for one that is. */
export function foreignBackend(url: string): InspectorError | null {
  const scheme = /^([a-z][a-z0-9-]*)(?:\+[a-z0-9]+)?(?::|$)/i.exec(url.trim())?.[1]?.toLowerCase() ?? '';
  if (/^(?:rediss?|valkeys?|unix|sentinel|socket)$/.test(scheme) || !/^[a-z]/i.test(url.trim())) return null;
  const why = Object.hasOwn(FOREIGN, scheme) ? FOREIGN[scheme] : undefined;
  // `localhost:6379` has no scheme.
  if (why === undefined && !url.includes('://')) return null;
  return new InspectorError('unsupported', {
    message: `Results at ${scheme}:// are not read: ${why ?? 'only a Redis is'}.`,
    tried: 'opening the result backend',
    answer: `its URL begins with ${scheme}:`,
    remedy: 'Failed tasks can be listed from a Redis. Elsewhere, the events of the workers tell of new failures.',
  });
}

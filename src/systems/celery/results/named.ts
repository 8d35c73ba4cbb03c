/** What workers' configurations tell of where results are. */
import type { NamedBackend } from '../parts';
import { foreignBackend, withoutSecret } from './urls';

/** `result_backend` of configurations that workers told, each once. */
export function namedBackends(configurations: Iterable<Readonly<Record<string, unknown>>>): readonly NamedBackend[] {
  const named = new Map<string, NamedBackend>();
  for (const { result_backend: backend, broker_url: broker } of configurations) {
    if (typeof backend !== 'string' || !backend.includes('://')) continue;
    named.set(`${backend} ${String(broker)}`, { url: withoutSecret(backend), database: databaseOf(backend, broker) });
  }
  return [...named.values()];
}

/** Compared as one worker writes them: from here the same server may have another name. */
function databaseOf(backend: string, broker: unknown): NamedBackend['database'] {
  if (foreignBackend(backend) !== null) return 'elsewhere';
  const [results, messages] = [serverOf(backend), typeof broker === 'string' ? serverOf(broker) : null];
  if (results === null || messages === null) return null;
  return results.server === messages.server ? results.database : 'elsewhere';
}

/** Null for what is no plain URL of a Redis over TCP. */
function serverOf(url: string): { readonly server: string; readonly database: number } | null {
  const match = /^(?:redis|rediss|valkey|valkeys):\/\/(?:[^@/?#]*@)?([^/?#,;]*)(?:\/(\d*))?(?:[?#].*)?$/i.exec(
    url.trim(),
  );
  if (match === null) return null;
  const [, host = '', database = ''] = match;
  const [name, port] = /^(.*?)(?::(\d+))?$/.exec(host.toLowerCase())?.slice(1) ?? [];
  const server = name === '' || name === undefined || /^(?:127\.0\.0\.1|\[::1\])$/.test(name) ? 'localhost' : name;
  return { server: `${server}:${port ?? 6379}`, database: Number(database) };
}

import type { SessionOptions } from './session';
import { isPlainText, quoteForRedisCli, quoteForShell } from './shell';

/**
 * A command line for redis-cli that asks the same node for the same; it asks for the password itself. Arguments that
 * no command line can hold (binary) reach redis-cli's own prompt through a pipe, in its own quoting.
 */
export function redisCli(command: readonly (string | Uint8Array)[], options: SessionOptions, node: string): string {
  const parts = command.map(part => (typeof part === 'string' ? Buffer.from(part) : part));
  const client = ['redis-cli', ...where(options, node)].map(quoteForShell).join(' ');
  if (parts.every(isPlainText))
    return `${client} ${parts.map(part => quoteForShell(Buffer.from(part).toString())).join(' ')}`;
  const line = parts.map(quoteForRedisCli).join(' ');
  return `printf '%s\\n' ${quoteForShell(line)} | ${client}`;
}

function where({ address, password, tls }: SessionOptions, node: string): string[] {
  const flags: string[] = [];
  if (address.path !== null) flags.push('-s', address.path);
  else {
    const colon = node.lastIndexOf(':');
    flags.push('-h', node.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), '-p', node.slice(colon + 1));
  }
  if (address.tls) flags.push('--tls', ...(address.verify ? [] : ['--insecure']), ...files(tls, address.verify));
  if (address.username !== null) flags.push('--user', address.username);
  if (password !== null) flags.push('--askpass');
  if (address.database > 0) flags.push('-n', String(address.database));
  return flags;
}

/** Files only: a certificate that is kept as text has no place in a command line. */
function files(tls: SessionOptions['tls'], verify: boolean): string[] {
  const isFile = (value: string | undefined): value is string => value !== undefined && !value.includes('-----BEGIN');
  return [
    ...(verify && isFile(tls.ca) ? ['--cacert', tls.ca] : []),
    ...(isFile(tls.certificate) ? ['--cert', tls.certificate] : []),
    ...(isFile(tls.key) ? ['--key', tls.key] : []),
    ...(tls.serverName === undefined ? [] : ['--sni', tls.serverName]),
  ];
}

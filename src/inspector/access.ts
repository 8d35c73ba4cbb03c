/** What may be written: the profile's word, this machine's own brokers, and what a person allowed for a time. */
import { t } from '@vscode/l10n';
import type { Surroundings } from '../model';
import type { AccessNow, ConnectionProfile } from './api';
import type { Link } from './ports';

/** Access as the profile and the broker give it, found out at every connect. */
export async function baseAccess(
  profile: ConnectionProfile,
  link: Link,
  surroundings: Surroundings,
): Promise<AccessNow> {
  if (link.writeRefusal !== null) return readOnly(t('Read-only: {0}', link.writeRefusal));
  if (profile.access === 'read-only') return readOnly(t('Read-only: this connection is set so.'));
  if (profile.access === 'read-write') return writable(t('Read and write: this connection is set so.'));
  return ownAccess(link, surroundings);
}

/**
 * Whether the broker is shown to be this machine's own: its address is a unix socket or loopback, and the process that
 * it names is in this machine's process table, listening there. Anything else at a loopback address may be a tunnel.
 */
async function ownAccess(link: Link, surroundings: Surroundings): Promise<AccessNow> {
  const product = link.serverText.split(' ', 1)[0] ?? '';
  const { endpoint } = link;
  if (endpoint.kind === 'tcp' && !isLoopback(endpoint.host))
    return readOnly(t('Read-only: {0} is not this machine.', endpoint.host));
  const name = endpoint.kind === 'unix' ? endpoint.path : endpoint.host;
  if (surroundings.remote)
    return readOnly(t('Read-only: this window runs on a remote machine, so {0} is not the one you sit at.', name));
  const { pid, port } = link.process;
  const tunnel = readOnly(t('Read-only: {0} may lead elsewhere, through a tunnel.', name));
  if (pid === null && link.broker.kind === 'rabbitmq')
    return readOnly(
      t(
        'Read-only: {0} may lead elsewhere, through a tunnel. Only the management API tells the process of a RabbitMQ.',
        name,
      ),
    );
  if (pid === null) return tunnel;
  if (endpoint.kind === 'unix') {
    // Where the process table cannot be read, the socket's own place on this machine decides.
    const ours = await surroundings.processIsOurs(pid, { unixSocket: endpoint.path });
    return ours === false ? tunnel : writable(ownText(product, pid));
  }
  if (port !== endpoint.port) return tunnel;
  return (await surroundings.processIsOurs(pid, { port })) === true ? writable(ownText(product, pid)) : tunnel;
}

/** `localhost`, 127.0.0.0/8 and ::1: names and addresses that never leave this machine by themselves. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    bare === 'localhost' ||
    bare.endsWith('.localhost') ||
    bare === '::1' ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(bare)
  );
}

export const readOnly = (reason: string): AccessNow => ({ writable: false, reason, until: null });
export const writable = (reason: string): AccessNow => ({ writable: true, reason, until: null });

const ownText = (product: string, pid: number) => t("This machine's own {0} (pid {1}).", product, String(pid));

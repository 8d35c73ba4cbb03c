/** A link to a virtual host of RabbitMQ. Loaded when the first one is opened: its driver is not needed before. */
import { type ConnectedRabbit, connectRabbit } from '../brokers/rabbitmq';
import type { ConnectionProfile } from './api';
import type { Link } from './ports';

export async function openRabbitLink(
  profile: ConnectionProfile,
  password: string | undefined,
  signal: AbortSignal,
): Promise<Link> {
  const managementUrl = managementOption(profile);
  const rabbit = await connectRabbit(
    {
      url: profile.url,
      ...(password === undefined ? {} : { password }),
      ...(profile.tls === undefined ? {} : { tls: profile.tls }),
      ...(managementUrl === undefined ? {} : { managementUrl }),
    },
    signal,
  );
  return linkOf(rabbit);
}

/**
 * Where the management API is, as a person has said under any system: the option `management`, a URL, or `none`. Absent
 * = at its usual port.
 */
export function managementOption(profile: Pick<ConnectionProfile, 'options'>): string | null | undefined {
  for (const options of Object.values(profile.options ?? {})) {
    const given = options['management'];
    if (given === false || given === null || given === 'none') return null;
    if (typeof given === 'string' && given.trim() !== '') return given;
  }
  return undefined;
}

function linkOf(rabbit: ConnectedRabbit): Link {
  return {
    broker: rabbit,
    get serverText() {
      return `${rabbit.server.product} ${rabbit.server.version}`;
    },
    // The port is the one that this side connected to: what decides is whether the node's own process listens there.
    get process() {
      return rabbit.process;
    },
    get endpoint() {
      const { node } = rabbit;
      const colon = node.lastIndexOf(':');
      const host = node.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
      return { kind: 'tcp', host, port: Number(node.slice(colon + 1)) } as const;
    },
    writeRefusal: null,
    otherDatabases: async () => [],
    undo: (units, _record, signal) => rabbit.undo(units, signal),
    onDidClose: listener => rabbit.onLost(listener),
    reconnect: signal => rabbit.reconnect(signal),
    close: async () => rabbit.close(),
  };
}

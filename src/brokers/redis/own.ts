import type { Surroundings } from '../../model';
import type { RedisServer } from './port';
import { parseRedisUrl, type RedisAddress } from './url';

export interface Ownership {
  readonly own: boolean;
  /** One sentence for people, why it is or is not. */
  readonly reason: string;
}

/**
 * Whether a Redis is shown to be this machine's own: then a connection may start with writing allowed. A unix socket
 * is; a loopback address is when the process that the server names (INFO: process_id, tcp_port) is in this machine's
 * process table and listens on that very port. Everything else may be a tunnel to production.
 */
export async function ownMachine(
  server: RedisServer,
  url: string,
  surroundings: Pick<Surroundings, 'processIsOurs' | 'remote'>,
): Promise<Ownership> {
  const { address } = parseRedisUrl(url);
  if (surroundings.remote) return not('This window works on another machine, through SSH.');
  if (address.kind === 'unix') return { own: true, reason: `${address.path} is a unix socket of this machine.` };
  const node = loopbackNode(address);
  if (node === null) return not(`${address.nodes[0]?.host ?? 'It'} is another machine.`);
  const tunnel = `${node.host} may lead elsewhere, through a tunnel.`;
  if (address.kind === 'sentinel') return not(tunnel);
  if (server.processId === null || server.tcpPort === null)
    return not(`${tunnel} The server does not tell its process.`);
  if (server.tcpPort !== node.port)
    return not(`${tunnel} The server itself listens on port ${server.tcpPort}, not on ${node.port}.`);
  const ours = await surroundings.processIsOurs(server.processId, { port: node.port });
  if (ours === true)
    return { own: true, reason: `Process ${server.processId} of this machine listens on port ${node.port}.` };
  return not(
    ours === null
      ? `${tunnel} Whether process ${server.processId} is one of this machine cannot be told.`
      : `${tunnel} No process ${server.processId} of this machine listens on port ${node.port}.`,
  );
}

const not = (reason: string): Ownership => ({ own: false, reason });

function loopbackNode(address: RedisAddress) {
  const node = address.nodes[0];
  return node !== undefined && isLoopback(node.host) ? node : null;
}

/** `localhost`, 127.0.0.0/8, ::1; no name is resolved. */
export function isLoopback(host: string): boolean {
  return /^(localhost|(.+\.)?localhost\.?|ip6-localhost|127(\.\d{1,3}){3}|::1|(0{1,4}:){7}0{0,3}1)$/i.test(host);
}

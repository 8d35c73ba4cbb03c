/**
 * The door before the demo's workbench. A browser workbench hands a terminal and every file of the machine to whoever
 * reaches it, so it listens on a unix socket that only this user can open, and this proxy lets in only who knows the
 * printed address: a random path on a loopback port, asked for by that very name (`Host`, against DNS rebinding) and
 * from no other page (`Origin`), for requests and WebSockets alike.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

export interface Gate {
  readonly port: number;
  /** `http://127.0.0.1:port/token/`; everything else is refused. */
  readonly address: string;
  /** Tells where the workbench listens, once it does; until then everything is refused. */
  lead(socketPath: string): void;
  close(): void;
}

/** Opens the gate on a free port of the loopback address. */
export async function openGate(): Promise<Gate> {
  const token = randomBytes(24).toString('base64url');
  let target: string | undefined;
  let host = '';
  const server = createServer();
  server.on('request', (incoming, response) => {
    const options = admitted(incoming, host, token, target);
    if (options === undefined) {
      response.writeHead(403, { 'content-type': 'text/plain' }).end('Use the address that the demo printed.\n');
      return;
    }
    const outgoing = request(options, answer => {
      // The path is the key: no page outside may learn it from a Referer header.
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'referrer-policy': 'same-origin' });
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const options = admitted(incoming, host, token, target);
    // A WebSocket always comes from a page: one without an Origin is no browser of ours.
    if (options === undefined || incoming.headers.origin === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
      return;
    }
    upgrade(options, socket, head);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  host = `127.0.0.1:${port}`;
  return {
    port,
    address: `http://${host}/${token}/`,
    lead: socketPath => {
      target = socketPath;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** How an admitted request goes on, the token taken off its path; undefined for one that is refused. */
function admitted(
  incoming: IncomingMessage,
  host: string,
  token: string,
  target: string | undefined,
): RequestOptions | undefined {
  const { origin } = incoming.headers;
  const [, first = '', rest = ''] = /^\/([^/?]*)(.*)$/s.exec(incoming.url ?? '') ?? [];
  if (target === undefined || incoming.headers.host !== host || !same(first, token)) return undefined;
  if (origin !== undefined && origin !== `http://${host}`) return undefined;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { socketPath: target, method: incoming.method ?? 'GET', path, headers: incoming.headers };
}

function upgrade(options: RequestOptions, socket: Duplex, head: Buffer): void {
  const outgoing = request(options);
  const end = () => {
    outgoing.destroy();
    socket.destroy();
  };
  socket.on('error', end);
  outgoing.on('error', end);
  outgoing.on('response', end);
  outgoing.on('upgrade', (answer, upstream, first) => {
    const lines = [`HTTP/1.1 101 ${answer.statusMessage ?? 'Switching Protocols'}`];
    for (let index = 0; index + 1 < answer.rawHeaders.length; index += 2)
      lines.push(`${answer.rawHeaders[index]}: ${answer.rawHeaders[index + 1]}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.write(first);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
    const close = () => {
      socket.destroy();
      upstream.destroy();
    };
    for (const side of [socket, upstream]) side.on('error', close).on('close', close);
  });
  outgoing.end();
}

/** Compared in constant time, so that no answer tells how much of a guess was right. */
function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { BrokerNode } from '../common/url';

const TIMEOUT_MS = 1000;

/** Whether a node answers PING without TLS; only asked after TLS got no answer at all. Nothing secret is sent. */
export function speaksPlain(node: BrokerNode): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: node.host, port: node.port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(false));
    socket.once('error', () => end(false));
    socket.once('end', () => end(false));
    socket.once('connect', () => socket.write('*1\r\n$4\r\nPING\r\n'));
    // A status or an error of the Redis protocol.
    socket.once('data', chunk => end(chunk[0] === 0x2b || chunk[0] === 0x2d));
  });
}

/** Whether a node takes a TLS handshake; only asked after it hung up on a plain greeting. Nothing is sent through it. */
export function speaksTls(node: BrokerNode): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connectTls({ host: node.host, port: node.port, rejectUnauthorized: false });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(TIMEOUT_MS, () => end(false));
    socket.once('secureConnect', () => end(true));
    // An alert is TLS as well: it wants a client certificate, or another version.
    socket.once('error', error => end(/alert/i.test(error.message)));
    socket.once('end', () => end(false));
  });
}

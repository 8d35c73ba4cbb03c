/** Fills a Redis with millions of commands in seconds: plain RESP on a socket, without an answer to each. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Bytes that are put together before they are written. */
const CHUNK = 1 << 20;

/** One command as RESP; the arguments are read as latin1, so that bytes can be written as text. */
export function respOf(...parts: readonly string[]): string {
  let text = `*${parts.length}\r\n`;
  for (const part of parts) text += `$${part.length}\r\n${part}\r\n`;
  return text;
}

/**
 * Sends commands made by `respOf`. The server answers none of them (CLIENT REPLY OFF), so that a wrong one goes
 * unseen: whoever fills counts afterwards what is there.
 */
export async function bulkLoad(port: number, commands: Iterable<string>): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let text = respOf('CLIENT', 'REPLY', 'OFF');
  for (const command of commands) {
    text += command;
    if (text.length < CHUNK) continue;
    await write(socket, text);
    text = '';
  }
  await write(socket, text);
  const answered = once(socket, 'data');
  await write(socket, respOf('CLIENT', 'REPLY', 'ON'));
  await answered;
  socket.destroy();
}

async function write(socket: Socket, text: string): Promise<void> {
  if (!socket.write(text, 'latin1')) await once(socket, 'drain');
}

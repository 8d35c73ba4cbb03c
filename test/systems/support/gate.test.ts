/** The door before the demo's workbench: who is let in, and who is not. */
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Gate, openGate } from '../../../scripts/demo/gate';
import { removeFolder, temporaryFolder } from '../../support';

const folder = temporaryFolder('gate');
const socketPath = join(folder, 'workbench.sock');
const seen: (string | undefined)[] = [];
let gate: Gate;
const workbench = createServer((incoming, response) => {
  seen.push(incoming.url);
  response.end('the workbench');
});
workbench.on('upgrade', (incoming, socket) => {
  seen.push(incoming.url);
  socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
  socket.on('data', chunk => socket.write(chunk));
});

beforeAll(async () => {
  gate = await openGate();
  await new Promise<void>(resolve => {
    workbench.listen(socketPath, resolve);
  });
  gate.lead(socketPath);
});

afterAll(() => {
  gate.close();
  workbench.close();
  removeFolder(folder);
});

/** The status that the gate answers; 101 for an open WebSocket, which has then echoed `hello`. */
function ask(path: string, headers: IncomingHttpHeaders = {}, webSocket = false): Promise<number> {
  const upgrade = webSocket ? { connection: 'Upgrade', upgrade: 'websocket' } : {};
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: gate.port, path, headers: { ...upgrade, ...headers } });
    asked.once('error', reject);
    asked.once('response', response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.once('upgrade', (response, socket) => {
      socket.once('data', chunk => {
        socket.destroy();
        resolve(chunk.toString() === 'hello' ? (response.statusCode ?? 0) : 0);
      });
      socket.write('hello');
    });
    asked.end();
  });
}

test('lets in the printed address, without its token', async () => {
  const { pathname, origin } = new URL(gate.address);
  expect(await ask(`${pathname}?folder=/x`)).toBe(200);
  expect(await ask(`${pathname}static/a.js`, { origin })).toBe(200);
  expect(await ask(`${pathname}socket`, { origin }, true)).toBe(101);
  expect(seen).toEqual(['/?folder=/x', '/static/a.js', '/socket']);
});

test.each([
  ['no token', '/', {}],
  ['another token', '/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/', {}],
  ['another name for this machine', undefined, { host: 'evil.example' }],
  ['localhost in place of the address', undefined, { host: 'localhost' }],
  ['a page of another origin', undefined, { origin: 'https://evil.example' }],
  ['a page of no origin', undefined, { origin: 'null' }],
])('refuses %s', async (_what, path, headers) => {
  const before = seen.length;
  const target = path ?? new URL(gate.address).pathname;
  expect(await ask(target, headers)).toBe(403);
  expect(await ask(target, headers, true)).toBe(403);
  expect(seen).toHaveLength(before);
});

test('refuses a WebSocket that comes from no page', async () => {
  expect(await ask(new URL(gate.address).pathname, {}, true)).toBe(403);
});

/**
 * Finds out what an endpoint is where the driver only knows that it was not what it expected: it hides the server's
 * reason when a virtual host is refused, and waits in silence for a Redis.
 * Source: AMQP 0-9-1, 1.4 (connection class); frames in 2.3.5.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { nodeTlsOptions } from '../common/tls';
import type { DriverOptions } from './driver';
import { IS_HTTP, IS_REDIS, SPEAKS_TLS } from './failures';

const HEADER = Buffer.from('AMQP\u0000\u0000\u0009\u0001', 'latin1');
const ANSWER_MS = 1000;

/** The thrown error, or a clearer one in its place. Never rejects. */
export async function probe(thrown: unknown, options: DriverOptions, signal: AbortSignal): Promise<unknown> {
  if (!(thrown instanceof Error)) return thrown;
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  if (/^(?:ENOTFOUND|EAI_|ECONNREFUSED|EHOST|ENET)/.test(code) || thrown instanceof AggregateError) return thrown;
  if (/Expected ConnectionOpenOk/.test(thrown.message)) {
    const said = await refusalOfOpen(options, signal).catch(() => null);
    return said === null ? thrown : new Error(said, { cause: thrown });
  }
  if (options.tls !== null || /Handshake terminated by server/.test(thrown.message)) return thrown;
  const found = await whatIs(options, signal).catch(() => null);
  return found === null ? thrown : new Error(found, { cause: thrown });
}

/** What answers at a port that keeps silent to AMQP: one of the texts of failures.ts, or null. */
export async function whatIs({ node }: Pick<DriverOptions, 'node'>, signal: AbortSignal): Promise<string | null> {
  // A Redis waits for the end of a line, which it does not find behind the zeros of our header; so may an HTTP server.
  const both = [HEADER, Buffer.from('PING\r\n\r\n')].map(said => answerTo(said, node, signal));
  const answer = (await Promise.all(both)).find(({ length }) => length > 0) ?? Buffer.alloc(0);
  const text = answer.toString('latin1', 0, 40);
  // An alert, or the start of a handshake: record type, then version 3.x.
  if ((answer[0] === 0x15 || answer[0] === 0x16) && answer[1] === 3) return SPEAKS_TLS;
  if (/^(?:-(?:ERR|NOAUTH|DENIED)|\+PONG)/.test(text)) return IS_REDIS;
  return /^HTTP\/\d/.test(text) ? IS_HTTP : null;
}

async function answerTo(said: Buffer, { host, port }: DriverOptions['node'], signal: AbortSignal): Promise<Buffer> {
  const socket = connectTcp({ host, port });
  try {
    const reader = new Reader(socket, signal);
    socket.write(said);
    return await reader.some(ANSWER_MS);
  } finally {
    socket.destroy();
  }
}

/** Opens the virtual host by hand and answers with the server's reason to refuse it; null where it lets us in. */
async function refusalOfOpen(options: DriverOptions, signal: AbortSignal): Promise<string | null> {
  const { node, tls, place, password } = options;
  const where = { host: node.host, port: node.port };
  const socket =
    tls === null ? connectTcp(where) : connectTls({ ...where, servername: node.host, ...nodeTlsOptions(tls) });
  try {
    const reader = new Reader(socket, signal);
    socket.write(HEADER);
    await reader.method();
    const login = Buffer.from(`\u0000${place.username}\u0000${password}`);
    const noProperties = Buffer.alloc(4);
    socket.write(method(10, 11, noProperties, short('PLAIN'), uint32(login.length), login, short('en_US')));
    const tune = await reader.method();
    if (tune.readUInt16BE(2) !== 30) return closeText(tune);
    socket.write(method(10, 31, tune.subarray(4, 12)));
    socket.write(method(10, 40, short(place.vhost), short(''), Buffer.from([0])));
    return closeText(await reader.method());
  } finally {
    socket.destroy();
  }
}

/** Text of connection.close (10, 50); null for any other method. */
function closeText(payload: Buffer): string | null {
  if (payload.readUInt16BE(0) !== 10 || payload.readUInt16BE(2) !== 50) return null;
  const length = payload[6] ?? 0;
  return payload.toString('utf8', 7, 7 + length);
}

function method(classId: number, methodId: number, ...fields: readonly Buffer[]): Buffer {
  const ids = Buffer.alloc(4);
  ids.writeUInt16BE(classId, 0);
  ids.writeUInt16BE(methodId, 2);
  const payload = Buffer.concat([ids, ...fields]);
  return Buffer.concat([Buffer.from([1, 0, 0]), uint32(payload.length), payload, Buffer.from([0xce])]);
}

const short = (text: string) => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

class Reader {
  #bytes = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, signal: AbortSignal) {
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('data', (chunk: Buffer) => {
      // Nothing that is waited for here is long.
      if (this.#bytes.length < 65_536) this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('error', end).on('close', end);
    signal.addEventListener('abort', end, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', end));
  }

  /** What has come within so many milliseconds; perhaps nothing. */
  async some(milliseconds: number): Promise<Buffer> {
    const until = performance.now() + milliseconds;
    while (this.#bytes.length === 0 && !this.#ended && performance.now() < until) await this.#more(until);
    return this.#bytes;
  }

  /** The payload of the next method frame. @throws Error when none comes */
  async method(): Promise<Buffer> {
    const until = performance.now() + 4 * ANSWER_MS;
    for (;;) {
      if (this.#bytes.length >= 7) {
        const size = this.#bytes.readUInt32BE(3);
        if (this.#bytes.length >= size + 8) {
          const payload = this.#bytes.subarray(7, 7 + size);
          this.#bytes = this.#bytes.subarray(size + 8);
          return payload;
        }
      }
      if (this.#ended || performance.now() >= until) throw new Error('No method came.');
      await this.#more(until);
    }
  }

  async #more(until: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>(resolve => {
      this.#wake = resolve;
      timer = setTimeout(resolve, Math.max(1, until - performance.now()));
    });
    clearTimeout(timer);
  }
}

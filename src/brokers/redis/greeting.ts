import { InspectorError } from '../../model';
import type { Place } from '../common/failures';
import type { Driver } from './driver';
import { replyError, replyWords } from './failures';
import { type Command, isFailure, type RedisServer, type Reply } from './port';
import { parseInfo, serverOf } from './server';

/** What CLIENT LIST on the server shows of us. */
export const CONNECTION_NAME = 'job-queue-inspector';

export interface Login {
  readonly address: { readonly username: string | null; readonly database: number };
  readonly password: string | null;
}

/**
 * Logs in, chooses the database, gives the connection its name, reads what the server is: one round trip.
 * @throws InspectorError `unauthorized`, `no-such-database`, `loading`, `not-a-broker`, `forbidden` …
 */
export async function greet(driver: Driver, login: Login, place: Place): Promise<RedisServer> {
  const { username, database } = login.address;
  const commands: Command[] = [];
  if (login.password !== null)
    commands.push(username === null ? ['AUTH', login.password] : ['AUTH', username, login.password]);
  if (database > 0) commands.push(['SELECT', database]);
  commands.push(['CLIENT', 'SETNAME', CONNECTION_NAME], ['INFO']);
  const replies = await driver.send(commands);
  const tried = `connecting to ${place.node}`;
  // A user who may not run CLIENT or INFO is still welcome; a login or database that is refused is not.
  for (const [index, command] of commands.entries()) {
    const reply = replies[index];
    if (!isFailure(reply)) continue;
    const [code] = replyWords(reply.message);
    const optional = command[0] === 'CLIENT' || command[0] === 'INFO';
    if (optional ? code === 'forbidden' && reply.code === 'NOPERM' : needlessPassword(reply.message)) continue;
    if (command[0] === 'CLIENT' && code !== 'unauthorized' && reply.code !== 'DENIED') continue;
    throw command[0] === 'SELECT' && code === 'no-such-database'
      ? noSuchDatabase(database, place, reply.message)
      : replyError(reply.message, tried);
  }
  const info = replies.at(-1);
  const server = Buffer.isBuffer(info) ? fromInfo(info, place) : await fromHello(driver);
  if (server.mode === 'sentinel') throw await isSentinel(driver, place);
  return server;
}

/** The server wants no password but was given one: harmless. */
function needlessPassword(refusal: string): boolean {
  return /no password is set|without any password configured/i.test(refusal);
}

function fromInfo(info: Buffer, place: Place): RedisServer {
  const facts = parseInfo(info.toString());
  if (facts.get('loading') === '1' || facts.get('async_loading') === '1') {
    const left = facts.get('loading_eta_seconds');
    throw replyError(
      `LOADING Redis is loading the dataset in memory${left === undefined ? '' : `, about ${left} s left`}`,
      `connecting to ${place.node}`,
    );
  }
  return serverOf(facts);
}

/** HELLO needs no permission; it names version, mode and role. Unknown before 6.0, which knows no permissions either. */
async function fromHello(driver: Driver): Promise<RedisServer> {
  const [reply] = await driver.send([['HELLO', 2]]);
  const flat: readonly Reply[] = Array.isArray(reply) ? reply : [];
  const facts = new Map<string, string>();
  for (let index = 0; index + 1 < flat.length; index += 2) facts.set(String(flat[index]), String(flat[index + 1]));
  const valkey = facts.get('server') === 'valkey';
  return serverOf(
    new Map([
      ['redis_version', facts.get('version') ?? '0.0.0'],
      ['redis_mode', facts.get('mode') ?? ''],
      ['role', facts.get('role') === 'replica' ? 'slave' : 'master'],
      ...(valkey ? [['server_name', 'valkey'] as const] : []),
    ]),
  );
}

function noSuchDatabase(database: number, place: Place, answer: string): InspectorError {
  return new InspectorError('no-such-database', {
    message: `${place.node} has no database ${database}.`,
    tried: `choosing database ${database} of ${place.node}`,
    answer,
    remedy: 'Use a lower number. 16 databases, 0 to 15, are usual; a Redis Cluster has only 0.',
  });
}

async function isSentinel(driver: Driver, place: Place): Promise<InspectorError> {
  const [masters] = await driver.send([['SENTINEL', 'MASTERS']]);
  const names = (Array.isArray(masters) ? masters : []).map((master: Reply) =>
    Array.isArray(master) ? String(master[1]) : '',
  );
  const name = names[0] ?? 'name';
  return new InspectorError('not-a-broker', {
    message: `${place.node} is a Redis Sentinel: it knows where the Redis is, but holds no jobs.`,
    tried: `connecting to ${place.node}`,
    answer: names.length === 0 ? 'it watches no master' : `it watches ${names.join(', ')}`,
    remedy: `Use redis+sentinel://${place.node}/${encodeURIComponent(name)}/0.`,
  });
}

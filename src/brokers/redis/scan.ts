import { InspectorError } from '../../model';
import { replyError } from './failures';
import { type Command, isFailure, type RedisBroker, type Reply, type ScanBatch, type ScanOptions } from './port';

const DEFAULT_COUNT = 1000;

/**
 * One incremental SCAN to its end. A key can come twice in one SCAN (the server says so); within a batch it does not.
 * Before 6.0 SCAN knows no TYPE: then the keys' types are asked for in one more round trip per batch.
 * @throws InspectorError `forbidden` where the user may not run SCAN; whatever `read` throws
 */
export async function* scanKeys(
  broker: Pick<RedisBroker, 'read' | 'server'>,
  options: ScanOptions,
  signal: AbortSignal,
): AsyncGenerator<ScanBatch, void> {
  const count = options.count ?? DEFAULT_COUNT;
  const byServer = options.type !== undefined && broker.server.atLeast('6.0');
  let cursor = '0';
  let looked = 0;
  do {
    const scan: Command = ['SCAN', cursor, 'MATCH', options.match, 'COUNT', count];
    const typed: Command = byServer ? [...scan, 'TYPE', options.type ?? ''] : scan;
    const [reply, size] = await broker.read([typed, ['DBSIZE']], signal);
    if (isFailure(reply)) throw refused(reply.message);
    const [next, found] = parts(reply);
    cursor = next;
    const keys = distinct(found);
    const ofType = options.type === undefined || byServer ? keys : await only(broker, keys, options.type, signal);
    const of = typeof size === 'number' ? size : looked + count;
    looked = cursor === '0' ? of : Math.min(looked + count, of);
    yield { keys: ofType, looked, of };
  } while (cursor !== '0');
}

function parts(reply: Reply | undefined): [string, Buffer[]] {
  const [cursor, keys] = Array.isArray(reply) ? (reply as readonly Reply[]) : [];
  if (!Buffer.isBuffer(cursor) || !Array.isArray(keys)) throw new Error('SCAN did not answer a cursor and keys.');
  return [cursor.toString(), keys.filter(key => Buffer.isBuffer(key))];
}

function distinct(keys: readonly Buffer[]): Buffer[] {
  const byText = new Map(keys.map(key => [key.toString('latin1'), key]));
  return byText.size === keys.length ? [...keys] : [...byText.values()];
}

async function only(
  broker: Pick<RedisBroker, 'read'>,
  keys: readonly Buffer[],
  type: string,
  signal: AbortSignal,
): Promise<Buffer[]> {
  if (keys.length === 0) return [];
  const types = await broker.read(
    keys.map(key => ['TYPE', key]),
    signal,
  );
  return keys.filter((_key, index) => String(types[index]) === type);
}

function refused(reply: string): InspectorError {
  if (!/^NOPERM|unknown command/i.test(reply)) return replyError(reply, 'looking through the keys (SCAN)');
  return new InspectorError('forbidden', {
    message: reply.startsWith('NOPERM')
      ? 'This user may not run SCAN (ACL). Queues cannot be discovered; add their names by hand.'
      : 'This server does not offer SCAN. Queues cannot be discovered; add their names by hand.',
    tried: 'looking through the keys (SCAN)',
    answer: reply.slice(0, 300),
    remedy: 'Add queue names by hand, or ask for the permission.',
  });
}

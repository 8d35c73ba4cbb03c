/** What the tests of connecting share. */
import { expect } from 'vitest';
import { type ConnectedRedis, type ConnectOptions, connectRedis } from '../../../src/brokers/redis';
import { InspectorError } from '../../../src/model';

export const never = new AbortController().signal;
/** With everything in it that has a meaning in URLs. */
export const SECRET = 'p@ss:/w#rd?%é';

/** The failure of connecting; it never holds the password, and always says what to do. */
export async function failure(options: ConnectOptions, signal = never): Promise<InspectorError> {
  try {
    const broker = await connectRedis({ connectTimeoutMs: 1500, ...options }, signal);
    broker.close();
  } catch (thrown) {
    if (thrown instanceof InspectorError) {
      expect(JSON.stringify(thrown)).not.toContain(SECRET);
      expect(thrown.remedy).not.toBe('');
      return thrown;
    }
    throw thrown;
  }
  throw new Error('It connected.');
}

/** Asks once, then closes. */
export async function ping(broker: ConnectedRedis): Promise<string> {
  try {
    return String((await broker.read([['PING']], never))[0]);
  } finally {
    broker.close();
  }
}

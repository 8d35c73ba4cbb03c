import { InspectorError } from '../../model';
import type { Driver, OpenChannel } from './driver';
import type { QueueDepth } from './port';

/** Channels at once: each does one thing at a time, and a far broker shall not be waited for once a queue. */
const LANES = 8;

/**
 * Depths by passive declare, in the order asked; null where there is no such queue. Asserts nothing. What is waited for
 * side by side counts as one round trip.
 */
export async function readDepths(
  driver: Driver,
  queues: readonly string[],
  signal: AbortSignal,
): Promise<(QueueDepth | null)[]> {
  const tried = queues.length === 1 ? `reading the depth of ${queues[0]}` : `reading ${queues.length} queues`;
  const depths: (QueueDepth | null)[] = queues.map(() => null);
  let next = 0;
  const lane = async (): Promise<number> => {
    let open: OpenChannel | null = null;
    let waits = 0;
    try {
      for (let index = next++; index < queues.length; index = next++) {
        if (open === null) {
          open = await driver.openChannel(tried, signal);
          waits++;
        }
        const depth = await depthOf(open, queues[index]!);
        waits++;
        depths[index] = depth;
        // A queue that is not there closes the channel.
        if (depth === null) open = null;
      }
    } finally {
      await open?.close();
    }
    return waits;
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(LANES, queues.length) }, lane));
  const waits: number[] = [];
  for (const ended of lanes) {
    if (ended.status === 'rejected') throw ended.reason;
    waits.push(ended.value);
  }
  driver.meter.roundTrips -= waits.reduce((sum, own) => sum + own + 1, 0) - Math.max(0, ...waits) - 1;
  return depths;
}

async function depthOf(open: OpenChannel, queue: string): Promise<QueueDepth | null> {
  try {
    const { messageCount, consumerCount } = await open.ask(channel => channel.checkQueue(queue));
    return { ready: messageCount, consumers: consumerCount };
  } catch (thrown) {
    if (thrown instanceof InspectorError && thrown.code === 'gone') return null;
    throw thrown;
  }
}

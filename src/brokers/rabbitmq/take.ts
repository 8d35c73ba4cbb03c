import type { Driver } from './driver';
import { messageOf } from './messages';
import type { RabbitMessage, TakeOrder, TakeReport } from './port';

/** What one look or walk holds at the most. */
const LARGEST_BYTES = 128 * 1024 * 1024;

/** Gets ready messages and puts them back by closing the channel, in their order. */
export async function lookAt(
  driver: Driver,
  queue: string,
  count: number,
  signal: AbortSignal,
): Promise<readonly RabbitMessage[]> {
  const open = await driver.openChannel(`looking at ${queue}`, signal);
  const messages: RabbitMessage[] = [];
  try {
    for (let bytes = 0; messages.length < count && bytes < LARGEST_BYTES; ) {
      const got = await open.ask(channel => channel.get(queue, { noAck: false }));
      if (got === false) break;
      messages.push(messageOf(got));
      bytes += got.content.length;
    }
  } finally {
    await open.close();
  }
  return messages;
}

/** Walks through a queue, acts on what was picked, and only then acknowledges it. */
export async function takeFrom(driver: Driver, order: TakeOrder, signal: AbortSignal): Promise<TakeReport> {
  const { queue, atMost } = order;
  const open = await driver.openChannel(`taking messages from ${queue}`, signal);
  const picked: { readonly got: Parameters<typeof open.channel.ack>[0]; readonly message: RabbitMessage }[] = [];
  let looked = 0;
  try {
    for (let bytes = 0; looked < atMost && bytes < LARGEST_BYTES; ) {
      const got = await open.ask(channel => channel.get(queue, { noAck: false }));
      if (got === false) break;
      const message = messageOf(got);
      const choice = order.pick(message, looked);
      if (choice === 'stop') break;
      looked++;
      bytes += message.body.length;
      if (choice === 'take') picked.push({ got, message });
    }
    if (picked.length === 0) return { looked, taken: 0, twice: [] };
    const answers = await order.act(
      picked.map(({ message }) => message),
      signal,
    );
    const acted = picked.flatMap((each, position) => (answers[position] === true ? [{ ...each, position }] : []));
    if (acted.length === 0) return { looked, taken: 0, twice: [] };
    try {
      for (const { got } of acted) open.channel.ack(got);
      // An acknowledgement has no answer; the answer to closing comes after all of them.
      await open.closeSurely();
      return { looked, taken: acted.length, twice: [] };
    } catch {
      return { looked, taken: 0, twice: acted.map(({ position }) => position) };
    }
  } finally {
    await open.close();
  }
}

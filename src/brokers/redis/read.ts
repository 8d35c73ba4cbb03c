import { InspectorError } from '../../model';
import { assertReading, summarize } from './commands';
import type { Driver } from './driver';
import { aborted, seconds } from './failures';
import type { Command, Meter, Reply } from './port';

/**
 * Commands that go out in one write. 1,000 small replies take about 5 ms to parse, so that nothing holds the event
 * loop for long; larger splits gain nothing, smaller ones pay more round trips.
 */
const SPLIT = 1000;
/** Splits under way at once: the server works on the next one while we read the last. */
const AHEAD = 2;

/** A meter that can be moved. */
export type Counting = { -readonly [Key in keyof Meter]: Meter[Key] };

export interface ReadContext {
  readonly driver: Driver;
  readonly meter: Counting;
  readonly node: string;
  readonly timeoutMs: number;
}

/**
 * Sends reading commands in splits and answers all replies in order.
 * @throws Error for a command that could change something; InspectorError `timeout`, `aborted`; LostConnection
 */
export async function readCommands(
  commands: readonly Command[],
  context: ReadContext,
  signal: AbortSignal,
): Promise<Reply[]> {
  const stop = new Race(commands, context, signal);
  try {
    const parts: Promise<Reply[]>[] = [];
    for (let start = 0; start < commands.length; start += SPLIT) {
      if (parts.length >= AHEAD) await stop.orDone(parts[parts.length - AHEAD] as Promise<Reply[]>);
      const part = commands.length <= SPLIT ? commands : commands.slice(start, start + SPLIT);
      for (const command of part) assertReading(command);
      context.meter.roundTrips++;
      context.meter.commands += part.length;
      const sent = context.driver.send(part);
      // Of the parts that are under way when one fails, only the first failure is of interest.
      sent.catch(() => undefined);
      parts.push(sent);
    }
    if (parts.length === 1) return await stop.orDone(parts[0] as Promise<Reply[]>);
    const replies: Reply[] = [];
    for (const part of parts) for (const reply of await stop.orDone(part)) replies.push(reply);
    return replies;
  } finally {
    stop.end();
  }
}

/** Ends the waiting when the caller stops or when a server is silent for too long. */
class Race {
  readonly #ended: Promise<never>;
  readonly #cleanUp: () => void;
  #over = false;
  #restart: () => void = () => undefined;

  constructor(commands: readonly Command[], context: ReadContext, signal: AbortSignal) {
    let reject: (error: InspectorError) => void = () => undefined;
    this.#ended = new Promise<never>((_resolve, rejectIt) => {
      reject = rejectIt;
    });
    this.#ended.catch(() => undefined);
    const abort = () => reject(aborted(`reading from ${context.node}`));
    let received = context.driver.received;
    const decide = () => {
      if (this.#over) return;
      // A server that said nothing at all for so long is taken for gone: its later answers would only be in the way.
      if (context.driver.received === received) context.driver.close();
      reject(timedOut(commands, context));
    };
    // Were it we who had no time, what has come meanwhile is read first.
    const expire = () => setImmediate(decide);
    let timer = setTimeout(expire, context.timeoutMs);
    this.#restart = () => {
      clearTimeout(timer);
      received = context.driver.received;
      timer = setTimeout(expire, context.timeoutMs);
    };
    this.#cleanUp = () => {
      this.#over = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  /** The part's answers, unless the waiting ends first; every part gets the whole time. */
  async orDone(part: Promise<Reply[]>): Promise<Reply[]> {
    const replies = await Promise.race([part, this.#ended]);
    this.#restart();
    return replies;
  }

  end(): void {
    this.#cleanUp();
  }
}

function timedOut(commands: readonly Command[], { node, timeoutMs }: ReadContext): InspectorError {
  const what = summarize(commands);
  return new InspectorError('timeout', {
    message: `Timed out after ${seconds(timeoutMs)} reading from ${node} (${what}). Nothing was changed.`,
    tried: `reading from ${node}: ${what}`,
    answer: `no complete answer within ${seconds(timeoutMs)}`,
    remedy: 'Look again. SLOWLOG and the load of the server tell what keeps it busy.',
  });
}

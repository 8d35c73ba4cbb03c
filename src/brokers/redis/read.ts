import { InspectorError } from '../../model';
import { aborted, seconds } from '../common/failures';
import { assertReading, summarize } from './commands';
import type { Driver } from './driver';
import type { KnownScripts } from './known-scripts';
import type { Command, Meter, Reply } from './port';

/** Parts under way at once: the server works on the next one while we read the last. */
const AHEAD = 2;

/** A meter that can be moved. */
export type Counting = { -readonly [Key in keyof Meter]: Meter[Key] };

export interface ReadContext {
  readonly driver: Driver;
  readonly scripts: KnownScripts;
  readonly meter: Counting;
  readonly node: string;
  readonly timeoutMs: number;
}

/** A part that was sent, with its replies. */
export interface Part {
  readonly commands: readonly Command[];
  readonly replies: readonly Reply[];
}

/**
 * Sends reading commands in parts, each made only when it is sent, and answers each part's replies once they are there,
 * in order. Those of one part are worked on while the server is at the next.
 * @throws Error for a command that could change something; InspectorError `timeout`, `aborted`; LostConnection
 */
export async function* readParts(
  parts: Iterable<readonly Command[]>,
  context: ReadContext,
  signal: AbortSignal,
): AsyncGenerator<Part, void, void> {
  const wait = new Wait(context, signal);
  const underWay: { readonly commands: readonly Command[]; readonly replies: Promise<Reply[]> }[] = [];
  const first = async (): Promise<Part> => {
    const { commands, replies } = underWay.shift()!;
    return { commands, replies: await wait.for(commands, replies) };
  };
  try {
    let sent = 0;
    for (const commands of parts) {
      for (const command of commands) assertReading(command);
      const done = underWay.length < AHEAD ? null : await first();
      // A server answers what it finds in its socket only when it has done all of it: it shall find the first alone.
      if (done === null && sent > 0) await breathe();
      // What goes out before anything is waited for is one round trip.
      if (sent === 0 || done !== null) context.meter.roundTrips++;
      sent++;
      context.meter.commands += commands.length;
      const replies = context.scripts.send(commands, context.driver);
      // Of the parts that are under way when one fails, only the first failure is of interest.
      replies.catch(() => undefined);
      underWay.push({ commands, replies });
      if (done !== null) yield done;
    }
    while (underWay.length > 0) yield await first();
  } finally {
    wait.end();
  }
}

/** A turn of the event loop. */
const breathe = () => new Promise<void>(resolve => setImmediate(resolve));

/** Ends the waiting when the caller stops or when a server is silent for too long. */
class Wait {
  readonly #context: ReadContext;
  readonly #ended: Promise<never>;
  readonly #end: (error: InspectorError) => void;
  readonly #cleanUp: () => void;

  constructor(context: ReadContext, signal: AbortSignal) {
    this.#context = context;
    let reject: (error: InspectorError) => void = () => undefined;
    this.#ended = new Promise<never>((_resolve, rejectIt) => {
      reject = rejectIt;
    });
    this.#ended.catch(() => undefined);
    this.#end = reject;
    const abort = () => reject(aborted(`reading from ${context.node}`));
    this.#cleanUp = () => signal.removeEventListener('abort', abort);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  }

  /** The part's answers, unless the waiting ends first; every part gets the whole time. */
  async for(commands: readonly Command[], part: Promise<Reply[]>): Promise<Reply[]> {
    const { driver, timeoutMs } = this.#context;
    const { received } = driver;
    let over = false;
    const decide = () => {
      if (over) return;
      // A server that said nothing at all for so long is taken for gone: its later answers would only be in the way.
      if (driver.received === received) driver.close();
      this.#end(timedOut(commands, this.#context));
    };
    // Were it we who had no time, what has come meanwhile is read first.
    const timer = setTimeout(() => setImmediate(decide), timeoutMs);
    try {
      return await Promise.race([part, this.#ended]);
    } finally {
      over = true;
      clearTimeout(timer);
    }
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

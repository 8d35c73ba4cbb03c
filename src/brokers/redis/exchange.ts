/** A question by pub/sub whose answers come into a list of our own, and nothing of which stays behind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted, connectionLost } from '../common/failures';
import { type Driver, LostConnection } from './driver';
import { replyError } from './failures';
import { type Command, type ExchangeCall, type Exchanged, isFailure } from './port';
import type { Counting } from './read';

/** What an exchange needs of the connection that makes it. */
export interface ExchangeLink {
  readonly node: string;
  readonly meter: Counting;
  /** A connection that nobody else uses until it is given back: BRPOP blocks it. */
  borrow(signal: AbortSignal): Promise<Driver>;
  giveBack(driver: Driver): void;
  /** A new one, on which what is left is taken away. */
  open(signal: AbortSignal): Promise<Driver>;
  /** What is being taken away: closing waits for it. */
  cleaning(done: Promise<void>): void;
  learn(reply: string): void;
}

/** Answers that are fetched with one that was waited for. */
const TOGETHER = 32;
/** Milliseconds after which somebody who had read our binding before it was gone has written his answer. */
const LATE_MS = 150;
/** For opening a connection on which what is left is taken away, and before each try. */
const CLEANING_MS = 5_000;
const CLEANING_PAUSES_MS = [0, 200, 1_000];

/**
 * Binds, publishes and yields the answers as they come, until the time is over or the caller leaves the loop. Bindings
 * and list are taken away in the end, whatever ends it.
 * @throws InspectorError `aborted`, `forbidden`, `connection-lost`
 */
export async function* runExchange(
  call: ExchangeCall,
  link: ExchangeLink,
  signal: AbortSignal,
): AsyncGenerator<Exchanged, void, void> {
  const tried = `asking through ${link.node}`;
  if (signal.aborted) throw aborted(tried);
  const driver = await link.borrow(signal);
  const state: State = { cleaned: null, blocked: false };
  const clean = () => {
    if (state.cleaned === null) {
      state.cleaned = takeAway(call, state, driver, link);
      link.cleaning(state.cleaned);
    }
    return state.cleaned;
  };
  const stop = () => {
    driver.close();
    void clean();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    yield { heard: await asked(call, driver, link) };
    yield* received(call, driver, state, signal);
  } catch (thrown) {
    if (signal.aborted) throw aborted(tried);
    if (thrown instanceof LostConnection)
      throw connectionLost(link.node, thrown, tried, 'Whether anybody heard the question is unknown.');
    throw thrown;
  } finally {
    signal.removeEventListener('abort', stop);
    await clean();
  }
}

interface State {
  cleaned: Promise<void> | null;
  /** A BRPOP stands that has not been answered: this connection is of no more use. */
  blocked: boolean;
}

async function asked(call: ExchangeCall, driver: Driver, link: ExchangeLink): Promise<readonly number[]> {
  const bind = call.bindings.map(({ key, member }): Command => ['SADD', key, member]);
  const publish = call.messages.map(({ channel, message }): Command => ['PUBLISH', channel, message]);
  const { meter } = link;
  meter.roundTrips++;
  meter.commands += bind.length + publish.length;
  meter.writes += bind.length + publish.length;
  const replies = await driver.send([...bind, ...publish]);
  const published = replies.slice(bind.length);
  // A user may be kept from one of the channels: who listens on the others is asked all the same.
  const all = published.every(isFailure) ? replies : replies.slice(0, bind.length);
  for (const reply of all) {
    if (!isFailure(reply)) continue;
    link.learn(reply.message);
    throw replyError(reply.message, `asking through ${link.node}`);
  }
  return published.map(reply => (isFailure(reply) ? 0 : Number(reply)));
}

async function* received(
  call: ExchangeCall,
  driver: Driver,
  state: State,
  signal: AbortSignal,
): AsyncGenerator<Exchanged, void, void> {
  const deadline = performance.now() + call.timeoutMs;
  const more = Array.from({ length: TOGETHER }, (): Command => ['RPOP', call.list]);
  const seconds = Math.ceil(call.timeoutMs / 1000) + 1;
  for (;;) {
    const left = deadline - performance.now();
    if (left <= 0) return;
    state.blocked = true;
    const waiting = driver.send([['BRPOP', call.list, seconds], ...more]);
    const replies = await Promise.race([waiting, over(left, waiting)]);
    signal.throwIfAborted();
    if (replies === null) return;
    state.blocked = false;
    const [first, ...others] = replies;
    if (isFailure(first)) throw replyError(first.message, 'waiting for answers');
    const popped = Array.isArray(first) ? [first[1], ...others] : others;
    for (const bytes of popped) if (Buffer.isBuffer(bytes)) yield { answer: bytes };
  }
}

/** Null once the time is over; what comes on a connection that is closed then is of no interest. */
async function over(milliseconds: number, waiting: Promise<unknown>): Promise<null> {
  waiting.catch(() => undefined);
  const ended = new AbortController();
  const stop = () => ended.abort();
  void waiting.then(stop, stop);
  await sleep(milliseconds, undefined, { signal: ended.signal }).catch(() => undefined);
  return null;
}

/** Never throws: what cannot be taken away now is a member of a set and a short list that nobody reads. */
async function takeAway(call: ExchangeCall, state: State, driver: Driver, link: ExchangeLink): Promise<void> {
  const remove: Command = ['DEL', call.list, ...call.also];
  const commands = [...call.bindings.map(({ key, member }): Command => ['SREM', key, member]), remove];
  link.meter.commands += commands.length;
  link.meter.writes += commands.length;
  if (!state.blocked && !driver.closed) {
    try {
      await driver.send(commands);
      link.giveBack(driver);
      return;
    } catch {
      // Lost just now: on a new one, as if it had been lost before.
    }
  }
  driver.close();
  for (const pause of CLEANING_PAUSES_MS) {
    let fresh: Driver | undefined;
    try {
      await sleep(pause);
      fresh = await link.open(AbortSignal.timeout(CLEANING_MS));
      await fresh.send(commands);
      // Who had looked up our binding just before may still have written into the list.
      await sleep(LATE_MS);
      await fresh.send([remove]);
      return;
    } catch {
      // Tried again after the pause.
    } finally {
      fresh?.close();
    }
  }
}

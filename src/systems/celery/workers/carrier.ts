/** What remote control and events need of a broker; one for each kind of broker. */
import type { CommandMessage, RawMessage } from './envelope';

export interface Carrier {
  /**
   * Sends commands to every worker and yields first how many listened (null = not told), then what comes back. Ends when
   * the time is over or the loop is left, and takes away what it made.
   */
  exchange(
    commands: readonly CommandMessage[],
    oid: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly heard: number | null } | { readonly raw: RawMessage }>;
  /** @returns how many listened, null where the broker does not tell */
  send(command: CommandMessage, signal: AbortSignal): Promise<number | null>;
  /** Node names that have a mailbox on the broker, stale ones among them. */
  nodes(signal: AbortSignal): Promise<readonly string[]>;
  events(which: 'heartbeats' | 'all', signal: AbortSignal): AsyncIterable<RawMessage>;
}

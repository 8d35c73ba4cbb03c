/** When a failed connection is tried again by itself. */
import type { ErrorCode, InspectorError } from '../model';

const MAY_PASS: ReadonlySet<ErrorCode> = new Set(['unreachable', 'timeout', 'connection-lost', 'loading']);
/** A name that resolved before does so again when the network is back. */
const MAY_PASS_AGAIN: ReadonlySet<ErrorCode> = new Set(['unresolved', 'broker-error', 'internal']);

export function canRetry(error: InspectorError, wasLive: boolean): boolean {
  return MAY_PASS.has(error.code) || (wasLive && MAY_PASS_AGAIN.has(error.code));
}

/** Milliseconds before attempt n (from 1): 1 s, 2 s, 4 s … 30 s. */
export function retryDelay(attempt: number): number {
  return Math.min(30_000, 1000 * 2 ** Math.min(attempt - 1, 10));
}

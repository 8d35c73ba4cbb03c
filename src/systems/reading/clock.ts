import type { Reply } from '../../brokers/redis/port';
import { arrayOf, numberOf } from './replies';

/** The broker's clock in milliseconds, from a reply of TIME; ours where the server refuses it. */
export function clockOf(reply: Reply | undefined): number {
  const [seconds, micros] = arrayOf(reply);
  const whole = numberOf(seconds);
  return whole === null ? Date.now() : whole * 1000 + Math.floor((numberOf(micros) ?? 0) / 1000);
}

import type { Reply } from '../../brokers/redis/port';
import { ReplyFailure } from '../../brokers/redis/port';
import { textOf } from './ids';

/** Replies as the values that readers want; whatever is of another type counts as absent. */
export const bufferOf = (reply: Reply | undefined): Buffer | null => (Buffer.isBuffer(reply) ? reply : null);

export const numberOf = (reply: Reply | undefined): number | null => {
  if (typeof reply === 'number') return reply;
  const text = plainOf(reply);
  const number = text === null || text.trim() === '' ? Number.NaN : Number(text.replace(/^([+-]?)inf$/, '$1Infinity'));
  return Number.isNaN(number) ? null : number;
};

export const arrayOf = (reply: Reply | undefined): readonly Reply[] => (Array.isArray(reply) ? reply : []);

/** Text that nobody has to turn back into bytes: dates, versions, states. */
export function plainOf(reply: Reply | undefined): string | null {
  return Buffer.isBuffer(reply) ? reply.toString('utf8') : null;
}

/** An id or a name, in the form that leads back to its bytes. */
export const nameOf = (reply: Reply | undefined): string | null => (Buffer.isBuffer(reply) ? textOf(reply) : null);

/** `[member, score, member, score …]` as pairs, in the form of `nameOf`. */
export function scoredOf(reply: Reply | undefined): { readonly member: string; readonly score: number }[] {
  const flat = arrayOf(reply);
  const pairs: { member: string; score: number }[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const member = nameOf(flat[i]);
    if (member !== null) pairs.push({ member, score: numberOf(flat[i + 1]) ?? 0 });
  }
  return pairs;
}

export const failureOf = (reply: Reply | undefined): string | null =>
  reply instanceof ReplyFailure ? reply.message : null;

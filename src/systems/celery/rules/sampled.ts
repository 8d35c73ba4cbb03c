import type { Reply } from '../../../brokers/redis/port';
import type { Evidence, JobRow, Problem, Ref } from '../../../model';
import { arrayOf, bufferOf, numberOf, plainOf } from '../../reading/replies';
import { Turns } from '../../reading/turns';
import { serializerOf } from '../message/body';
import type { Message } from '../message/message';
import { readEnvelope, readEnvelopeTail } from '../message/read';
import { waitingRef } from '../redis/places';
import { hashOf } from '../redis/shown';

/** Messages of each end of a list, and taken from between at random. */
export const END = 100;
export const RANDOM = 200;

/** A waiting message as far as rules need it. */
export interface Sampled {
  readonly ref: Ref;
  readonly id: string | null;
  readonly task: string | null;
  readonly eta: string | null;
  readonly expires: string | null;
  /** Which process published it: `gen812@web-1`; null where it does not say. */
  readonly origin: string | null;
  readonly call: string | null;
  readonly contentType: string | null;
  readonly problems: readonly Problem[];
  /** Written by a serializer that is not one of kombu's: the application may know it. */
  readonly ownSerializer: boolean;
}

export interface Sample {
  readonly queue: string;
  readonly total: number;
  /** In the order in which they are served. */
  readonly members: readonly Sampled[];
  /** Messages by priority step; empty where the broker has no such lists. */
  readonly steps: ReadonlyMap<number, number>;
  /** How it was read, for evidence. */
  readonly source: string;
}

/** What workers hold, with how long. */
export interface HeldSample {
  readonly total: number;
  readonly members: readonly (JobRow & { readonly heldSince: number | null })[];
}

/** Messages of one list as they were read, `{place, message or {length, hash, end}}` each. */
export async function sampledOf(
  installation: string,
  queue: string,
  step: number,
  rows: readonly Reply[],
): Promise<Sampled[]> {
  const met = new Map<string, number>();
  const members: Sampled[] = [];
  const turns = new Turns();
  for (const row of rows) {
    await turns.next();
    const [, message] = arrayOf(row);
    const bytes = bufferOf(message);
    const [length, sha, tail] = arrayOf(message);
    const end = bufferOf(tail);
    if (bytes === null && end === null) continue;
    const read = bytes === null ? readEnvelopeTail(end ?? Buffer.alloc(0), numberOf(length) ?? 0) : readEnvelope(bytes);
    if (bytes !== null && read.unpacked === null) await read.open();
    const hash = bytes === null ? (plainOf(sha) ?? '') : hashOf(bytes);
    const nth = (met.get(hash) ?? 0) + 1;
    met.set(hash, nth);
    members.push(sampledMessage(read, waitingRef(installation, { step, queue }, hash, nth, read.id), bytes !== null));
  }
  return members;
}

function sampledMessage(message: Message, ref: Ref, whole: boolean): Sampled {
  const { id, task, eta, expires, origin, callText: call, contentType } = message;
  // What a cut message lacks is no fault of it.
  const problems = whole ? message.problems : [];
  const ownSerializer = contentType !== null && serializerOf(contentType, message.body) === 'unknown';
  return { ref, id, task, eta, expires, origin, call, contentType, problems, ownSerializer };
}

/** A row of what was looked at. */
export const sampledRow = ({ ref, id, task, dueAt, expiresAt, args, problems }: JobRow): Sampled => ({
  ref,
  id,
  task,
  eta: dueAt,
  expires: expiresAt,
  origin: null,
  call: args?.text ?? null,
  contentType: null,
  problems,
  ownSerializer: false,
});

/** The messages themselves, for an action that mends them. */
export const jobsTarget = (members: readonly Sampled[]) =>
  ({ kind: 'jobs', refs: members.slice(0, 500).map(({ ref }) => ref) }) as const;

/** Says how much was looked at; nothing where it was all. */
export function lookedAt({ members, total, source }: Sample): Evidence[] {
  return members.length >= total
    ? []
    : [
        {
          what: 'looked at',
          value: `${members.length} of ${total.toLocaleString('en-US')}: both ends and at most ${RANDOM} at random`,
          source,
        },
      ];
}

/** `at least` where not all were looked at. */
export const atLeastText = (samples: readonly Sample[]): string =>
  samples.every(({ members, total }) => members.length >= total) ? '' : 'at least ';

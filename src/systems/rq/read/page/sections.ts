import type { Command, Reply } from '../../../../brokers/redis/port';
import type { State } from '../../../../model';
import { arrayOf, nameOf, numberOf, scoredOf } from '../../../reading/replies';
import { type Key, placeKey, type RqPlace, type Structure } from '../../keys';
import { isList, structureOf } from '../../places';
import type { Reading } from '../reading';

/** One list or sorted set whose members are rows, in the order in which people read them. */
export interface Section {
  readonly place: RqPlace;
  readonly key: Key;
  readonly list: boolean;
  /** Lowest score first (due jobs), or last pushed first (RQ 0.13's failed list); else as the broker has it. */
  readonly order: 'head-first' | 'tail-first' | 'lowest-first' | 'highest-first';
  /** Only jobs of this queue are rows: the failed list holds those of all queues. */
  readonly origin: string | null;
}

export interface Entry {
  readonly member: string;
  readonly score: number | null;
}

export function sectionOf(structure: Structure, queue: string, origin: string | null = null): Section {
  const place = { structure, queue };
  const key = placeKey(place) ?? '';
  if (isList(structure)) {
    return { place, key, list: true, order: structure === 'failed-list' ? 'tail-first' : 'head-first', origin };
  }
  return { place, key, list: false, order: structure === 'scheduled' ? 'lowest-first' : 'highest-first', origin };
}

/** What a page of a state reads, first to last. Empty where RQ has no such state. */
export function sectionsOf(reading: Reading, state: State, queues: readonly string[], one: boolean): Section[] {
  const structure = structureOf(state);
  if (structure === undefined) return [];
  const sections = queues.map(queue => sectionOf(structure, queue));
  if (state === 'failed' && reading.memory.failedListIsLegacy === true) {
    sections.push(sectionOf('failed-list', '', one ? (queues[0] ?? null) : null));
  }
  return sections;
}

export const countCommand = ({ list, key }: Section): Command => [list ? 'LLEN' : 'ZCARD', key];

/** Members from one rank to another, both included, in the section's order. */
export function windowCommand({ order, key }: Section, from: number, to: number): Command {
  switch (order) {
    case 'head-first':
      return ['LRANGE', key, from, to];
    case 'tail-first':
      return ['LRANGE', key, -(to + 1), -(from + 1)];
    case 'lowest-first':
      return ['ZRANGE', key, from, to, 'WITHSCORES'];
    case 'highest-first':
      return ['ZREVRANGE', key, from, to, 'WITHSCORES'];
  }
}

/** Members of a sorted set from a score on, in the section's order. */
export function fromScoreCommand(section: Section, score: string, skip: number, count: number): Command {
  return section.order === 'lowest-first'
    ? ['ZRANGEBYSCORE', section.key, score, '+inf', 'WITHSCORES', 'LIMIT', skip, count]
    : ['ZREVRANGEBYSCORE', section.key, score, '-inf', 'WITHSCORES', 'LIMIT', skip, count];
}

export function rankCommand(section: Section, member: string | Buffer): Command {
  return [section.order === 'lowest-first' ? 'ZRANK' : 'ZREVRANK', section.key, member];
}

export function entriesOf(section: Section, reply: Reply | undefined): Entry[] {
  if (!section.list) return scoredOf(reply);
  const entries: Entry[] = [];
  for (const item of arrayOf(reply)) {
    const member = nameOf(item);
    if (member !== null) entries.push({ member, score: null });
  }
  return section.order === 'tail-first' ? entries.reverse() : entries;
}

export const countOf = (reply: Reply | undefined): number => numberOf(reply) ?? 0;

import type { Evidence } from '../../../model';
import { placeText, type Structure } from '../keys';
import { idOfMember, stateOf } from '../places';
import { countCommand, countOf, type Entry, entriesOf, sectionOf, windowCommand } from '../read/page/sections';
import type { Reading } from '../read/reading';
import { type RowRecord, readRecords } from '../read/records';

/** Members of each end, and taken from between at random. */
const END = 100;
const RANDOM = 200;

export interface Sampled extends Entry {
  readonly id: string;
  readonly record: RowRecord;
}

export interface Sample {
  /** Each id once, however often it stands there. */
  readonly members: readonly Sampled[];
  readonly total: number;
  /** Whether all of it was looked at. */
  readonly whole: boolean;
}

/**
 * Members of lists and registries with their jobs: all of a short one; of a longer one both ends and a random 200.
 * Each is read once, whatever the number of rules that look at it.
 */
export class Samples {
  readonly #reading: Reading;
  readonly #signal: AbortSignal;
  readonly #taken = new Map<string, Promise<Sample>>();

  constructor(reading: Reading, signal: AbortSignal) {
    this.#reading = reading;
    this.#signal = signal;
  }

  of(structure: Structure, queue: string): Promise<Sample> {
    const key = placeText({ structure, queue });
    let sample = this.#taken.get(key);
    if (sample === undefined) {
      sample = this.#take(structure, queue);
      this.#taken.set(key, sample);
    }
    return sample;
  }

  async #take(structure: Structure, queue: string): Promise<Sample> {
    const section = sectionOf(structure, queue);
    const { broker } = this.#reading;
    const [length, head, tail] = await broker.read(
      [
        countCommand(section),
        windowCommand(section, 0, 2 * END + RANDOM - 1),
        section.list
          ? ['LRANGE', section.key, -END, -1]
          : [
              'ZRANGE',
              section.key,
              ...(section.order === 'lowest-first' ? ([-END, -1] as const) : ([0, END - 1] as const)),
              'WITHSCORES',
            ],
      ],
      this.#signal,
    );
    const total = countOf(length);
    const first = entriesOf(section, head);
    let entries = first;
    if (total > first.length) {
      const ranks = randomRanks(END, total - END, RANDOM);
      const between = await broker.read(
        ranks.map(rank => windowCommand(section, rank, rank)),
        this.#signal,
      );
      entries = [
        ...first.slice(0, END),
        ...between.flatMap(reply => entriesOf(section, reply)),
        ...entriesOf(section, tail),
      ];
    }
    const unique = [...new Map(entries.map(entry => [entry.member, entry])).values()];
    const ids = unique.map(entry => idOfMember(structure, entry.member));
    const records = await readRecords(this.#reading, ids, stateOf(structure) === 'failed', this.#signal);
    const members = unique.map((entry, i) => ({ ...entry, id: ids[i]!, record: records[i]! }));
    return { total, members, whole: total <= first.length };
  }
}

function randomRanks(from: number, to: number, size: number): number[] {
  const ranks = new Set<number>();
  for (let i = 0; i < size * 2 && ranks.size < size; i++) {
    ranks.add(from + Math.floor(Math.random() * Math.max(1, to - from)));
  }
  return [...ranks];
}

/** Says how much was looked at; nothing where it was all. */
export function lookedAt({ members, total, whole }: Sample, source: string): Evidence[] {
  return whole
    ? []
    : [
        {
          what: 'looked at',
          value: `${members.length} of ${total.toLocaleString('en-US')}: both ends and ${RANDOM} at random`,
          source,
        },
      ];
}

/** `at least` where not all members were looked at. */
export const atLeastText = ({ whole }: Sample): string => (whole ? '' : 'at least ');

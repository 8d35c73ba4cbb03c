/** One way through all result keys: SCAN, and what is new or may have changed is read. */
import type { Command, RedisBroker, Reply } from '../../../brokers/redis/port';
import { isFailure } from '../../../brokers/redis/port';
import { InspectorError, type Looked } from '../../../model';
import { arrayOf, bufferOf, numberOf } from '../../reading/replies';
import { breathe, Turns } from '../../reading/turns';
import { briefAtOnce, readBrief } from './brief';
import type { Keys } from './keys';
import type { Memory, Seen } from './memory';
import { isFinal } from './status';
import { askValues, BEGINNING, lengthen, type Value } from './values';

/** COUNT of each SCAN: what is made of so many values is collected in a few milliseconds. */
const COUNT = 475;

export interface LapParts {
  readonly broker: RedisBroker;
  readonly keys: Keys;
  readonly memory: Memory;
}

interface Step {
  readonly keys: readonly Buffer[];
  readonly values: readonly (Value | null)[];
  /** Replies of SCAN and DBSIZE; null where all has been scanned. */
  readonly scanned: readonly [Reply | undefined, Reply | undefined] | null;
}

/** A lap that can be left and taken up again. */
export class Lap {
  readonly number: number;
  readonly #parts: LapParts;
  #cursor = '0';
  /** The first SCAN has been answered. */
  #begun = false;
  #looked = 0;
  #of = 0;
  /** Keys of the last SCAN that are still to be read. */
  #keys: readonly Buffer[] = [];

  constructor(parts: LapParts, number: number) {
    this.#parts = parts;
    this.number = number;
  }

  /**
   * Goes on until all keys have been looked at. While values are decoded, the next ones are on their way.
   * @throws InspectorError `forbidden` where SCAN is refused; whatever `read` throws
   */
  async *run(signal: AbortSignal): AsyncGenerator<Looked, void> {
    let coming = this.#ask(signal);
    while (coming !== null) {
      const { keys, values, scanned } = await coming;
      // From here on all that this step has found is kept, whatever happens: a lap that is left goes on from it.
      if (scanned === null) this.#keys = [];
      else this.#scanned(scanned);
      const next = this.#ask(signal);
      next?.catch(() => undefined);
      try {
        if (keys.length > 0) await this.#take(keys, values, signal);
      } catch (thrown) {
        this.#keys = [...keys, ...this.#keys];
        throw thrown;
      }
      coming = next;
      yield { looked: this.#looked, of: this.#of };
    }
    await this.#expire(signal);
  }

  /** Values of the keys that the last SCAN found, and the next SCAN, in one round trip; null where nothing is left. */
  #ask(signal: AbortSignal): Promise<Step> | null {
    const scans = !this.#begun || this.#cursor !== '0';
    if (!scans && this.#keys.length === 0) return null;
    const { broker } = this.#parts;
    const keys = this.#keys;
    const asking = askValues(keys, BEGINNING, false);
    const scan: Command[] = scans
      ? [['SCAN', this.#cursor, 'MATCH', this.#parts.keys.pattern, 'COUNT', COUNT], ['DBSIZE']]
      : [];
    return broker.read([...scan, ...asking.commands], signal).then(replies => ({
      keys,
      values: asking.read(replies.slice(scan.length)),
      scanned: scans ? ([replies[0], replies[1]] as const) : null,
    }));
  }

  /** Keeps the keys of which something has to be read. */
  #scanned([reply, size]: NonNullable<Step['scanned']>): void {
    if (isFailure(reply)) throw refused(reply.message);
    const [cursor, found] = arrayOf(reply);
    this.#begun = true;
    this.#cursor = bufferOf(cursor)?.toString() ?? '0';
    this.#keys = this.#wanted(found);
    this.#of = Math.max(numberOf(size) ?? 0, this.#looked);
    this.#looked = this.#cursor === '0' ? this.#of : Math.min(this.#looked + COUNT, this.#of);
  }

  /** Results that say SUCCESS stay as they are; whatever else is known may have changed. */
  #wanted(found: Reply | undefined): Buffer[] {
    const { keys, memory } = this.#parts;
    const { table } = memory;
    const wanted: Buffer[] = [];
    for (const key of arrayOf(found)) {
      if (!Buffer.isBuffer(key) || !keys.owns(key)) continue;
      const slot = table.findBytes(key, keys.head);
      if (slot >= 0 && (table.lapOf(slot) === this.number || isFinal(memory.statusOf(slot))))
        table.saw(slot, this.number);
      else wanted.push(key);
    }
    return wanted;
  }

  async #take(keys: readonly Buffer[], cut: readonly (Value | null)[], signal: AbortSignal): Promise<void> {
    const { broker, memory } = this.#parts;
    const long = cut.map(value => value !== null && value.cut !== null);
    const values = await lengthen(broker, keys, cut, signal);
    const from = this.#parts.keys.head;
    const turns = new Turns();
    const read: Seen[] = [];
    for (let i = 0; i < keys.length; i++) {
      const value = values[i];
      if (value == null) continue;
      const brief = briefAtOnce(value) ?? (await readBrief(value));
      read.push({ key: keys[i]!, from, brief, long: long[i] === true });
      if (i % 8 === 7 && turns.over) await turns.next();
    }
    await turns.next();
    memory.take(read, this.number);
    await breathe();
  }

  /** What SCAN has not come across in a whole lap has expired or was deleted; what came meanwhile is asked for once more. */
  async #expire(signal: AbortSignal): Promise<void> {
    const { broker, keys, memory } = this.#parts;
    const { table } = memory;
    const turns = new Turns();
    const unseen: string[] = [];
    for (let slot = 0; slot < table.end; slot++) {
      if (table.isAlive(slot) && table.lapOf(slot) !== this.number) unseen.push(table.idOf(slot));
      if (slot % 1024 === 1023 && turns.over) await turns.next();
    }
    for (let from = 0; from < unseen.length; from += COUNT) {
      const part = unseen.slice(from, from + COUNT);
      const replies = await broker.read(
        part.map(id => ['EXISTS', keys.task(id)]),
        signal,
      );
      part.forEach((id, i) => {
        const slot = table.find(id);
        if (replies[i] === 0) memory.drop(id);
        else if (slot >= 0) table.saw(slot, this.number);
      });
    }
    memory.settle();
  }
}

function refused(answer: string): InspectorError {
  return new InspectorError('forbidden', {
    message: 'Results cannot be listed: this user may not look through the keys (SCAN).',
    tried: 'looking through the keys for results',
    answer: answer.slice(0, 300),
    remedy: 'Ask for the permission to run SCAN. A result can be opened by its task id without it.',
  });
}

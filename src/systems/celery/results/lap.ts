/** One way through all result keys: SCAN, and what is new or may have changed is read. */
import type { Command, RedisBroker, Reply } from '../../../brokers/redis/port';
import { isFailure } from '../../../brokers/redis/port';
import { InspectorError, type Looked } from '../../../model';
import { arrayOf, bufferOf, numberOf } from '../../reading/replies';
import { breathe, Turns } from '../../reading/turns';
import { type Brief, briefAtOnce, readBrief } from './brief';
import type { Keys } from './keys';
import type { Memory } from './memory';
import { isFinal } from './status';
import { askValues, BEGINNING, lengthen } from './values';

/** COUNT of each SCAN: one holds the server, and its answer our event loop, for some milliseconds. */
const COUNT = 1000;

export interface LapParts {
  readonly broker: RedisBroker;
  readonly keys: Keys;
  readonly memory: Memory;
}

/** A lap that can be left and taken up again. */
export class Lap {
  readonly number: number;
  readonly #parts: LapParts;
  #cursor = '0';
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
   * Goes on until all keys have been looked at. While values are decoded, the next keys are on their way.
   * @throws InspectorError `forbidden` where SCAN is refused; whatever `read` throws
   */
  async *run(signal: AbortSignal): AsyncGenerator<Looked, void> {
    const { broker } = this.#parts;
    let coming = this.#begun && this.#cursor === '0' ? null : this.#scan(signal);
    while (coming !== null || this.#keys.length > 0) {
      const keys = this.#keys;
      const asking = askValues(broker, keys, BEGINNING, false);
      const values = broker.read(asking.commands, signal);
      values.catch(() => undefined);
      const scanned = coming === null ? null : await coming;
      const replies = await values;
      this.#keys = scanned?.keys ?? [];
      if (scanned !== null) this.#cursor = scanned.cursor;
      this.#begun = true;
      coming = this.#cursor === '0' ? null : this.#scan(signal);
      coming?.catch(() => undefined);
      if (keys.length > 0) await this.#take(keys, await lengthen(broker, keys, asking.read(replies), signal));
      if (scanned !== null) {
        this.#of = Math.max(scanned.of, this.#looked);
        this.#looked = this.#cursor === '0' ? this.#of : Math.min(this.#looked + COUNT, this.#of);
      }
      yield { looked: this.#looked, of: this.#of };
    }
    await this.#expire(signal);
  }

  /** The next keys of which something has to be read. */
  async #scan(signal: AbortSignal) {
    const { broker, keys } = this.#parts;
    const scan: Command = ['SCAN', this.#cursor, 'MATCH', keys.pattern, 'COUNT', COUNT];
    const [reply, size] = await broker.read([scan, ['DBSIZE']], signal);
    if (isFailure(reply)) throw refused(reply.message);
    const [cursor, found] = arrayOf(reply);
    return { cursor: bufferOf(cursor)?.toString() ?? '0', keys: this.#wanted(found), of: numberOf(size) ?? 0 };
  }

  /** Results that say SUCCESS stay as they are; whatever else is known may have changed. */
  #wanted(found: Reply | undefined): Buffer[] {
    const { keys, memory } = this.#parts;
    const wanted: Buffer[] = [];
    for (const key of arrayOf(found)) {
      if (!Buffer.isBuffer(key) || !keys.owns(key)) continue;
      const slot = memory.table.find(keys.idOf(key));
      if (slot >= 0 && (isFinal(memory.statusOf(slot)) || memory.table.lapOf(slot) === this.number))
        memory.table.saw(slot, this.number);
      else wanted.push(key);
    }
    return wanted;
  }

  async #take(keys: readonly Buffer[], values: readonly Awaited<ReturnType<typeof lengthen>>[number][]): Promise<void> {
    const { memory } = this.#parts;
    const turns = new Turns();
    let read: { id: string; brief: Brief }[] = [];
    for (let i = 0; i < keys.length; i++) {
      const value = values[i];
      if (value == null) continue;
      read.push({ id: this.#parts.keys.idOf(keys[i]!), brief: briefAtOnce(value) ?? (await readBrief(value)) });
      if (i % 8 !== 7 || !turns.over) continue;
      memory.take(read, this.number);
      read = [];
      await turns.next();
    }
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

import { type Count, exactly, type State } from '../../../model';
import type { Brief } from './brief';
import { Names } from './names';
import { Order } from './order';
import { RESULT_STATES, stateOfStatus } from './status';
import { type Entry, type Slot, Table } from './table';

/** What was read of one result: its id is the rest of its key. */
export interface Seen {
  readonly key: Buffer;
  readonly from: number;
  readonly brief: Brief;
  /** Its value is longer than what one look asks for. */
  readonly long: boolean;
}

/** All results of one backend in short, by id and by state. */
export class Memory {
  readonly table = new Table();
  readonly tasks = new Names();
  readonly queues = new Names();
  readonly statuses = new Names();
  readonly #orders = new Map<State, Order>();
  /** Alive results by the number of their status. */
  readonly #counts: number[] = [];
  /** Alive results without a recorded queue, by the number of their status. */
  readonly #queueless: number[] = [];

  get size(): number {
    return this.table.size;
  }

  /** Takes what was read of some results, known ones or new; at most some thousands at a time. */
  take(read: readonly Seen[], lap: number): void {
    const fresh = new Map<State, Slot[]>();
    for (const { key, from, brief, long } of read) {
      const status = this.statuses.numberOf(brief.status);
      const entry = {
        date: brief.date,
        status,
        task: this.tasks.numberOf(brief.task),
        queue: this.queues.numberOf(brief.queue),
        long,
      };
      const known = this.table.findBytes(key, from);
      if (known >= 0) {
        if (this.#isSame(known, entry)) {
          this.table.saw(known, lap);
          continue;
        }
        this.#kill(known);
      }
      const slot = this.table.add(key, from, entry, lap);
      this.#count(slot, 1);
      const state = stateOfStatus(brief.status);
      const slots = fresh.get(state);
      if (slots === undefined) fresh.set(state, [slot]);
      else slots.push(slot);
    }
    for (const [state, slots] of fresh) this.#order(state).add(slots);
  }

  /** A result that is not there any more. */
  drop(id: string): void {
    const slot = this.table.find(id);
    if (slot >= 0) this.#kill(slot);
  }

  statusOf(slot: Slot): string {
    return this.statuses.textOf(this.table.statusOf(slot)) ?? '';
  }

  stateOf(slot: Slot): State {
    return stateOfStatus(this.statusOf(slot));
  }

  /** Results of a state behind a place, newest first. */
  after(
    state: State,
    from: { readonly date: number; readonly id: string } | null,
    queue: string | null,
  ): Generator<Slot, void> {
    const number = queue === null ? null : this.queues.known(queue);
    const { queueOf } = this.table;
    const wanted = number === null ? () => true : (slot: Slot) => queueOf(slot) === number;
    return this.#order(state).after(from?.date ?? null, from?.id ?? '', number === undefined ? () => false : wanted);
  }

  /** How many of a state there are, and of how many the queue is not recorded. */
  countOf(state: State): { readonly all: number; readonly queueless: number } {
    let all = 0;
    let queueless = 0;
    for (let status = 0; status < this.#counts.length; status++) {
      if (stateOfStatus(this.statuses.textOf(status) ?? '') !== state) continue;
      all += this.#counts[status] ?? 0;
      queueless += this.#queueless[status] ?? 0;
    }
    return { all, queueless };
  }

  counts(made: (n: number) => Count = exactly): Partial<Record<State, Count>> {
    return Object.fromEntries(RESULT_STATES.map(state => [state, made(this.countOf(state).all)]));
  }

  /** At the end of a lap: what is dead is forgotten, and its places are free again. */
  settle(): void {
    for (const order of this.#orders.values()) for (const slot of order.settle()) this.table.reuse(slot);
  }

  #isSame(slot: Slot, entry: Entry): boolean {
    const { table } = this;
    return (
      table.statusOf(slot) === entry.status &&
      Object.is(table.dateOf(slot), entry.date) &&
      table.taskOf(slot) === entry.task &&
      table.queueOf(slot) === entry.queue &&
      table.isLong(slot) === entry.long
    );
  }

  #kill(slot: Slot): void {
    this.#count(slot, -1);
    this.table.kill(slot);
  }

  #count(slot: Slot, by: 1 | -1): void {
    const status = this.table.statusOf(slot);
    this.#counts[status] = (this.#counts[status] ?? 0) + by;
    if (this.table.queueOf(slot) === 0) this.#queueless[status] = (this.#queueless[status] ?? 0) + by;
  }

  #order(state: State): Order {
    let order = this.#orders.get(state);
    if (order === undefined) {
      order = new Order(this.table);
      this.#orders.set(state, order);
    }
    return order;
  }
}

/** Workers as they answered and as their events show them, between looks. */
import type { AskedSummary, WorkerSummary } from '../../../model';
import { stepsOf } from '../options';
import type { AnsweredCommand, Fleet, HeldTask, SeenTask } from '../types';
import type { CeleryEvent } from './events';
import { Node } from './node';
import { fieldIn, numberIn } from './plain';
import { SeenTasks } from './seen';
import { aliveOf, type Signs, summaryOf } from './summary';

/** Node names that are remembered: hosts of containers change with every start. */
const MAX_NODES = 2_000;
/** Workers that signed off, and names that nobody answers to, are shown for so long, ms. */
const GONE_SHOWN = 10 * 60_000;

/** What workers told, by node: answers, heartbeats and events. */
export class FleetState implements Fleet {
  readonly #installation: string;
  readonly #now: () => number;
  readonly #nodes = new Map<string, Node>();
  readonly #seen = new SeenTasks();
  #held: ReadonlyMap<string, HeldTask> | null = null;
  #learned: readonly WorkerSummary[] = [];
  #question: { answers: number; timeoutMs: number } = { answers: 0, timeoutMs: 2_000 };
  /** As it was before the question that goes on. */
  #before: { readonly askedAt: number | null; readonly asked: AskedSummary | null } = { askedAt: null, asked: null };
  hearingSince: number | null = null;
  askedAt: number | null = null;
  heard: number | null = null;
  asked: AskedSummary | null = null;
  silent: readonly string[] = [];

  constructor(installation: string, now: () => number) {
    this.#installation = installation;
    this.#now = now;
  }

  get nodes(): Iterable<Node> {
    return this.#nodes.values();
  }

  node(name: string): Node {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const made = new Node(name);
    this.#nodes.set(name, made);
    if (this.#nodes.size > MAX_NODES) this.#forgetOldest();
    return made;
  }

  get workers(): readonly WorkerSummary[] {
    return this.summaries(this.#now());
  }

  #signs(now: number): Signs {
    return {
      installation: this.#installation,
      now,
      hearingSince: this.hearingSince,
      listeningSilently: this.listeningSilently,
      timeoutMs: this.#question.timeoutMs,
    };
  }

  get listeningSilently(): number | null {
    return this.heard === null ? null : Math.max(0, this.heard - this.#question.answers);
  }

  summaries(now: number): readonly WorkerSummary[] {
    const signs = this.#signs(now);
    const onBroker = new Map(this.#learned.map(worker => [worker.name, worker]));
    const known = [...this.#nodes.values()]
      .filter(node => !isLongGone(node, now))
      .map(node => withBroker(summaryOf(node, signs), onBroker.get(node.name), node));
    const others = this.#learned.filter(({ name }) => !this.#nodes.has(name));
    return [...known, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get registered(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#by(node => node.registered);
  }
  get queues(): ReadonlyMap<string, readonly string[]> {
    return this.#by(node => node.queues);
  }
  get configurations(): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
    return this.#by(node => node.conf);
  }
  get twins(): Fleet['twins'] {
    return this.#by(node => (node.answers > 1 ? { answers: node.answers, pids: node.pids } : null));
  }

  /** Made once for all who ask in one go: a page asks for each of its rows. */
  get held(): ReadonlyMap<string, HeldTask> {
    if (this.#held === null) {
      this.#held = this.#heldNow();
      queueMicrotask(() => this.#forgetHeld());
    }
    return this.#held;
  }

  #forgetHeld(): void {
    this.#held = null;
  }

  #heldNow(): ReadonlyMap<string, HeldTask> {
    const all = new Map<string, HeldTask>();
    const signs = this.#signs(this.#now());
    // A worker that is gone holds nothing any more, whatever it said.
    const nodes = [...this.#nodes.values()].filter(node => aliveOf(node, signs) !== false);
    // What runs counts more than what is still to run, where two answers are not of the same instant.
    for (const how of ['scheduled', 'reserved', 'active'] as const)
      for (const node of nodes) for (const [id, task] of node.held[how]) all.set(id, task);
    return all;
  }

  heldBy(name: string): readonly HeldTask[] {
    const held = this.#nodes.get(name)?.held;
    return held === undefined ? [] : Object.values(held).flatMap(tasks => [...tasks.values()]);
  }

  get revoked(): ReadonlySet<string> {
    const all = new Set<string>();
    for (const { revoked } of this.#nodes.values()) for (const id of revoked ?? []) all.add(id);
    return all;
  }

  get limited(): ReadonlySet<string> {
    const all = new Set<string>();
    for (const { limited } of this.#nodes.values()) for (const name of limited ?? []) all.add(name);
    return all;
  }

  get visibilityTimeout(): number | null {
    return this.#transportOption('visibility_timeout', value => {
      const seconds = numberIn(value);
      return seconds !== null && seconds > 0 ? seconds : null;
    });
  }

  get prioritySteps(): readonly number[] | null {
    return this.#transportOption('priority_steps', stepsOf);
  }

  /** What the first configuration that names an option says of it; null where none does. */
  #transportOption<T>(name: string, read: (value: unknown) => T | null): T | null {
    for (const { conf } of this.#nodes.values()) {
      const value = read(fieldIn(fieldIn(conf, 'broker_transport_options'), name));
      if (value !== null) return value;
    }
    return null;
  }

  seen(id: string): SeenTask | null {
    return this.#seen.get(id);
  }

  /** What the broker itself tells of workers; shown until they tell more themselves. */
  learn(workers: readonly WorkerSummary[]): void {
    this.#learned = workers;
  }

  /** A question goes out. */
  begin(timeoutMs: number): void {
    this.#forgetHeld();
    this.#before = { askedAt: this.askedAt, asked: this.asked };
    this.askedAt = this.#now();
    this.heard = null;
    this.#question = { answers: 0, timeoutMs };
    for (const node of this.#nodes.values()) node.asked();
    this.asked = { at: new Date(this.askedAt).toISOString(), answers: 0, of: null, running: true };
  }

  listened(heard: number | null): void {
    this.heard = heard;
    if (this.asked !== null) this.asked = { ...this.asked, of: heard };
  }

  /** @returns the node, and whether it answers this question for the first time */
  answered(answer: AnsweredCommand): { readonly node: Node; readonly first: boolean } {
    this.#forgetHeld();
    const node = this.node(answer.worker);
    const before = node.answers;
    const first = node.take(answer, this.#now());
    // Two under one name are two that answer.
    if (first) this.#question.answers++;
    else if (node.answers > Math.max(1, before)) this.#question.answers++;
    if (first && this.asked !== null) this.asked = { ...this.asked, answers: this.asked.answers + 1 };
    return { node, first };
  }

  /**
   * The question is over. `named` are names that the broker still holds: as many of them count as listened in silence.
   * @returns those that were expected and did not answer
   */
  end(named: readonly string[], asked: readonly string[] | null): readonly Node[] {
    this.#forgetHeld();
    const now = this.#now();
    const listening = this.listeningSilently;
    const quiet = [...this.#nodes.values()].filter(
      node =>
        node.answeredCommands === 0 &&
        node.offlineAt === null &&
        (asked === null || asked.includes(node.name)) &&
        (node.lastAnswer !== null || node.heartbeat !== null || node.silentSince !== null),
    );
    // A name alone says little: workers that were killed leave theirs behind. So many as listen without an answer count.
    const others = named.filter(name => !this.#nodes.has(name) && (asked === null || asked.includes(name)));
    const room = listening === null ? 0 : Math.max(0, listening - quiet.length);
    if (others.length <= room || (room > 0 && others.length <= 10))
      for (const name of others) quiet.push(this.node(name));
    for (const node of quiet) node.silentSince ??= now;
    this.silent = quiet.map(({ name }) => name);
    if (this.asked !== null) {
      const { answers } = this.asked;
      this.asked = {
        ...this.asked,
        of: Math.max(answers + quiet.length, asked === null ? (this.heard ?? 0) : 0),
        running: false,
      };
    }
    return quiet;
  }

  /** The question was given up, or could not be asked: where nobody has answered so far, nothing is known of it. */
  stopped(): void {
    if (this.#question.answers === 0) {
      this.askedAt = this.#before.askedAt;
      this.asked = this.#before.asked;
    }
    if (this.asked !== null) this.asked = { ...this.asked, running: false };
  }

  /** @returns whether a row changed */
  take(event: CeleryEvent): boolean {
    this.#forgetHeld();
    const { worker, kind } = event;
    if (kind.startsWith('task-')) {
      this.#seen.take(event);
      if (worker === null) return false;
      this.#nodes.get(worker)?.moved(event);
      return true;
    }
    return kind.startsWith('worker-') && worker !== null && this.node(worker).hear(event, this.#now());
  }

  /** Of workers that are not known to be gone. */
  #by<T>(of: (node: Node) => T | null): ReadonlyMap<string, T> {
    const signs = this.#signs(this.#now());
    const made = new Map<string, T>();
    for (const node of this.#nodes.values()) {
      const value = of(node);
      if (value !== null && aliveOf(node, signs) !== false) made.set(node.name, value);
    }
    return made;
  }

  #forgetOldest(): void {
    const lastSign = (node: Node) => Math.max(node.lastAnswer ?? 0, node.heartbeat?.at ?? 0);
    const [oldest] = [...this.#nodes.values()].sort((a, b) => lastSign(a) - lastSign(b));
    if (oldest !== undefined) this.#nodes.delete(oldest.name);
  }
}

function isLongGone(node: Node, now: number): boolean {
  return node.offlineAt !== null && now - node.offlineAt > GONE_SHOWN;
}

/** The broker's own word that a worker is connected (RabbitMQ) counts more than its silence: a solo pool may be busy. */
function withBroker(row: WorkerSummary, learned: WorkerSummary | undefined, node: Node): WorkerSummary {
  if (learned?.alive !== true || row.alive === true || node.offlineAt !== null) return row;
  const { alive, state } = learned;
  if (node.lastAnswer === null && node.heartbeat === null)
    return { ...learned, aliveReason: `has not answered; ${learned.aliveReason}` };
  const aliveReason = `${row.aliveReason}; ${learned.aliveReason}`;
  return { ...row, alive, state: row.state === 'gone' ? state : row.state, aliveReason };
}

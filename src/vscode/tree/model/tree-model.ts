import type { LiveConnection, Unsubscribe } from '../../../inspector/api';
import { connectionNotes, connectionRow } from './connection';
import { installationRow, sectionRows } from './installation';
import { type JobListKey, JobLists } from './job-lists';
import { jobRows } from './jobs';
import { scheduleRows, workerRows } from './people';
import { queueRows, stateRows } from './queues';
import { resultStateRows } from './results';
import type { InstallationAddress, NodeId, Row } from './row';
import { viewOf, type World } from './world';

export interface TreeSource {
  connections(): readonly LiveConnection[];
  world(): World;
}

/** Rows that changed and have to be drawn again; null = the outermost ones. */
export type Changed = readonly NodeId[] | null;

/**
 * The tree as data. It makes rows when they are asked for, keeps what was asked for, and when something may have
 * changed compares by value and tells only what did, so that nothing jumps and nothing is drawn for nothing.
 */
export class TreeModel {
  readonly #source: TreeSource;
  readonly #lists: JobLists;
  readonly #rows = new Map<NodeId, Row>();
  readonly #parents = new Map<NodeId, NodeId>();
  /** Children that somebody has asked for; '' = the outermost. */
  readonly #children = new Map<NodeId, readonly NodeId[]>();
  /** What a row was when it was first shown: VS Code keeps what the person made of it since. */
  readonly #firstShown = new Map<NodeId, Row['children']>();
  readonly #expanded = new Set<NodeId>();
  /** Open rows that have left: a connection that is made anew, or a queue that comes back, is open as it was. */
  readonly #wereExpanded = new Set<NodeId>();
  readonly #listeners = new Set<(changed: Changed) => void>();

  constructor(source: TreeSource) {
    this.#source = source;
    this.#lists = new JobLists(
      id => this.#connection(id),
      () => source.world().locale,
    );
  }

  onDidChange(listener: (changed: Changed) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  row(id: NodeId): Row | undefined {
    return this.#rows.get(id);
  }

  /** The row above; undefined for the outermost and for what was never shown. */
  parent(id: NodeId): NodeId | undefined {
    return this.#parents.get(id);
  }

  /** The rows below one, or the outermost; reads the first page of a job list. */
  async children(id: NodeId | null): Promise<readonly NodeId[]> {
    const list = id === null ? null : this.#listOf(id);
    if (list !== null) await this.#lists.ensure(list);
    return this.#keep(id ?? ROOT, this.#make(id));
  }

  /** Whether a row is open; open job lists are read again when their connection is. */
  setExpanded(id: NodeId, expanded: boolean): void {
    if (!expanded) {
      this.#expanded.delete(id);
      return;
    }
    this.#expanded.add(id);
    const list = this.#listOf(id);
    if (list !== null && this.#lists.isOld(list)) void this.#reload(list);
  }

  isExpanded(id: NodeId): boolean {
    return this.#expanded.has(id);
  }

  /** Open rows, outermost first. */
  expanded(): readonly Row[] {
    return [...this.#expanded].map(id => this.#rows.get(id)).filter(row => row !== undefined);
  }

  /** Reads the next page of a job list. */
  async showMore(list: NodeId): Promise<void> {
    const key = this.#listOf(list);
    if (key === null) return;
    await this.#lists.more(key);
    this.refresh();
  }

  /** Compares what is shown with what is so now. Open lists whose connection was read again are read again. */
  refresh(): void {
    const changed: NodeId[] = [];
    if (this.#compare(null, changed)) this.#tell(null);
    else if (changed.length > 0) this.#tell(changed);
    for (const id of this.#expanded) {
      const list = this.#listOf(id);
      if (list !== null && this.#lists.isOld(list)) void this.#reload(list);
    }
  }

  async #reload(list: JobListKey): Promise<void> {
    if (await this.#lists.reload(list)) this.refresh();
  }

  /** Answers whether the row itself must be drawn again with all below it; what changes deeper goes to `changed`. */
  #compare(id: NodeId | null, changed: NodeId[]): boolean {
    const before = this.#children.get(id ?? ROOT);
    if (before === undefined) return false;
    const old = new Map(before.map(child => [child, this.#rows.get(child)]));
    const rows = this.#make(id);
    this.#keep(id ?? ROOT, rows);
    if (rows.length !== before.length || rows.some((row, index) => row.id !== before[index])) return true;
    for (const row of rows) {
      const was = old.get(row.id);
      if (this.#compare(row.id, changed) || was === undefined || !looksTheSame(was, this.#rows.get(row.id) ?? row)) {
        changed.push(row.id);
      }
    }
    return false;
  }

  #keep(parent: NodeId, rows: readonly Row[]): readonly NodeId[] {
    const ids = rows.map(({ id }) => id);
    const gone = new Set(this.#children.get(parent) ?? []);
    for (const row of rows) {
      gone.delete(row.id);
      const first = this.#firstShown.get(row.id);
      const open = this.#wereExpanded.delete(row.id) && row.children === 'collapsed' ? 'expanded' : row.children;
      const children = first === undefined || first === 'none' || row.children === 'none' ? open : first;
      this.#firstShown.set(row.id, children);
      if (first === undefined && children === 'expanded') this.#expanded.add(row.id);
      this.#rows.set(row.id, children === row.children ? row : { ...row, children });
      if (parent !== ROOT) this.#parents.set(row.id, parent);
    }
    for (const id of gone) this.#drop(id);
    this.#children.set(parent, ids);
    return ids;
  }

  #drop(id: NodeId): void {
    for (const child of this.#children.get(id) ?? []) this.#drop(child);
    for (const map of [this.#children, this.#rows, this.#parents, this.#firstShown]) map.delete(id);
    if (this.#expanded.delete(id) && this.#wereExpanded.size < MOST_REMEMBERED) this.#wereExpanded.add(id);
    this.#lists.forget(id);
  }

  #make(id: NodeId | null): Row[] {
    const world = this.#source.world();
    const connections = this.#source.connections();
    if (id === null) return connections.map(live => connectionRow(live, world, connections.length === 1));
    const subject = this.#rows.get(id)?.subject;
    if (subject === undefined) return [];
    if (subject.kind === 'connection') {
      const live = this.#connection(subject.connection);
      if (live === undefined) return [];
      const alone = live.installations.length === 1;
      return [...live.installations.map(view => installationRow(live, view, alone)), ...connectionNotes(live)];
    }
    return 'at' in subject ? this.#below(id, subject.at, world) : [];
  }

  #below(id: NodeId, at: InstallationAddress, world: World): Row[] {
    const subject = this.#rows.get(id)?.subject;
    const live = this.#connection(at.connection);
    const view = live === undefined ? undefined : viewOf(live, at);
    if (live === undefined || view === undefined) return [];
    switch (subject?.kind) {
      case 'installation':
        return sectionRows(live, view, world);
      case 'queues':
        return queueRows(at, view, world);
      case 'queue':
        return stateRows(at, view, subject.queue, world);
      case 'results':
        return resultStateRows(at, view, world);
      case 'workers':
        return workerRows(at, view);
      case 'schedules':
        return scheduleRows(at, view, world);
      case 'trouble':
      case 'state': {
        const jobs = this.#lists.read(id);
        return jobs === undefined
          ? []
          : jobRows(
              { id, at, queue: subject.kind === 'state' ? subject.queue : null, state: subject.state },
              view,
              jobs,
              world,
            );
      }
      default:
        return [];
    }
  }

  #listOf(id: NodeId): JobListKey | null {
    const subject = this.#rows.get(id)?.subject;
    if (subject?.kind === 'trouble') return { id, at: subject.at, queue: null, state: subject.state };
    if (subject?.kind === 'state') return { id, at: subject.at, queue: subject.queue, state: subject.state };
    return null;
  }

  #connection(id: string): LiveConnection | undefined {
    return this.#source.connections().find(live => live.profile.id === id);
  }

  #tell(changed: Changed): void {
    for (const listener of this.#listeners) listener(changed);
  }
}

const ROOT = '';
/** Names of queues come from outside, and some are made by the thousand. */
const MOST_REMEMBERED = 1000;

/** Everything that is drawn; the subject is not. */
function looksTheSame(a: Row, b: Row): boolean {
  return (
    a.label === b.label &&
    a.description === b.description &&
    a.context === b.context &&
    a.spoken === b.spoken &&
    a.children === b.children &&
    a.click === b.click &&
    a.detail === b.detail &&
    a.icon?.id === b.icon?.id &&
    a.icon?.tint === b.icon?.tint &&
    a.mark?.failed === b.mark?.failed &&
    a.mark?.fresh === b.mark?.fresh &&
    a.mark?.word === b.mark?.word &&
    a.mark?.production === b.mark?.production
  );
}

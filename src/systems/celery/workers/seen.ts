/** What events told of tasks: the only place where names and arguments of a failed task may be found. */
import type { SeenTask } from '../types';
import type { CeleryEvent } from './events';
import { textIn } from './plain';

/** Tasks that are remembered; the one heard of longest ago is forgotten first. */
const KEPT = 10_000;
/** Characters of a repr that are kept; Celery cuts them at 1,024 itself. */
const MAX_REPR = 4_096;

export class SeenTasks {
  readonly #tasks = new Map<string, SeenTask>();

  get(id: string): SeenTask | null {
    return this.#tasks.get(id) ?? null;
  }

  get size(): number {
    return this.#tasks.size;
  }

  take(event: CeleryEvent): void {
    const { id } = event;
    if (id === null || id.length > 500) return;
    const before = this.#tasks.get(id);
    // A producer tells of a task after it has sent it: by then a worker may have told of its end.
    const late = before !== undefined && before.state !== null && (event.kind === 'task-sent' || before.at > event.at);
    const repr = (name: string) => textIn(event.fields[name])?.slice(0, MAX_REPR) ?? null;
    this.#tasks.delete(id);
    this.#tasks.set(id, {
      id,
      task: event.task ?? before?.task ?? null,
      args: repr('args') ?? before?.args ?? null,
      kwargs: repr('kwargs') ?? before?.kwargs ?? null,
      queue: event.queue ?? before?.queue ?? null,
      worker: event.worker ?? before?.worker ?? null,
      state: late ? before.state : (event.state ?? before?.state ?? null),
      at: late ? before.at : event.at,
    });
    if (this.#tasks.size <= KEPT) return;
    const oldest = this.#tasks.keys().next();
    if (oldest.done !== true) this.#tasks.delete(oldest.value);
  }
}

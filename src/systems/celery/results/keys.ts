import { bytesOf, textOf } from '../../reading/ids';

/** In front of a task's id, of a group's id (celery/backends/base.py, task_keyprefix and group_keyprefix). */
export const TASK = 'celery-task-meta-';
const GROUP = 'celery-taskset-meta-';

/** Names of the keys of one result backend. */
export class Keys {
  /** `global_keyprefix` with what Celery puts behind it; '' for the usual one. */
  readonly prefix: string;
  readonly #head: Buffer;
  readonly #text: string | null;
  readonly #group: Buffer;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.#head = Buffer.concat([Buffer.from(bytesOf(prefix)), Buffer.from(TASK)]);
    this.#text = prefix.includes('\\x') ? null : prefix + TASK;
    this.#group = Buffer.concat([Buffer.from(bytesOf(prefix)), Buffer.from(GROUP)]);
  }

  /** Key of a task's result, exactly. */
  task(id: string): Buffer {
    return Buffer.concat([this.#head, Buffer.from(bytesOf(id))]);
  }

  /** The same as an argument of a command: a text, where that is the same bytes. */
  argument(id: string): string | Buffer {
    return this.#text === null || id.includes('\\x') ? this.task(id) : this.#text + id;
  }

  /** Key of a saved group; its chord's parts end in `.j`, `.s` and `.t` (celery/backends/redis.py). */
  group(id: string, part: '' | '.j' | '.s' | '.t' = ''): Buffer {
    return Buffer.concat([this.#group, Buffer.from(bytesOf(id)), Buffer.from(part)]);
  }

  /** Bytes of a key in front of the id. */
  get head(): number {
    return this.#head.length;
  }

  /** Whether a key is one of a task's result of this very prefix. */
  owns(key: Buffer): boolean {
    const { length } = this.#head;
    return key.length > length && key.compare(this.#head, 0, length, 0, length) === 0;
  }

  /** The id in such a key. */
  idOf(key: Buffer): string {
    return textOf(key.subarray(this.#head.length));
  }

  /** For SCAN. */
  get pattern(): string {
    return `${escapeGlob(this.prefix)}${TASK}*`;
  }
}

/** Text that SCAN takes for itself. */
export const escapeGlob = (text: string): string => text.replace(/[\\*?[\]]/g, String.raw`\$&`);

/** What stands in front of `celery-task-meta-` in a key; null where it is no such key. */
export function prefixOf(key: Buffer): string | null {
  const at = key.indexOf(TASK);
  return at < 0 || at + TASK.length >= key.length ? null : textOf(key.subarray(0, at));
}

/** As Celery (5.3 and later) puts a `global_keyprefix` in front: with `_` unless it ends so (backends/base.py). */
export const resultPrefixOf = (option: string): string =>
  option === '' || /[:_\-.]$/.test(option) ? option : `${option}_`;

/**
 * Of the prefixes that were found, the one that belongs to an installation whose own is `broker`: the same, the same
 * with Celery's `_`, the only one, none at all, the first.
 */
export function choosePrefix(found: readonly string[], broker: string, named: string): string | null {
  const wanted = named === '' ? [broker, resultPrefixOf(broker)] : [named, resultPrefixOf(named)];
  const [only] = found;
  return (
    wanted.find(prefix => found.includes(prefix)) ??
    (named !== '' || only === undefined ? null : found.includes('') ? '' : only)
  );
}

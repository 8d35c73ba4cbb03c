import type { Dialect } from '../message/build';
import type { Serializer } from '../message/build-values';
import type { TaskMessage } from '../types';
import type { Situation } from './situation';

/**
 * How a new message for a queue is written so that its workers read it: as the messages that wait there are, else as
 * the workers' configurations say, else JSON by protocol 2, which every worker since 4.0 reads.
 */
export class Dialects {
  readonly #situation: Situation;
  readonly #reading = new Map<string, Promise<Dialect>>();
  readonly #known = new Map<string, Dialect>();

  constructor(situation: Situation) {
    this.#situation = situation;
  }

  of(queue: string, signal: AbortSignal): Promise<Dialect> {
    let dialect = this.#reading.get(queue);
    if (dialect === undefined) {
      dialect = this.#read(queue, signal);
      this.#reading.set(queue, dialect);
    }
    return dialect;
  }

  /** The same where it was read before; then nobody has to wait for it. */
  known(queue: string): Dialect | undefined {
    return this.#known.get(queue);
  }

  async #read(queue: string, signal: AbortSignal): Promise<Dialect> {
    const dialect = dialectOf(this.#situation, await this.#sample(queue, signal));
    this.#known.set(queue, dialect);
    return dialect;
  }

  /** The message that waits longest; looking at it changes nothing, so that on RabbitMQ there is none. */
  async #sample(queue: string, signal: AbortSignal): Promise<TaskMessage | null> {
    const { redis } = this.#situation.context;
    if (redis === null) return null;
    for await (const [element] of redis.walk({ queue, state: 'waiting', size: 1 }, signal))
      return element?.message ?? null;
    return null;
  }
}

function dialectOf({ context, fleet }: Situation, sample: TaskMessage | null): Dialect {
  const versions = context.workers.summaries(Date.now()).flatMap(({ version }) => version ?? []);
  const configured = (name: string): unknown[] =>
    [...fleet.configurations.values()].flatMap(conf => (conf[name] === undefined ? [] : [conf[name]]));
  const said = sample === null ? undefined : serializerOf(sample.contentType);
  const [serializer] = configured('task_serializer');
  const stamped = sample !== null && Object.hasOwn(sample.headers, 'stamped_headers');
  // Some worker may be older than the others: what one does not know is left out.
  const atLeast = (wanted: string): boolean =>
    versions.length === 0 ? stamped : versions.every(version => compare(version, wanted) >= 0);
  return {
    protocol: sample?.protocol === 1 || (sample === null && configured('task_protocol').includes(1)) ? 1 : 2,
    serializer: said ?? (serializer === 'pickle' ? 'pickle' : 'json'),
    tagged: atLeast('5.3'),
    stamps: atLeast('5.3'),
    old: versions.some(version => compare(version, '5.0') < 0),
  };
}

function compare(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

/** The serializer of a content type, where it is one that is written here. */
export function serializerOf(contentType: string | null): Serializer | undefined {
  if (contentType === null) return undefined;
  if (/json/.test(contentType)) return 'json';
  return /pickle|python-serialize/.test(contentType) ? 'pickle' : undefined;
}

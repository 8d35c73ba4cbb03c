/** Bytes as base64 text: undo units are kept in the journal as JSON. */
export type Base64 = string;

/**
 * A guarded change that takes one thing back, as data: it knows no system, and one script per kind of broker runs it.
 * Every guard must hold, else nothing is written and `refusal` is the reason that people read.
 */
export type UndoUnit = RedisUndoUnit | RabbitUndoUnit;

export interface RedisUndoUnit {
  readonly broker: 'redis';
  /** Role of the companion broker on which it is done (Celery's `results`); absent = the broker itself. */
  readonly on?: string;
  /** Job id, queue or worker name: joins it to the outcome of its step. */
  readonly subject: string;
  readonly guards: readonly RedisGuard[];
  readonly operations: readonly RedisOperation[];
}

/** The same on RabbitMQ, where nothing can be made conditional: each operation tells what it needs to be there. */
export interface RabbitUndoUnit {
  readonly broker: 'rabbitmq';
  readonly on?: string;
  readonly subject: string;
  readonly operations: readonly RabbitOperation[];
}

export type RabbitOperation =
  /** Puts exact bytes back, at the end of the queue: RabbitMQ knows no other place. */
  | { readonly kind: 'publish'; readonly queue: string; readonly message: SavedMessage }
  /**
   * Takes back what still waits where we put it: looks at `within` messages at the most for the one with this
   * correlation id and these exact bytes.
   */
  | {
      readonly kind: 'take';
      readonly queue: string;
      readonly correlationId: string | null;
      /** SHA-256 of the body, hex. */
      readonly bodySha256: string;
      readonly within: number;
      readonly refusal: string;
    };

/** Properties with every AMQP type kept (see brokers/rabbitmq), so that clients of other languages read them again. */
export interface SavedMessage {
  readonly properties: { readonly [name: string]: unknown };
  readonly body: Base64;
}

export type RedisGuard =
  | { readonly kind: 'absent'; readonly key: Base64; readonly refusal: string }
  | { readonly kind: 'exists'; readonly key: Base64; readonly refusal: string }
  | { readonly kind: 'in-list'; readonly key: Base64; readonly value: Base64; readonly refusal: string }
  | { readonly kind: 'in-zset'; readonly key: Base64; readonly member: Base64; readonly refusal: string }
  | { readonly kind: 'not-in-zset'; readonly key: Base64; readonly member: Base64; readonly refusal: string }
  | { readonly kind: 'not-in-list'; readonly key: Base64; readonly value: Base64; readonly refusal: string }
  /** An absent field equals null. */
  | {
      readonly kind: 'field-is';
      readonly key: Base64;
      readonly field: Base64;
      readonly value: Base64 | null;
      readonly refusal: string;
    }
  /** Milliseconds since the epoch; refuses once the broker's clock has passed it. */
  | { readonly kind: 'before'; readonly at: number; readonly refusal: string };

export type RedisOperation =
  | { readonly kind: 'create'; readonly key: Base64; readonly value: RedisValue; readonly expireAt: number | null }
  | { readonly kind: 'delete'; readonly key: Base64 }
  | { readonly kind: 'hset'; readonly key: Base64; readonly fields: readonly (readonly [Base64, Base64])[] }
  | { readonly kind: 'hdel'; readonly key: Base64; readonly fields: readonly Base64[] }
  /** Milliseconds since the epoch; null = no expiry. */
  | { readonly kind: 'expire-at'; readonly key: Base64; readonly at: number | null }
  | { readonly kind: 'zadd'; readonly key: Base64; readonly member: Base64; readonly score: string }
  | { readonly kind: 'zrem'; readonly key: Base64; readonly member: Base64 }
  | { readonly kind: 'sadd'; readonly key: Base64; readonly member: Base64 }
  | { readonly kind: 'srem'; readonly key: Base64; readonly member: Base64 }
  | { readonly kind: 'lrem'; readonly key: Base64; readonly value: Base64 }
  | { readonly kind: 'push'; readonly key: Base64; readonly value: Base64; readonly end: 'head' | 'tail' }
  /** Next to the nearest old neighbour that is still there; the given end where none is. Nearest first. */
  | {
      readonly kind: 'insert';
      readonly key: Base64;
      readonly value: Base64;
      readonly before: readonly Base64[];
      readonly after: readonly Base64[];
      readonly otherwise: 'head' | 'tail';
    };

export type RedisValue =
  | { readonly type: 'string'; readonly value: Base64 }
  | { readonly type: 'hash'; readonly fields: readonly (readonly [Base64, Base64])[] }
  | { readonly type: 'set'; readonly members: readonly Base64[] }
  | { readonly type: 'list'; readonly values: readonly Base64[] }
  | { readonly type: 'zset'; readonly members: readonly (readonly [Base64, string])[] }
  | {
      readonly type: 'stream';
      readonly entries: readonly { readonly id: string; readonly fields: readonly Base64[] }[];
    };

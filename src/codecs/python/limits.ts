/** What one decode may cost. Counted by the decoder, never measured with a clock. */
export interface PickleLimits {
  /** Opcodes carried out. */
  readonly opcodes: number;
  /** Entries of the memo. */
  readonly memoEntries: number;
  /** Bytes of memory for everything built, by a conservative estimate of what V8 needs; the input itself not counted. */
  readonly memory: number;
}

const MB = 1024 * 1024;

/**
 * Far above what any job queue stores (RQ, Celery and Huey advise against payloads above some kB), far below what could
 * hurt an editor. The memory estimate stays below 64 MB with room for what rendering needs.
 */
export const DEFAULT_PICKLE_LIMITS: PickleLimits = {
  opcodes: 10_000_000,
  memoEntries: 1_000_000,
  memory: 44 * MB,
};

/** Estimated bytes of V8 heap of each thing the reader makes (64-bit, no pointer compression; Node 20 to 22). */
export const COST = {
  /** Eight bytes, and the copy made while the array grows by half. */
  stackSlot: 20,
  memoSlot: 12,
  farMemoSlot: 64,
  string: 32,
  float: 56,
  bytes: 64,
  bigint: 32,
  list: 96,
  /** A first push onto an empty array reserves 17 slots. */
  firstItem: 152,
  item: 12,
  tuple: 96,
  set: 136,
  dict: 176,
  firstEntry: 304,
  entry: 24,
  indexedEntry: 88,
  global: 160,
  call: 128,
} as const;

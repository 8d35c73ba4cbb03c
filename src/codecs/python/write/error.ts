/** A node that cannot be written; the message says which and why. */
export class PickleWriteError extends Error {
  override readonly name = 'PickleWriteError';
}

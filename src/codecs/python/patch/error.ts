/** A pickle that cannot be changed in this way; nothing was changed. The message says why. */
export class PatchError extends Error {
  override readonly name = 'PatchError';
}

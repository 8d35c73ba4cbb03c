/** Python values without Python: reading pickles, and showing what they hold as Python prints it. */
export { PickleError } from './errors';
export { DEFAULT_PICKLE_LIMITS, type PickleLimits } from './limits';
export type { PickleNote } from './machine';
export { type PickleDocument, readPickle } from './reader';
export * from './value';

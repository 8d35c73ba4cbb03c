/** Python values without Python: reading pickles, and showing what they hold as Python prints it. */
export { PickleError } from './errors';
export { isoDatetime, timedeltaSeconds } from './faces/datetime';
export { DEFAULT_PICKLE_LIMITS, type PickleLimits } from './limits';
export type { PickleNote } from './machine';
export { type PickleDocument, readPickle } from './reader';
export { callText, type ReprOptions, type ReprResult, renderRepr, reprRow, reprText } from './repr';
export * from './value';

/** Python values without Python: reading pickles, and showing what they hold as Python prints it. */
export { PickleError } from './errors';
export { isoDatetime, timedeltaSeconds } from './faces/datetime';
export { type JsonOptions, type JsonValue, toTaggedJson } from './json';
export { DEFAULT_PICKLE_LIMITS, type PickleLimits } from './limits';
export type { PickleNote } from './machine';
export { PRINTABLE_UNICODE_VERSION } from './printable';
export { type PickleDocument, readPickle } from './reader';
export { callText, type ReprOptions, type ReprResult, renderRepr, reprRow, reprText } from './repr';
export { type TreeItem, treeAt, treeChildren, treeRoot, typeName } from './tree';
export * from './value';

/** Python values without Python: pickles read, shown as Python prints them, written and changed; literals; JSON. */
export { PickleError } from './errors';
export { isoDatetime, timedeltaSeconds } from './faces/datetime';
export { fromJson, fromTaggedJson, parseJson, parseTaggedJson } from './from-json';
export { type JsonOptions, type JsonValue, toTaggedJson } from './json';
export { DEFAULT_PICKLE_LIMITS, type PickleLimits } from './limits';
export { LiteralError, parseArguments, parseKeywordArguments, parseLiteral } from './literal';
export type { PickleNote } from './machine';
export { PatchError, type Patched, type PatchStep, replaceValue, setKey } from './patch';
export { PRINTABLE_UNICODE_VERSION } from './printable';
export { type PickleDocument, readPickle } from './reader';
export { callText, type ReprOptions, type ReprResult, renderRepr, reprRow, reprText } from './repr';
export { type TreeItem, treeAt, treeChildren, treeRoot, typeName } from './tree';
export * from './value';
export { PickleWriteError, type PickleWriteOptions, writePickle } from './write';

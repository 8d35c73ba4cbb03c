import { keyOf } from '../equality';
import { PickleError } from '../errors';
import { OP } from '../opcodes';
import { readPickle } from '../reader';
import type { PyNode } from '../value';
import { PatchError } from './error';
import type { Shape, Slot } from './shape';

/**
 * One step from a value to a part of it: a text is the key of a dict; a number the place in a tuple or list, or the key
 * of a dict; `key` any other key that has no parts; `argument` the place among the arguments an object was made with;
 * `state` what was put into an object afterwards, mostly its `__dict__`.
 */
export type PatchStep =
  | string
  | number
  | { readonly key: PyNode }
  | { readonly argument: number }
  | { readonly state: true };

/** The place that a path leads to. Throws PatchError where there is none, or where a change would show elsewhere too. */
export function follow(bytes: Uint8Array, root: Slot, path: readonly PatchStep[]): Slot {
  let slot = root;
  for (const [index, step] of path.entries()) {
    const next = stepInto(bytes, slot.shape, step);
    if (next === undefined) {
      throw new PatchError(`${spell(path.slice(0, index + 1))} is not in the pickle`);
    }
    slot = next;
  }
  return slot;
}

function stepInto(bytes: Uint8Array, shape: Shape, step: PatchStep): Slot | undefined {
  if (typeof step === 'object') {
    if ('argument' in step) {
      return shape.args === undefined ? undefined : itemOf(shape.args.shape, step.argument);
    }
    return 'state' in step ? shape.state : entryOf(bytes, shape, step.key);
  }
  return typeof step === 'number' && shape.items.length > 0 ? itemOf(shape, step) : entryOf(bytes, shape, step);
}

function itemOf(shape: Shape, index: number): Slot | undefined {
  if (shape.kind === 'tuple' && shape.references > 0) {
    throw new PatchError(
      `the tuple is stored once and used in ${shape.references + 1} places: a change of it would show in all of them`,
    );
  }
  return shape.items[index];
}

/** The last entry with this key, or undefined. */
export function entryOf(bytes: Uint8Array, shape: Shape, key: PyNode): Slot | undefined {
  const wanted = keyOf(key);
  return shape.entries.findLast(entry => {
    const found = keyNode(bytes, entry.key);
    return found !== undefined && keyOf(found) === wanted;
  })?.slot;
}

/** The value of a key that one opcode made; keys with parts cannot be named in a path. */
function keyNode(bytes: Uint8Array, key: Shape): PyNode | undefined {
  if (key.kind !== 'atom') {
    return undefined;
  }
  try {
    return readPickle(Buffer.concat([bytes.subarray(key.start, key.end), Buffer.from([OP.STOP])])).root;
  } catch (error) {
    if (error instanceof PickleError) {
      return undefined;
    }
    throw error;
  }
}

function spell(path: readonly PatchStep[]): string {
  return path
    .map(step => (typeof step === 'object' ? `.${Object.keys(step)[0]}` : `[${JSON.stringify(step)}]`))
    .join('');
}

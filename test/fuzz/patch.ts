import { PickleError } from '../../src/codecs/python/errors';
import { PatchError, type PatchStep, replaceValue, setKey } from '../../src/codecs/python/patch';
import { readPickle } from '../../src/codecs/python/reader';
import { reprText } from '../../src/codecs/python/repr';
import { PyDict, PyList, type PyNode, PyTuple } from '../../src/codecs/python/value';
import { fuzzLoop, type Random } from '../support/fuzz-loop';
import { HAND_MADE } from '../unit/codecs/python/hand-made';
import { mutate } from '../unit/codecs/python/mutants';

/** Patches of sound and damaged pickles: a PatchError, or a pickle that reads and has the new value in its place. */

const NEW = 'put there by the patch';

function wander(root: PyNode, random: Random): { path: PatchStep[]; at: PyNode } {
  const path: PatchStep[] = [];
  let at = root;
  for (let steps = random(5); steps > 0; steps--) {
    if ((at instanceof PyList || at instanceof PyTuple) && at.items.length > 0) {
      const index = random(at.items.length);
      path.push(index);
      at = at.items[index] as PyNode;
    } else if (at instanceof PyDict && at.size > 0) {
      const index = random(at.size);
      path.push({ key: at.keys[index] as PyNode });
      at = at.values[index] as PyNode;
    }
  }
  return { path, at };
}

function find(root: PyNode, path: readonly PatchStep[]): PyNode | undefined {
  let at: PyNode | undefined = root;
  for (const step of path) {
    if (at === NEW) {
      // The path led through a cycle, and the place lies nearer to the root as well.
      return at;
    }
    if (typeof step === 'number' && (at instanceof PyList || at instanceof PyTuple)) {
      at = at.items[step];
    } else if (typeof step === 'object' && 'key' in step && at instanceof PyDict) {
      at = at.get(step.key);
    } else {
      return undefined;
    }
  }
  return at;
}

await fuzzLoop('patch', (random, note) => {
  const sound = Buffer.from(HAND_MADE[random(HAND_MADE.length)]?.bytes ?? []);
  const bytes =
    random(2) === 0 ? sound : mutate(sound, Buffer.from(HAND_MADE[random(HAND_MADE.length)]?.bytes ?? []), random);
  note(bytes);
  try {
    const { path, at } = wander(readPickle(bytes).root, random);
    const patched =
      at instanceof PyDict && random(2) === 0 ? setKey(bytes, path, NEW, NEW) : replaceValue(bytes, path, NEW);
    const { root } = readPickle(patched.bytes);
    const seen = find(root, path);
    if (seen !== NEW && !(seen instanceof PyDict && seen.get(NEW) === NEW)) {
      throw new Error(`the patched pickle is ${reprText(root)}`);
    }
  } catch (error) {
    if (!(error instanceof PatchError || error instanceof PickleError)) {
      throw error;
    }
  }
});

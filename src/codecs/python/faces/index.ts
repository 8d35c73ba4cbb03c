import { ARRAY_FACES } from './array';
import { BUILTIN_FACES } from './builtins';
import { COLLECTION_FACES } from './collections';
import { DATETIME_FACES } from './datetime';
import { EXCEPTION_FACES } from './exceptions';
import type { Face } from './face';
import { LIBRARY_FACES } from './library';
import { NETWORK_FACES } from './network';
import { NUMBER_FACES } from './numbers';
import { NUMPY_FACES } from './numpy';
import { TIMEZONE_FACES } from './timezone';

export { globalText } from './builtins';

/** Every family of known classes; a new one is a file here and a line below. */
const FACES: ReadonlyMap<string, Face> = new Map(
  [
    DATETIME_FACES,
    TIMEZONE_FACES,
    NUMBER_FACES,
    COLLECTION_FACES,
    EXCEPTION_FACES,
    BUILTIN_FACES,
    LIBRARY_FACES,
    NETWORK_FACES,
    ARRAY_FACES,
    NUMPY_FACES,
  ].flatMap(table => Object.entries(table)),
);

/** The face of a class by its dotted name (Python 3's), or undefined where it has none. */
export function faceOf(name: string): Face | undefined {
  return FACES.get(name);
}

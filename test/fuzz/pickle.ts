import { HAND_MADE } from '../unit/codecs/python/hand-made';
import { mutate, readAndShow, seeded } from '../unit/codecs/python/mutants';

/**
 * Damages pickles and reads them until the time is over: each must be a value or a typed error. A new seed each time,
 * printed first, so that a failure can be had again.
 *
 * Options: `--seconds N` (60), `--seed N`.
 */

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
}

const seed = option('seed', Date.now() % 2 ** 31);
const seconds = option('seconds', 60);
const random = seeded(seed);
const originals = HAND_MADE.map(({ bytes }) => bytes);
/** Descendants that were still values are damaged further, every other time. */
const pool = [...originals];
const POOL = 2000;
const LONGEST = 4096;

console.log(`pickle: seed ${seed}, ${seconds} s`);
const end = performance.now() + seconds * 1000;
let rounds = 0;
let values = 0;
for (; performance.now() < end; rounds++) {
  const parents = rounds % 2 === 0 ? originals : pool;
  const mutant = mutate(parents[random(parents.length)]!, pool[random(pool.length)]!, random);
  try {
    if (readAndShow(mutant).error !== undefined) continue;
  } catch (error) {
    console.error(`round ${rounds}, bytes ${mutant.toString('hex')}`);
    throw error;
  }
  values++;
  if (mutant.length > LONGEST) continue;
  if (pool.length < POOL) pool.push(mutant);
  else pool[random(POOL)] = mutant;
}
console.log(`pickle: ${rounds} damaged pickles, ${values} still values, none that broke the reader`);

import { seeded } from '../unit/codecs/python/mutants';

/** A random whole number from 0 to below `bound`. */
export type Random = (bound: number) => number;

/** Longer than this no round may take: the work is counted in bytes, so that a slow round is a fault of ours. */
const SLOWEST_MS = 20_000;

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? Number(process.argv[at + 1]) : otherwise;
}

/**
 * Runs rounds until the time is over. Each has random numbers of its own, made of seed and round, so that one that fails
 * can be had again alone: `--seed N --round N`. Other options: `--seconds N` (60). A round gets a function that it tells
 * its input to, which is printed when it fails.
 */
export async function fuzzLoop(
  name: string,
  round: (random: Random, note: (input: string | Uint8Array) => void) => void | Promise<void>,
): Promise<void> {
  const seed = option('seed', Date.now() % 2 ** 31);
  const seconds = option('seconds', 60);
  const only = option('round', -1);
  console.log(`${name}: seed ${seed}, ${only < 0 ? `${seconds} s` : `round ${only}`}`);
  const end = performance.now() + seconds * 1000;
  let rounds = Math.max(0, only);
  for (; only < 0 ? performance.now() < end : rounds === only; rounds++) {
    let input: string | Uint8Array = '';
    const started = performance.now();
    try {
      await round(seeded((seed + Math.imul(rounds, 0x9e3779b1)) >>> 0), value => {
        input = value;
      });
      if (performance.now() - started > SLOWEST_MS) {
        throw new Error(`the round took ${Math.round(performance.now() - started)} ms`);
      }
    } catch (error) {
      const spelled = typeof input === 'string' ? JSON.stringify(input) : Buffer.from(input).toString('hex');
      console.error(`${name}: --seed ${seed} --round ${rounds}\ninput: ${spelled}`);
      throw error;
    }
  }
  console.log(`${name}: ${rounds - Math.max(0, only)} rounds without a fault`);
}

/** Joins random pieces. */
export function textOf(random: Random, pieces: readonly string[], most: number, separators: readonly string[]): string {
  const separator = separators[random(separators.length)] ?? '';
  return Array.from({ length: random(most) }, () => pieces[random(pieces.length)] ?? '').join(separator);
}

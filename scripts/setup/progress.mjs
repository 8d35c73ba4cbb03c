/**
 * What the set-up says while it works: one line per step on standard error, never on standard output
 * (`npm run inspect` prints JSON there and nothing else). A step that is done within a second says nothing.
 */

/** Waits this long before it names a step, so that a set-up with nothing to do stays silent. In milliseconds. */
const QUIET_MS = 1000;

/** Writes one line to standard error. @param {string} text */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/**
 * Runs one step; names it when it takes longer than a second, and says how long it took when it was named.
 * @template T
 * @param {string} title what is done, as a sentence without a full stop
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const began = Date.now();
  let named = false;
  const timer = setTimeout(() => {
    named = true;
    say(`· ${title} …`);
  }, QUIET_MS);
  try {
    const result = await work();
    if (named) say(`✓ ${title} (${seconds(Date.now() - began)})`);
    return result;
  } catch (error) {
    say(`✗ ${title} (${seconds(Date.now() - began)})`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** `870 ms`, `12.4 s`, `3 min 20 s`. @param {number} milliseconds */
export function seconds(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

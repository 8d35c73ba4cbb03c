/**
 * `npm test`: every layer, in order, and at the end one line: `N passed, N failed`.
 *   --only unit,systems        runs these layers and no others
 *   --without workbench,demo   leaves these out and counts them as skipped (refused where CI=true); `rabbitmq` leaves
 *                              out the tests that need one, which have it in their path
 * `npm run test:all` runs the rest of the matrix too (JQI_MATRIX=all).
 */

import { withRightNode } from './setup/node.mjs';
import { seconds } from './setup/progress.mjs';
import { pythonGenerations } from './setup/python.mjs';
import { runMain, setUp } from './setup.mjs';
import { failure, inWords, sum } from './test/outcome.mjs';

/** @typedef {import('./test/outcome.mjs').Outcome} Outcome */
/** @typedef {import('./setup.mjs').Needs} Needs */

const everything = process.env['JQI_MATRIX'] === 'all';
const inCi = process.env['CI'] === 'true';

/** @type {{ name: string, needs: Needs, run: () => Promise<Outcome> }[]} */
const LAYERS = [
  { name: 'static', needs: {}, run: async () => (await import('./test/static.mjs')).runStatic() },
  { name: 'unit', needs: {}, run: () => vitest('unit', 8) },
  { name: 'systems', needs: { redis: true, python: generations() }, run: () => vitest('systems', 25) },
  {
    name: 'extension',
    needs: { redis: true, workbenches: ['minimum'] },
    run: async () => (await import('./test/extension.mjs')).runExtension(),
  },
  {
    name: 'workbench',
    needs: { redis: true, python: ['rq-newest', 'rq-1.16', 'celery-newest'], workbenches: ['minimum', 'newest'] },
    run: () => vitest('workbench', 15),
  },
  {
    name: 'demo',
    needs: { redis: true, python: ['rq-newest', 'rq-1.16', 'celery-newest'], workbenches: ['minimum'] },
    run: async () => (await import('./test/demo.mjs')).runDemoCheck(),
  },
];

/** What can be left out beside whole layers. */
const PARTS = ['rabbitmq'];

/** The generations that the systems layer runs; the others are installed when a test asks for one. */
function generations() {
  return everything
    ? pythonGenerations()
    : ['rq-newest', 'rq-1.16', 'rq-0.12', 'celery-newest', 'celery-5.2', 'celery-4.4'];
}

/** @param {string} project @param {number} minutes */
async function vitest(project, minutes) {
  const { runVitest } = await import('./test/vitest.mjs');
  return runVitest(project, (everything ? 3 : 1) * minutes * 60_000);
}

/**
 * The names behind an option: `--only unit,systems` or `--only=unit,systems`.
 * @param {string} option
 * @param {readonly string[]} [further] what it takes beside the names of layers
 */
function namesAfter(option, further = []) {
  const args = process.argv.slice(2);
  const names = args.flatMap((arg, index) => {
    if (arg === option) return (args[index + 1] ?? '').split(',');
    return arg.startsWith(`${option}=`) ? arg.slice(option.length + 1).split(',') : [];
  });
  const known = [...LAYERS.map(layer => layer.name), ...further];
  const unknown = names.filter(name => !known.includes(name));
  if (unknown.length > 0) throw new Error(`${option} ${unknown.join(',')}: there are ${known.join(', ')}.`);
  return names;
}

/** @param {typeof LAYERS} layers @param {readonly string[]} without @returns {Promise<undefined>} */
async function prepare(layers, without) {
  await setUp({
    layers: layers.map(layer => layer.name),
    without,
    redis: layers.some(layer => layer.needs.redis === true),
    python: [...new Set(layers.flatMap(layer => layer.needs.python ?? []))],
    workbenches: [...new Set(layers.flatMap(layer => layer.needs.workbenches ?? []))],
  });
}

/** @param {(typeof LAYERS)[number]} layer @returns {Promise<Outcome>} */
async function runLayer(layer) {
  const began = Date.now();
  console.log(`\n── ${layer.name}`);
  const outcome = await layer.run().catch(error => failure(`${layer.name} crashed: ${error?.stack ?? error}`));
  if (outcome.passed + outcome.failed === 0) {
    outcome.failed = 1;
    outcome.reasons.push(`${layer.name} ran no test`);
  }
  console.log(`── ${layer.name}: ${inWords(outcome)} in ${seconds(Date.now() - began)}`);
  return outcome;
}

await runMain(async () => {
  await withRightNode();
  const began = Date.now();
  const only = namesAfter('--only');
  const without = namesAfter('--without', PARTS);
  if (inCi && without.length > 0) throw new Error('Where CI=true nothing may be left out: --without is refused.');
  const wanted = LAYERS.filter(layer => only.length === 0 || only.includes(layer.name));
  const layers = wanted.filter(layer => !without.includes(layer.name));
  // Read by vitest.config.ts.
  process.env['JQI_WITHOUT'] = without.filter(name => PARTS.includes(name)).join();
  const broken = await prepare(layers, without).catch(error => failure(`set-up: ${error?.message ?? error}`));
  if (broken !== undefined) {
    finish(broken, Date.now() - began);
    return;
  }
  console.log(`── set-up: ${seconds(Date.now() - began)}`);
  const outcomes = [];
  for (const layer of layers) outcomes.push(await runLayer(layer));
  for (const { name } of wanted.filter(layer => without.includes(layer.name)))
    outcomes.push({ passed: 0, failed: 0, skipped: 1, reasons: [`${name} was left out (--without ${name})`] });
  const partsLeft = layers.some(({ name }) => name === 'systems' || name === 'workbench')
    ? PARTS.filter(name => without.includes(name))
    : [];
  for (const part of partsLeft)
    outcomes.push({
      passed: 0,
      failed: 0,
      skipped: 1,
      reasons: [`what needs ${part} was left out (--without ${part})`],
    });
  finish(sum(outcomes), Date.now() - began);
});

/** @param {Outcome} total @param {number} milliseconds */
function finish(total, milliseconds) {
  if (total.reasons.length > 0)
    console.log(`\nFailed or skipped:\n${total.reasons.map(text => `- ${text}`).join('\n')}`);
  if (total.unsteady !== undefined)
    console.log(`\nPassed at the second try only:\n${total.unsteady.map(text => `- ${text}`).join('\n')}`);
  if (inCi && total.skipped > 0) console.log('Where CI=true a skipped test fails the run.');
  console.log(`\nAll layers took ${seconds(milliseconds)}.`);
  console.log(inWords(total));
  if (total.failed > 0 || (inCi && total.skipped > 0)) process.exitCode = 1;
}

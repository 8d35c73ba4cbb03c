/**
 * The set-up that every command begins with. It runs on Node 18 or later without any dependency, does what is
 * missing and nothing else, and says so on standard error. `node scripts/setup.mjs` does all of it.
 */
import { pathToFileURL } from 'node:url';
import { codeServer } from './setup/code-server.mjs';
import { installDependencies } from './setup/dependencies.mjs';
import { withRightNode } from './setup/node.mjs';
import { pythonEnvironment, pythonGenerations } from './setup/python.mjs';
import { redisServer } from './setup/redis.mjs';
import { systemPackages } from './setup/system.mjs';

/**
 * @typedef {object} Needs
 * @property {readonly string[]} [layers] whose system packages are needed: `systems`, `extension`, `workbench`, …
 * @property {readonly string[]} [without] parts of the tests that are left out: `rabbitmq`
 * @property {boolean} [build] whether dist/ has to be up to date; it is unless told
 * @property {boolean} [redis]
 * @property {readonly string[]} [python] generations: `rq-newest`, …
 * @property {readonly ('minimum' | 'newest')[]} [workbenches]
 */

/**
 * Brings everything that a command needs into place; independent parts at the same time.
 * @param {Needs} needs
 * @throws Error with what is missing and what to do
 */
export async function setUp(needs) {
  await withRightNode();
  await systemPackages(new Set(needs.layers ?? []), new Set(needs.without ?? []));
  /** @type {Promise<unknown>[]} */
  const parts = [dependenciesAndBuild(needs.build !== false)];
  for (const which of needs.workbenches ?? []) parts.push(codeServer(which));
  if (needs.redis === true) parts.push(redisServer());
  // One after the other: pip and the processor are the bottleneck, and the parts above run beside it.
  parts.push(pythonEnvironments(needs.python ?? []));
  await Promise.all(parts);
}

/** @param {boolean} wanted */
async function dependenciesAndBuild(wanted) {
  await installDependencies();
  if (!wanted) return;
  const { build } = await import('./build.mjs');
  await build();
}

/** @param {readonly string[]} generations */
async function pythonEnvironments(generations) {
  for (const generation of generations) await pythonEnvironment(generation);
}

/** Runs a command's main function; what it throws becomes one message and exit code 1. @param {() => Promise<unknown>} main */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await runMain(() =>
    setUp({
      layers: ['systems', 'extension', 'workbench', 'demo'],
      redis: true,
      python: pythonGenerations(),
      workbenches: ['minimum', 'newest'],
    }),
  );

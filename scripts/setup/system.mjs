import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run } from './command.mjs';
import { onPath } from './paths.mjs';
import { say, step } from './progress.mjs';

/**
 * What neither npm nor PyPI holds: Debian packages, the layers that need them, and how to see that they are there. What
 * only a `part` of the tests needs can be left out with that part.
 * @type {readonly { name: string, layers: readonly string[], part?: string, present: () => boolean }[]}
 */
const PACKAGES = [
  { name: 'chromium', layers: ['extension', 'workbench', 'demo'], present: () => chromium() !== undefined },
  { name: 'fonts-dejavu-core', layers: ['extension', 'workbench', 'demo'], present: hasFonts },
  {
    name: 'python3',
    layers: ['unit', 'systems', 'workbench', 'demo', 'bench'],
    present: () => onPath('python3', 'python') !== undefined,
  },
  { name: 'rabbitmq-server', layers: ['systems', 'bench'], part: 'rabbitmq', present: hasRabbit },
  { name: 'python3-venv', layers: ['systems', 'workbench', 'demo', 'bench'], present: hasPythonVenv },
];

/** The browser: the one that CHROME_PATH names, else the first of the usual names on the PATH. */
export function chromium() {
  const onMac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  const named = process.env['CHROME_PATH'];
  if (named !== undefined) return named;
  return (
    onPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable') ??
    (existsSync(onMac) ? onMac : undefined)
  );
}

/** Debian puts it where only root looks; tests start the script of RabbitMQ itself (test/support/rabbitmq.ts). */
export function hasRabbit() {
  return existsSync('/usr/lib/rabbitmq/bin/rabbitmq-server') || onPath('rabbitmq-server') !== undefined;
}

function hasFonts() {
  return process.platform !== 'linux' || existsSync('/usr/share/fonts/truetype') || existsSync('/usr/share/fonts/TTF');
}

function hasPythonVenv() {
  const python = onPath('python3', 'python');
  return python !== undefined && spawnSync(python, ['-c', 'import ensurepip, venv']).status === 0;
}

/**
 * Sees to the system packages of some layers, within a second when none is missing. As root on Debian or Ubuntu the
 * missing ones are installed and named; elsewhere this fails with the one command that installs them all.
 * @param {ReadonlySet<string>} layers
 * @param {ReadonlySet<string>} [without] parts of the tests that are left out
 * @throws Error that names what is missing, the command, and how to go on without
 */
export async function systemPackages(layers, without = new Set()) {
  const missing = PACKAGES.filter(
    ({ layers: needing, part = '', present }) =>
      needing.some(layer => layers.has(layer)) && !without.has(part) && !present(),
  );
  if (missing.length === 0) return;
  const names = missing.map(entry => entry.name);
  if (process.getuid?.() === 0 && onPath('apt-get') !== undefined) return install(names);
  const left = missing.flatMap(({ part, layers: needing }) => part ?? needing.filter(layer => layers.has(layer)));
  throw new Error(
    [
      `Missing on this machine: ${names.join(', ')}.`,
      `Install them (Debian, Ubuntu): sudo apt-get install -y --no-install-recommends ${names.join(' ')}`,
      `or run the rest: npm test -- --without ${[...new Set(left)].join(',')}`,
    ].join('\n'),
  );
}

/** @param {readonly string[]} names */
async function install(names) {
  say(`Installing Debian packages: ${names.join(' ')}`);
  // Runlevel 1: a server that comes with a package is installed and not started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await step('apt-get update', () => run('apt-get', ['update', '-q'], { env }));
  const args = ['install', '-y', '-q', '--no-install-recommends', ...names];
  await step(`apt-get install ${names.join(' ')}`, () => run('apt-get', args, { env }));
}

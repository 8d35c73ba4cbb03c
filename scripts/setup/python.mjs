import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached } from './cache.mjs';
import { run } from './command.mjs';
import { onPath, root } from './paths.mjs';
import { step } from './progress.mjs';

/** Where the pinned sets stand: one folder per generation, with its `requirements.txt` and perhaps a `site.pth`. */
const generationsFolder = join(root, 'test', 'python');

/** The names of all generations, sorted: `rq-0.12`, `rq-1.16`, … @returns {string[]} */
export function pythonGenerations() {
  return readdirSync(generationsFolder, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(join(generationsFolder, entry.name, 'requirements.txt')))
    .map(entry => entry.name)
    .sort();
}

/**
 * The exact versions of a generation, by package name in small letters.
 * @param {string} generation
 * @returns {Map<string, string>}
 */
export function pinnedVersions(generation) {
  const lines = readFileSync(join(generationsFolder, generation, 'requirements.txt'), 'utf8').split('\n');
  /** @type {Map<string, string>} */
  const versions = new Map();
  for (const line of lines) {
    const pin = /^([A-Za-z0-9_.-]+)==([^\s;#]+)/.exec(line);
    if (pin?.[1] !== undefined && pin[2] !== undefined) versions.set(pin[1].toLowerCase(), pin[2]);
  }
  return versions;
}

/**
 * The Python of a generation's virtual environment, which is made if it is missing (5 to 20 s).
 *
 * The environment is made under another name and moved, so its console scripts point nowhere: start modules
 * (`python -m …`, `python -c …`) instead. A `site.pth` beside the requirements is one line of Python that runs
 * when the interpreter starts; it puts back names that newer Pythons have dropped and old frameworks import. Where the
 * requirements pin pip itself, that one installs the rest: newer ones refuse the metadata of some old packages.
 * @param {string} generation name of a folder in test/python
 * @returns {Promise<string>} path of its `python`
 */
export async function pythonEnvironment(generation) {
  const requirements = join(generationsFolder, generation, 'requirements.txt');
  if (!existsSync(requirements)) throw new Error(`No generation "${generation}": ${requirements} does not exist.`);
  const python = onPath('python3', 'python');
  if (python === undefined) throw new Error('Python 3 is not on the PATH; the real frameworks need it.');
  const patch = join(generationsFolder, generation, 'site.pth');
  const version = await run(python, ['-c', 'import sys; print(sys.version)']);
  const madeFrom = [readFileSync(requirements), existsSync(patch) ? readFileSync(patch) : '', python, version].join(
    '\0',
  );
  const folder = await cached(`python-${generation}`, madeFrom, draft =>
    step(`Installing Python packages: ${generation}`, async () => {
      await run(python, ['-m', 'venv', draft]);
      const own = join(draft, 'bin', 'python');
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
      const pip = pinnedVersions(generation).get('pip');
      if (pip !== undefined) await run(own, [...install, `pip==${pip}`]);
      await run(own, [...install, '-r', requirements]);
      const packages = await run(own, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']);
      if (existsSync(patch)) copyFileSync(patch, join(packages.trim(), 'job-queue-inspector.pth'));
    }),
  );
  return join(folder, 'bin', 'python');
}

/**
 * `npm run package`: the .vsix, from a fresh build. Fails when it is too large, or holds what it should not or
 * lacks what it needs. `--out FILE` names the file.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup/paths.mjs';
import { runMain, setUp } from './setup.mjs';

/** The most that a package may weigh, in bytes. */
const MAX_BYTES = 2 * 1024 * 1024;

/** What a package may hold besides its manifest, and what it must. */
const ALLOWED =
  /^(package(\.nls(\.[a-z-]+)?)?\.json|README\.md|CHANGELOG\.md|LICENSE(\.txt)?|media\/.+|l10n\/[^/]+\.json)$/i;
const ALLOWED_BUILT = /^dist\/(extension\.js|host\/[^/]+\.js|webview\/[^/]+\.(js|css|ttf))$/;
const NEEDED = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/extension.js', 'media/icon.png'];

/**
 * Makes the package.
 * @param {string} file where it is written
 * @returns {Promise<{ file: string, bytes: number, contents: string[] }>}
 * @throws Error with everything that is wrong with it
 */
export async function makePackage(file) {
  const { createVSIX, listFiles } = await import('@vscode/vsce');
  const options = { cwd: root, dependencies: false };
  const contents = (await listFiles(options)).map((/** @type {string} */ path) => path.replaceAll('\\', '/'));
  const problems = contents
    .filter((/** @type {string} */ path) => !ALLOWED.test(path) && !ALLOWED_BUILT.test(path))
    .map((/** @type {string} */ path) => `${path} does not belong into the package.`);
  for (const path of NEEDED) if (!contents.includes(path)) problems.push(`${path} is missing.`);
  mkdirSync(join(file, '..'), { recursive: true });
  await createVSIX({
    ...options,
    packagePath: file,
    skipLicense: !existsSync(join(root, 'LICENSE')),
    allowMissingRepository: true,
    // The README's pictures are in the package; there is no public address that they could be rewritten to.
    rewriteRelativeLinks: false,
  });
  const { size } = statSync(file);
  if (size > MAX_BYTES) problems.push(`It weighs ${size} bytes; the most is ${MAX_BYTES}.`);
  if (problems.length > 0) throw new Error(`${file} is not fit to be published:\n${problems.join('\n')}`);
  return { file, bytes: size, contents };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await runMain(async () => {
    await setUp({});
    const named = process.argv.indexOf('--out');
    const file = named > 0 ? process.argv[named + 1] : undefined;
    const made = await makePackage(file ?? join(root, 'dist', 'job-queue-inspector.vsix'));
    console.log(`${made.file}: ${(made.bytes / 1000).toFixed(0)} kB, ${made.contents.length} files`);
  });

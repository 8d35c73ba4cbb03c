/** `npm run --silent inspect -- …`: the inspector without VS Code. Standard output belongs to its JSON alone. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';
import { runMain, setUp } from './setup.mjs';

await runMain(async () => {
  await setUp({});
  const program = join(root, 'dist', 'inspect.js');
  if (!existsSync(program)) throw new Error('dist/inspect.js was not built: src/inspect.ts does not exist.');
  const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code => resolve(code ?? 1));
  });
});

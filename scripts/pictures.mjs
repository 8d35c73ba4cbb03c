/** `npm run pictures`: runs the workbench tests and puts the pictures that they take where the README shows them. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './setup/command.mjs';
import { root } from './setup/paths.mjs';
import { runMain } from './setup.mjs';

const PICTURES = ['job', 'history', 'enqueue', 'retry-all', 'finding', 'journal', 'celery-task', 'celery-events'];

await runMain(async () => {
  await run(process.execPath, ['scripts/test.mjs', '--only', 'workbench'], { cwd: root });
  const to = join(root, 'media', 'pictures');
  mkdirSync(to, { recursive: true });
  for (const name of PICTURES) copyFileSync(join(root, 'test-results', `${name}.png`), join(to, `${name}.png`));
  console.log(`${PICTURES.length} pictures are in media/pictures.`);
});

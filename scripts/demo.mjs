/**
 * `npm run demo`: a private Redis with real RQ and Celery workers, some of whose jobs fail, and VS Code on it. `--check` does
 * the same without a screen: it retries a failed job through the user interface and waits until a worker has run it.
 */
import { pathToFileURL } from 'node:url';
import { runMain, setUp } from './setup.mjs';
import { bundleTool } from './tool.mjs';

await runMain(async () => {
  await setUp({
    layers: ['demo'],
    redis: true,
    python: ['rq-newest', 'rq-1.16', 'celery-newest'],
    workbenches: ['minimum'],
  });
  const bundle = await bundleTool('scripts/demo/main');
  const { runDemo } = await import(pathToFileURL(bundle).href);
  await runDemo(process.argv.includes('--check'));
});
// The shop's processes are still ours and would keep this one waiting; leaving ends them.
process.exit();

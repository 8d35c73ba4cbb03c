/** `npm run --silent inspect -- …`: the inspector without VS Code. docs/inspect.md is its manual. */
import process from 'node:process';
import { main } from './cli/main';

const interrupted = new AbortController();
// The first asks for an end after the step that has begun; the second ends at once.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interrupted.abort());

// Whoever reads may close early (`inspect … | head`): then there is nobody left to tell.
process.stdout.on('error', () => process.exit(1));

const streams = { input: process.stdin, output: process.stdout, errors: process.stderr };
process.exitCode = await main(process.argv.slice(2), process.env, streams, interrupted.signal);
process.stdin.destroy();

/**
 * `npm run fuzz`: every `test/fuzz/*.ts` in a process of its own, one after the other. Options are handed on:
 * `--seconds N` for each, `--seed N` to repeat a run; `--only name` runs those whose file name contains the text.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';
import { runTool } from './tool.mjs';

const args = process.argv.slice(2);
const at = args.indexOf('--only');
const wanted = at >= 0 ? (args[at + 1] ?? '') : '';
const names = readdirSync(join(root, 'test', 'fuzz'))
  .filter(file => file.endsWith('.ts') && file.includes(wanted))
  .map(file => file.slice(0, -'.ts'.length));
let code = 0;
for (const name of names) code = (await runTool(`test/fuzz/${name}`, args)) || code;
process.exitCode = code;

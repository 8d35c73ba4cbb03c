/**
 * `npm run bench`: every `bench/*.bench.ts` in a process of its own, one after the other, and a table of what they
 * measured against their bounds. `--only name` runs those whose file name contains the text, `--markdown` prints the
 * table as bench/README.md has it. Ends with code 1 when a bound is broken or a benchmark fails. The results also go to
 * bench/results/<name>.json.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';
import { seconds } from './setup/progress.mjs';
import { runMain, setUp } from './setup.mjs';
import { bundleTool } from './tool.mjs';

/** @typedef {import('../bench/result').BenchResult} BenchResult */

const markdown = process.argv.includes('--markdown');

/** Prefix of the line in which a benchmark's process hands over its results. */
const RESULT = 'JQI-BENCH ';

/** @param {string} name @returns {Promise<BenchResult[]>} @throws Error when its process fails */
async function runBench(name) {
  const bundle = await bundleTool(`bench/${name}.bench`);
  const program = `import(${JSON.stringify(bundle)}).then(bench => bench.run()).then(
    results => console.log(${JSON.stringify(RESULT)} + JSON.stringify(results)),
    error => { console.error(error); process.exitCode = 1; })`;
  const args = ['--enable-source-maps', '--expose-gc', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', chunk => {
    output += chunk;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const lines = output.split('\n');
  for (const line of lines) if (line !== '' && !line.startsWith(RESULT)) console.log(`  ${line}`);
  const result = lines.find(line => line.startsWith(RESULT));
  if (code !== 0 || result === undefined) throw new Error(`${name} ended with code ${code} and no result.`);
  return JSON.parse(result.slice(RESULT.length));
}

/** @param {BenchResult} result */
function kept({ ratio, bound, better }) {
  return better === 'lower' ? ratio <= bound : ratio >= bound;
}

/** @param {BenchResult} result */
function row(result) {
  if (markdown) return markdownRow(result);
  const sign = result.better === 'lower' ? '≤' : '≥';
  const mark = kept(result) ? '✓' : '✗';
  return `${mark} ${result.name.padEnd(52)} ${format(result.ratio).padStart(9)} ${sign} ${format(result.bound).padEnd(8)} ${result.detail}`;
}

/** @param {BenchResult} result */
function markdownRow(result) {
  const sign = result.better === 'lower' ? '≤' : '≥';
  const cells = [result.name, format(result.ratio), `${sign} ${format(result.bound)}`, kept(result) ? 'yes' : '**no**'];
  return `| ${[...cells, result.detail].map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** @param {number} value */
function format(value) {
  if (value > 0 && value < 0.01) return value.toPrecision(1);
  return value >= 1000 ? value.toLocaleString('en-US', { maximumFractionDigits: 0 }) : value.toFixed(2);
}

await runMain(async () => {
  await setUp({ layers: ['bench'], redis: true });
  const at = process.argv.indexOf('--only');
  const wanted = at > 0 ? (process.argv[at + 1] ?? '') : '';
  const names = readdirSync(join(root, 'bench'))
    .filter(file => file.endsWith('.bench.ts') && file.includes(wanted))
    .map(file => file.slice(0, -'.bench.ts'.length));
  if (names.length === 0) throw new Error(`No file in bench/ is called *${wanted}*.bench.ts.`);
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  let broken = 0;
  for (const name of names) {
    const began = Date.now();
    try {
      const results = await runBench(name);
      writeFileSync(join(root, 'bench', 'results', `${name}.json`), JSON.stringify(results, null, 2));
      console.log(`\n${name} (${seconds(Date.now() - began)})`);
      if (markdown) console.log('\n| what | measured | bound | kept | |\n| --- | --: | --: | --- | --- |');
      for (const result of results) console.log(row(result));
      broken += results.filter(result => !kept(result)).length;
    } catch (error) {
      broken++;
      console.error(`\n✗ ${error instanceof Error ? error.message : error}`);
    }
  }
  console.log(broken === 0 ? '\nEvery bound holds.' : `\n${broken} bounds broken.`);
  if (broken > 0) process.exitCode = 1;
});

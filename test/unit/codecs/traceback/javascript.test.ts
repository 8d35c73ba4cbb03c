import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTraceback } from '../../../../src/codecs/traceback';

const PROGRAM = `import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
const out = {};
async function work() { await null; throw new TypeError('bad\\nline', { cause: new Error('inner cause') }); }
class Queue { static run() { throw new Error(); } }
try { await work(); } catch (error) { out.stack = error.stack; out.inspected = inspect(error); }
await Promise.all([work()]).catch(error => { out.all = error.stack; });
const many = new AggregateError([new Error('one'), new RangeError('two', { cause: new Error('why') })], 'many');
out.many = inspect(many);
try { readFileSync('/nope'); } catch (error) { out.system = inspect(error); }
try { [1].map(() => Queue.run()); } catch (error) { out.noMessage = error.stack; }
try { eval('throw new Error("ev")'); } catch (error) { out.evaluated = error.stack; }
try { new URL('no'); } catch (error) { out.code = error.stack; }
out.deep = inspect(new Error('a', { cause: new Error('b', { cause: new Error('c') }) }), { depth: 9 });
out.odd = inspect(new Error('x', { cause: 'text' }));
console.log(JSON.stringify(out));
`;

let folder: string;
let file: string;
let made: Record<string, string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jqi stack '));
  file = join(folder, 'program.mjs');
  writeFileSync(file, PROGRAM);
  made = JSON.parse(execFileSync(process.execPath, [file], { encoding: 'utf8' })) as Record<string, string>;
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('what the machine’s Node prints', () => {
  it('a stack: innermost call last, as in Python', () => {
    const parsed = parseTraceback(made['stack'] ?? '');
    expect(parsed).toMatchObject({ language: 'javascript', type: 'TypeError', message: 'bad\nline', complete: true });
    expect(parsed.frames).toMatchObject([
      { file, function: null, async: true, line: 6 },
      { file, function: 'work', async: false, line: 4 },
    ]);
  });

  it('causes', () => {
    const parsed = parseTraceback(made['inspected'] ?? '');
    expect(parsed).toMatchObject({ type: 'TypeError', message: 'bad\nline' });
    expect(parsed.chained).toMatchObject([{ relation: 'cause', type: 'Error', message: 'inner cause' }]);
    expect(parsed.chained[0]?.frames.at(-1)).toMatchObject({ function: 'work', line: 4 });
    const deep = parseTraceback(made['deep'] ?? '');
    expect(deep.chained.map(cause => cause.message)).toEqual(['b', 'c']);
    expect(parseTraceback(made['odd'] ?? '').chained).toEqual([]);
  });

  it('members of an AggregateError', () => {
    const parsed = parseTraceback(made['many'] ?? '');
    expect(parsed).toMatchObject({ type: 'AggregateError', message: 'many', chained: [] });
    expect(parsed.group.map(member => [member.type, member.message])).toEqual([
      ['Error', 'one'],
      ['RangeError', 'two'],
    ]);
    expect(parsed.group[1]?.chained).toMatchObject([{ type: 'Error', message: 'why' }]);
    expect(parsed.group.every(member => member.frames.length === 1)).toBe(true);
  });

  it('Node’s own frames, properties and codes', () => {
    const system = parseTraceback(made['system'] ?? '');
    expect(system).toMatchObject({ type: 'Error', message: "ENOENT: no such file or directory, open '/nope'" });
    expect(system.frames.at(-1)?.file).toBe('node:fs');
    expect(parseTraceback(made['code'] ?? '').type).toMatch(/^TypeError/);
  });

  it('no message, <anonymous>, eval and Promise.all', () => {
    const parsed = parseTraceback(made['noMessage'] ?? '');
    expect(parsed).toMatchObject({ type: 'Error', message: '' });
    expect(parsed.frames.map(frame => frame.function)).toEqual([null, 'Array.map', null, 'Queue.run']);
    expect(parsed.frames[1]).toMatchObject({ file: '<anonymous>', line: null });
    expect(parseTraceback(made['evaluated'] ?? '').frames.at(-1)).toMatchObject({
      file: '<anonymous>',
      line: 1,
      column: 7,
    });
    expect(parseTraceback(made['all'] ?? '').frames).toMatchObject([
      { async: true },
      { function: 'Promise.all', async: true, file: 'index 0' },
      { function: 'work' },
    ]);
  });

  it('an uncaught exception with its source line', () => {
    const script = join(folder, 'uncaught.cjs');
    writeFileSync(script, "function f() {\n  throw new RangeError('top');\n}\nf();\n");
    const { stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    const parsed = parseTraceback(stderr);
    expect(parsed).toMatchObject({ type: 'RangeError', message: 'top' });
    expect(parsed.frames.at(-1)).toMatchObject({
      function: 'f',
      line: 2,
      source: "  throw new RangeError('top');",
      marker: '  ^',
    });
    writeFileSync(script, 'let a = ;\n');
    const wrong = parseTraceback(spawnSync(process.execPath, [script], { encoding: 'utf8' }).stderr);
    expect(wrong).toMatchObject({ type: 'SyntaxError', message: "Unexpected token ';'" });
    expect(wrong.frames.at(-1)).toMatchObject({ file: script, line: 1, source: 'let a = ;' });
  });
});

it('Firefox’s form', () => {
  const parsed = parseTraceback(
    'work@https://host/app.js:3:14\nasync*run@https://host/app.js:9:2\n@https://host/app.js:20:1\n',
  );
  expect(parsed.language).toBe('javascript');
  expect(parsed.frames).toMatchObject([
    { function: null, line: 20, column: 1 },
    { function: 'run', async: true, line: 9 },
    { function: 'work', file: 'https://host/app.js', line: 3, column: 14 },
  ]);
});

it('a sentence is no stack', () => {
  expect(parseTraceback('we met\n    at the station\n    at noon').language).toBe('unknown');
});

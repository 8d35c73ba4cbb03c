import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseTraceback } from '../../../../src/codecs/traceback';

interface Made {
  readonly text: string;
  readonly chain: readonly {
    readonly type: string;
    readonly text: string;
    readonly notes: readonly string[];
    readonly frames: readonly [string, number, string, string][];
    readonly group: number;
  }[];
}

const SCRIPT = fileURLToPath(new URL('./make_tracebacks.py', import.meta.url));
let made: Record<string, Made>;

function of(name: string): Made {
  const found = made[name];
  if (found === undefined) {
    throw new Error(`make_tracebacks.py made no ${name}`);
  }
  return found;
}

beforeAll(() => {
  made = JSON.parse(execFileSync('python3', [SCRIPT], { encoding: 'utf8' })) as Record<string, Made>;
});

describe('what the machine’s Python prints', () => {
  it.each(['chained', 'context', 'three', 'misleading', 'local_class', 'multi_line_call'])(
    '%s: as CPython has it',
    name => {
      const { text, chain } = of(name);
      const parsed = parseTraceback(text);
      expect(parsed.language).toBe('python');
      expect(parsed.complete).toBe(true);
      expect(parsed.original).toBe(text);
      const all = [parsed, ...parsed.chained];
      expect(all.map(exception => exception.type?.split('.').at(-1))).toEqual(
        chain.map(exception => exception.type.split('.').at(-1)),
      );
      expect(all.map(exception => exception.message)).toEqual(chain.map(exception => exception.text));
      for (const [index, exception] of all.entries()) {
        const expected = chain[index]?.frames.map(([file, line, name_, source]) => ({ file, line, name_, source }));
        expect(
          exception.frames.map(({ file, line, function: name_, source }) => ({
            file,
            line,
            name_,
            source: source?.split('\n')[0],
          })),
        ).toEqual(expected);
      }
    },
  );

  it('names the relation of a chain', () => {
    expect(parseTraceback(of('three').text).chained.map(exception => exception.relation)).toEqual(['context', 'cause']);
  });

  it('keeps markers aligned with their source line', () => {
    const frame = parseTraceback(of('chained').text).chained[0]?.frames[0];
    expect(frame?.source).toBe('{}["a"]');
    expect(frame?.marker).toBe('~~^^^^^');
  });

  it('tells notes from a message where Python makes it certain', () => {
    const parsed = parseTraceback(of('notes').text);
    expect(parsed).toMatchObject({ type: 'KeyError', message: "'k'", notes: ['n1', 'n2', 'n2b'] });
    expect(parsed.notes.join('\n')).toBe(of('notes').chain[0]?.notes.join('\n'));
  });

  it('reads a SyntaxError’s own place as the last frame', () => {
    const parsed = parseTraceback(of('syntax').text);
    expect(parsed).toMatchObject({ type: 'SyntaxError', message: 'invalid syntax' });
    expect(parsed.frames.at(-1)).toMatchObject({
      file: '<string>',
      line: 1,
      function: null,
      source: '1 +* 2',
      marker: '   ^',
    });
  });

  it('counts folded recursion', () => {
    const parsed = parseTraceback(of('recursion').text);
    expect(parsed.type).toBe('RecursionError');
    expect(parsed.frames.at(-1)?.repeated).toBeGreaterThan(900);
    expect(parsed.frames.at(-1)).toMatchObject({ function: 'again', source: 'again()' });
    expect(parsed.frames.length).toBeLessThan(8);
  });

  it('opens the boxes of exception groups', () => {
    const parsed = parseTraceback(of('group').text);
    expect(parsed).toMatchObject({ type: 'ExceptionGroup', notes: ['a note'] });
    expect(parsed.frames.at(-1)?.function).toBe('group');
    expect(parsed.chained).toMatchObject([{ type: 'KeyError', message: "'k'", relation: 'context' }]);
    expect(parsed.group.map(member => [member.type, member.message])).toEqual([
      ['ValueError', '0'],
      ['ValueError', '1'],
      ['ExceptionGroup', 'inner (1 sub-exception)'],
      ['ExceptionGroup', 'inner (1 sub-exception)'],
    ]);
    const inner = parsed.group[2];
    expect(inner?.frames.map(frame => frame.function)).toEqual(['group', 'inner']);
    expect(parsed.group[3]?.chained).toMatchObject([{ type: 'KeyError', message: "'deep'", relation: 'cause' }]);
    expect(inner?.group).toMatchObject([{ type: 'TypeError', message: 'x\ny' }]);
    expect(parsed.group[3]?.group[0]).toMatchObject({ type: 'FileNotFoundError', message: '[Errno 2] No such file' });
  });

  it('goes on after a group', () => {
    const parsed = parseTraceback(of('after_group').text);
    expect(parsed).toMatchObject({ type: 'RuntimeError', message: 'after', group: [] });
    expect(parsed.chained.map(exception => [exception.relation, exception.type, exception.group.length])).toEqual([
      ['cause', 'ExceptionGroup', 4],
      ['context', 'KeyError', 0],
    ]);
  });

  it('keeps the sentence about members that Python left out', () => {
    const parsed = parseTraceback(of('many').text);
    expect(parsed.group).toHaveLength(16);
    expect(parsed.group.at(-1)).toMatchObject({ type: null, message: 'and 5 more exceptions' });
  });

  it('unwraps what came from another process', () => {
    const parsed = parseTraceback(of('pool').text);
    expect(parsed).toMatchObject({ type: 'ValueError', message: 'remote boom', remote: false });
    expect(parsed.chained).toHaveLength(1);
    expect(parsed.chained[0]).toMatchObject({
      type: 'ValueError',
      message: 'remote boom',
      relation: 'cause',
      remote: true,
    });
    expect(parsed.chained[0]?.frames.at(-1)).toMatchObject({
      function: 'boom',
      source: 'raise ValueError("remote boom")',
    });
  });
});

/** Every cut of every traceback that Python made: no throw, and as long as the end stands, the exception is known. */
it('reads what is left of a cut text', () => {
  for (const name of ['three', 'group', 'pool', 'syntax', 'recursion']) {
    const { text } = of(name);
    const whole = parseTraceback(text);
    for (let at = 0; at < text.length; at += 3) {
      const tail = parseTraceback(text.slice(at));
      expect(tail.original).toBe(text.slice(at));
      const head = parseTraceback(text.slice(0, at));
      expect(head.frames.length).toBeLessThanOrEqual(whole.frames.length + 12);
      if (name === 'three' && text.slice(at).includes('  File "')) {
        expect([tail.type, tail.message]).toEqual([whole.type, whole.message]);
      }
    }
  }
});

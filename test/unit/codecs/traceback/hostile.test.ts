import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTraceback } from '../../../../src/codecs/traceback';

const PIECES = [
  'Traceback (most recent call last):',
  '  + Exception Group Traceback (most recent call last):',
  '  | Traceback (most recent call last):',
  '  +-+---------------- 1 ----------------',
  '    +---------------- 2 ----------------',
  '    +------------------------------------',
  '    | ValueError: x',
  '  File "/a.py", line 3, in f',
  '  |   File "/a.py", line 3, in f',
  '    g()',
  '    ~^^',
  '  [Previous line repeated 3 more times]',
  'ValueError: boom',
  'billiard.einfo.RemoteTraceback: ',
  '"""',
  '',
  'The above exception was the direct cause of the following exception:',
  'During handling of the above exception, another exception occurred:',
  'Error: x',
  '    at f (/a.js:1:2)',
  '    at async /a.js:1:2 {',
  '  [cause]: Error: y',
  '  [errors]: [',
  '    Error: z',
  '  ]',
  '}',
  '/a.js:1',
];

describe('never fails', () => {
  it('on any text', () => {
    const line = fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.constantFrom('\n', '\r\n', '\\n'), (lines, end) => {
        const text = lines.join(end);
        const parsed = parseTraceback(text);
        expect(parsed.original).toBe(text);
        expect(JSON.stringify(parsed).length).toBeLessThan(text.length * 40 + 2000);
      }),
      { numRuns: 3000 },
    );
  });

  const megabytes: [string, string][] = [
    ...PIECES.map((piece): [string, string] => [piece, `${piece}\n`]),
    ['quote and name', 'a.RemoteTraceback: \n"""\n'],
    ['spaces', ' '],
    ['words', 'Aa_'],
    ['dots', 'a.'],
    ['a frame line without end', '  File "", line 1, in '],
    ['places', '    at (a:1:1'],
    ['eval', 'eval at '],
    ['brackets', '[cause]: '],
    ['backslashes', '\\n    at '],
    ['markers', '^~'],
  ];
  it.each(megabytes)('in bounded time: 400 kB of %j', (_, piece) => {
    const body = piece.repeat(Math.ceil(400_000 / piece.length));
    for (const text of [
      body,
      `Traceback (most recent call last):\n  File "/a.py", line 1, in f\n    ${body}`,
      `Error: x\n    at f (/a.js:1:2)\n${body}`,
    ]) {
      const started = performance.now();
      expect(parseTraceback(text).original).toBe(text);
      // Linear work takes well under a second; anything quadratic would take minutes. The clock only guards.
      expect(performance.now() - started).toBeLessThan(25_000);
    }
  });

  it('looks at the head and the tail of more than it wants to read', () => {
    const text = `Traceback (most recent call last):\n${'  File "/a.py", line 3, in f\n    g()\n'.repeat(200_000)}KeyError: 'k'\n`;
    const parsed = parseTraceback(text);
    expect([parsed.type, parsed.message, parsed.complete]).toEqual(['KeyError', "'k'", false]);
    expect(parsed.frames.length).toBeLessThan(200_000);
  });
});

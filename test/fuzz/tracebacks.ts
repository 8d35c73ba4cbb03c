import { parseTraceback } from '../../src/codecs/traceback';
import { fuzzLoop, textOf } from '../support/fuzz-loop';

/** Texts of random pieces of tracebacks: always a result, the original kept. */

const PIECES = [
  'Traceback (most recent call last):',
  '  + Exception Group Traceback (most recent call last):',
  '  +-+---------------- 1 ----------------',
  '    +---------------- 2 ----------------',
  '    +------------------------------------',
  '    | ValueError: x',
  '    |   File "/a.py", line 3, in f',
  '  File "/a.py", line 3, in f',
  '    g()',
  '    ~^^',
  '  [Previous line repeated 3 more times]',
  'ValueError: boom',
  'billiard.einfo.ExceptionWithTraceback: ',
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
  'f@https://x/y.js:1:2',
  '/a.js:1',
  '\\n',
  '|',
  '\0',
  'Moved to FailedJobRegistry, due to AbandonedJobError, at x',
];

await fuzzLoop('tracebacks', (random, note) => {
  const whole = textOf(random, PIECES, random(50) === 0 ? 20_000 : 60, ['\n', '\n', '\n', '\r\n', '\\n', ' ']);
  const from = random(3) === 0 ? random(whole.length + 1) : 0;
  const text = whole.slice(from, random(3) === 0 ? from + random(whole.length + 1) : undefined);
  note(text);
  const parsed = parseTraceback(text);
  if (parsed.original !== text) {
    throw new Error('the original is not kept');
  }
  for (const frame of parsed.frames) {
    if (frame.line !== null && !Number.isSafeInteger(frame.line)) {
      throw new Error(`a frame has line ${frame.line}`);
    }
  }
});

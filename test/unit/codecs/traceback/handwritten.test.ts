import { describe, expect, it } from 'vitest';
import { parseTraceback } from '../../../../src/codecs/traceback';

const FRAME = '  File "/app/tasks.py", line 7, in add\n    return x + y\n';
const PLAIN = `Traceback (most recent call last):\n${FRAME}TypeError: unsupported\n`;

describe('forms of the frameworks', () => {
  it('billiard’s ExceptionWithTraceback: the worker’s exception takes the wrapper’s place', () => {
    const lost = [
      'Traceback (most recent call last):',
      '  File "/venv/billiard/pool.py", line 1264, in mark_as_worker_lost',
      '    raise WorkerLostError(',
      'billiard.einfo.ExceptionWithTraceback: ',
      '"""',
      'Traceback (most recent call last):',
      '  File "/venv/billiard/pool.py", line 1265, in mark_as_worker_lost',
      '    raise WorkerLostError(',
      'billiard.exceptions.WorkerLostError: Worker exited prematurely: signal 9 (SIGKILL) Job: 0.',
      '"""',
      '',
    ].join('\n');
    const parsed = parseTraceback(lost);
    expect(parsed).toMatchObject({
      type: 'billiard.exceptions.WorkerLostError',
      message: 'Worker exited prematurely: signal 9 (SIGKILL) Job: 0.',
      remote: true,
    });
    expect(parsed.frames).toHaveLength(1);
    expect(parsed.chained).toMatchObject([{ relation: 'wrapper', type: 'billiard.einfo.ExceptionWithTraceback' }]);
  });

  it('billiard’s RemoteTraceback with a chain inside the quotes', () => {
    const inside = `${PLAIN}\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n${FRAME}ValueError: inner\n`;
    const text = `billiard.einfo.RemoteTraceback: \n"""\n${inside}"""\n\nThe above exception was the direct cause of the following exception:\n\n${PLAIN}`;
    const parsed = parseTraceback(text);
    expect(parsed).toMatchObject({ type: 'TypeError', remote: false });
    expect(parsed.chained.map(({ type, relation, remote }) => [type, relation, remote])).toEqual([
      ['ValueError', 'cause', true],
      ['TypeError', 'context', true],
    ]);
  });

  it('a traceback that went through repr: one line with \\n', () => {
    const parsed = parseTraceback(JSON.stringify(PLAIN));
    expect(parsed).toMatchObject({ type: 'TypeError', message: 'unsupported', language: 'python' });
    expect(parsed.frames[0]).toMatchObject({ file: '/app/tasks.py', line: 7, function: 'add', source: 'return x + y' });
    expect(parsed.original).toBe(JSON.stringify(PLAIN));
  });

  it('a log line before it', () => {
    const parsed = parseTraceback(`Task tasks.add[1] raised unexpected: TypeError()\n${PLAIN}`);
    expect(parsed.preamble).toBe('Task tasks.add[1] raised unexpected: TypeError()');
    expect(parsed.type).toBe('TypeError');
    const sameLine = parseTraceback(`2026-11-21 ERROR worker: ${PLAIN}`);
    expect(sameLine).toMatchObject({ preamble: '2026-11-21 ERROR worker:', type: 'TypeError', complete: true });
  });

  it('RQ’s sentences for jobs whose worker is gone', () => {
    expect(
      parseTraceback('Moved to FailedJobRegistry, due to AbandonedJobError, at 2026-11-20 21:39:01.982219'),
    ).toMatchObject({ type: 'AbandonedJobError', language: 'unknown', frames: [] });
    const killed = 'Work-horse terminated unexpectedly; waitpid returned 9 (signal 9); ';
    expect(parseTraceback(killed)).toMatchObject({ type: null, message: killed.trim(), original: killed });
  });

  it('Huey’s "NoneType: None" is no exception', () => {
    expect(parseTraceback('NoneType: None\n')).toMatchObject({ type: null, message: 'NoneType: None', frames: [] });
  });

  it('an exception without any traceback', () => {
    expect(parseTraceback('redis.exceptions.ConnectionError: Error 111')).toMatchObject({
      type: 'redis.exceptions.ConnectionError',
      message: 'Error 111',
      language: 'unknown',
    });
    expect(parseTraceback('Note: nothing happened')).toMatchObject({ type: null, message: 'Note: nothing happened' });
    expect(parseTraceback('')).toMatchObject({ type: null, message: '', frames: [] });
  });

  it('Python 3.13’s markers over several lines', () => {
    const text = [
      'Traceback (most recent call last):',
      '  File "/a.py", line 3, in f',
      '    g(',
      '    ~^',
      '        1,',
      '        ^^',
      '    )',
      '    ^',
      'ValueError: x',
    ].join('\n');
    expect(parseTraceback(text).frames).toMatchObject([{ source: 'g(\n    1,\n)', marker: '~^\n    ^^\n^' }]);
  });

  it('Windows paths and line ends', () => {
    const parsed = parseTraceback(
      'Traceback (most recent call last):\r\n  File "C:\\app\\t.py", line 1, in <module>\r\n    f()\r\nOSError: x\r\n',
    );
    expect(parsed).toMatchObject({ type: 'OSError', message: 'x', frames: [{ file: 'C:\\app\\t.py', source: 'f()' }] });
  });

  it('a text cut in the middle, where a log says so', () => {
    const parsed = parseTraceback(
      `Traceback (most recent call last):\n${FRAME}  File "/app/ta… [2044 characters cut] …n run\n    go()\n${FRAME}KeyError: 'x'\n`,
    );
    expect(parsed).toMatchObject({ type: 'KeyError', message: "'x'" });
    expect(parsed.frames).toHaveLength(2);
  });

  it('a text cut at its end says that it is not complete', () => {
    expect(parseTraceback(`Traceback (most recent call last):\n${FRAME}`)).toMatchObject({
      type: null,
      complete: false,
    });
    expect(parseTraceback(`${FRAME}TypeError: x`)).toMatchObject({ type: 'TypeError', complete: false });
  });
});

import { describe, expect, test } from 'vitest';
import { candidatePaths } from '../../../src/vscode/frame-paths';
import { queueChoices } from '../../../src/vscode/panels/enqueue/queue-choices';
import { parametersOf } from '../../../src/vscode/panels/form-values';
import { pageHtml } from '../../../src/vscode/panels/html';
import { hexDump, printable } from '../../../src/vscode/panels/job/bytes';
import { callText } from '../../../src/vscode/panels/job/call';
import { overview, queue } from '../tree/fixtures';

const value = (text: string) => ({ text, json: null });

describe('the document around a page', () => {
  const html = pageHtml({
    language: 'en',
    title: '<b>"job"</b>',
    cspSource: 'https://files',
    script: 'https://files/job.js',
    styles: ['https://files/job.css'],
    bundle: { a: '</script>' },
    address: { ref: '"><img onerror=x>' },
  });

  test('nothing runs but our script, nothing is loaded but our files', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'nonce-[\w+/=]+'; style-src https:\/\/files; font-src https:\/\/files$/,
    );
    expect(html).not.toContain('unsafe');
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(html).toContain(`<script nonce="${nonce}" src="https://files/job.js">`);
    expect(html.match(/<script/g)).toHaveLength(1);
  });

  test('what is put in cannot leave its place', () => {
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<b>');
    expect(html.match(/<\/script>/g)).toHaveLength(1);
  });
});

test('what waits in a queue that nobody serves is called as its system calls it', () => {
  const nobody = overview({ queues: [queue('reports', { counts: {}, workers: [] })] });
  expect(queueChoices(nobody, 'task')).toEqual([
    { name: 'reports', note: 'No worker serves "reports". The task will wait.' },
  ]);
});

describe('a frame’s file', () => {
  test('is looked for where it was mapped, then inside the folder, then by ever shorter ends', () => {
    const mapped = candidatePaths('/app/shop/pay.py', '/home/me/shop', {
      '/app': ['$', '{workspaceFolder}/src'].join(''),
    });
    expect(mapped[0]).toBe('src/shop/pay.py');
    expect(candidatePaths('/home/me/shop/pay.py', '/home/me/shop', {})[0]).toBe('pay.py');
    expect(candidatePaths('/app/shop/pay.py', '/x', {})).toEqual(['app/shop/pay.py', 'shop/pay.py']);
    expect(candidatePaths('C:\\app\\shop\\pay.py', '/x', {})).toContain('shop/pay.py');
  });

  test('never outside of the folder', () => {
    const hostile = ['../../etc/passwd', '/app/../../etc/passwd', '/a/./b.py', '//etc/passwd'];
    for (const file of hostile) {
      for (const path of candidatePaths(file, '/work', { '/app': '/etc' })) {
        expect(path.split('/'), file).not.toContain('..');
        expect(path.startsWith('/'), file).toBe(false);
      }
    }
  });
});

describe('a call', () => {
  test('as Python writes it', () => {
    const call = (args: string, kwargs: string) =>
      callText({ task: 'shop.pay', args: value(args), kwargs: value(kwargs) });
    expect(call("(4821, 'EUR')", '{}')).toBe("shop.pay(4821, 'EUR')");
    expect(call('(1,)', '{}')).toBe('shop.pay(1)');
    expect(call('()', "{'retry': True}")).toBe("shop.pay(**{'retry': True})");
    expect(callText({ task: null, args: null, kwargs: null })).toBe('unknown()');
  });
});

describe('bytes', () => {
  test('text where all of it is printable, else a dump', () => {
    expect(printable(new TextEncoder().encode('käse\n'))).toBe('käse\n');
    expect(printable(Uint8Array.of(0x80, 0x04))).toBeNull();
    expect(printable(Uint8Array.of(0x41, 0x00))).toBeNull();
    expect(hexDump(Uint8Array.of(0x80, 0x04, 0x41))).toBe(
      `00000000  80 04 41${' '.repeat(15)}  ${' '.repeat(23)}  ..A`,
    );
  });
});

test('a form’s values become what the schema declares; empty ones are left out', () => {
  const schema = {
    type: 'object',
    properties: {
      task: { type: 'string', title: '' },
      retries: { type: 'integer', title: '' },
      intervals: { type: 'array', title: '', items: { type: 'integer' } },
      front: { type: 'boolean', title: '' },
      unknown: { type: 'string', title: '' },
    },
  } as const;
  const values = { task: 'a.b', retries: '3', intervals: '60, 120', front: true, unknown: '', foreign: 'x' };
  expect(parametersOf(values, schema)).toEqual({ task: 'a.b', retries: 3, intervals: [60, 120], front: true });
});

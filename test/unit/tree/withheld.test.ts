import { describe, expect, test } from 'vitest';
import type { Companion } from '../../../src/model';
import { sectionRows } from '../../../src/vscode/tree/model/installation';
import { jobRows } from '../../../src/vscode/tree/model/jobs';
import { resultStateRows } from '../../../src/vscode/tree/model/results';
import type { JobList } from '../../../src/vscode/tree/model/world';
import { action, ago, jobRow, live, overview, queue, view, world } from './fixtures';

const at = { connection: 'a', system: 'sys', key: '' };
const reason = 'Messages are not shown, since looking marks them redelivered.';
const look = action('look', { title: 'Look at messages…', target: 'queue', icon: 'eye' });
const looks = view(overview(), {
  offers: target => (target.kind === 'queue' ? [{ action: look, available: true as const }] : []),
});
const refuses = view(overview(), {
  offers: () => [{ action: look, available: false as const, why: 'this queue is exclusive' }],
});
const list = (given: Partial<JobList>): JobList => ({
  items: [],
  next: null,
  total: null,
  totalText: '',
  withheld: null,
  order: null,
  unknown: null,
  failure: null,
  ...given,
});
const key = { id: 'list', at, queue: 'mail', state: 'waiting' } as const;

describe('what is held back', () => {
  const withheld = { reason, action: 'look' };

  test('is a row that shows it when it is clicked, and says before what that costs', () => {
    const [row] = jobRows(key, looks, list({ withheld }), world());
    expect(row).toMatchObject({ label: 'Look at messages…', description: reason, click: 'show-withheld' });
    expect(row?.icon).toEqual({ id: 'eye' });
    expect(row?.subject).toEqual({ kind: 'withheld', at, queue: 'mail', state: 'waiting', action: 'look' });
  });

  test('says why not where it cannot be shown, and does nothing when it is clicked', () => {
    const [row] = jobRows(key, refuses, list({ withheld }), world());
    expect(row?.click).toBeUndefined();
    expect(row?.icon).toEqual({ id: 'eye-closed' });
    expect(row?.detail).toContain('this queue is exclusive');
  });

  test('what was looked at stands above another look, with the time of the last', () => {
    const rows = jobRows(key, looks, list({ items: [jobRow(1)], order: 'as seen at 14:05:10' }), world());
    expect(rows.map(({ label, description }) => [label, description]).at(-1)).toEqual([
      'Look at messages…',
      'as seen at 14:05:10',
    ]);
    expect(rows).toHaveLength(2);
  });

  test('nobody knows is not none', () => {
    const [row] = jobRows({ ...key, state: 'failed' }, looks, list({ unknown: 'Nobody has said where.' }), world());
    expect(row).toMatchObject({ label: 'not known', description: 'Nobody has said where.' });
  });
});

describe('states that are recorded for no queue', () => {
  const counts = {
    waiting: { exact: 3 },
    failed: { exact: 2 },
    scheduled: { exact: 0 },
    finished: { exact: 1204 },
    canceled: { unknown: 'It is not written down.' },
  };
  const queues = [queue('mail', { counts: { waiting: { exact: 3 } } })];

  test('are a section of their own, without what queues and the failed list show', () => {
    const seen = view(overview({ counts, queues }));
    const section = sectionRows(live(), seen, world()).find(({ subject }) => subject.kind === 'results');
    expect(section).toMatchObject({ label: 'Results', description: '1,204 finished' });
    const rows = resultStateRows(at, seen, world());
    expect(rows.map(({ description, children }) => [description, children])).toEqual([
      ['0', 'collapsed'],
      ['1,204', 'collapsed'],
      ['not known', 'none'],
    ]);
  });

  test('there is no such section where each queue records its own', () => {
    const own = [queue('mail', { counts })];
    const rows = sectionRows(live(), view(overview({ counts, queues: own })), world());
    expect(rows.some(({ subject }) => subject.kind === 'results')).toBe(false);
  });

  test('failures that need a companion are not known, and a click asks for it', () => {
    const companion: Companion = {
      role: 'results',
      title: 'Result backend',
      state: 'missing',
      address: null,
      reason: 'Name it.',
      candidates: [],
    };
    const plain = view(overview({ counts: { failed: { unknown: 'Name it.' } }, queues: [] }));
    const seen = { ...plain, installation: { ...plain.installation, companions: [companion] } };
    const row = sectionRows(live(), seen, world()).find(({ subject }) => subject.kind === 'trouble');
    expect(row).toMatchObject({ description: 'not known', children: 'none', click: 'set-companion' });
  });
});

test('what a worker holds until its time says when that is', () => {
  const job = jobRow(2, { state: 'taken', nativeState: 'held', dueAt: ago(-3600) });
  const [row] = jobRows({ ...key, state: 'taken' }, looks, list({ items: [job] }), world());
  expect(row?.description).toBe("due in 1 h · (2, 'EUR')");
  expect(row?.spoken).toContain('held due in 1 h');
});

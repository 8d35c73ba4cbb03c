import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileJournal, type NewEntry } from '../../../src/inspector/journal/journal';
import type { EntryWriter } from '../../../src/inspector/journal/writer';
import type { ItemOutcome, Outcome, UndoUnit } from '../../../src/model';
import { unitFor } from './fakes';

let folder = '';
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'jqi-journal-')), 'journal');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const entry: NewEntry = {
  connection: { id: 'shop', name: 'shop-local' },
  address: 'localhost:6379/0',
  system: 'fake',
  installation: '',
  action: 'delete',
  title: 'Delete 3 jobs',
  where: 'default on shop-local',
  total: { exact: 3 },
  notUndoable: null,
};

const item = (id: string, outcome: Outcome, reason: string | null = null): ItemOutcome => ({
  ref: null,
  id,
  outcome,
  reason,
});

async function step(
  writer: EntryWriter,
  stepId: string,
  outcomes: readonly ItemOutcome[],
  undo: readonly UndoUnit[] = [],
) {
  const subjects = outcomes.map(({ id }) => id ?? '');
  writer.about({ phase: 'about', stepId, subjects, undo: subjects.map(unitFor) });
  writer.did({ phase: 'did', stepId, outcomes, undo, progress: { done: 0, total: 0 } });
}

function end(writer: EntryWriter, more: Partial<Parameters<EntryWriter['end']>[0]> = {}) {
  const { counts } = writer;
  writer.end({ title: 'Deleted 3 jobs', counts, items: [], stopped: false, ...more });
}

async function subjectsOf(journal: FileJournal, token: string): Promise<string[][]> {
  const steps: string[][] = [];
  for await (const units of journal.copies(token)) steps.push(units.map(({ subject }) => subject));
  return steps;
}

test('an entry can be read by its user alone', async () => {
  const journal = new FileJournal({ folder });
  const writer = await journal.begin(entry, true);
  step(writer, 's1', [item('a', 'done')]);
  end(writer);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const files = readdirSync(folder);
  expect(files.map(name => name.replace(/^[^.]+/, '')).sort()).toEqual(['.jsonl', '.undo.jsonl']);
  for (const name of files) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('its lines hold no payload; the copies do', async () => {
  const journal = new FileJournal({ folder });
  const writer = await journal.begin(entry, true);
  const secret = Buffer.from('card number').toString('base64');
  const unit: UndoUnit = {
    ...unitFor('a'),
    operations: [{ kind: 'create', key: 'aw==', value: { type: 'string', value: secret }, expireAt: null }],
  };
  writer.about({ phase: 'about', stepId: 's1', subjects: ['a'], undo: [unit] });
  writer.did({
    phase: 'did',
    stepId: 's1',
    outcomes: [item('a', 'done')],
    undo: [],
    progress: { done: 1, total: 1 },
  });
  end(writer);
  expect(readFileSync(join(folder, `${writer.token}.jsonl`), 'utf8')).not.toContain(secret);
  const read: UndoUnit[] = [];
  for await (const units of journal.copies(writer.token)) read.push(...units);
  expect(read).toEqual([unit]);
});

test('what a step is about to do stands in the files before it begins', async () => {
  const journal = new FileJournal({ folder });
  const writer = await journal.begin(entry, true);
  writer.about({ phase: 'about', stepId: 's1', subjects: ['a', 'b'], undo: [unitFor('a'), unitFor('b')] });
  const lines = readFileSync(join(folder, `${writer.token}.jsonl`), 'utf8')
    .trim()
    .split('\n');
  expect(JSON.parse(lines[1] ?? '')).toEqual({ line: 'about', step: 's1', subjects: ['a', 'b'] });
  expect(readFileSync(join(folder, `${writer.token}.undo.jsonl`), 'utf8')).toContain('["a","b"]');
  writer.close();
});

describe('a run that was cut off', () => {
  test('reads as stopped, with what had begun unknown, and can be undone', async () => {
    const journal = new FileJournal({ folder });
    const writer = await journal.begin(entry, true);
    step(writer, 's1', [item('a', 'done'), item('b', 'gone', 'it was no longer there')]);
    writer.about({ phase: 'about', stepId: 's2', subjects: ['c'], undo: [unitFor('c')] });
    expect((await journal.entries())[0]?.state).toBe('running');
    writer.close();
    const [read] = await new FileJournal({ folder }).entries();
    expect(read).toMatchObject({
      state: 'stopped',
      title: 'Delete 3 jobs',
      counts: { done: 1, gone: 1, refused: 0, failed: 0, unknown: 1 },
      notUndoable: null,
    });
    expect(read?.items).toEqual([item('b', 'gone', 'it was no longer there'), item('c', 'unknown')]);
    expect(await subjectsOf(journal, writer.token)).toEqual([['c'], ['a']]);
  });

  test('by a killed process, in the middle of a line, too', async () => {
    const journal = new FileJournal({ folder });
    const writer = await journal.begin(entry, true);
    step(writer, 's1', [item('a', 'done')]);
    writer.about({ phase: 'about', stepId: 's2', subjects: ['b'], undo: [unitFor('b')] });
    writer.close();
    for (const ending of ['jsonl', 'undo.jsonl']) {
      const path = join(folder, `${writer.token}.${ending}`);
      truncateSync(path, statSync(path).size - 7);
    }
    const again = new FileJournal({ folder });
    expect((await again.entries())[0]).toMatchObject({ state: 'stopped', counts: { done: 1, unknown: 0 } });
    expect(await subjectsOf(again, writer.token)).toEqual([['a']]);
  });

  test('of another process that still runs is running', async () => {
    const journal = new FileJournal({ folder });
    const writer = await journal.begin(entry, true);
    writer.close();
    const path = join(folder, `${writer.token}.jsonl`);
    const begin = JSON.parse(readFileSync(path, 'utf8'));
    const rewrite = (pid: number) => {
      truncateSync(path, 0);
      appendFileSync(path, `${JSON.stringify({ ...begin, pid, session: 'other' })}\n`);
    };
    rewrite(process.ppid);
    expect((await journal.entries())[0]?.state).toBe('running');
    rewrite(spawnSync('true').pid);
    expect((await journal.entries())[0]?.state).toBe('stopped');
  });
});

describe('copies', () => {
  test('come last step first; answers replace what was kept, and what was not done is left out', async () => {
    const journal = new FileJournal({ folder });
    const writer = await journal.begin(entry, true);
    step(writer, 's1', [item('a', 'done'), item('b', 'refused', 'x'), item('c', 'unknown')]);
    const answered: UndoUnit = { ...unitFor('d'), guards: [{ kind: 'exists', key: 'aw==', refusal: 'taken' }] };
    step(writer, 's2', [item('d', 'done'), item('e', 'done')], [answered]);
    writer.about({ phase: 'about', stepId: 's3', subjects: ['f'], undo: [] });
    const made = unitFor('f');
    writer.did({
      phase: 'did',
      stepId: 's3',
      outcomes: [item('f', 'done')],
      undo: [made],
      progress: { done: 1, total: 1 },
    });
    end(writer);
    expect(await subjectsOf(journal, writer.token)).toEqual([['f'], ['d', 'e'], ['c', 'a']]);
    const units: UndoUnit[] = [];
    for await (const part of journal.copies(writer.token)) units.push(...part);
    expect(units.find(({ subject }) => subject === 'd')).toEqual(answered);
  });

  test('beyond the bound are not kept, and the entry says so', async () => {
    const journal = new FileJournal({ folder, maxBytes: 300 });
    const writer = await journal.begin(entry, true);
    step(
      writer,
      's1',
      Array.from({ length: 50 }, (_, i) => item(`job-${i}`, 'done')),
    );
    end(writer);
    expect(writer.notUndoable).toContain('exceeded');
    const [read] = await journal.entries();
    expect(read).toMatchObject({ savedBytes: 0, state: 'done' });
    expect(read?.notUndoable).toContain('exceeded');
  });

  test('of older entries make room, the oldest first', async () => {
    let now = Date.parse('2026-11-20T12:00:00Z');
    const journal = new FileJournal({ folder, maxBytes: 600, now: () => now });
    const tokens: string[] = [];
    for (let i = 0; i < 4; i++) {
      const writer = await journal.begin(entry, true);
      step(
        writer,
        's1',
        Array.from({ length: 10 }, (_, j) => item(`job-${j}`, 'done')),
      );
      end(writer);
      tokens.push(writer.token);
      now += 1000;
    }
    const kept = (await journal.entries()).filter(({ notUndoable }) => notUndoable === null).map(({ token }) => token);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept).toEqual(tokens.slice(-kept.length).reverse());
    expect((await journal.entries()).find(({ token }) => token === tokens[0])?.notUndoable).toContain('no longer kept');
  });
});

test('entries older than their days are removed', async () => {
  let now = Date.parse('2026-11-20T12:00:00Z');
  const journal = new FileJournal({ folder, keepDays: () => 30, now: () => now });
  const first = await journal.begin(entry, true);
  end(first);
  now += 31 * 86_400_000;
  const second = await journal.begin(entry, true);
  end(second);
  expect((await journal.entries()).map(({ token }) => token)).toEqual([second.token]);
  await journal.clear();
  expect(readdirSync(folder)).toEqual([]);
});

test('two windows write side by side, and only one may undo', async () => {
  const [one, other] = [new FileJournal({ folder }), new FileJournal({ folder })];
  const [a, b] = await Promise.all([one.begin(entry, true), other.begin(entry, true)]);
  step(a, 's1', [item('a', 'done')]);
  step(b, 's1', [item('b', 'done')]);
  end(a);
  end(b);
  expect((await one.entries()).length).toBe(2);
  expect((await Promise.all([one.claimUndo(a.token), one.claimUndo(a.token)])).filter(Boolean)).toEqual([true]);
  await one.endClaim(a.token, true);
  expect(await other.claimUndo(a.token)).toBe(false);
  expect((await other.entry(a.token)).state).toBe('undone');
  expect((await other.entry(a.token)).notUndoable).toBe('It has been undone.');
});

test('a token never leads out of the folder', async () => {
  const journal = new FileJournal({ folder });
  for (const token of ['../../etc/passwd', '', '20261120T120000000-abc', 'x'.repeat(5000)])
    await expect(journal.entry(token)).rejects.toMatchObject({ code: 'gone' });
});

test('a folder that cannot be written stops before anything is done', async () => {
  const journal = new FileJournal({ folder: '/dev/null/journal' });
  await expect(journal.begin(entry, true)).rejects.toThrow(/nothing was changed/);
});

test('a hundred thousand jobs cost little', async () => {
  const journal = new FileJournal({ folder });
  const writer = await journal.begin({ ...entry, total: { exact: 100_000 } }, true);
  const began = performance.now();
  for (let i = 0; i < 1_000; i++) {
    const ids = Array.from(
      { length: 100 },
      (_, j) => `9c1f04e2-5b1d-4c1e-9a43-${String(i * 100 + j).padStart(12, '0')}`,
    );
    step(
      writer,
      `s${i}`,
      ids.map(id => item(id, 'done')),
    );
  }
  end(writer);
  // Well under a second; the clock only guards against what grows with the square.
  expect(performance.now() - began).toBeLessThan(15_000);
  const [read] = await journal.entries();
  expect(read).toMatchObject({ state: 'done', counts: { done: 100_000 } });
});

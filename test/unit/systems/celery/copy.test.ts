/** What a form is filled with where the result of a task does not hold its call, and events were followed. */
import { expect, test } from 'vitest';
import type { JobRow } from '../../../../src/model';
import { enqueueParametersOf } from '../../../../src/systems/celery/job/copy';
import type { Known } from '../../../../src/systems/celery/job/index';
import type { SeenTask } from '../../../../src/systems/celery/types';

const nothing = { createdAt: null, enqueuedAt: null, startedAt: null, endedAt: null, dueAt: null, expiresAt: null };
const row = (task: string | null): JobRow => ({
  ...nothing,
  ref: 'celery//result/a',
  id: 'a',
  queue: null,
  task,
  state: 'failed',
  nativeState: 'FAILURE',
  args: null,
  error: null,
  worker: null,
  problems: [],
});
const seen = (args: string | null, kwargs: string | null): SeenTask => ({
  id: 'a',
  task: 'shop.tasks.add',
  args,
  kwargs,
  queue: 'mail',
  worker: 'w@h',
  state: 'failed',
  at: '2026-12-01T10:00:00.000Z',
});
const known = (task: string | null, told: SeenTask | null): Known => ({
  row: row(task),
  stored: null,
  message: null,
  result: null,
  resultExpiresAt: null,
  held: null,
  seen: told,
});

test('a call that events told whole fills the form; the task of an unnamed result too', () => {
  expect(enqueueParametersOf(known(null, seen("(1, 'EUR')", "{'fast': True}")))).toEqual({
    task: 'shop.tasks.add',
    args: "(1, 'EUR')",
    kwargs: "{'fast': True}",
    queue: 'mail',
  });
});

test('what Celery has cut, or what is no literal, is left empty', () => {
  for (const cut of ["('aaaaaaaa...', 2)", '(1, 2, ...)', '(<Order 5>,)', '(1,'])
    expect(enqueueParametersOf(known('shop.tasks.add', seen(cut, '{}')))).toEqual({
      task: 'shop.tasks.add',
      kwargs: '{}',
      queue: 'mail',
    });
});

test('where nobody was heard, the task alone is known; without a task there is nothing to fill', () => {
  expect(enqueueParametersOf(known('shop.tasks.add', null))).toEqual({ task: 'shop.tasks.add' });
  expect(enqueueParametersOf(known(null, null))).toBeNull();
});

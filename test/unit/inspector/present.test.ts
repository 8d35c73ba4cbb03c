import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  counted,
  cutText,
  fill,
  fillText,
  formatCount,
  formatDuration,
  formatExact,
  formatFuture,
  formatNarrowCount,
  formatPast,
  formatRate,
  formatSize,
  isOverdue,
  joined,
  oneLine,
  shortId,
  shortTask,
  spokenDuration,
  spokenPast,
} from '../../../src/inspector/present/format';

const now = Date.parse('2026-11-20T12:00:00Z');
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const utc = { timeZone: 'UTC' };

describe('counts', () => {
  test('exact ones are grouped and never rounded, capped ones have a plus, unknown ones their reason', () => {
    expect(formatCount({ exact: 12480 })).toBe('12,480');
    expect(formatCount({ exact: 0 })).toBe('0');
    expect(formatCount({ exact: 1_043_112 }, 'de')).toBe('1.043.112');
    expect(formatCount({ atLeast: 10_000 })).toBe('10,000+');
    expect(formatCount({ unknown: 'not recorded by Huey' })).toBe('not recorded by Huey');
  });

  test('a narrow column has a dash for unknown, never a zero', () => {
    expect(formatNarrowCount({ unknown: 'not recorded' })).toBe('–');
    expect(formatNarrowCount(undefined)).toBe('–');
    expect(formatNarrowCount({ exact: 3 })).toBe('3');
  });
});

describe('past times', () => {
  test.each([
    [0, 'just now'],
    [9.9, 'just now'],
    [10, '10 s ago'],
    [59.9, '59 s ago'],
    [60, '1 min ago'],
    [3599, '59 min ago'],
    [3600, '1 h ago'],
    [86_399, '23 h ago'],
    [86_400, '1 d ago'],
    [7 * 86_400 - 1, '6 d ago'],
    [8 * 86_400 - 7380, '12 Nov, 14:03'],
    [-30, 'just now'],
  ])('%s s before now is %s', (seconds, text) => {
    expect(formatPast(ago(seconds), now, utc)).toBe(text);
  });

  test('another year has no time of day; nothing recorded is nothing', () => {
    expect(formatPast('2024-11-12T14:03:00Z', now, utc)).toBe('12 Nov 2024');
    expect(formatPast(null, now)).toBe('');
    expect(formatPast('soon', now)).toBe('');
  });

  test('the reader’s own time zone counts', () => {
    expect(formatPast('2026-11-01T23:30:00Z', now, { timeZone: 'Asia/Tokyo' })).toBe('2 Nov, 08:30');
    expect(formatExact('2026-11-12T13:03:05Z', { timeZone: 'Europe/Berlin' })).toBe(
      '12 Nov 2026, 14:03:05 GMT+1 · 2026-11-12 13:03:05 UTC',
    );
  });
});

describe('times to come', () => {
  test.each([
    [0.5, 'now'],
    [42, 'in 42 s'],
    [300, 'in 5 min'],
    [3 * 3600, 'in 3 h'],
    [14 * 3600, 'tomorrow 02:00'],
    [22 * 86_400 - 10 * 3600, '12 Dec, 02:00'],
    [-4 * 3600, '4 h overdue'],
    [-2, '2 s overdue'],
  ])('%s s from now is %s', (seconds, text) => {
    expect(formatFuture(ago(-seconds), now, utc)).toBe(text);
  });

  test('overdue begins after a second', () => {
    expect(isOverdue(ago(0.5), now)).toBe(false);
    expect(isOverdue(ago(2), now)).toBe(true);
    expect(isOverdue(null, now)).toBe(false);
  });
});

test.each([
  [0.87, '870 ms'],
  [0, '0 ms'],
  [12.4, '12.4 s'],
  [12, '12 s'],
  [59.97, '1 min'],
  [200, '3 min 20 s'],
  [3840, '1 h 04 min'],
  [183_600, '2 d 3 h'],
  [null, ''],
  [Number.NaN, ''],
])('a duration of %s s is %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('durations never show sixty of a unit', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), seconds => {
      expect(formatDuration(seconds)).not.toMatch(/\b60 (?:s|min)\b|\b24 h\b|\b1000 ms\b/);
    }),
  );
});

test('sizes and rates', () => {
  expect([312, 4100, 2_300_000, 64_000, 999_999, 1.5e12].map(formatSize)).toEqual([
    '312 B',
    '4.1 kB',
    '2.3 MB',
    '64 kB',
    '1 MB',
    '1.5 TB',
  ]);
  expect([38 / 60, 1.2, 180, null].map(rate => formatRate(rate))).toEqual(['38/min', '1.2/s', '180/s', 'measuring…']);
});

test('ids and names are shortened so that they can be told apart', () => {
  expect(shortId('9c1f04e2-5b1d-4c1e-9a43-1b9a3c0e2d11')).toBe('9c1f04e2');
  expect(shortId('0123456789abcdef0123456789abcdef')).toBe('01234567');
  expect(shortId('nightly')).toBe('nightly');
  expect(shortId('invoice-2026-11-20-customer-4711')).toBe('invoice-2…tomer-4711');
  expect(shortTask('payments.tasks.charge_card')).toBe('charge_card');
  expect(shortTask('shop.mail.Mailer.send')).toBe('Mailer.send');
  expect(shortTask('shop.tasks:nightly')).toBe('nightly');
  expect(shortTask('')).toBe('');
});

test('what a broker holds never breaks a row', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 2, max: 40 }), (text, max) => {
      expect(oneLine(text)).not.toMatch(/[\n\r\u2028\u2029\u202e]/);
      const cut = cutText(text, max);
      expect(cut.length).toBeLessThanOrEqual(max);
      if (text.isWellFormed()) expect(cut.isWellFormed()).toBe(true);
      expect(shortId(text)).not.toContain('\n');
    }),
  );
});

describe('declared texts', () => {
  const noun = { one: 'job', other: 'jobs' };

  test('take the form for their number', () => {
    const ask = { one: 'Retry {n} failed {noun}?', other: 'Retry {n} failed {noun}?' };
    expect(fill(ask, { n: 1, noun })).toBe('Retry 1 failed job?');
    expect(fill(ask, { n: 1314, noun })).toBe('Retry 1,314 failed jobs?');
    expect(counted(2, noun)).toBe('2 jobs');
  });

  test('put values in verbatim and once: braces of a queue’s name stay text', () => {
    expect(fillText('Empty {queue}?', { n: 3, queue: '{n} $& {id}' })).toBe('Empty {n} $& {id}?');
    expect(fillText('{unknown} {id}', { n: 0 })).toBe('{unknown} {id}');
  });

  test('parts of a description that are empty are left out', () => {
    expect(joined('14', null, '', false, '3 new')).toBe('14 · 3 new');
  });
});

test('spoken forms', () => {
  expect(spokenDuration(61)).toBe('1 minute');
  expect(spokenDuration(4 * 3600)).toBe('4 hours');
  expect(spokenPast(ago(185), now)).toBe('3 minutes ago');
});

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileBytes, Surroundings } from '../../../../src/model';
import { nextRunOf } from '../../../../src/systems/celery/schedules/cron';
import { readDefinition } from '../../../../src/systems/celery/schedules/definition';
import { summaryOf } from '../../../../src/systems/celery/schedules/entry';
import { fileProblems, fileSummaries, readBeatFiles } from '../../../../src/systems/celery/schedules/file';
import { readDumb } from '../../../../src/systems/celery/schedules/file/dumb';
import { readSqliteDict } from '../../../../src/systems/celery/schedules/file/sqlite';
import { dueOf } from '../../../../src/systems/celery/schedules/redbeat';
import { type Crontab, triggerText } from '../../../../src/systems/celery/schedules/trigger';
import { instantOfWall, wallOf } from '../../../../src/systems/celery/schedules/zone';
import { temporaryFolder } from '../../../support';

const never = new AbortController().signal;
const cron = (minute = '*', hour = '*', dayOfMonth = '*', monthOfYear = '*', dayOfWeek = '*'): Crontab => ({
  kind: 'crontab',
  ...{ minute, hour, dayOfMonth, monthOfYear, dayOfWeek },
});

describe('a trigger in words', () => {
  it.each([
    [cron('0', '2'), 'every day at 02:00'],
    [cron('0', '2', '*', '*', 'mon'), 'every Monday at 02:00'],
    [cron('0', '2', '*', '*', '0'), 'every Sunday at 02:00'],
    [cron('30', '8', '*', '*', 'mon-fri'), 'Monday to Friday at 08:30'],
    [cron('0', '2', '*', '*', 'mon,wed'), 'cron 0 2 * * mon,wed'],
    [cron('0', '6', '1'), 'on the 1st of every month at 06:00'],
    [cron('0', '6', '22'), 'on the 22nd of every month at 06:00'],
    [cron('0', '6', '13'), 'on the 13th of every month at 06:00'],
    [cron('0', '6', '0'), 'cron 0 6 0 * *'],
    [cron('0', '6', '1', '*', 'mon'), 'cron 0 6 1 * mon'],
    [cron('5', '6', '24', '12'), 'on 24 December at 06:05'],
    [cron('5', '6', '24', '13'), 'cron 5 6 24 13 *'],
    [cron('5', '6', '1', '*/3'), 'cron 5 6 1 */3 *'],
    [cron('*/15'), 'every 15 min'],
    [cron('*/7'), 'cron */7 * * * *'],
    [cron('5'), 'every hour at :05'],
    [cron('0'), 'every hour'],
    [cron(), 'every minute'],
    [cron('0', '*/2'), 'cron 0 */2 * * *'],
    [{ kind: 'interval', seconds: 300, relative: false } as const, 'every 5 min'],
    [{ kind: 'interval', seconds: 1.5, relative: true } as const, 'every 1.5 s, by the clock'],
    [
      { kind: 'solar', event: 'dawn_civil', latitude: '52.5', longitude: '13.4' } as const,
      'at dawn civil at 52.5, 13.4',
    ],
    [
      {
        kind: 'rrule',
        fields: new Map([
          ['freq', '3'],
          ['interval', '1'],
          ['count', '3'],
        ]),
      } as const,
      'every day, 3 times',
    ],
    [
      {
        kind: 'rrule',
        fields: new Map([
          ['freq', 'weekly'],
          ['byweekday', 'MO,TH'],
        ]),
      } as const,
      'rrule FREQ=WEEKLY;BYWEEKDAY=MO,TH',
    ],
  ])('%j', (trigger, text) => {
    expect(triggerText(trigger)).toBe(text);
  });
});

describe('a definition of RedBeat', () => {
  const read = (schedule: unknown, more: object = {}, meta: string | null = null) => {
    const result = readDefinition(
      JSON.stringify({ name: 'n', task: 'shop.add', schedule, enabled: true, ...more }),
      meta,
    );
    if (!('entry' in result)) throw new Error(result.reason);
    return result;
  };

  it('is read with its options, arguments and last run', () => {
    const { entry, problems } = read(
      { __type__: 'crontab', minute: 0, hour: 2, day_of_week: '*', day_of_month: '*', month_of_year: '*' },
      { args: [1, 2.5], kwargs: { b: true }, options: { queue: 'mail', expires: 30 }, enabled: false },
      '{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 7, "day": 1, "hour": 2, "minute": 0, "second": 1, "microsecond": 500000, "timezone": "Europe/Berlin"}, "total_run_count": 7}',
    );
    expect(problems).toEqual([]);
    expect(
      summaryOf(entry, {
        id: 'redbeat:n',
        owner: 'RedBeat',
        nextRun: '2026-07-02T00:00:00.000Z',
        source: 'HGETALL redbeat:n',
      }),
    ).toEqual({
      id: 'redbeat:n',
      task: 'shop.add',
      trigger: 'every day at 02:00',
      nextRun: null,
      paused: true,
      queue: 'mail',
      owner: 'RedBeat',
      args: { text: '(1, 2.5, b=True)' },
      jobRef: null,
      details: [
        { name: 'Name', value: 'n', format: 'text' },
        { name: 'Last run', value: '2026-07-01T00:00:01.500Z', format: 'instant' },
        { name: 'Runs', value: '7', format: 'text' },
        { name: 'Time zone', value: 'Europe/Berlin', format: 'text' },
        { name: 'Option queue', value: "'mail'", format: 'code' },
        { name: 'Option expires', value: '30', format: 'code' },
        { name: 'Read from', value: 'HGETALL redbeat:n', format: 'code' },
      ],
    });
  });

  it('has not run where only the time is written at which it was made', () => {
    const made = '{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 7, "day": 1, "timezone": "UTC"}}';
    const { entry } = read({ __type__: 'interval', every: 30, relative: false }, {}, made);
    const { details } = summaryOf(entry, { id: 'n', owner: 'RedBeat', nextRun: null, source: 'n' });
    expect(details).toContainEqual({ name: 'Last run', value: null, format: 'instant', note: 'none yet' });
  });

  it('knows every type, and names one that it does not', () => {
    const words = (schedule: unknown) => {
      const { trigger } = read(schedule).entry;
      return trigger === null ? null : triggerText(trigger);
    };
    expect(words({ __type__: 'interval', every: 90, relative: false })).toBe('every 90 s');
    expect(words({ __type__: 'rrule', freq: 0, interval: 2, until: 1796083200, byweekday: null })).toBe(
      'every 2 years, until 2026-12-01T00:00:00Z',
    );
    expect(words({ __type__: 'rrule', freq: 2, byweekday: [{ __type__: 'weekday', wkday: 0 }], byhour: [9, 17] })).toBe(
      'rrule FREQ=WEEKLY;BYWEEKDAY=MO;BYHOUR=9,17',
    );
    expect(words({ __type__: 'datetime', year: 2026, month: 12, day: 24, hour: 18, timezone: 3600 })).toBe(
      'once at 2026-12-24T17:00:00.000Z',
    );
    expect(words({ __type__: 'clocked', clocked_time: '2026-12-24' })).toBe('once at 2026-12-24');
    expect(words({ __type__: 'solar', event: 'sunset', lat: 1, lon: 2 })).toBe('at sunset at 1, 2');
    expect(words({ __type__: 'moon' })).toBe('by moon');
    expect(words(17)).toBeNull();
  });

  it('never throws, whatever stands there', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.option(fc.oneof(fc.json(), fc.string())), (definition, meta) => {
        const result = readDefinition(definition, meta);
        if ('entry' in result) summaryOf(result.entry, { id: 'x', owner: 'o', nextRun: null, source: 's' });
      }),
    );
    const schedule = fc.dictionary(
      fc.constantFrom('__type__', 'minute', 'every', 'freq', 'count', 'byhour', 'year', 'timezone'),
      fc.oneof(fc.constantFrom('crontab', 'interval', 'rrule', 'datetime', 'Europe/Berlin'), fc.jsonValue()),
    );
    fc.assert(
      fc.property(schedule, node => {
        const result = readDefinition(JSON.stringify({ schedule: node }), JSON.stringify({ last_run_at: node }));
        if ('entry' in result) summaryOf(result.entry, { id: 'x', owner: 'o', nextRun: null, source: 's' });
      }),
    );
  });
});

describe('time zones', () => {
  it('lead to an instant, also where clocks change', () => {
    const at = (wall: string, zone: string) => {
      const instant = instantOfWall(Date.parse(`${wall}Z`), zone);
      return instant === null ? null : new Date(instant).toISOString();
    };
    expect(at('2026-12-01T11:03:31.984', 'Europe/Berlin')).toBe('2026-12-01T10:03:31.984Z');
    expect(at('2026-07-01T02:00:00', 'America/New_York')).toBe('2026-07-01T06:00:00.000Z');
    // Twice in autumn: the first. Never in spring: after the gap.
    expect(at('2026-10-25T02:30:00', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
    expect(at('2026-03-29T02:30:00', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
    expect(at('2026-12-01T11:00:00', 'Nowhere/Land')).toBeNull();
    expect(wallOf(0, 'Asia/Kolkata')).toBe(5.5 * 3_600_000);
  });
});

describe('the next run of a crontab', () => {
  const next = (crontab: Crontab, after: string, zone = 'UTC') => {
    const instant = nextRunOf(crontab, Date.parse(after), zone);
    return instant === null ? null : new Date(instant).toISOString().slice(0, 16);
  };

  it.each([
    [cron('*/15'), '2026-12-01T10:03:00Z', '2026-12-01T10:15'],
    [cron('0', '2'), '2026-12-01T02:00:00Z', '2026-12-02T02:00'],
    [cron('0', '2', '*', '*', 'mon-fri'), '2026-12-04T03:00:00Z', '2026-12-07T02:00'],
    [cron('0', '0', '*', '*', 'fri-mon'), '2026-12-01T00:00:00Z', '2026-12-04T00:00'],
    [cron('0', '0', '*', '*', 'sunday'), '2026-12-01T00:00:00Z', '2026-12-06T00:00'],
    [cron('30', '4', '29', '2'), '2026-12-01T00:00:00Z', '2028-02-29T04:30'],
    [cron('0', '0', '31', 'jan,mar'), '2026-12-01T00:00:00Z', '2027-01-31T00:00'],
    // Celery wants both, where cron is content with either.
    [cron('0', '0', '13', '*', 'fri'), '2026-12-01T00:00:00Z', '2027-08-13T00:00'],
    [cron('0', '0', '31', 'feb'), '2026-12-01T00:00:00Z', null],
    [cron('nonsense'), '2026-12-01T00:00:00Z', null],
    [cron('99'), '2026-12-01T00:00:00Z', null],
  ])('%j after %s', (crontab, after, due) => {
    expect(next(crontab, after)).toBe(due);
  });

  it('is reckoned by the clocks of the zone', () => {
    expect(next(cron('0', '2'), '2026-12-01T10:00:00Z', 'Europe/Berlin')).toBe('2026-12-02T01:00');
    expect(next(cron('0', '2'), '2026-07-01T10:00:00Z', 'Europe/Berlin')).toBe('2026-07-02T00:00');
  });
});

/** Python writes the file as Python 3.13 does (Lib/dbm/sqlite3.py), leaving the log as a running beat leaves it. */
const SQLITE = `
import json, os, shutil, sqlite3, sys
folder, page_size, rows = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
path = os.path.join(folder, 'live')
db = sqlite3.connect(path, autocommit=True) if sys.version_info >= (3, 12) else sqlite3.connect(path, isolation_level=None)
db.execute(f'PRAGMA page_size = {page_size}')
if sys.argv[4] == 'wal': db.execute('PRAGMA journal_mode = wal')
db.execute('CREATE TABLE IF NOT EXISTS Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)')
if sys.argv[4] == 'wal':
    db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
for key, size in rows:
    value = bytes((i * 7 + size) % 256 for i in range(size))
    db.execute('REPLACE INTO Dict (key, value) VALUES (CAST(? AS BLOB), CAST(? AS BLOB))', (key.encode(), value))
if sys.argv[4] == 'wal':
    # A transaction that is never committed stands in the log too.
    db.execute('PRAGMA cache_spill = ON'); db.execute('PRAGMA cache_size = 1')
    db.execute('BEGIN'); db.execute("REPLACE INTO Dict VALUES (CAST('lost' AS BLOB), zeroblob(200000))")
for name in ('live', 'live-wal'):
    if os.path.exists(os.path.join(folder, name)): shutil.copy(os.path.join(folder, name), os.path.join(folder, name.replace('live', 'copy')))
`;

describe('a file of dbm.sqlite3', () => {
  it.each([
    ['delete', 4096],
    ['wal', 4096],
    ['wal', 512],
    ['delete', 65_536],
  ])('is read, journal mode %s, pages of %i bytes', (journal, pageSize) => {
    const folder = temporaryFolder('sqlite');
    const rows: [string, number][] = [
      ['entries', 70_000],
      ['tz', 28],
      ['__version__', 20],
      ...Array.from({ length: 400 }, (_unused, n): [string, number] => [`key-${n}`, n * 3]),
      ['tz', 30],
    ];
    execFileSync('python3', ['-c', SQLITE, folder, String(pageSize), JSON.stringify(rows), journal]);
    const file = readFileSync(join(folder, 'copy'));
    const log = journal === 'wal' ? readFileSync(join(folder, 'copy-wal')) : null;
    const values = readSqliteDict(file, log);
    expect(values.size).toBe(403);
    expect(values.has('lost')).toBe(false);
    for (const [key, size] of rows.slice(3)) {
      expect(values.get(key)).toEqual(Buffer.from(Array.from({ length: size }, (_unused, i) => (i * 7 + size) % 256)));
    }
    expect(values.get('entries')?.length).toBe(70_000);
    if (log !== null) expect(readSqliteDict(file, null).size).toBeLessThan(403);

    // Broken in any byte, it ends in an error or in other values, and soon.
    for (let i = 0; i < 60; i++) {
      const broken = Buffer.from(file);
      broken[(i * 7919) % broken.length] = (i * 31) & 255;
      try {
        readSqliteDict(broken, log);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
    expect(() => readSqliteDict(file.subarray(0, pageSize + 10), null)).toThrow();
  });
});

describe('files of the folder', () => {
  const surroundings = (files: Record<string, Buffer>): Surroundings => ({
    composeServices: async () => [],
    brokers: async () => [],
    pythonSets: async () => [],
    processIsOurs: async () => null,
    remote: false,
    restricted: null,
    fileBytes: async (_names, maximum) =>
      Object.entries(files).map(
        ([path, bytes]): FileBytes => ({
          path,
          bytes: bytes.length > maximum ? null : bytes,
          size: bytes.length,
          modifiedAt: '2026-12-01T10:00:00.000Z',
        }),
      ),
  });

  it('of other forms, broken or huge ones are named and not read', async () => {
    const gdbm = Buffer.alloc(64);
    gdbm.writeUInt32LE(0x13579ace, 0);
    const berkeley = Buffer.alloc(64);
    berkeley.writeUInt32LE(0x00061561, 12);
    const files = await readBeatFiles(
      surroundings({
        'a/celerybeat-schedule': gdbm,
        'b/celerybeat-schedule.db': berkeley,
        'c/celerybeat-schedule.dir': Buffer.from("'entries', (0, 99)\n"),
        'c/celerybeat-schedule.dat': Buffer.from('short'),
        'd/celerybeat-schedule': Buffer.alloc(5 * 1024 * 1024),
        'e/celerybeat-schedule.py': Buffer.from('SCHEDULE = {}'),
      }),
      never,
    );
    expect(fileProblems(files).map(({ reason }) => reason)).toEqual([
      'a/celerybeat-schedule holds schedules of celery beat; it is of the form gdbm, which is not read.',
      'b/celerybeat-schedule.db holds schedules of celery beat; it is of the form Berkeley DB, which is not read.',
      'c/celerybeat-schedule holds schedules of celery beat; the value of entries lies behind the end of the file.',
      'd/celerybeat-schedule holds schedules of celery beat; it is larger than 4 MB.',
    ]);
    expect(fileSummaries(files)).toEqual([]);
  });

  it('are not looked for where nothing may be read', async () => {
    const restricted = { ...surroundings({ 'celerybeat-schedule': Buffer.alloc(99) }), restricted: 'Not trusted.' };
    expect(await readBeatFiles(restricted, never)).toEqual([]);
  });

  it('of dbm.dumb: a key that stands twice counts as it stands last', () => {
    const values = readDumb(Buffer.from("'tz', (0, 2)\n\"it's\", (2, 1)\n'tz', (3, 1)\n"), Buffer.from('abcd'));
    expect([...values].map(([key, bytes]) => [key, Buffer.from(bytes).toString()])).toEqual([
      ['tz', 'd'],
      ["it's", 'c'],
    ]);
    expect(() => readDumb(Buffer.from('no line of it\n'), Buffer.alloc(0))).toThrow('line 1');
  });
});

describe('when an entry of RedBeat is due', () => {
  const last =
    '{"last_run_at": {"__type__": "datetime", "year": 2026, "month": 12, "day": 1, "hour": 11, "minute": 30, "second": 45, "microsecond": 0, "timezone": "UTC"}}';
  const definition =
    '{"name": "a", "task": "t", "schedule": {"__type__": "crontab", "minute": "0", "hour": "6", "day_of_week": "mon", "day_of_month": "*", "month_of_year": "*"}}';
  const entryOf = (meta: string | null) => {
    const read = readDefinition(definition, meta);
    return 'entry' in read ? read.entry : null;
  };
  const at = (iso: string) => Date.parse(iso) / 1000;

  it('is worked out from its last run where beat is only to look at it', () => {
    expect(dueOf(at('2026-12-01T11:32:45Z'), entryOf(last))).toBe(Date.parse('2026-12-07T06:00:00Z'));
  });

  it('is what the set says where it has never run, or where that is later', () => {
    expect(dueOf(at('2026-12-01T11:32:45Z'), entryOf(null))).toBe(Date.parse('2026-12-01T11:32:45Z'));
    expect(dueOf(at('2026-12-14T05:59:59Z'), entryOf(last))).toBe(Date.parse('2026-12-14T06:00:00Z'));
  });
});

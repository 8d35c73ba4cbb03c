import { describe, expect, test } from 'vitest';
import { InspectorError, type Overview, type WorkerSummary } from '../../../src/model';
import { connectionNotes, connectionRow } from '../../../src/vscode/tree/model/connection';
import { contextValue } from '../../../src/vscode/tree/model/context-value';
import { allFailures } from '../../../src/vscode/tree/model/fresh';
import { installationRow, sectionRows } from '../../../src/vscode/tree/model/installation';
import { jobRows, LISTED_JOBS } from '../../../src/vscode/tree/model/jobs';
import { scheduleRows, workerRows } from '../../../src/vscode/tree/model/people';
import { queueRows, stateRows } from '../../../src/vscode/tree/model/queues';
import { tooltipLines } from '../../../src/vscode/tree/model/tooltip';
import type { JobList } from '../../../src/vscode/tree/model/world';
import { action, ago, jobRow, live, NOW, overview, queue, view, world } from './fixtures';

const at = { connection: 'a', system: 'sys', key: '' };
const refused = new InspectorError('unreachable', {
  message: 'Connection refused by localhost:6379. Nothing listens there.',
  tried: 'connecting',
  answer: 'ECONNREFUSED',
  remedy: 'Is the container running?',
});

describe('connection', () => {
  test('a local one that is connected shows where it leads, and nothing else', () => {
    const row = connectionRow(live(), world(), true);
    expect(row).toMatchObject({ label: 'shop-local', description: 'localhost:6379/0', children: 'expanded' });
    expect(row.icon).toEqual({ id: 'database' });
    expect(row.spoken).toBe('shop-local, Redis, connected');
  });

  test('production is orange and says so first; read-only too', () => {
    const access = { writable: false, reason: '', until: null };
    const row = connectionRow(live({ profile: { environment: 'production' }, access }), world(), false);
    expect(row.description).toBe('production · read-only · localhost:6379/0');
    expect(row.icon).toEqual({ id: 'database', tint: 'production' });
    expect(row.context).toBe(';connection;live;readonly;production;');
    expect(row.mark?.production).toBe(true);
  });

  test('a lost one counts down and keeps its rows with their age', () => {
    const state = { kind: 'lost', error: refused, since: NOW, retryAt: NOW + 4000, attempt: 2 } as const;
    const parts = { state, stale: true, refreshedAt: NOW - 180_000, installations: [view(overview())] };
    const row = connectionRow(live(parts), world(), true);
    expect(row.description).toContain('connection refused · trying again in 4 s · updated 3 min ago');
    expect(row.children).not.toBe('none');
    expect(connectionNotes(live(parts))).toEqual([]);
  });

  test('a refused one has a row with the error, one with the remedy and one to try again', () => {
    const notes = connectionNotes(live({ state: { kind: 'refused', error: refused } }));
    expect(notes.map(note => note.label)).toEqual([refused.message, refused.remedy, 'Try again']);
    expect(notes[2]?.click).toBe('connect');
  });

  test('one that is not connected does not expand and connects when it is clicked', () => {
    const row = connectionRow(live({ state: { kind: 'disconnected' } }), world(), true);
    expect(row).toMatchObject({ children: 'none', click: 'connect', description: 'not connected · localhost:6379/0' });
  });

  test('an empty broker says so and offers to look again', () => {
    expect(connectionNotes(live()).map(note => note.label)).toEqual(['No known queues', 'Look again']);
    const notes = connectionNotes(live({ detectionProblems: [{ system: 'sys', error: refused }] }));
    expect(notes.map(note => note.label)).toEqual([refused.message, refused.remedy, 'Look again']);
  });
});

describe('installation', () => {
  test('every version is named', () => {
    const row = installationRow(live(), view(overview({ versions: ['1.16', '2.6'] })), true);
    expect(row).toMatchObject({ label: 'Sys', description: 'versions 1.16 and 2.6', children: 'expanded' });
    expect(installationRow(live(), view(overview({ version: null, versions: [] })), true).description).toBe(
      'version not recorded',
    );
  });

  test('of pausing and resuming all of it only what would change something is offered', () => {
    const offers = ['pause', 'resume'].map(id => ({ action: action(id), available: true as const }));
    const contextOf = (over: Overview) => installationRow(live(), view(over, { offers: () => offers }), true).context;
    expect(contextOf(overview())).toBe(';installation;pause;');
    expect(contextOf(overview({ notices: [{ code: 'suspended', text: '' }] }))).toBe(';installation;resume;');
  });

  test('sections stand in their order; what the system has no notion of is left out', () => {
    const rows = sectionRows(live(), view(overview({ absent: ['schedules'] })), world());
    expect(rows.map(row => row.label)).toEqual(['Failed', 'Queues', 'Workers']);
  });

  test('a section that is not written down says by whom, and why on hover', () => {
    const over = overview({ notRecorded: { workers: 'Sys keeps no list of its workers.' } });
    const rows = sectionRows(live(), view(over), world());
    const workers = rows.find(row => row.label === 'Workers');
    expect(workers?.description).toBe('not recorded by Sys');
    expect(tooltipLines(workers!, live(), world())).toContain('Sys keeps no list of its workers.');
  });

  test('failures are red only when there are some, and new ones are told', () => {
    const none = sectionRows(live(), view(overview()), world())[0];
    expect(none).toMatchObject({ description: 'none', icon: { id: 'error' } });
    expect(none?.icon).not.toHaveProperty('tint');
    const over = overview({ counts: { failed: { exact: 14 } } });
    const some = sectionRows(live(), view(over), world({ fresh: () => 3 }))[0];
    expect(some).toMatchObject({ description: '14 · 3 new', icon: { id: 'error', tint: 'failed' } });
    expect(some?.spoken).toBe('Failed, 14 jobs, 3 new');
  });

  test('all failures are counted, also those that no queue tells of', () => {
    const some = live({ installations: [view(overview({ counts: { failed: { exact: 14 } } }))] });
    const unread = live({ installations: [view(null)] });
    expect(allFailures([some, some, unread])).toBe(28);
  });

  test('an unknown count is never a number', () => {
    const over = overview({ counts: { failed: { unknown: 'not visible without the plug-in' } } });
    expect(sectionRows(live(), view(over), world())[0]?.description).toBe('not visible without the plug-in');
  });
});

describe('queues', () => {
  test('by name with numbers in order, whatever order they were read in', () => {
    const over = overview({ queues: [queue('q10'), queue('q2'), queue('a')] });
    expect(queueRows(at, view(over), world()).map(row => row.label)).toEqual(['a', 'q2', 'q10']);
  });

  test('keys can be copied where they are more than the name, which a queue of RabbitMQ has alone', () => {
    const over = overview({ queues: [queue('default'), queue('mail', { keys: ['mail'] })] });
    const contexts = queueRows(at, view(over), world()).map(row => row.context);
    expect(contexts).toEqual([';queue;keys;', ';queue;']);
  });

  test('what waits, what runs, and how long the oldest waits when it is long', () => {
    const counts = { waiting: { exact: 1204 }, running: { exact: 2 }, failed: { exact: 14 } };
    const over = overview({ queues: [queue('default', { counts, oldestWaitingAt: ago(240) })] });
    const [row] = queueRows(at, view(over), world({ fresh: () => 3 }));
    expect(row?.description).toBe('1,204 waiting · 2 running · oldest 4 min');
    expect(row?.spoken).toBe('default queue, 1,204 waiting, 2 running, oldest 4 min, 14 failed, 3 new');
    expect(row?.mark).toEqual({ failed: 14, fresh: 3, word: 'failed', production: false });
  });

  test('one that nobody serves is a warning, a paused one is paused, an empty one says so', () => {
    const waits = { waiting: { exact: 2 }, failed: { exact: 0 } };
    const queues = [
      queue('a', { counts: waits, workers: [] }),
      queue('b', { counts: waits, workers: null }),
      queue('c', { paused: true }),
    ];
    const rows = queueRows(at, view(overview({ queues })), world());
    expect(rows.map(row => row.icon?.id)).toEqual(['warning', 'inbox', 'debug-pause']);
    expect(rows[2]?.description).toBe('empty');
  });

  test('a filter keeps what contains it, and says when nothing does', () => {
    const over = overview({ queues: [queue('payments'), queue('mail')] });
    expect(queueRows(at, view(over), world({ filter: 'PAY' })).map(row => row.label)).toEqual(['payments']);
    const [nothing] = queueRows(at, view(over), world({ filter: 'zzz' }));
    expect(nothing).toMatchObject({ label: 'no queue has "zzz" in its name', click: 'clear-filter' });
  });

  test('of ten thousand the first thousand are listed, and how many more there are', () => {
    const queues = Array.from({ length: 10_000 }, (_, n) => queue(`q${n}`));
    const rows = queueRows(at, view(overview({ queues })), world());
    expect(rows).toHaveLength(1001);
    expect(rows[1000]?.label).toBe('9,000 more queues');
  });

  test('a state has a row at 0 and one that is not recorded does not expand', () => {
    const counts = { failed: { exact: 0 }, waiting: { exact: 3 }, running: { unknown: 'Sys does not record it.' } };
    const rows = stateRows(at, view(overview({ queues: [queue('q', { counts })] })), 'q', world());
    expect(rows.map(({ label, description, children }) => [label, description, children])).toEqual([
      ['queued', '3', 'collapsed'],
      ['started', 'not recorded by Sys', 'none'],
      ['failed', '0', 'collapsed'],
    ]);
  });
});

describe('jobs', () => {
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
  const rows = (given: Partial<JobList>, at_ = world()) =>
    jobRows({ id: 'list', at, queue: null, state: 'failed' }, view(overview()), list(given), at_);

  test('short name, one time by state, arguments', () => {
    const [row] = rows({ items: [jobRow(4821)] });
    expect(row).toMatchObject({ label: 'charge_card', description: "3 min ago · (4821, 'EUR')", click: 'open-job' });
    expect(row?.spoken).toBe("charge_card, failed 3 minutes ago, StripeTimeout, (4821, 'EUR')");
  });

  test('the clocks of broker and reader may differ; what is scheduled says when it is due', () => {
    const [early] = rows({ items: [jobRow(1, { endedAt: ago(-20) })] });
    expect(early?.description).toBe("just now · (1, 'EUR')");
    const due = jobRow(2, { state: 'scheduled', nativeState: 'scheduled', dueAt: ago(-42) });
    const [scheduled] = jobRows(
      { id: 'list', at, queue: 'q', state: 'scheduled' },
      view(overview()),
      list({ items: [due] }),
      world(),
    );
    expect(scheduled?.description).toBe("in 42 s · (2, 'EUR')");
    expect(scheduled?.spoken).toContain('scheduled in 42 s');
  });

  test('masked arguments are nowhere: not in the row, not spoken, not in the tooltip', () => {
    const [row] = rows({ items: [jobRow(4821)] }, world({ masked: true }));
    const tooltip = tooltipLines(row!, live({ installations: [view(overview())] }), world({ masked: true }));
    for (const text of [row?.description, row?.spoken, ...tooltip]) expect(text).not.toContain('EUR');
  });

  test('none: it says of what', () => {
    expect(rows({}).map(row => row.label)).toEqual(['no jobs have failed']);
  });

  test('a broken one shows its id and what is wrong', () => {
    const problems = [{ part: 'data', reason: 'the pickle is cut short', offset: 12 }];
    const [row] = rows({ items: [jobRow(1, { task: null, args: null, problems })] });
    expect(row).toMatchObject({ label: 'id-1', description: '3 min ago · the pickle is cut short' });
  });

  test('more are offered a hundred at a time, up to a thousand; then Find Job…', () => {
    const items = Array.from({ length: 200 }, (_, n) => jobRow(n));
    const more = rows({ items, next: 'x', total: 12_480, totalText: '12,480' }).at(-1);
    expect(more).toMatchObject({ label: 'Show 100 more', description: '200 of 12,480', click: 'show-more' });
    const all = Array.from({ length: LISTED_JOBS }, (_, n) => jobRow(n));
    const last = rows({ items: all, next: 'x', total: 12_480, totalText: '12,480' }).at(-1);
    expect(last).toMatchObject({ label: 'Find Job…', click: 'find-job' });
    expect(last?.description).toBe('only the first 1,000 are listed here · 12,480 are on the broker');
  });

  test('the same ref twice makes two rows with ids of their own', () => {
    const made = rows({ items: [jobRow(1), jobRow(1)] });
    expect(new Set(made.map(row => row.id)).size).toBe(2);
  });

  test('a failure stands above what was read before', () => {
    const failure = { message: 'Timed out after 10 s.', answer: 'timeout' };
    expect(rows({ items: [jobRow(1)], failure }).map(row => row.label)).toEqual([
      'Timed out after 10 s.',
      'charge_card',
    ]);
  });
});

describe('workers and schedules', () => {
  test('a dead worker is a warning with its reason', () => {
    const worker = {
      name: 'worker-3',
      state: 'busy',
      queues: ['default'],
      pid: 1,
      host: 'h',
      version: null,
      runtime: null,
      startedAt: null,
      lastHeartbeat: ago(240),
      currentJob: null,
      currentJobRef: null,
      currentTask: null,
      alive: false,
      aliveReason: 'no heartbeat for 4 min',
      succeeded: null,
      failed: null,
      workingSeconds: null,
    };
    const [row] = workerRows(at, view(overview({ workers: [worker] })));
    expect(row).toMatchObject({ description: 'no heartbeat for 4 min', icon: { id: 'warning', tint: 'warning' } });
    const [busy] = workerRows(at, view(overview({ workers: [{ ...worker, alive: true, currentTask: 'a.b.charge' }] })));
    expect(busy).toMatchObject({ description: 'busy · charge', spoken: 'worker-3, busy, charge' });
  });

  test('an overdue schedule says so first', () => {
    const schedule = {
      id: 's',
      task: 'shop.clean_carts',
      trigger: 'every hour',
      nextRun: ago(4 * 3600),
      paused: null,
      queue: null,
      owner: 'x',
      args: null,
      jobRef: null,
    };
    const [row] = scheduleRows(at, view(overview({ schedules: [schedule] })), world());
    expect(row).toMatchObject({
      label: 'clean_carts',
      description: '4 h overdue · every hour',
      icon: { id: 'warning' },
    });
    const [paused] = scheduleRows(at, view(overview({ schedules: [{ ...schedule, paused: true }] })), world());
    expect(paused).toMatchObject({ description: 'every hour · paused', icon: { id: 'debug-pause' } });
  });
});

describe('context values', () => {
  test('offered actions are flags, also those that cannot be run now; others lead to More actions…', () => {
    const value = contextValue(
      'job',
      ['busy', false],
      [
        { action: action('retry'), available: true },
        { action: action('delete'), available: false, why: 'needs EVAL' },
        { action: action('sys.special'), available: true },
      ],
    );
    expect(value).toBe(';job;busy;retry;delete;more-actions;');
  });

  test('of pause and resume only the one that can be run', () => {
    const offers = [
      { action: action('pause'), available: false as const, why: 'it is paused' },
      { action: action('resume'), available: true as const },
    ];
    expect(contextValue('queue', [], offers)).toBe(';queue;resume;');
  });
});

describe('workers that have to be asked', () => {
  const worker = (name: string, given: Partial<WorkerSummary> = {}): WorkerSummary => ({
    ...{ name, state: 'idle', queues: [], pid: 7, host: 'shop', version: '5.7.0', runtime: null, startedAt: null },
    ...{ lastHeartbeat: null, currentJob: null, currentJobRef: null, currentTask: null, alive: true },
    ...{ aliveReason: null, succeeded: null, failed: null, workingSeconds: null, ...given },
  });
  const asking = (over: Partial<Overview>) => {
    const made = view(overview(over));
    return { ...made, installation: { ...made.installation, ask: async function* () {} } };
  };
  const described = (over: Partial<Overview>) =>
    sectionRows(live(), asking(over), world()).find(({ label }) => label === 'Workers');
  const asked = { at: ago(5), answers: 3, of: 4, running: false };

  test('the tooltip of a living worker says once when it was heard of', () => {
    const heard = { alive: true, aliveReason: 'heard 2 s ago', lastHeartbeat: ago(2) };
    const gone = { alive: false, aliveReason: 'It has signed off.', lastHeartbeat: ago(240) };
    const second = (given: Partial<WorkerSummary>) => {
      const shown = view(overview({ workers: [worker('worker-3', given)] }));
      const [row] = workerRows(at, shown);
      return tooltipLines(row!, live({ installations: [shown] }), world())[1];
    };
    expect(second(heard)).toBe('idle · heard 2 s ago');
    expect(second(gone)).toBe('idle · last heartbeat 4 min ago · It has signed off.');
  });

  test('can be asked where nothing is known of them yet, and the row says so', () => {
    const reason = 'Celery writes no list of workers to the broker: they have to be asked.';
    const row = described({ workers: [], notRecorded: { workers: reason } });
    expect(row).toMatchObject({ description: 'not asked yet', context: ';workers;asks;', detail: reason });
    expect(workerRows(at, asking({ workers: [] })).map(({ label }) => label)).toEqual([
      'no worker has been asked or heard',
    ]);
  });

  test('the answers are counted while they come and afterwards; heartbeats say more once they are newer', () => {
    const workers = ['w1', 'w2', 'w3'].map(name => worker(name));
    expect(described({ workers, asked: { ...asked, of: null, running: true } })?.description).toBe(
      'asking, 3 answered',
    );
    expect(described({ workers, asked })?.description).toBe('3 of 4 answered');
    expect(described({ workers: [], asked: { ...asked, answers: 0, of: 0 } })?.description).toBe('none answered');
    const heard = workers.map(each => ({ ...each, lastHeartbeat: ago(2) }));
    expect(described({ workers: heard, asked: { ...asked, at: ago(120) } })?.description).toBe('3, heard just now');
    const [first, ...rest] = heard;
    if (first === undefined) throw new Error('no worker');
    const some = [{ ...first, alive: false }, ...rest];
    expect(described({ workers: some, asked: { ...asked, at: ago(120) } })?.description).toBe('2 of 3 alive');
  });

  test('one that is silent says why, and its tooltip what it told before', () => {
    const silent = worker('w1@shop', {
      ...{ alive: null, aliveReason: 'did not answer within 2 s' },
      details: [
        { name: 'Pool', value: 'solo', format: 'text' },
        { name: 'Memory', value: '54370304', format: 'size' },
      ],
    });
    const shown = asking({ workers: [silent] });
    const [row] = workerRows(at, shown);
    expect(row?.description).toBe('idle · did not answer within 2 s');
    if (row === undefined) throw new Error('no row');
    const lines = tooltipLines(row, live({ installations: [shown] }), world());
    expect(lines.at(-1)).toMatch(/^Pool solo · Memory 5\d(\.\d)? MB$/);
    expect(lines.length).toBeLessThanOrEqual(8);
  });

  test('a connection says that its events are followed, and offers it where something tells any', () => {
    const shown = asking({});
    const telling = { ...shown, installation: { ...shown.installation, listen: async function* () {} } };
    const quiet = live({ installations: [telling] });
    expect(connectionRow(quiet, world(), true).context).toContain(';follows;');
    const state = { on: true, since: NOW, perSecond: 12, total: 40, kinds: {}, stopped: null };
    const row = connectionRow({ ...quiet, events: { ...quiet.events, state } }, world(), true);
    expect(row.context).toContain(';following;');
    expect(row.description).toContain('following events');
  });
});

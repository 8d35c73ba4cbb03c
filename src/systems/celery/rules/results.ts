import type { Command } from '../../../brokers/redis/port';
import { type JobRow, knownAmount, type State } from '../../../model';
import { NotCheckable } from '../../acting/rules';
import { count } from '../../acting/words';
import { numberOf } from '../../reading/replies';
import { RedisResultStore } from '../results';
import { asked, finding, type Rule, type RuleContext, settingOf, tasks } from './context';

/** Results of a state that are looked at, the newest. */
const SAMPLE = 100;
/** Results from which their number is remarkable. */
const MANY = 250_000;
const RESULT_STATES = ['finished', 'failed', 'canceled'] as const;

/** @throws NotCheckable where results are not in a Redis that can be reached */
function storeOf({ celery }: RuleContext): RedisResultStore {
  const { store, companion } = celery.results;
  if (store instanceof RedisResultStore) return store;
  throw new NotCheckable(companion.reason?.replace(/\.$/, '') ?? 'nobody has said where the results are');
}

const pages = new WeakMap<RuleContext, Map<State, Promise<readonly JobRow[]>>>();

/** The newest results of a state, read once for all rules. */
function newest(context: RuleContext, state: State): Promise<readonly JobRow[]> {
  const known = pages.get(context) ?? new Map<State, Promise<readonly JobRow[]>>();
  pages.set(context, known);
  let page = known.get(state);
  if (page === undefined) {
    const query = { queue: null, state, cursor: null, size: SAMPLE };
    page = storeOf(context)
      .page(query, context.signal)
      .then(({ items }) => items);
    known.set(state, page);
  }
  return page;
}

/** A setting as Python prints it. */
const pythonWord = (value: unknown): string =>
  value === null ? 'None' : typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value);

/** Results that stay for ever. */
export const resultsWithoutExpiry: Rule = {
  id: 'celery.results-never-expire',
  async check(context) {
    const store = storeOf(context);
    const rows = (await Promise.all(RESULT_STATES.map(state => newest(context, state)))).flat();
    const ids = rows.flatMap(({ id }) => id ?? []);
    if (ids.length === 0) return [];
    const replies = await store.broker.read(
      ids.map((id): Command => ['PTTL', store.key(id)]),
      context.signal,
    );
    const forEver = ids.filter((_id, i) => numberOf(replies[i]) === -1);
    if (forEver.length === 0) return [];
    const setting = settingOf(context.fleet, 'result_expires');
    return [
      finding(context, resultsWithoutExpiry.id, {
        subject: 'results',
        title: `${forEver.length.toLocaleString('en-US')} of ${count(ids.length, 'result')} looked at never ${forEver.length === 1 ? 'expires' : 'expire'}`,
        label: 'Results never expire',
        severity: 'warning',
        evidence: [
          { what: `key ${store.key(forEver[0] ?? '').toString()}`, value: 'no expiry', source: 'PTTL' },
          {
            what: 'results in all',
            value: store.size.toLocaleString('en-US'),
            source: `SCAN on ${store.broker.address}`,
          },
          ...(setting === undefined
            ? []
            : [
                {
                  what: 'result_expires',
                  value: pythonWord(setting.value),
                  source: `${asked('conf')}, ${setting.worker}`,
                },
              ]),
        ],
        consequence:
          'Every task leaves a key that stays. The memory of this Redis grows until it refuses to store anything more.',
        remedies: [
          {
            text: 'Let results expire; those of tasks from then on do.',
            action: null,
            code: { language: 'python', text: 'app.conf.result_expires = 86400  # seconds' },
          },
          {
            text: 'Store no results of tasks whose results nobody reads.',
            action: null,
            code: { language: 'python', text: '@app.task(ignore_result=True)' },
          },
          {
            text: 'Delete those that are there.',
            action: { id: 'delete', target: { kind: 'selector', queue: null, state: 'finished' } },
          },
        ],
        notProblemWhen: 'They are kept on purpose, and something else deletes them.',
      }),
    ];
  },
};

/** Very many results. */
export const manyResults: Rule = {
  id: 'celery.many-results',
  async check(context) {
    const store = storeOf(context);
    if (store.size < MANY) return [];
    const ids = (await newest(context, 'finished')).flatMap(({ id }) => id ?? []).slice(0, 30);
    const sizes = await store.broker.read(
      ids.map((id): Command => ['MEMORY', 'USAGE', store.key(id)]),
      context.signal,
    );
    const known = sizes.map(numberOf).filter(size => size !== null);
    const average = known.reduce((sum, size) => sum + size, 0) / Math.max(1, known.length);
    const finished = knownAmount(context.seen.overview.counts.finished);
    return [
      finding(context, manyResults.id, {
        subject: 'results',
        title: `${store.completedAt === null ? 'At least ' : ''}${count(store.size, 'result')} are stored`,
        label: `${count(store.size, 'result')} stored`,
        severity: 'info',
        evidence: [
          { what: 'results', value: store.size.toLocaleString('en-US'), source: `SCAN on ${store.broker.address}` },
          { what: 'of these finished', value: finished.toLocaleString('en-US'), source: 'their status' },
          ...(known.length === 0
            ? []
            : [
                {
                  what: 'memory, about',
                  value: `${Math.round((average * store.size) / 1024 / 1024)} MB`,
                  source: 'MEMORY USAGE of 30 of them',
                },
              ]),
        ],
        consequence:
          'They take memory until they expire, and everything that looks through the keys of this Redis takes longer.',
        remedies: [
          {
            text: 'Store no results of tasks whose results nobody reads, or let them expire sooner.',
            action: null,
            code: { language: 'python', text: 'app.conf.task_ignore_result = True\napp.conf.result_expires = 3600' },
          },
        ],
        notProblemWhen: 'Something reads them all.',
      }),
    ];
  },
};

/** Failures that Celery stores itself, without a request (celery/backends/base.py, chord_error_from_stack; 4.4 to 5.7). */
const NAMELESS = /(?:^|\.)(?:ChordError|NotRegistered|WorkerLostError)$/;

/** Failed tasks whose name and arguments were not recorded. */
export const argumentsNotKept: Rule = {
  id: 'celery.result-extended-off',
  async check(context) {
    const { fleet } = context;
    storeOf(context);
    const failed = await newest(context, 'failed');
    const told = [...fleet.configurations].find(([, conf]) => typeof conf['result_backend'] === 'string');
    // Of a chord that never began and of a task that no worker knows, Celery stores no name whatever is set.
    const bare = failed.filter(({ task, error }) => task === null && !NAMELESS.test(error?.type ?? ''));
    if (told?.[1]['result_extended'] === true) return [];
    const off = told !== undefined;
    if (bare.length === 0 && !off) return [];
    if (bare.length === 0 && failed.length > 0) return [];
    const total = knownAmount(context.seen.overview.counts.failed);
    const setting = told?.[1]['result_extended'];
    return [
      finding(context, argumentsNotKept.id, {
        subject: 'result_extended',
        title:
          bare.length === 0
            ? 'Results are stored without the names and arguments of their tasks'
            : `${tasks(bare.length)} of the ${failed.length === 1 ? 'one' : failed.length} that failed last ${bare.length === 1 ? 'has' : 'have'} neither name nor arguments`,
        label: 'Failed tasks lose their arguments',
        severity: bare.length === 0 ? 'info' : 'warning',
        evidence: [
          ...(bare.length === 0
            ? []
            : [
                { what: 'failed', value: tasks(Math.max(total, failed.length)), source: 'celery-task-meta-*' },
                { what: 'without name', value: bare[0]?.id ?? '', source: 'GET celery-task-meta-…' },
              ]),
          ...(told === undefined
            ? []
            : [
                {
                  what: 'result_extended',
                  value: setting === undefined ? 'not set (False)' : pythonWord(setting),
                  source: `${asked('conf')}, ${told[0]}`,
                },
              ]),
        ],
        consequence:
          'What such a task was called with stands nowhere once it has been taken: it cannot be retried from here, and its failure only shows its error.',
        remedies: [
          {
            text: 'Store them with the results, and restart the workers.',
            action: null,
            code: { language: 'python', text: 'app.conf.result_extended = True' },
          },
          {
            text: 'Or switch task events on and follow them here: arguments are then remembered while this window is open.',
            action: { id: 'celery.enable-events', target: { kind: 'installation' } },
          },
        ],
        notProblemWhen: 'Arguments must not be stored, since they hold secrets.',
      }),
    ];
  },
};

import type { WorkerSummary } from '../../../model';
import { count, names } from '../../acting/words';
import { numberOf } from '../../reading/replies';
import { compareVersions } from '../../reading/versions';
import { FAILED_LIST } from '../keys';
import { finding, jobs, type Rule } from './rule';
import { alive } from './serving';

/** `2.12.0: 3 workers (a, b, c)` for each value, in order. */
function grouped(workers: readonly WorkerSummary[], of: (worker: WorkerSummary) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const worker of workers) groups.set(of(worker), [...(groups.get(of(worker)) ?? []), worker.name]);
  return new Map([...groups].sort(([a], [b]) => compareVersions(a, b)));
}

const NOT_RECORDED = 'not recorded (before 1.2)';
const majorOf = (version: string): string => (version === NOT_RECORDED ? '0 or 1' : (version.split('.')[0] ?? version));

/** Workers of several versions of RQ on one Redis. */
export const mixedVersions: Rule = {
  id: 'rq.mixed-versions',
  check(context) {
    const groups = grouped(alive(context), worker => worker.version ?? NOT_RECORDED);
    if (groups.size < 2) return [];
    const versions = [...groups.keys()];
    const majors = new Set(versions.map(majorOf));
    return [
      finding(context, mixedVersions.id, {
        subject: 'versions',
        title: `Workers of ${count(groups.size, 'RQ version')} share this Redis: ${names(versions, 5)}`,
        label: `${groups.size} RQ versions share this Redis`,
        severity: majors.size > 1 ? 'warning' : 'info',
        evidence: [...groups].map(([version, workers]) => ({
          what: `RQ ${version}`,
          value: `${count(workers.length, 'worker')}: ${names(workers)}`,
          source: 'HGET rq:worker:… version',
        })),
        consequence:
          'They read and write the same keys in different forms: running jobs, failed jobs and results of one may be invisible to the other, and its cleaning may take the other’s jobs for abandoned.',
        remedies: [
          { text: `Bring all workers, and what enqueues, to one version, best to ${versions.at(-1)}.`, action: null },
        ],
        notProblemWhen: 'An upgrade is under way and ends soon.',
      }),
    ];
  },
};

/** Workers of several Pythons: pickles of the newer may be unreadable to the older. */
export const mixedPythons: Rule = {
  id: 'rq.mixed-pythons',
  check(context) {
    const known = alive(context).filter(worker => worker.runtime !== null);
    const groups = grouped(known, worker => minorOf(worker.runtime ?? ''));
    if (groups.size < 2) return [];
    const pythons = [...groups.keys()];
    // Pickle protocol 5 came with 3.8: an older Python cannot read what a newer one enqueues.
    const breaks = compareVersions(pythons[0]!, '3.8') < 0 && compareVersions(pythons.at(-1)!, '3.8') >= 0;
    return [
      finding(context, mixedPythons.id, {
        subject: 'pythons',
        title: `Workers run Python ${names(pythons, 5)}`,
        label: `${groups.size} Python versions among the workers`,
        severity: breaks ? 'trouble' : 'warning',
        evidence: [...groups].map(([python, workers]) => ({
          what: `Python ${python}`,
          value: `${count(workers.length, 'worker')}: ${names(workers)}`,
          source: 'HGET rq:worker:… python_version',
        })),
        consequence: breaks
          ? 'Jobs enqueued by Python 3.8 or later are pickled with protocol 5, which older Pythons cannot read: they fail there.'
          : 'The same job may run on either, with other libraries and other behavior; pickled objects may not fit both.',
        remedies: [{ text: `Give all workers of a queue one Python, best ${pythons.at(-1)}.`, action: null }],
        notProblemWhen: 'Each Python serves queues of its own.',
      }),
    ];
  },
};

const minorOf = (runtime: string): string => /(\d+\.\d+)/.exec(runtime)?.[1] ?? runtime;

/** Failed jobs of RQ 0.13 and older, which no newer RQ looks at. */
export const legacyFailedList: Rule = {
  id: 'rq.legacy-failed-list',
  async check(context) {
    if (context.reading.memory.failedListIsLegacy !== true) return [];
    const newer = alive(context).filter(worker => worker.version !== null);
    if (newer.length === 0) return [];
    const [reply] = await context.reading.broker.read([['LLEN', FAILED_LIST]], context.signal);
    const length = numberOf(reply) ?? 0;
    if (length === 0) return [];
    const version = newer
      .map(worker => worker.version!)
      .sort(compareVersions)
      .at(-1)!;
    return [
      finding(context, legacyFailedList.id, {
        subject: 'failed-list',
        title: `${jobs(length)} stand in the failed list of RQ 0.13, which RQ ${version} does not look at`,
        label: `${jobs(length)} in the old failed list`,
        severity: 'warning',
        evidence: [
          { what: `list ${FAILED_LIST}`, value: jobs(length), source: `LLEN ${FAILED_LIST}` },
          { what: 'workers', value: `RQ ${version}`, source: 'HGET rq:worker:… version' },
        ],
        consequence: 'They stay where they are until they expire, and newer tools do not list them.',
        remedies: [
          {
            text: 'Retry those that still matter: each goes back to the queue it came from.',
            action: { id: 'retry', target: { kind: 'selector', queue: null, state: 'failed' } },
          },
        ],
        notProblemWhen: 'Workers of RQ 0.13 or older still serve this Redis.',
      }),
    ];
  },
};

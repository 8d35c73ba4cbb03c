import type { Finding } from '../../../model';
import { count, names } from '../../acting/words';
import { alive, asked, finding, needAsked, type Rule } from './context';

/** Two workers under one node name. */
export const twins: Rule = {
  id: 'celery.twins',
  check(context) {
    needAsked(context);
    return [...context.fleet.twins].slice(0, 25).map(([name, { answers, pids }]): Finding => {
      const distinct = [...new Set(pids)];
      return finding(context, twins.id, {
        subject: name,
        title: `${count(answers, 'worker')} answer under the node name ${name}`,
        label: `${answers} workers are called ${name}`,
        severity: 'trouble',
        // Two containers may well have the same process id inside.
        sure: true,
        evidence: [
          { what: 'answers to one question', value: String(answers), source: asked('ping') },
          ...(distinct.length === 0
            ? []
            : [{ what: 'process ids', value: distinct.join(', '), source: asked('stats') }]),
        ],
        consequence:
          'Commands for this name reach all of them, and monitors show one where several run. Their revoked ids, heartbeats and counts overwrite each other.',
        remedies: [
          {
            text: 'Give each worker a name of its own.',
            action: null,
            code: { language: 'shellscript', text: 'celery -A your_app worker --hostname worker1@%h' },
          },
          {
            text: 'If one is left over from an earlier start, stop it: every one of that name is told.',
            action: { id: 'stop-worker', target: { kind: 'worker', name } },
          },
        ],
        notProblemWhen: 'A deployment replaces one by the other at this moment.',
      });
    });
  },
};

const majorOf = (version: string): string => version.split('.', 1)[0] ?? version;

/** Workers of several versions of Celery on one broker. */
export const mixedVersions: Rule = {
  id: 'celery.mixed-versions',
  check(context) {
    const known = alive(context).filter(worker => worker.version !== null);
    if (known.length === 0) needAsked(context);
    const groups = new Map<string, string[]>();
    for (const { version, name } of known) groups.set(version!, [...(groups.get(version!) ?? []), name]);
    if (groups.size < 2) return [];
    const versions = [...groups.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
    const majors = new Set(versions.map(majorOf));
    return [
      finding(context, mixedVersions.id, {
        subject: 'versions',
        title: `Workers of ${count(groups.size, 'Celery version')} share this broker: ${names(versions, 5)}`,
        label: `${groups.size} Celery versions share this broker`,
        severity: majors.size > 1 ? 'warning' : 'info',
        evidence: versions.map(version => ({
          what: `Celery ${version}`,
          value: `${count(groups.get(version)?.length ?? 0, 'worker')}: ${names(groups.get(version) ?? [])}`,
          source: asked('report'),
        })),
        consequence:
          'They write messages and results in different forms: tagged dates and UUIDs in JSON since kombu 5.3, headers that older ones ignore. A task may behave differently depending on who takes it.',
        remedies: [{ text: `Bring workers and producers to one version, best ${versions.at(-1)}.`, action: null }],
        notProblemWhen: 'An upgrade is under way and ends soon.',
      }),
    ];
  },
};

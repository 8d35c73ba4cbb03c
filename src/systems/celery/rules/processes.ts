import type { Finding, ProcessFacts, WorkerSummary } from '../../../model';
import { NotCheckable } from '../../acting/rules';
import { count, names, span } from '../../acting/words';
import { asked, finding, type Rule, type RuleContext } from './context';

/** Workers of this machine whose processes are looked up. */
const WORKERS = 50;
/** Seconds by which a process may be older than its worker: importing an application takes a while. */
const IMPORTS = 120;

interface Local {
  readonly worker: WorkerSummary;
  readonly process: ProcessFacts;
}

const looked = new WeakMap<RuleContext, Promise<readonly Local[]>>();

/** Workers whose host is this machine, with their processes; looked up once for all rules. */
function localWorkers(context: RuleContext): Promise<readonly Local[]> {
  let found = looked.get(context);
  if (found === undefined) {
    found = lookUp(context);
    looked.set(context, found);
  }
  return found;
}

async function lookUp({ seen, signal, fleet }: RuleContext): Promise<readonly Local[]> {
  const { surroundings, overview } = seen;
  const look = surroundings.process;
  if (look === undefined) throw new NotCheckable('the process table of this machine cannot be read');
  const here = overview.workers.filter(
    ({ host, pid }) => host !== null && pid !== null && isHere(host, surroundings.hostNames ?? []),
  );
  if (here.length === 0) {
    if (fleet.askedAt === null) throw new NotCheckable('workers were not asked, so their process ids are not known');
    return [];
  }
  const found: Local[] = [];
  for (const worker of here.slice(0, WORKERS)) {
    const facts = await look.call(surroundings, worker.pid ?? 0, signal);
    if (facts === null) throw new NotCheckable('the process table of this machine cannot be read');
    // In a container with the name of this machine, the number may be that of anything.
    const foreign = facts.state === 'alive' && !/celery|python|pypy/i.test(facts.command ?? '');
    if (!foreign) found.push({ worker, process: facts });
  }
  return found;
}

function isHere(host: string, names: readonly string[]): boolean {
  const short = (name: string) => name.toLowerCase().split('.', 1)[0] ?? '';
  return names.some(name => name.toLowerCase() === host.toLowerCase() || short(name) === short(host));
}

/** A worker's process that is gone, defunct, orphaned, or has defunct children. */
export const processTrouble: Rule = {
  id: 'celery.process',
  async check(context) {
    const findings: Finding[] = [];
    for (const { worker, process } of await localWorkers(context)) {
      const { state, orphaned, children } = process;
      const defunct = children.filter(child => child.defunct);
      const base = [
        { what: 'process id', value: String(process.pid), source: asked('stats') },
        { what: 'in the process table', value: wordsOf(process), source: 'process table of this machine' },
      ];
      if (state === 'gone' && worker.alive !== true) findings.push(gone(context, worker, base));
      if (state === 'defunct') findings.push(isDefunct(context, worker, base));
      if (orphaned) findings.push(orphan(context, worker, base));
      if (defunct.length > 0) {
        findings.push(
          finding(context, processTrouble.id, {
            subject: `${worker.name}: defunct children`,
            title: `${worker.name} has ${count(defunct.length, 'child process', 'child processes')} that ${defunct.length === 1 ? 'has' : 'have'} ended and stayed as <defunct>`,
            label: `${count(defunct.length, 'defunct child', 'defunct children')} of ${worker.name}`,
            severity: 'warning',
            evidence: [
              ...base,
              {
                what: 'defunct',
                value: names(
                  defunct.map(({ pid, command }) => `${pid} ${command.slice(0, 40)}`),
                  5,
                ),
                source: 'process table of this machine',
              },
            ],
            consequence:
              'Each takes a place in the process table until the worker itself ends. With restarts by SIGHUP there is one more each time.',
            remedies: [
              {
                text: 'Stop the worker and start it anew, instead of sending SIGHUP.',
                action: { id: 'stop-worker', target: { kind: 'worker', name: worker.name } },
              },
              { text: 'Start Celery directly, or by exec, below an init such as tini.', action: null },
            ],
            notProblemWhen: 'They go away within seconds.',
          }),
        );
      }
    }
    return findings;
  },
};

const wordsOf = ({ state, parent, command, startedAt }: ProcessFacts): string =>
  state === 'gone'
    ? 'not there'
    : `${state === 'defunct' ? '<defunct>' : (command ?? '').slice(0, 120)}, parent ${parent}${startedAt === null ? '' : `, since ${startedAt}`}`;

type Rows = { readonly what: string; readonly value: string; readonly source: string }[];

const gone = (context: RuleContext, worker: WorkerSummary, evidence: Rows): Finding =>
  finding(context, processTrouble.id, {
    subject: `${worker.name}: gone`,
    title: `The process ${worker.pid} of ${worker.name} is gone`,
    label: `Process of ${worker.name} is gone`,
    severity: 'trouble',
    sure: worker.alive === false,
    since: worker.lastHeartbeat,
    evidence,
    consequence: 'It was killed or has crashed. What it held comes back only after the visibility timeout on Redis.',
    remedies: [
      { text: 'Look in its log and in that of the kernel for why it ended, then start it again.', action: null },
    ],
    notProblemWhen: 'The worker runs in a container that has the name of this machine.',
  });

const isDefunct = (context: RuleContext, worker: WorkerSummary, evidence: Rows): Finding =>
  finding(context, processTrouble.id, {
    subject: `${worker.name}: defunct`,
    title: `The process ${worker.pid} of ${worker.name} has ended and stayed as <defunct>`,
    label: `${worker.name} is defunct`,
    severity: 'trouble',
    evidence,
    consequence: 'It runs nothing. The process that started it does not take notice, so that nothing starts it again.',
    remedies: [
      { text: 'Restart what has started it, and put an init such as tini before it in a container.', action: null },
    ],
    notProblemWhen: 'It goes away within seconds.',
  });

const orphan = (context: RuleContext, worker: WorkerSummary, evidence: Rows): Finding =>
  finding(context, processTrouble.id, {
    subject: `${worker.name}: orphaned`,
    title: `${worker.name} is an orphan: what started it has ended`,
    label: `${worker.name} is an orphan`,
    severity: 'warning',
    evidence,
    consequence:
      'Nobody manages it: its supervisor takes it for stopped, may start a second one beside it, and does not stop this one.',
    remedies: [
      {
        text: 'Stop it, then start it by its supervisor.',
        action: { id: 'stop-worker', target: { kind: 'worker', name: worker.name } },
      },
      {
        text: 'Let the wrapper that starts it become Celery.',
        action: null,
        code: { language: 'shellscript', text: 'exec celery -A your_app worker' },
      },
    ],
    notProblemWhen: 'It was started in the background by hand.',
  });

/** A worker that replaced itself under its old process id: a restart by SIGHUP. */
export const restartedInPlace: Rule = {
  id: 'celery.restarted-in-place',
  async check(context) {
    return (await localWorkers(context)).flatMap(({ worker, process }): Finding[] => {
      const [process0, worker0] = [Date.parse(process.startedAt ?? ''), Date.parse(worker.startedAt ?? '')];
      if (process.state !== 'alive' || !(worker0 - process0 > IMPORTS * 1000)) return [];
      return [
        finding(context, restartedInPlace.id, {
          subject: worker.name,
          title: `${worker.name} was restarted in place: its process is ${span(worker0 - process0)} older than the worker`,
          label: `${worker.name} was restarted by SIGHUP`,
          severity: 'info',
          sure: false,
          evidence: [
            { what: 'worker started', value: worker.startedAt ?? '', source: asked('stats') },
            {
              what: `process ${process.pid} started`,
              value: process.startedAt ?? '',
              source: 'process table of this machine',
            },
          ],
          consequence:
            'A worker that gets SIGHUP replaces itself under the same process id. It inherits children that it knows nothing of, which stay as <defunct>.',
          remedies: [{ text: 'Restart by SIGTERM and a new start.', action: null }],
          notProblemWhen: 'The process took that long to begin, or the clocks of host and worker differ.',
        }),
      ];
    });
  },
};

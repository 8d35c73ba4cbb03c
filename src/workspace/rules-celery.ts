import type { ContainerStart, Finding, HangUp, Launches, SupervisedProgram } from '../model';

/** Rules about how files of the folder start and restart Celery. */
export const CELERY_RULES: readonly {
  readonly rule: string;
  readonly check: (launches: Launches) => readonly Omit<Finding, 'rule'>[];
}[] = [
  {
    rule: 'workspace.celery-wrapper-without-exec',
    check: ({ supervised }) => supervised.flatMap(program => wrapperWithoutExec(program) ?? []),
  },
  {
    rule: 'workspace.celery-not-stopped-as-group',
    check: ({ supervised }) => supervised.flatMap(program => notStoppedAsGroup(program) ?? []),
  },
  {
    rule: 'workspace.celery-no-init',
    check: ({ containers }) => containers.flatMap(start => noInit(start) ?? []),
  },
  { rule: 'workspace.celery-hang-up', check: ({ hangUps }) => hangUps.map(hangUp) },
];

/** supervisord knows the process that it started; Celery is that one's child, and outlives it. */
function wrapperWithoutExec(program: SupervisedProgram): Omit<Finding, 'rule'> | null {
  const { name, wrapper, file, line, command, runs, stopAsGroup } = program;
  if (wrapper === null) return null;
  const script = wrapper.file !== file || wrapper.line !== line;
  const runner = !/sh$/.test(wrapper.name);
  return {
    subject: `${file}: ${name}`,
    title: `supervisord starts the ${runs} ${name} through ${wrapper.name}, which stays between them`,
    label: `${wrapper.name} stands before ${name}`,
    severity: stopAsGroup ? 'warning' : 'trouble',
    sure: wrapper.sure,
    where: file,
    since: null,
    evidence: [
      { what: `command of ${name}`, value: command, source: `${file}:${line}` },
      ...(script ? [{ what: 'starts Celery', value: wrapper.text, source: `${wrapper.file}:${wrapper.line}` }] : []),
      { what: 'stopasgroup', value: stopAsGroup ? 'true' : 'not set', source: file },
    ],
    consequence: `A signal of supervisord, and a restart, reaches ${wrapper.name} and not Celery. When ${wrapper.name} ends, Celery lives on as an orphan that nobody manages, and the next start puts a second ${runs} beside it.`,
    remedies: [
      runner
        ? {
            text: `Let supervisord start Celery itself instead of ${wrapper.name}.`,
            action: null,
            code: { language: 'ini', text: `command=${celeryOf(wrapper.text, runs)}` },
            file: { path: file, line },
          }
        : {
            text: `Put exec before the call, so that the shell becomes Celery.`,
            action: null,
            code: { language: 'shellscript', text: `exec ${celeryOf(wrapper.text, runs)}` },
            file: { path: wrapper.file, line: wrapper.line },
          },
      ...(stopAsGroup ? [] : [asGroup(program)]),
    ],
    notProblemWhen: 'The wrapper passes on every signal and waits until Celery has ended.',
  };
}

const celeryOf = (text: string, runs: string): string =>
  /(?:[\w./-]*\/)?celery\b[^"';&|]*/.exec(text)?.[0].trim() ?? `celery -A your_app ${runs}`;

const asGroup = ({ file, line }: SupervisedProgram) => ({
  text: 'Let supervisord stop and kill the whole process group.',
  action: null,
  code: { language: 'ini', text: 'stopasgroup=true\nkillasgroup=true' },
  file: { path: file, line },
});

/** A pool of processes that is killed at its head alone. */
function notStoppedAsGroup(program: SupervisedProgram): Omit<Finding, 'rule'> | null {
  const { name, file, line, stopAsGroup, killAsGroup, runs, command } = program;
  if (killAsGroup || runs !== 'worker') return null;
  return {
    subject: `${file}: ${name}`,
    title: `supervisord kills the worker ${name} without its pool processes`,
    label: `${name} is not killed as a group`,
    severity: 'warning',
    sure: true,
    where: file,
    since: null,
    evidence: [
      { what: `command of ${name}`, value: command, source: `${file}:${line}` },
      { what: 'stopasgroup', value: stopAsGroup ? 'true' : 'not set', source: file },
      { what: 'killasgroup', value: 'not set', source: file },
    ],
    consequence:
      'When the worker does not end within stopwaitsecs (10 seconds unless set), supervisord kills its main process alone. The pool processes live on and finish what they run, beside the new worker.',
    remedies: [
      asGroup(program),
      {
        text: 'Give running tasks time to end.',
        action: null,
        code: { language: 'ini', text: 'stopwaitsecs=600' },
        file: { path: file, line },
      },
    ],
    notProblemWhen: 'The worker runs with --pool=solo or --pool=threads: then it has no other processes.',
  };
}

/** Process 1 has to adopt what lost its parent, take notice of what has ended, and pass on signals. */
function noInit({ is, sure, first, file, line, text, service, celery }: ContainerStart): Omit<Finding, 'rule'> | null {
  if (is !== 'other') return null;
  const of = service === null ? `the image of ${file}` : `the service ${service}`;
  return {
    subject: service === null ? file : `${file}: ${service}`,
    title: `Process 1 of ${of} is ${first}, neither Celery nor an init`,
    label: `Process 1 is ${first.split(' ', 1)[0]}, no init`,
    severity: first === 'supervisord' || !sure ? 'info' : 'warning',
    sure,
    where: file,
    since: null,
    evidence: [
      { what: 'starts', value: text, source: `${file}:${line}` },
      ...(celery.file === file && celery.line === line
        ? []
        : [{ what: 'runs Celery', value: celery.text, source: `${celery.file}:${celery.line}` }]),
      { what: 'init', value: 'none', source: service === null ? file : `${file}, service ${service}` },
    ],
    consequence:
      'Processes that lose their parent are left to it, and what ends among them may stay as <defunct>, one more with each restart. A shell as process 1 passes no signal on: stopping the container kills Celery after ten seconds, with what it runs.',
    remedies: [
      {
        text: 'Put an init before it in the image.',
        action: null,
        code: {
          language: 'dockerfile',
          text: 'RUN apt-get update && apt-get install -y tini\nENTRYPOINT ["tini", "--"]',
        },
        file: { path: file, line },
      },
      {
        text: 'Or let Docker bring one: in the compose file, or by docker run --init.',
        action: null,
        code: { language: 'yaml', text: 'init: true' },
      },
    ],
    notProblemWhen: 'The container is always started with docker run --init.',
  };
}

/** SIGHUP makes a worker start itself anew under its old process id. */
function hangUp({ file, line, text, sure }: HangUp): Omit<Finding, 'rule'> {
  return {
    subject: `${file}:${line}`,
    title: `${file} restarts Celery by SIGHUP`,
    label: 'Celery is restarted by SIGHUP',
    severity: 'warning',
    sure,
    where: file,
    since: null,
    evidence: [{ what: 'sends SIGHUP', value: text, source: `${file}:${line}` }],
    consequence:
      'The worker replaces itself under the same process id and inherits children that it knows nothing of: helper processes of the old one stay as <defunct>, one more with each restart. One that was started by python -m celery does not come back (seen with 5.7), and a wrapper that gets the signal instead ends and leaves Celery behind.',
    remedies: [
      {
        text: 'Stop the worker by SIGTERM and start it anew: running tasks are finished first.',
        action: null,
        code: { language: 'shellscript', text: 'supervisorctl restart <program>' },
        file: { path: file, line },
      },
    ],
    notProblemWhen: 'It is meant for another program.',
  };
}

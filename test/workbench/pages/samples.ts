import type {
  BulkView,
  CheckView,
  ConnectionView,
  EnqueueView,
  EventsView,
  FindingView,
  JobView,
  JournalView,
  PlanView,
} from '../../../src/protocol';

export const MARKUP = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>';

export const connection: ConnectionView = {
  id: 'a',
  name: 'shop-local',
  production: false,
  writable: true,
  access: { text: 'Read-write' },
};

export const production: ConnectionView = {
  id: 'p',
  name: 'shop-production',
  production: true,
  writable: false,
  access: { text: 'Read-only', title: 'Nothing changes unless you allow it.' },
};

export const jobView: JobView = {
  connection,
  banners: [],
  title: 'shop.payments.charge_card',
  state: 'failed',
  stateWord: 'Failed',
  since: { text: '3 min ago', title: '2026-11-20 14:04:10 UTC' },
  queue: 'default',
  id: '9c1f04e2-5b1d-4e0a-b7a3-0d5f7f1a2c66',
  noun: 'job',
  actions: [
    { id: 'retry', title: 'Retry', icon: 'redo', primary: true, unavailable: null },
    { id: 'enqueue-copy', title: 'Enqueue a copy…', icon: 'add', primary: false, unavailable: null },
    { id: 'delete', title: 'Delete…', icon: 'trash', primary: false, unavailable: null },
    { id: 'stop', title: 'Stop', icon: 'debug-stop', primary: false, unavailable: 'It does not run.' },
  ],
  error: {
    type: 'StripeTimeout',
    message: `no answer after 30 s ${MARKUP}`,
    note: null,
    traceback: 'Traceback …',
    frames: [
      {
        place: 'site-packages/rq/job.py',
        file: '/lib/rq/job.py',
        line: 3,
        function: 'perform',
        source: 'x()',
        own: false,
        opens: false,
        library: 'site-packages/rq',
      },
      {
        place: 'payments/gateway.py',
        file: '/app/payments/gateway.py',
        line: 131,
        function: '_post',
        source: 'raise StripeTimeout(f"no answer")',
        own: true,
        opens: true,
        library: '',
      },
    ],
  },
  arguments: {
    rows: [
      { name: '0', positional: true, part: 'args', path: '0', type: 'int', text: '4821', childCount: 0 },
      {
        name: 'lines',
        positional: false,
        part: 'kwargs',
        path: 'lines',
        type: 'list',
        text: `['${MARKUP}']`,
        childCount: 2,
      },
    ],
    namesFrom: null,
    call: 'charge_card(4821)',
    problem: null,
    unknown: null,
    masked: false,
  },
  result: { text: null, note: 'None: the last attempt failed before it returned.', type: '', childCount: 0 },
  meta: null,
  facts: [
    { name: 'Worker', value: { text: 'worker-2' }, note: 'alive, idle', dim: false, gap: false, code: false },
    { name: 'Progress', value: { text: 'not recorded by RQ' }, note: null, dim: true, gap: true, code: false },
  ],
  sources: ['rq:job:9c1f04e2', 'rq:failed:default'],
  problems: ['The meta could not be read: pickle protocol 5, opcode 0x8c at byte 212 is cut short.'],
  history: {
    head: '3 min 12 s, of which 1 min 30 s running',
    axis: { from: 0, to: 1000 },
    events: [
      {
        at: { text: '14:01:12' },
        icon: 'error',
        title: 'Attempt 1',
        detail: 'worker-1 · ran 30.1 s',
        failed: true,
        bar: { kind: 'failed', from: 0.1, to: 0.4, label: 'ran 30.1 s' },
      },
    ],
    notes: ['RQ keeps only the last enqueue time.'],
    relations: [
      {
        title: 'Depends on',
        jobs: [
          {
            ref: 'rq//finished/1',
            id: '1',
            task: 'reserve_stock',
            state: 'finished',
            stateWord: 'finished',
            args: '()',
            when: null,
            note: null,
          },
        ],
      },
    ],
    relationNotes: [],
  },
  raw: [
    {
      name: 'rq:job:9c1f04e2',
      type: 'hash',
      ttl: 'expires in 365 d',
      command: 'redis-cli -n 0 hgetall rq:job:9c1f04e2',
      entries: [
        { name: 'status', size: '6 B', decoded: null, text: 'failed', hex: '66', shown: null },
        { name: 'group_id', size: '0 B', decoded: null, text: '', hex: '', shown: null },
        {
          name: 'data',
          size: '2 kB',
          decoded: 'zlib, pickle protocol 5',
          text: null,
          hex: '00000000  78 9c',
          shown: '16.4 kB',
        },
      ],
    },
  ],
  singleKeys: true,
};

export const enqueueView: EnqueueView = {
  connection,
  title: 'Enqueue a job',
  source: 'Values are Python.',
  schema: {
    type: 'object',
    required: ['task', 'queue'],
    properties: {
      task: {
        type: 'string',
        title: 'Function',
        format: 'task',
        description: 'Dotted path, as the worker imports it.',
      },
      args: { type: 'string', title: 'Arguments', format: 'arguments', default: '()' },
      queue: { type: 'string', title: 'Queue', format: 'queue' },
      delay: { type: 'string', title: 'In', format: 'duration', group: 'when' },
      at_front: { type: 'boolean', title: 'At the front of the queue', group: 'options' },
    },
  },
  values: { task: 'shop.payments.charge_card', queue: 'default' },
  queues: [{ name: 'default', note: '1,204 waiting, 3 workers' }],
  tasks: ['shop.payments.charge_card'],
  where: 'on shop-local',
};

export const checkView: CheckView = {
  problems: {},
  cautions: ['No worker serves "reports". The job will wait.'],
  call: "charge_card(4821, 'EUR')",
  size: '74 B, pickle protocol 4',
  python: "charge_card(4821, 'EUR')",
};

export const planView: PlanView = {
  title: 'Retry 1,322 failed jobs?',
  runningTitle: 'Retrying 1,322 failed jobs',
  where: 'default',
  detail: 'Each job goes back to the end of the queue it came from and runs again from the start.',
  button: 'Retry 1,314 jobs',
  destroys: false,
  total: 1314,
  byQueue: [{ queue: 'default', count: '1,314', note: 'where 3 workers listen' }],
  leftOut: [{ count: '8', reason: 'the job has expired, only its id is left' }],
  guarantee: 'Each job moves in one step. If you stop, every job is in exactly one place.',
  undo: 'Undo is offered when it ends.',
  sample: [
    {
      ref: 'a',
      id: '1',
      task: 'charge_card',
      state: 'failed',
      stateWord: 'failed',
      args: "(4821, 'EUR')",
      when: { text: '3 min ago' },
      note: null,
    },
  ],
  sampleOf: '5 of 1,322',
  cautions: [],
  schema: null,
  values: {},
};

export const bulkView: BulkView = { connection, stage: 'preview', plan: planView, progress: null, report: null };

export const findingView: FindingView = {
  title: 'No worker serves the queue reports',
  severity: 'trouble',
  severityWord: 'Trouble',
  certainty: 'Seen',
  where: 'RQ on shop-local, queue reports',
  since: { text: 'since 14:02' },
  rule: 'rq.queue-without-worker',
  over: null,
  production: false,
  evidence: [
    {
      what: 'Jobs that wait',
      value: '12',
      source: 'LLEN rq:queue:reports',
      command: 'redis-cli llen rq:queue:reports',
    },
  ],
  consequence: 'The jobs wait until a worker listens.',
  remedies: [
    { text: 'Start a worker.', button: null, code: { language: 'sh', text: 'rq worker reports' }, file: null },
    { text: 'Move them.', button: 'Move all waiting…', code: null, file: null },
  ],
  notProblemWhen: 'A batch queue that is served at night.',
};

export const journalView: JournalView = {
  kept: 'Kept for 30 days, at most 256 MB; 1.2 MB now.',
  entries: [
    {
      token: 't',
      at: { text: '3 min ago' },
      title: 'Deleted 214 jobs',
      where: 'default on shop-local',
      production: false,
      outcome: '214 done',
      notUndoable: null,
      saved: '1.2 MB',
    },
  ],
};

export const eventsView: EventsView = {
  connection,
  on: true,
  canFollow: true,
  rate: '12/s, 1,204 so far',
  kinds: ['800 task-received', '404 task-failed'],
  stopped: null,
  need: null,
  events: [
    {
      number: 7,
      at: { text: '14:05:02', title: '2026-11-20 14:05:02' },
      kind: 'task-failed',
      state: 'failed',
      task: 'send_receipt',
      id: '7f7edefd',
      worker: 'worker-1@shop',
      queue: 'mail',
      text: "StripeTimeout('no answer after 30 s')",
    },
    {
      number: 6,
      at: { text: '14:05:01' },
      kind: 'task-received',
      state: 'taken',
      task: 'charge_card',
      id: '9c1f04e2',
      worker: 'worker-2@shop',
      queue: 'celery',
      text: "(4821, 'EUR')",
    },
  ],
  newest: 7,
};

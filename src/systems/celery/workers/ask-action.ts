/** Asking as an action: where it does not run by itself, a person does it, through the access guard. */
import type { ActionDeclaration, ItemOutcome } from '../../../model';
import { type Handler, simplePlan } from '../../acting/handler';
import { onlyBatch, outcome } from '../../acting/work';
import type { Workers } from '../parts';

const COMMON = {
  id: 'ask',
  effect: 'adds',
  guarantee: { kind: 'atomic', words: 'Sends one message to every worker and waits 2 s. Changes no job.' },
  undo: { kind: 'none', reason: 'A question changes nothing, so there is nothing to undo.' },
  icon: 'comment-discussion',
  group: '2_do',
} as const satisfies Partial<ActionDeclaration>;

const askAll: ActionDeclaration = {
  ...COMMON,
  title: 'Ask workers',
  target: 'installation',
  words: {
    ask: { one: 'Ask the workers of {connection}?', other: 'Ask the workers of {connection}?' },
    detail: 'Sends one message to every worker and waits 2 s. Changes no job.',
    button: { one: 'Ask workers', other: 'Ask workers' },
    done: { one: '{n} worker answered.', other: '{n} workers answered.' },
  },
};

const askOne: ActionDeclaration = {
  ...COMMON,
  title: 'Ask this worker',
  target: 'worker',
  guarantee: { kind: 'atomic', words: 'Sends one message to the worker and waits 2 s. Changes no job.' },
  words: {
    ask: { one: 'Ask {name}?', other: 'Ask {n} workers?' },
    detail: 'Sends one message to the worker and waits 2 s. Changes no job.',
    button: { one: 'Ask worker', other: 'Ask workers' },
    done: { one: '{n} worker answered.', other: '{n} workers answered.' },
  },
};

/** Handlers of `ask` for an installation and for a worker. @param workersOf of the situation that handlers share */
export function askHandlers<S, I = unknown>(workersOf: (situation: S) => Workers): readonly Handler<S, I>[] {
  const of = (declaration: ActionDeclaration): Handler<S, I> => ({
    declaration,
    plan: async request => simplePlan(request, declaration, { total: request.targets.length }),
    work: async (plan, situation) => {
      const named = plan.targets.flatMap(target => (target.kind === 'worker' ? [target.name] : []));
      const workers = workersOf(situation);
      return onlyBatch<I>(plan.total, {
        subjects: named.length > 0 ? named : ['workers'],
        undo: [],
        outcomes: [],
        weight: 0,
        run: async (_record, signal) => ({ outcomes: await outcomes(workers, named, signal), undo: [] }),
      });
    },
  });
  return [of(askAll), of(askOne)];
}

async function outcomes(workers: Workers, named: readonly string[], signal: AbortSignal): Promise<ItemOutcome[]> {
  const answered = new Map<string, boolean>();
  for await (const asked of workers.ask(signal, named.length > 0 ? named : null))
    answered.set(asked.worker, asked.answered);
  for (const name of named) if (!answered.has(name)) answered.set(name, false);
  return [...answered].map(([id, did]) =>
    did
      ? outcome({ id, ref: null }, 'done', null)
      : outcome({ id, ref: null }, 'failed', 'It did not answer within 2 s. A solo pool answers between two tasks.'),
  );
}

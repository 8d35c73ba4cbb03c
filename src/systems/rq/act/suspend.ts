import { commandsOf } from '../../../brokers/redis/commands';
import type { ActionDeclaration, UndoUnit } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { onlyBatch, outcome } from '../../acting/work';
import { SUSPENDED } from '../keys';
import { type Handler, SCRIPTS, type Situation } from './actions';
import { secondsOf } from './enqueue-parameters';
import { answersOf } from './relocate';
import source from './suspend.lua';
import { base64, unit } from './undo';
import type { Batch, Did } from './work';

/** `pause` and `resume` of the installation: RQ knows no pause of a single queue. */
export function suspendHandler(declaration: ActionDeclaration): Handler {
  const pausing = declaration.id === 'pause';
  return {
    declaration,
    needs: [...SCRIPTS, ...commandsOf(source)],
    plan: async (request, { context, fleet }, signal) => {
      secondsOf('duration', request.parameters['duration']);
      const [paused] = await context.broker.read([['EXISTS', SUSPENDED]], signal);
      const pointless = (paused === 1) === pausing;
      const busy = fleet.workers.filter(({ recorded, dead }) => recorded && !dead).length;
      return simplePlan(request, declaration, {
        total: pointless ? 0 : 1,
        leftOut: pointless ? [{ reason: pausing ? 'it is paused already' : 'it is not paused', count: 1 }] : [],
        cautions: pausing && busy > 0 ? ['A worker that is already waiting for a job may still take one.'] : [],
      });
    },
    work: async (plan, situation) => {
      const seconds = secondsOf('duration', plan.parameters['duration']);
      return onlyBatch(1, suspension(pausing, seconds, situation));
    },
  };
}

function suspension(pausing: boolean, seconds: number | null, { context, fleet }: Situation): Batch {
  return {
    subjects: [SUSPENDED],
    undo: [],
    outcomes: [],
    weight: 0,
    run: async (record, signal): Promise<Did> => {
      const reply = await context.broker.run(
        {
          script: { name: pausing ? 'rq pause' : 'rq resume', source },
          keys: [SUSPENDED],
          args: [pausing ? 'pause' : 'resume', seconds === null ? '' : Math.max(1, seconds)],
          record,
        },
        signal,
      );
      const [answer, pttl, value] = answersOf<string | number>(reply);
      const about = { id: SUSPENDED, ref: null };
      if (answer !== 1) return { outcomes: [outcome(about, 'refused', String(answer))], undo: [] };
      const expireAt = typeof pttl === 'number' && pttl > 0 ? Date.now() + fleet.clockOffset + pttl : null;
      return {
        outcomes: [outcome(about, 'done', null)],
        undo: [pausing ? resuming() : pausingAgain(String(value), expireAt)],
      };
    },
  };
}

const KEY = base64(SUSPENDED);

function resuming(): UndoUnit {
  const guard = { kind: 'exists', key: KEY, refusal: 'it has been resumed meanwhile' } as const;
  return unit(SUSPENDED, [guard], [{ kind: 'delete', key: KEY }]);
}

function pausingAgain(value: string, expireAt: number | null): UndoUnit {
  return unit(
    SUSPENDED,
    [{ kind: 'absent', key: KEY, refusal: 'it has been paused again meanwhile' }],
    [{ kind: 'create', key: KEY, value: { type: 'string', value: base64(value) }, expireAt }],
  );
}

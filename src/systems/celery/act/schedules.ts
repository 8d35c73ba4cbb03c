import type { ActionDeclaration, Plan } from '../../../model';
import { simplePlan } from '../../acting/handler';
import { Batches, type Did, decided, outcome } from '../../acting/work';
import { JsonTextError, textAt } from '../message/build-text';
import type { Schedules } from '../schedules';
import { scheduleKey } from '../schedules/redbeat';
import type { ScheduleSource } from '../types';
import { CHANGE_NEEDS } from './redis/change';
import { runChanges } from './redis/run';
import { RESULTS_ROLE } from './results';
import { type Becoming, CHANGING, changing, deleting, type Standing } from './schedule-changes';
import type { Handler, Situation } from './situation';
import { unit } from './undo';

type Entry = Standing | { readonly id: string; readonly missing: string };

const NOT_HERE =
  'it is no entry of RedBeat: what stands in a file of celery beat, or in a configuration, is changed there';
const GONE = 'it is no longer there';
const CONFIGURED = 'It comes from the configuration of the application: beat writes that again when it starts next.';
const FAR = 'RedBeat is neither on the broker nor with the results, so Undo does not reach it.';
const NO_BEAT = 'No beat holds the lock of RedBeat: nothing is sent before one is started.';

async function entriesOf(targets: Plan['targets'], { context }: Situation, signal: AbortSignal): Promise<Entry[]> {
  const ids = targets.flatMap(target => (target.kind === 'schedule' ? [target.id] : []));
  const { schedules } = context;
  if (!isSchedules(schedules)) return ids.map(id => ({ id, missing: NOT_HERE }));
  if (ids.some(id => schedules.entry(id) === null)) await schedules.schedules(signal);
  return Promise.all(ids.map(id => entryOf(id, schedules, signal)));
}

const isSchedules = (source: ScheduleSource): source is Schedules => 'entry' in source;

async function entryOf(id: string, schedules: Schedules, signal: AbortSignal): Promise<Entry> {
  const found = schedules.entry(id);
  if (found === null) return { id, missing: NOT_HERE };
  const { redbeat, entry } = found;
  const { broker, prefix } = redbeat;
  const set = scheduleKey(prefix);
  const [fields, score] = await broker.read(
    [
      ['HMGET', entry.key, 'definition', 'meta'],
      ['ZSCORE', set, entry.key],
    ],
    signal,
  );
  const [definition, meta] = Array.isArray(fields) ? fields : [];
  if (!Buffer.isBuffer(definition)) return { id, missing: GONE };
  return {
    id,
    broker,
    set,
    key: entry.key,
    definition,
    meta: Buffer.isBuffer(meta) ? meta : null,
    score: Buffer.isBuffer(score) ? score.toString() : null,
    enabled: textAt(definition.toString('latin1'), ['enabled']) !== 'false',
    lastRun: entry.entry?.lastRun ?? null,
    configured: entry.configured,
    running: redbeat.lockTtl !== null,
  };
}

/** `run-now`, `pause`, `resume`, `reschedule` and `delete` of entries of RedBeat (redbeat/schedulers.py, 0.13 to 2.4). */
export function scheduleHandler(declaration: ActionDeclaration): Handler {
  const { id: action } = declaration;
  const becoming = (entry: Entry, parameters: Plan['parameters'], now: number): Becoming | string => {
    if ('missing' in entry) return entry.missing;
    try {
      return action === 'delete' ? {} : (CHANGING[action]?.(entry, parameters, now) ?? NOT_HERE);
    } catch (error) {
      if (error instanceof JsonTextError) return `its definition cannot be changed: ${error.message}`;
      throw error;
    }
  };
  return {
    declaration,
    needs: CHANGE_NEEDS,
    plan: async (request, situation, signal) => {
      const entries = await entriesOf(request.targets, situation, signal);
      const against = entries.map(entry => becoming(entry, request.parameters, Date.now()));
      const taken = entries.filter(
        (each, i): each is Standing => !('missing' in each) && typeof against[i] !== 'string',
      );
      const left = against.filter(each => typeof each === 'string');
      const cautions = new Set<string>();
      if (action !== 'run-now' && taken.some(({ configured }) => configured)) cautions.add(CONFIGURED);
      if (action !== 'delete' && action !== 'pause' && taken.some(({ running }) => !running)) cautions.add(NO_BEAT);
      return simplePlan(request, declaration, {
        total: taken.length,
        leftOut: [...new Set(left)].map(reason => ({ reason, count: left.filter(each => each === reason).length })),
        savedBytes: taken.reduce((sum, { definition, meta }) => sum + definition.length + (meta?.length ?? 0), 0),
        cautions: [...cautions],
        ...(taken.some(entry => reachOf(entry, situation) === null) ? { undoable: false, notUndoable: FAR } : {}),
      });
    },
    work: async (plan, situation, signal) => {
      const entries = await entriesOf(plan.targets, situation, signal);
      return new Batches<never>(
        entries.length,
        entries.map(entry => async () => {
          const next = becoming(entry, plan.parameters, Date.now() + situation.clockOffset);
          if ('missing' in entry || typeof next === 'string') {
            const reason = typeof next === 'string' ? next : NOT_HERE;
            return decided([outcome({ id: entry.id, ref: null }, 'missing' in entry ? 'gone' : 'refused', reason)]);
          }
          return batchOf(action, entry, next, situation);
        }),
      );
    },
  };
}

function batchOf(action: string, entry: Standing, next: Becoming, situation: Situation) {
  const { id, broker } = entry;
  const { change, back } = action === 'delete' ? deleting(entry) : changing(entry, next);
  const reach = reachOf(entry, situation);
  return {
    subjects: [id],
    undo: reach === null ? [] : [unit(id, back.guards, back.operations, reach.on)],
    outcomes: [],
    weight: 0,
    run: async (record: string, signal: AbortSignal): Promise<Did<never>> => {
      const item = { subject: id, ref: null, change, undo: [], bytes: 0 };
      const did = await runChanges(broker, `celery ${action} schedule`, [item], record, signal);
      const [answer] = did.outcomes;
      if (answer?.outcome !== 'refused' || answer.reason?.startsWith('it has changed') !== true) return did;
      return {
        outcomes: [{ ...answer, reason: 'beat sent it, or somebody changed it, at this very moment' }],
        undo: [],
      };
    },
  };
}

/** RedBeat may live elsewhere than the messages: on the companion of the results, or where undo does not reach. */
function reachOf({ broker }: Standing, { context }: Situation): { readonly on: string | null } | null {
  if (broker.address === context.broker.address) return { on: null };
  return broker.address === context.results.companion.address ? { on: RESULTS_ROLE } : null;
}

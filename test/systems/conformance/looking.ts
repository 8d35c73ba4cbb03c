/** Small helpers of the suite: pages walked to their end, everything there is to look at, a plan carried out. */
import type {
  ActionDeclaration,
  Installation,
  ItemOutcome,
  JobPage,
  JobRow,
  Overview,
  ParameterProperty,
  Plan,
  QueueSystem,
  Report,
  State,
  Target,
  UndoUnit,
} from '../../../src/model';
import { STATES } from '../../../src/model';
import { nothingKnown } from '../../support/surroundings';
import type { Fixture, World } from './fixture';

export const never = new AbortController().signal;

export async function onlyInstallation(system: QueueSystem, world: World): Promise<Installation> {
  const [only, ...more] = await detectIn(system, world);
  if (only === undefined || more.length > 0) throw new Error(`${more.length + (only ? 1 : 0)} installations found.`);
  return only;
}

export function detectIn(system: QueueSystem, world: World): Promise<readonly Installation[]> {
  return system.detect(world.link.broker, world.options ?? {}, never, world.companions);
}

/** An overview once everything has been looked at that an installation looks at in small steps (its results). */
export async function wholeOverview(installation: Installation): Promise<Overview> {
  // The first overview finds where results are.
  if (installation.complete === undefined) return installation.overview(never);
  await installation.overview(never);
  for await (const _looked of installation.complete(never));
  return installation.overview(never);
}

/** All rows of a state, page by page. */
export async function walk(
  installation: Installation,
  queue: string | null,
  state: State,
  size: number,
): Promise<readonly JobRow[]> {
  const rows: JobRow[] = [];
  let cursor: string | null = null;
  do {
    const page: JobPage = await installation.jobs({ queue, state, cursor, size }, never);
    if (page.withheld !== null) expectWithheld(installation, page);
    if (page.items.length > size) throw new Error(`A page of ${size} has ${page.items.length} rows.`);
    rows.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return rows;
}

/** What is not shown by itself says why, and names an action that there is. */
function expectWithheld(installation: Installation, { items, next, withheld }: JobPage): void {
  const known = installation.declarations.some(({ id }) => id === withheld?.action);
  if (!known || withheld?.reason === '' || items.length > 0 || next !== null)
    throw new Error(`Withheld without a reason, without a way to see it, or not at all: ${JSON.stringify(withheld)}`);
}

export async function everyRow(installation: Installation): Promise<readonly JobRow[]> {
  const rows = await Promise.all(STATES.map(state => walk(installation, null, state, 1000)));
  return rows.flat();
}

/** Every way to look that the contract has. */
export async function lookAtEverything(installation: Installation): Promise<void> {
  const overview = await wholeOverview(installation);
  for (const row of await everyRow(installation)) {
    await installation.job(row.ref, never);
    if (row.id !== null) await installation.find(row.id, row.queue, never);
  }
  const search = { text: 'a', queue: null, state: null, limit: 1000 };
  for await (const _found of installation.search(search, never));
  const seen = { connection: 'conformance', overview, surroundings: nothingKnown };
  for await (const _diagnosis of installation.diagnose(seen, never));
}

/** Targets on which an action can be tried: those of its declaration for which it is offered. */
export async function targetsOf(installation: Installation, action: ActionDeclaration): Promise<readonly Target[]> {
  const targets = await declaredTargets(installation, action);
  return targets
    .filter(({ target, state }) => {
      const offer = installation.actions(target, state).find(offered => offered.action === action);
      if (offer === undefined)
        throw new Error(`${action.id} is not offered on ${JSON.stringify(target)}, nor refused.`);
      if (!offer.available && offer.why === '') throw new Error(`${action.id} is refused without a reason.`);
      return offer.available;
    })
    .map(({ target }) => target);
}

interface Declared {
  readonly target: Target;
  readonly state: State | null;
}

async function declaredTargets(installation: Installation, action: ActionDeclaration): Promise<readonly Declared[]> {
  const on = (targets: readonly Target[]) => targets.map(target => ({ target, state: null }));
  const overview = await installation.overview(never);
  switch (action.target) {
    case 'job': {
      const rows = await everyRow(installation);
      return (action.states ?? STATES).flatMap((state): Declared[] => {
        const refs = rows.filter(row => row.state === state).map(row => row.ref);
        if (refs.length === 0) return [];
        if (action.bulkTitle !== undefined) return [{ target: { kind: 'selector', queue: null, state }, state }];
        return [{ target: { kind: 'jobs', refs: refs.slice(0, 1) }, state }];
      });
    }
    case 'queue':
      return on(overview.queues.map(({ name }) => ({ kind: 'queue', name })));
    case 'worker':
      return on(overview.workers.map(({ name }) => ({ kind: 'worker', name })));
    case 'schedule':
      return on(overview.schedules.map(({ id }) => ({ kind: 'schedule', id })));
    case 'installation':
      return on([{ kind: 'installation' }]);
  }
}

/** Values for what an action must be told: by its schema, and where that does not say enough, by the fixture. */
export function parametersFor({ id, parameters }: ActionDeclaration, fixture: Fixture): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of parameters?.required ?? []) values[name] = valueFor(parameters?.properties[name]);
  return { ...values, ...fixture.parameters?.[id] };
}

function valueFor(property: ParameterProperty | undefined): unknown {
  if (property?.default !== undefined) return property.default;
  if (property?.enum !== undefined) return property.enum[0];
  if (property?.type === 'boolean') return true;
  if (property?.type === 'integer' || property?.type === 'number') return property.minimum ?? 1;
  switch (property?.format) {
    case 'instant':
      return '2030-01-01T00:00:00Z';
    case 'duration':
      return '5m';
    case 'task':
      return 'a.b';
    case 'arguments':
      return '()';
    case 'keyword-arguments':
      return '{}';
    default:
      return 'other';
  }
}

export interface Performed {
  readonly report: Report;
  readonly outcomes: readonly ItemOutcome[];
  /** Copies as the journal keeps them, of what was done. */
  readonly undo: readonly UndoUnit[];
}

/** Carries a plan out as the inspector does; `stopAfter` steps it is asked to stop. */
export async function carryOut(installation: Installation, plan: Plan, stopAfter = Infinity): Promise<Performed> {
  const stop = new AbortController();
  const outcomes: ItemOutcome[] = [];
  let undo: readonly UndoUnit[] = [];
  const keep = (units: readonly UndoUnit[]) => {
    const subjects = new Set(units.map(({ subject }) => subject));
    undo = [...undo.filter(({ subject }) => !subjects.has(subject)), ...units];
  };
  const run = installation.perform(plan, stop.signal);
  let steps = 0;
  for (;;) {
    const next = await run.next();
    if (next.done === true) {
      const done = new Set(outcomes.filter(({ outcome }) => outcome === 'done').map(({ id }) => id));
      return { report: next.value, outcomes, undo: undo.filter(({ subject }) => done.has(subject)) };
    }
    keep(next.value.undo);
    if (next.value.phase === 'did') outcomes.push(...next.value.outcomes);
    if (++steps >= stopAfter) stop.abort();
  }
}

let undone = 0;

/** Last step first, as the inspector's own undo. */
export async function takeBack(world: World, units: readonly UndoUnit[]): Promise<readonly (true | string)[]> {
  return world.undo([...units].reverse(), `job-queue-inspector:undo:conformance-${++undone}`);
}

/** What every system must keep to, whatever it is called: the contract of src/model/system.ts, run on a real broker. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ActionDeclaration, InspectorError, type Installation, STATES } from '../../../src/model';
import { differences } from '../../support';
import type { Fixture, World } from './fixture';
import {
  carryOut,
  detectIn,
  everyRow,
  lookAtEverything,
  never,
  onlyInstallation,
  parametersFor,
  takeBack,
  targetsOf,
  walk,
  wholeOverview,
} from './looking';

const codeOf = (thrown: unknown) => (thrown instanceof InspectorError ? thrown.code : thrown);

export function conformance(fixture: Fixture): void {
  describe(`${fixture.title} keeps to the contract`, () => {
    let world: World;
    let installation: Installation;

    beforeAll(async () => {
      world = await fixture.start();
      installation = await onlyInstallation(fixture.system, world);
      await wholeOverview(installation);
    }, 120_000);
    afterAll(async () => world[Symbol.asyncDispose]());

    test('is found by its evidence, and not where it is not', async () => {
      expect(installation.evidence).not.toEqual([]);
      for (const { what, value, source } of installation.evidence) expect(what && value && source).toBeTruthy();
      await using empty = await fixture.startEmpty();
      expect(await detectIn(fixture.system, empty)).toEqual([]);
    });

    test('counts are what the pages show, each job once, whatever the size of a page', async () => {
      const { counts, queues } = await wholeOverview(installation);
      expect(counts.waiting).toMatchObject({ exact: expect.any(Number) });
      for (const state of STATES) {
        const { withheld } = await installation.jobs({ queue: null, state, cursor: null, size: 1 }, never);
        const whole = await walk(installation, null, state, 1000);
        if (withheld !== null) continue;
        const refs = whole.map(({ ref }) => ref);
        expect(new Set(refs).size).toBe(refs.length);
        for (const size of [1, 3]) {
          const again = await walk(installation, null, state, size);
          expect(again.map(({ ref }) => ref).sort(), `${state} by ${size}`).toEqual([...refs].sort());
        }
        const count = counts[state];
        if (count !== undefined && 'exact' in count) expect(refs.length, state).toBe(count.exact);
        const byQueue = await Promise.all(queues.map(({ name }) => walk(installation, name, state, 2)));
        byQueue.forEach((rows, index) => {
          const own = queues[index]?.counts[state];
          if (own !== undefined && 'exact' in own) expect(rows.length).toBe(own.exact);
          for (const row of rows) expect(row.queue).toBe(queues[index]?.name);
        });
        // A job that names no queue, or one that is gone, is one of the installation alone.
        const inQueues = whole.filter(({ queue }) => queues.some(({ name }) => name === queue)).map(({ ref }) => ref);
        const rowsOfQueues = byQueue.flat().map(({ ref }) => ref);
        expect(rowsOfQueues.sort(), state).toEqual(inQueues.sort());
      }
    });

    test('a ref leads to its job, which says what its row says, and so does its id', async () => {
      const rows = await everyRow(installation);
      expect(rows.length).toBeGreaterThanOrEqual(4);
      for (const row of rows) {
        const job = await installation.job(row.ref, never);
        const { args: _args, error, problems: _problems, expiresAt, ...same } = row;
        expect(job).toMatchObject(same);
        // A job that is to be tried again may tell why, though its row does not.
        if (error !== null || row.state === 'failed') expect(job.error?.type).toBe(error?.type);
        // An expiry worked out from the time that is left differs by the way that the reading took.
        expect(Math.abs(Date.parse(job.expiresAt ?? '') - Date.parse(expiresAt ?? '')) || 0).toBeLessThan(1000);
        if (row.id === null) continue;
        const found = await installation.find(row.id, null, never);
        const equals = rows.filter(({ id }) => id === row.id);
        for (const { id } of found) expect(id).toBe(row.id);
        // Where a job is shown in two places, an id may lead to the one that stands for both.
        if (equals.length === 1) expect(found.map(({ ref }) => ref)).toContain(row.ref);
        else expect(equals.map(({ ref }) => ref)).toContain(found[0]?.ref);
      }
      expect((await everyRow(installation)).map(({ ref }) => ref)).toEqual(rows.map(({ ref }) => ref));
    });

    test('what is not there is gone, and no hit; what is no cursor is refused', async () => {
      const [row] = await everyRow(installation);
      if (row === undefined) throw new Error('no job');
      const wrong = row.ref.replace(/[^/]*$/, 'no-such-job');
      expect(codeOf(await installation.job(wrong, never).catch(thrown => thrown))).toBe('gone');
      expect(await installation.find('no-such-job', null, never)).toEqual([]);
      const page = installation.jobs({ queue: null, state: 'failed', cursor: 'no cursor', size: 5 }, never);
      expect(codeOf(await page.catch(thrown => thrown))).toBe('bad-request');
    });

    test('looking is cheap, and changes nothing', async () => {
      const before = await world.dump();
      await lookAtEverything(installation);
      let trips = world.roundTrips();
      await installation.overview(never);
      expect(world.roundTrips() - trips).toBeLessThanOrEqual(4);
      for (const state of STATES) {
        trips = world.roundTrips();
        await installation.jobs({ queue: null, state, cursor: null, size: 50 }, never);
        expect(world.roundTrips() - trips).toBeLessThanOrEqual(3);
      }
      expect(differences(before, await world.dump())).toEqual([]);
    });

    test('every action is declared whole', () => {
      const { declarations } = installation;
      expect(declarations.length).toBeGreaterThan(0);
      const seen = declarations.map(({ id, target }) => `${id} ${target}`);
      expect(new Set(seen).size).toBe(seen.length);
      for (const action of declarations) expectWhole(action);
    });

    test('an unknown action, and a parameter that an action does not take, are refused', async () => {
      const targets = [{ kind: 'installation' }] as const;
      const unknown = installation.plan({ action: 'no-such-action', targets, parameters: {} }, never);
      expect(codeOf(await unknown.catch(thrown => thrown))).toBe('unknown-action');
      for (const action of installation.declarations) {
        const [target] = await targetsOf(installation, action);
        if (target === undefined) continue;
        const parameters = { ...parametersFor(action, fixture), 'no-such-parameter': 1 };
        const plan = installation.plan({ action: action.id, targets: [target], parameters }, never);
        expect(codeOf(await plan.catch(thrown => thrown)), action.id).toBe('bad-value');
      }
    });

    test('every action: the dry run changes nothing; what is done adds up, and undo puts it back', async () => {
      const { counts } = await wholeOverview(installation);
      const tried = new Map<string, { readonly planned: number; readonly done: number }[]>();
      for (const action of installation.declarations) {
        for (const target of await targetsOf(installation, action)) {
          const what = `${action.id} on ${JSON.stringify(target)}`;
          const before = await world.dump();
          const request = { action: action.id, targets: [target], parameters: parametersFor(action, fixture) };
          const plan = await installation.plan(request, never);
          expect(
            plan.leftOut.every(({ reason, count }) => reason !== '' && count > 0),
            what,
          ).toBe(true);
          expect(differences(before, await world.dump()), `dry run of ${what}`).toEqual([]);
          if (action.undo.kind === 'none') {
            expect(plan.undoable).toBe(false);
            continue;
          }
          const { report, undo } = await carryOut(installation, plan);
          const { done } = report.counts;
          const told = report.items.filter(
            ({ outcome, reason }) => outcome === 'refused' && fixture.toldByWorkers?.test(reason ?? '') === true,
          );
          expect(done + told.length, `${what}: ${JSON.stringify(report.items)}`).toBe(plan.total);
          tried.set(action.id, [...(tried.get(action.id) ?? []), { planned: plan.total, done }]);
          expect(report.counts.failed + report.counts.unknown, what).toBe(0);
          expect(await takeBack(world, undo), what).toEqual(undo.map(() => true));
          if (action.undo.kind === 'exact') expect(differences(before, await world.dump()), what).toEqual([]);
          // Statistics of a broker may lag by a second or two.
          const countsNow = async () => (await wholeOverview(installation)).counts;
          await expect.poll(countsNow, { timeout: 10_000, message: `counts after ${what}` }).toEqual(counts);
        }
      }
      for (const [action, tries] of tried)
        if (tries.some(({ planned }) => planned > 0))
          expect(
            tries.some(({ done }) => done > 0),
            action,
          ).toBe(true);
    });

    test('stopped, it ends in a report, and every job is in one place', async () => {
      const action = installation.declarations.find(({ effect, bulkTitle }) => effect === 'changes' && bulkTitle);
      if (action === undefined) return;
      const before = await idsOf(installation);
      const hidden = await hidesSome(installation);
      for (const target of await targetsOf(installation, action)) {
        const request = { action: action.id, targets: [target], parameters: parametersFor(action, fixture) };
        const plan = await installation.plan(request, never);
        for (const stopAfter of [0, 1]) {
          const { report, undo } = await carryOut(installation, plan, stopAfter);
          const { done } = report.counts;
          expect(done).toBeLessThanOrEqual(plan.total);
          const now = await idsOf(installation);
          // A job keeps its id; where a system must give what it runs again a new one, that is one new id a job.
          const [lost, fresh] = [without(before, now), without(now, before)];
          expect(fresh.length, `${action.id} on ${JSON.stringify(target)}`).toBeLessThanOrEqual(done);
          // What has gone where jobs are shown only on demand is out of sight, and still there: undo finds it.
          const outOfSight = hidden ? done : 0;
          expect(lost.length, `${action.id} on ${JSON.stringify(target)}`).toBeLessThanOrEqual(
            fresh.length + outOfSight,
          );
          await takeBack(world, undo);
          expect(await idsOf(installation), `undo of ${action.id} on ${JSON.stringify(target)}`).toEqual(before);
        }
      }
      const stopped = AbortSignal.abort();
      await expect(installation.overview(stopped)).rejects.toMatchObject({ code: 'aborted' });
    });
  });
}

/** The id of every row, as often as it is shown. */
async function idsOf(installation: Installation): Promise<readonly (string | null)[]> {
  await wholeOverview(installation);
  return (await everyRow(installation)).map(({ id }) => id).sort();
}

/** Whether the jobs of a state are shown only on demand. */
async function hidesSome(installation: Installation): Promise<boolean> {
  for (const state of STATES) {
    const { withheld } = await installation.jobs({ queue: null, state, cursor: null, size: 1 }, never);
    if (withheld !== null) return true;
  }
  return false;
}

/** What stands in `some` more often than in `others`. */
function without(some: readonly (string | null)[], others: readonly (string | null)[]): readonly (string | null)[] {
  const left = [...others];
  return some.filter(id => {
    const at = left.indexOf(id);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function expectWhole(action: ActionDeclaration): void {
  const { words, guarantee, undo, title, icon } = action;
  for (const text of [title, icon, guarantee.words, words.detail]) expect(text, action.id).not.toBe('');
  for (const plural of [words.ask, words.button, words.done]) {
    expect(plural.one, action.id).not.toBe('');
    expect(plural.other, action.id).not.toBe('');
  }
  expect(words.ask.one.endsWith('?'), `${action.id} asks`).toBe(true);
  expect(words.ask.other.endsWith('?'), `${action.id} asks`).toBe(true);
  if (undo.kind === 'none') expect(undo.reason, action.id).not.toBe('');
  if (action.target !== 'job') expect(action.states, action.id).toBeUndefined();
  const { properties = {}, required = [] } = action.parameters ?? {};
  for (const name of required) expect(Object.keys(properties), action.id).toContain(name);
  if (required.length > 0) expect(action.asks, `${action.id} asks for its parameters`).toBeDefined();
}

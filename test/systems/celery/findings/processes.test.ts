import { hostname } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessFacts, Surroundings } from '../../../../src/model';
import { createSurroundings } from '../../../../src/workspace';
import {
  celeryVariables,
  pythonOf,
  startCeleryWorker,
  startProcess,
  startRedis,
  type TestRedis,
  tasksFolder,
} from '../../../support';
import { nothingKnown } from '../../../support/surroundings';
import { siteOn } from './support';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

const machine = createSurroundings({ files: null, remote: false, restricted: null });

describe('processes of workers on this machine', () => {
  it.runIf(process.platform === 'linux')('children that ended and that nobody looks after; none without', async () => {
    using site = await siteOn(redis, 0, {}, { results: false });
    const name = `mail@${hostname()}`;
    // A wrapper that has started something before it became Celery: what semaphore_tracker is after a SIGHUP.
    const start = async (before: string) => {
      const celery = ['-m', 'celery', '--app', 'shop.celery_app', 'worker', '-n', name, '--without-mingle'];
      return startProcess(
        'sh',
        ['-c', `${before} exec "$@"`, 'sh', await pythonOf(site.app.generation), ...celery, '--concurrency', '2'],
        { cwd: tasksFolder, env: celeryVariables(site.app) },
      );
    };
    const worker = await start('sleep 0 &');
    const { of } = await site.settled(['process'], machine);
    const facts = await machine.process(worker.pid, AbortSignal.timeout(5000));
    const defunct = facts?.children.filter(child => child.defunct) ?? [];
    expect(defunct.length).toBe(1);
    expect(facts?.children.length).toBeGreaterThan(1);
    expect(of('process')[0]).toMatchObject({
      title: `${name} has 1 child process that has ended and stayed as <defunct>`,
      severity: 'warning',
    });
    expect(of('process')[0]?.evidence.at(-1)?.value).toBe(`${defunct[0]?.pid} sleep`);
    await worker.stop();
    const cured = await start('');
    await site.settled([], machine);
    await cured.stop();
  });

  it('gone, defunct, orphaned, restarted in place, of another machine, or somebody else’s', async () => {
    using site = await siteOn(redis, 2, {}, { results: false });
    await using worker = await startCeleryWorker({ ...site.app, name: 'mail@here.example' });
    await site.ask();
    const asSeen = async (facts: Partial<ProcessFacts> | null, names = ['HERE']) => {
      const surroundings: Surroundings = {
        ...nothingKnown,
        hostNames: names,
        process: async pid =>
          facts && {
            pid,
            state: 'alive',
            parent: 1,
            command: 'python -m celery worker',
            startedAt: null,
            orphaned: false,
            children: [],
            ...facts,
          },
      };
      const said = await site.diagnose(surroundings);
      return said.findings
        .map(({ title }) => title.replace(String(worker.pid), 'PID'))
        .concat(said.notChecked('process') ?? []);
    };
    expect(await asSeen({})).toEqual([]);
    expect(await asSeen({ state: 'defunct' })).toEqual([
      'The process PID of mail@here.example has ended and stayed as <defunct>',
    ]);
    expect(await asSeen({ orphaned: true })).toEqual(['mail@here.example is an orphan: what started it has ended']);
    expect(await asSeen({ startedAt: '2026-01-01T00:00:00.000Z' })).toEqual([
      expect.stringMatching(/^mail@here\.example was restarted in place: its process is \d+ d older than the worker$/),
    ]);
    // It answers, so the number is one of another table: a container that has the name of this machine.
    expect(await asSeen({ state: 'gone' })).toEqual([]);
    expect(await asSeen({ command: 'nginx: master process', orphaned: true })).toEqual([]);
    expect(await asSeen({ orphaned: true }, ['elsewhere'])).toEqual([]);
    expect(await asSeen(null)).toEqual(['the process table of this machine cannot be read']);
    await worker.kill();
    await site.ask();
    expect((await asSeen({ state: 'gone' }))[1]).toBe('The process PID of mail@here.example is gone');
  });
});

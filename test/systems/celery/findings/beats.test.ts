import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSurroundings, nodeFiles } from '../../../../src/workspace';
import {
  removeFolder,
  runCelery,
  startCeleryBeat,
  startRedis,
  type TestRedis,
  temporaryFolder,
  waitFor,
} from '../../../support';
import { siteOn } from './support';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

const SCHEDULE = {
  often: { task: 'shop.tasks.add', schedule: 1, args: [1, 2] },
  nightly: { task: 'shop.tasks.settle', schedule: { minute: '0', hour: '3' }, args: [[]] },
};

describe('beat', () => {
  it('twice: the same task by two processes in turns; once is fine, also after a restart', async () => {
    const folders = [temporaryFolder('beat'), temporaryFolder('beat')];
    const [folder = '', other = ''] = folders;
    const surroundings = createSurroundings({ files: nodeFiles(folder), remote: false, restricted: null });
    using site = await siteOn(redis, 0, {}, { results: false, surroundings });
    const waiting = (n: number) =>
      waitFor(async () => (await site.client.llen('celery')) >= n, { what: `${n} tasks to be sent`, timeout: 30_000 });
    const first = await startCeleryBeat({ ...site.app, cwd: folder, schedule: SCHEDULE });
    await waiting(3);
    await first.stop();
    const again = await startCeleryBeat({ ...site.app, cwd: folder, schedule: SCHEDULE });
    await waiting(6);
    expect((await site.diagnose()).rules).toEqual([]);

    const second = await startCeleryBeat({ ...site.app, cwd: other, schedule: SCHEDULE });
    await waiting(26);
    await second.stop();
    await again.stop();
    const { rules, of } = await site.diagnose();
    expect(rules).toEqual(['two-beats']);
    expect(of('two-beats')[0]).toMatchObject({ label: 'Two beats send add', severity: 'trouble', sure: true });
    expect(of('two-beats')[0]?.title).toMatch(
      /^shop\.tasks\.add is sent by [23] processes in turns: \d+ messages wait in celery$/,
    );

    // Beat keeps its schedule in a file: without the folder, the turns alone tell.
    using outside = await siteOn(redis, 0, {}, { results: false });
    const { of: seen } = await outside.diagnose();
    expect(seen('two-beats')[0]).toMatchObject({ label: 'Two beats send add', severity: 'warning', sure: false });

    await site.client.del('celery');
    const alone = await startCeleryBeat({ ...site.app, cwd: folder, schedule: SCHEDULE });
    await waiting(3);
    await alone.stop();
    expect((await site.diagnose()).rules).toEqual([]);
    for (const each of folders) removeFolder(each);
  });

  it('of RedBeat that was killed: overdue with its lock and without; none once one runs', async () => {
    const folder = temporaryFolder('beat');
    using site = await siteOn(redis, 2, {}, { results: false });
    const start = () =>
      startCeleryBeat({ ...site.app, cwd: folder, schedule: SCHEDULE, redBeat: { url: site.app.broker } });
    const beat = await start();
    await waitFor(async () => (await site.client.llen('celery')) > 1, { what: 'beat to send', explain: beat.output });
    expect((await site.diagnose()).rules).toEqual([]);
    await beat.kill();
    // As if that had been ten minutes ago.
    await site.client.zincrby('redbeat::schedule', -600, 'redbeat:often');
    const locked = await site.diagnose();
    expect(locked.rules).toEqual(['redbeat-overdue']);
    expect(locked.of('redbeat-overdue')[0]).toMatchObject({
      title: '1 entry of RedBeat is overdue, the first by 10 min, and the beat that holds the lock does not run them',
      sure: false,
    });
    await site.client.del('redbeat::lock');
    const free = await site.diagnose();
    expect(free.of('redbeat-overdue')[0]).toMatchObject({
      title: '1 entry of RedBeat is overdue, the first by 10 min, and no beat holds the lock',
      sure: true,
      severity: 'trouble',
    });

    await site.client.del('redbeat:nightly');
    const gone = await site.diagnose();
    expect(gone.rules).toEqual(['redbeat-broken-entry', 'redbeat-overdue']);
    expect(gone.of('redbeat-broken-entry')[0]).toMatchObject({
      title: '1 entry of RedBeat has no definition that can be read',
      severity: 'info',
    });
    expect(gone.of('redbeat-broken-entry')[0]?.remedies[0]?.action).toEqual({
      id: 'delete',
      target: { kind: 'schedule', id: 'redbeat:nightly' },
    });

    const sent = await site.client.llen('celery');
    const back = await start();
    await waitFor(async () => (await site.client.llen('celery')) > sent, {
      what: 'beat to send',
      explain: back.output,
    });
    expect((await site.diagnose()).rules).toEqual([]);
    await back.stop();
    expect(await runCelery(site.app, `print(1)`)).toBe('1');
    removeFolder(folder);
  });
});

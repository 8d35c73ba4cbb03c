import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCelery, startCeleryWorker, startRedis, type TestRedis, waitFor } from '../../../support';
import { siteOn } from './support';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis?.stop());

const WORK = `
ids = [tasks.add.delay(n, 1) for n in range(3)]
failed = tasks.decline.delay('A-1', 'no money')
for result in ids: result.get(timeout=20)
failed.get(timeout=20, propagate=False)`;

it('results that never expire, and failures without arguments; none with other settings', async () => {
  using site = await siteOn(redis, 0, { result_extended: false, result_expires: 0 });
  const worker = await startCeleryWorker({ ...site.app, name: 'mail' });
  await runCelery(site.app, WORK);
  const unasked = await site.diagnose();
  expect(unasked.rules).toEqual(['result-extended-off', 'results-never-expire']);
  expect(unasked.of('results-never-expire')[0]?.title).toBe('4 of 4 results looked at never expire');
  expect(unasked.of('result-extended-off')[0]).toMatchObject({
    title: '1 task of the one that failed last has neither name nor arguments',
    severity: 'warning',
  });
  await site.ask();
  const told = await site.diagnose();
  expect(told.of('result-extended-off')[0]?.evidence.at(-1)).toEqual({
    what: 'result_extended',
    value: 'False',
    source: 'celery inspect conf, mail@shop',
  });
  await worker.stop();

  using cured = await siteOn(redis, 2, { result_extended: true });
  await using other = await startCeleryWorker({ ...cured.app, name: 'mail' });
  await runCelery(cured.app, WORK);
  await cured.ask();
  await waitFor(async () => (await cured.diagnose()).rules.length === 0, {
    what: 'nothing to be wrong',
    explain: other.output,
  });
});

it('pickle that a worker accepts', async () => {
  using site = await siteOn(redis, 4, { accept_content: ['pickle', 'json'] }, { results: false });
  const worker = await startCeleryWorker({ ...site.app, name: 'mail' });
  const { of } = await site.settled(['pickle-accepted']);
  expect(of('pickle-accepted')[0]).toMatchObject({
    title: '1 worker accepts pickled tasks',
    sure: true,
    severity: 'warning',
  });
  await worker.stop();
  await using _cured = await startCeleryWorker({ ...site.app, conf: {}, name: 'mail' });
  await site.settled([]);
});

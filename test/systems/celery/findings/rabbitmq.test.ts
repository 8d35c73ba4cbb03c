import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectRabbit } from '../../../../src/brokers/rabbitmq';
import { type Diagnosis, isFinding, isNotChecked } from '../../../../src/model';
import { celery } from '../../../../src/systems/celery';
import { type CeleryApp, runCelery, startCeleryWorker, startRabbit, type TestRabbit, waitFor } from '../../../support';
import { nothingKnown } from '../../../support/surroundings';
import { signal } from './support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit?.kill());

it('a queue without consumers, known without a question, and tasks held beyond the consumer timeout', async () => {
  const vhost = await rabbit.vhost();
  const app: CeleryApp = { generation: 'celery-newest', broker: vhost.url };
  const broker = await connectRabbit({ url: vhost.url, managementUrl: rabbit.managementUrl }, signal);
  try {
    await runCelery(app, `[tasks.add.apply_async((n, 1), queue='reports') for n in range(3)]`);
    const worker = await startCeleryWorker({ ...app, name: 'mail' });
    const [installation] = await celery.detect(broker, {}, signal);
    if (installation === undefined) throw new Error('No Celery was found.');
    const diagnose = async () => {
      const overview = await installation.overview(signal);
      const all: Diagnosis[] = [];
      const seen = { connection: 'shop-test', overview, surroundings: nothingKnown };
      for await (const one of installation.diagnose(seen, signal)) all.push(one);
      return { findings: all.filter(isFinding), notChecked: all.filter(isNotChecked) };
    };
    const ask = async () => {
      for (let question = 0; question < 2; question++) for await (const _one of installation.ask?.(signal) ?? []);
    };
    const settled = (rules: readonly string[], asking = false) =>
      waitFor(
        async () => {
          if (asking) await ask();
          return (await diagnose()).findings.map(({ rule }) => rule.replace('celery.', '')).join() === rules.join();
        },
        { what: `findings of just ${rules.join(', ') || 'no rule'}`, timeout: 40_000, explain: worker.output },
      );
    // The statistics of RabbitMQ lag by some seconds.
    await settled(['queue-without-worker']);
    const { findings, notChecked } = await diagnose();
    expect(findings[0]).toMatchObject({
      title: '3 tasks wait in reports, which no worker consumes',
      where: 'Celery on shop-test, queue reports',
      severity: 'trouble',
    });
    expect(findings[0]?.evidence[1]).toMatchObject({ what: 'consumers', value: '0' });
    expect(notChecked.find(({ rule }) => rule === 'celery.poison-message')?.reason).toBe(
      'waiting messages were not looked at',
    );

    const reports = await startCeleryWorker({ ...app, name: 'reports', queues: ['reports'] });
    await settled([]);
    await runCelery(app, `tasks.add.apply_async((1, 1), countdown=7200)`);
    await settled(['consumer-timeout'], true);
    const [held] = (await diagnose()).findings;
    expect(held).toMatchObject({
      title: '1 task stays with a worker for longer than RabbitMQ waits for an acknowledgement (30 min)',
      sure: false,
    });
    await worker.stop();
    await reports.stop();
  } finally {
    broker.close();
  }
});

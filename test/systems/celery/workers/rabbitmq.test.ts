/** Real workers asked and heard over RabbitMQ: with the management API, and without it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRabbit } from '../../../../src/brokers/rabbitmq';
import type { JobEvent } from '../../../../src/model';
import { parseOptions } from '../../../../src/systems/celery/options';
import { createMailbox, createWorkers } from '../../../../src/systems/celery/workers';
import {
  celeryGenerationsUnderTest,
  runCelery,
  startCeleryWorker,
  startRabbit,
  type TestRabbit,
  type TestVhost,
  waitFor,
} from '../../../support';
import { asked, detail, signal, workerNamed } from './support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit?.kill());

async function lookingAt(vhost: TestVhost, options: Readonly<Record<string, unknown>> = {}, managed = true) {
  const management = managed ? rabbit.managementUrl : 'http://127.0.0.1:1';
  const broker = await connectRabbit({ url: vhost.url, managementUrl: management }, signal());
  const place = { broker, key: '', options: parseOptions(options), companions: null };
  const mailbox = createMailbox(place);
  return { broker, mailbox, workers: createWorkers(place, mailbox) };
}

/** Names of queues, of exchanges and bindings: everything but statistics. */
async function objects(vhost: TestVhost): Promise<readonly string[]> {
  const names = async (kind: string) =>
    ((await rabbit.api('GET', `/api/${kind}/${encodeURIComponent(vhost.name)}`)) as Record<string, unknown>[]).map(
      ({ name, source, destination, routing_key: key }) => `${kind} ${name ?? `${source} ${destination} ${key}`}`,
    );
  return (await Promise.all(['queues', 'exchanges', 'bindings'].map(names))).flat().sort();
}

describe.each(celeryGenerationsUnderTest)('Celery $version', ({ id: generation, version }) => {
  let vhost: TestVhost;
  const app = () => ({ generation, broker: vhost.url, backend: 'rpc://', conf: { task_send_sent_event: true } });
  beforeAll(async () => {
    vhost = await rabbit.vhost();
  });

  test('where no worker has ever been the question is over at once, and nothing is made', async () => {
    const before = await objects(vhost);
    const { broker, workers } = await lookingAt(vhost);
    expect(await asked(workers)).toEqual([]);
    expect(workers.asked).toMatchObject({ answers: 0, of: 0 });
    expect(await objects(vhost)).toEqual(before);
    await broker.close();
  });

  test('workers tell what they are and what they hold; what is left is the exchange of answers, which is theirs', async () => {
    await using worker = await startCeleryWorker({ ...app(), pool: 'prefork', concurrency: 2, name: 'pre@shop' });
    const { broker, workers } = await lookingAt(vhost);
    const late = await runCelery(app(), 'print(tasks.add.apply_async((1, 2), countdown=3000).id)');
    const { fleet } = workers;
    // The statistics of the management API may not have the worker's queue yet.
    await waitFor(
      async () => {
        await asked(workers);
        return fleet.held.get(late)?.how === 'scheduled';
      },
      { what: 'the task to be held' },
    );
    const before = await objects(vhost);
    const answers = await asked(workers);
    expect(answers[0]).toMatchObject({ worker: 'pre@shop', answered: true, answers: 1, of: 1 });
    expect(workers.asked).toMatchObject({ answers: 1, of: 1, running: false });
    await waitFor(async () => JSON.stringify(await objects(vhost)) === JSON.stringify(before), {
      what: 'our queue to be gone',
    });
    expect(before.filter(name => name.includes('reply'))).toEqual(['exchanges reply.celery.pidbox']);
    expect(workerNamed(workers, 'pre@shop')).toMatchObject({
      pid: worker.pid,
      version,
      alive: true,
      queues: ['celery'],
    });
    expect(detail(workers, 'pre@shop', 'Pool')).toBe('prefork');
    expect(JSON.stringify([...fleet.configurations])).not.toContain(new URL(vhost.url).password);
    await broker.close();
  });

  test('without the management API, asking takes its whole time and tells the same', async () => {
    await using worker = await startCeleryWorker({ ...app(), name: 'solo@shop', queues: ['slow'] });
    const { broker, workers } = await lookingAt(vhost, {}, false);
    await asked(workers);
    expect(workerNamed(workers, 'solo@shop')).toMatchObject({ pid: worker.pid, queues: ['slow'] });
    expect(workers.fleet.heard).toBeNull();
    await broker.close();
  });

  test('heartbeats need the word of a person; events are told, and our queue ends with us', async () => {
    await using _worker = await startCeleryWorker({ ...app(), name: 'telling@shop', queues: ['told'], events: true });
    const { broker, workers } = await lookingAt(vhost);
    expect(workers.hear).toBeNull();
    const stop = new AbortController();
    const events: JobEvent[] = [];
    const following = (async () => {
      for await (const event of workers.listen(stop.signal)) events.push(event);
    })();
    await waitFor(() => events.some(({ kind }) => kind === 'worker-heartbeat'), { what: 'the first event' });
    const id = await runCelery(app(), 'print(tasks.decline.apply_async((4821,), queue="told").id)');
    await waitFor(() => events.some(event => event.id === id && event.kind === 'task-failed'), { what: 'the failure' });
    await waitFor(() => workers.fleet.seen(id)?.args === '(4821,)', { what: 'the arguments' });
    stop.abort();
    await following;
    const ours = async () => (await objects(vhost)).filter(name => name.startsWith('queues amq.gen'));
    await waitFor(async () => (await ours()).length === 0, { what: 'our queue to be gone', explain: ours });
    await broker.close();

    const hearing = await lookingAt(vhost, { hear: true });
    const ears = new AbortController();
    for await (const rows of hearing.workers.hear?.(ears.signal) ?? []) {
      expect(rows.map(({ name }) => name)).toContain('telling@shop');
      ears.abort();
    }
    expect(workerNamed(hearing.workers, 'telling@shop').lastHeartbeat).not.toBeNull();
    await hearing.broker.close();
  });
});

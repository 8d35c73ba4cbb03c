import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCeleryWorker, startRabbit, type TestRabbit, waitFor } from '../../../support';
import { drain, dumpVhost, never, placeOn } from './support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit.kill());

const waiting = (queue: string | null, size = 100) => ({ queue, state: 'waiting', cursor: null, size }) as const;

/** Queues of every kind, on an exchange of the app and on their own. */
const QUEUES = `
from kombu import Exchange, Queue
shop = Exchange("shop", type="topic")
app.conf.task_queues = [
    Queue("celery"),
    Queue("rush", shop, routing_key="rush.#", queue_arguments={"x-max-priority": 10}),
    Queue("ledger", shop, routing_key="ledger", queue_arguments={"x-queue-type": "quorum", "x-delivery-limit": 4}),
]
`;

describe('a virtual host with Celery', () => {
  test('is found where only a publisher has been, and no queue has a name of Celery', async () => {
    using place = await placeOn(rabbit);
    await place.run('tasks.add.apply_async([1, 2], queue="mails")');
    const [evidence, ...more] = await place.detect();
    expect(more).toEqual([]);
    expect(evidence).toMatchObject({ what: 'queue mails', value: expect.stringContaining('nobody consumes it') });
    await place.counted('mails', 1);
    const { queues } = await place.transport().overview(never);
    expect(queues.map(({ name, counts, workers }) => [name, counts.waiting, workers])).toEqual([
      ['mails', { exact: 1 }, []],
    ]);
  });

  test('is found, and its queues are told from those of others', async () => {
    using place = await placeOn(rabbit, { backend: 'rpc://' });
    expect(await place.detect()).toEqual([]);
    for (const name of ['mail', 'mail.DQ', 'mail.XQ', 'stranger']) {
      await rabbit.api('PUT', `/api/queues/${place.vhost.name}/${name}`, { durable: true });
    }
    await using worker = await startCeleryWorker({ ...place.app, queues: ['celery'], events: true });
    await place.run(`${QUEUES}
tasks.add.apply_async([1, 2], queue="rush", routing_key="rush.now", priority=5)
tasks.add.apply_async([1, 2], queue="ledger", routing_key="ledger")
tasks.add.apply_async([3, 4], queue="nobody", ignore_result=True)
tasks.add.apply_async([5, 6], countdown=3600)
print(tasks.add.delay(1, 2).get(timeout=20))`);
    await place.counted('celery', 0, 1);
    await place.counted('rush', 1);
    await place.counted('ledger', 1);
    await place.counted('nobody', 1);
    const evidence = await place.detect();
    expect(evidence.map(({ what }) => what)).toEqual(['exchange celeryev', 'exchange celery.pidbox', 'queue celery']);
    const overview = await place.transport().overview(never);
    expect(overview.problems).toEqual([]);
    const rows = overview.queues.map(({ name, counts, workers }) => [name, counts.waiting, counts.taken, workers]);
    expect(rows).toEqual([
      // The one with a countdown is held by the worker.
      ['celery', { exact: 0 }, { exact: 1 }, [worker.name]],
      ['ledger', { exact: 1 }, { exact: 0 }, []],
      ['nobody', { exact: 1 }, { exact: 0 }, []],
      ['rush', { exact: 1 }, { exact: 0 }, []],
    ]);
    expect(overview.taken).toEqual({ exact: 1 });
    const facts = (name: string) => {
      const details = overview.queues.find(queue => queue.name === name)?.details ?? [];
      return Object.fromEntries(details.map(fact => [fact.name, fact.value]));
    };
    expect(facts('rush')).toMatchObject({ Type: 'classic', Priorities: '0 to 10, larger first' });
    expect(facts('ledger')).toMatchObject({ Type: 'quorum', 'Delivery limit': '4, then dropped or dead-lettered' });
    expect(facts('celery')).toMatchObject({ Consumers: '1' });
    expect(overview.workers?.map(({ name, queues, alive }) => [name, queues, alive])).toEqual([
      [worker.name, ['celery'], true],
    ]);
    expect(overview.workers?.[0]?.details?.find(({ name }) => name === 'Client')?.value).toMatch(/^py-amqp/);
    // After it has left, it is gone from the broker as well, and its queue stays in sight without a worker.
    await worker.stop();
    const transport = place.transport();
    const left = async () => {
      const { workers, queues } = await transport.overview(never);
      return workers?.length === 0 && queues.find(({ name }) => name === 'celery')?.workers?.length === 0;
    };
    await waitFor(left, { what: 'the queue of the worker to go', timeout: 20_000, every: 500 });
  });

  test('tasks that the broker delays are scheduled, and known once they were looked at', async () => {
    const conf = {
      task_default_queue: 'ledger',
      task_default_queue_type: 'quorum',
      task_default_exchange_type: 'topic',
    };
    using place = await placeOn(rabbit, { conf });
    await using worker = await startCeleryWorker({ ...place.app, queues: ['ledger'] });
    const id = await place.run('print(tasks.add.apply_async([1, 2], countdown=3000).id)');
    // 3,000 seconds are in bits 2^11 and below.
    await place.counted('celery_delayed_11', 1);
    expect(worker.output()).not.toContain(id);
    const transport = place.transport();
    const overview = await transport.overview(never);
    expect(overview.scheduled).toEqual({ exact: 1 });
    expect(overview.queues.map(({ name }) => name)).toEqual(['ledger']);
    expect((await place.detect()).map(({ what }) => what)).toContain('exchange celery_delayed_delivery');
    const scheduled = { queue: null, state: 'scheduled', cursor: null, size: 10 } as const;
    expect((await transport.page(scheduled, never)).withheld?.action).toBe('look');
    expect(transport.delayedQueues()).toEqual(['celery_delayed_11']);
    await transport.look('celery_delayed_11', 10, never);
    const { items } = await transport.page(scheduled, never);
    expect(items.map(row => [row.id, row.task, row.state, row.queue])).toEqual([
      [id, 'shop.tasks.add', 'scheduled', 'ledger'],
    ]);
    expect(Date.parse(items[0]?.dueAt ?? '')).toBeGreaterThan(Date.now() + 2_900_000);
  });

  test('is the same after everything was looked at that needs no action', async () => {
    using place = await placeOn(rabbit);
    await place.run('for n in range(3): tasks.add.delay(n, 2)');
    await place.counted('celery', 3);
    const before = await dumpVhost(rabbit, place.vhost);
    await place.detect();
    const transport = place.transport({ queues: ['absent'] });
    await transport.overview(never);
    for (const state of ['waiting', 'taken', 'scheduled'] as const) {
      for (const queue of [null, 'celery']) await transport.page({ queue, state, cursor: null, size: 10 }, never);
    }
    await transport.find('x', null, never);
    await drain(transport.search({ text: 'add', queue: null, state: null, limit: 5 }, never));
    expect(await dumpVhost(rabbit, place.vhost)).toEqual(before);
    // No message is marked as delivered before.
    const messages = await place.broker.look('celery', 10, never);
    expect(messages.map(({ redelivered }) => redelivered)).toEqual([false, false, false]);
  });
});

describe('looking', () => {
  test.each(['celery-newest', 'celery-5.2', 'celery-4.4'])('shows what a producer of %s has sent', async generation => {
    using place = await placeOn(rabbit, { generation });
    const ids = await place.run(`
from datetime import datetime, timedelta, timezone
eta = datetime(2040, 5, 1, 12, tzinfo=timezone.utc)
sent = [
    tasks.add.apply_async([1, 2]),
    tasks.charge_card.apply_async([7, "EUR"], {"amount": 5}, serializer="pickle"),
    tasks.echo.apply_async(("é", None, True), serializer="yaml", eta=eta),
    tasks.echo.apply_async([{"a": [1.5]}], serializer="msgpack", compression="gzip", priority=3),
    (tasks.add.s(1, 2) | tasks.add.s(3)).apply_async(),
]
app.conf.task_protocol = 1
for name in ["create_task_message", "send_task_message"]:
    app.amqp.__dict__.pop(name, None)
sent.append(tasks.refund.apply_async([4, 5]))
first = sent[4].parent or sent[4]
print(json.dumps([r.id for r in sent[:4]] + [first.id, sent[5].id]))`);
    const sent = JSON.parse(ids) as string[];
    const transport = place.transport();
    await transport.look('celery', 100, never);
    const { items, total, next } = await transport.page(waiting('celery'), never);
    expect([total, next]).toEqual([{ exact: 6 }, null]);
    expect(items.map(({ id }) => id)).toEqual(sent);
    expect(items.flatMap(({ problems }) => problems)).toEqual([]);
    expect(items.map(({ task, args }) => [task, args?.text])).toEqual([
      ['shop.tasks.add', '(1, 2)'],
      ['shop.tasks.charge_card', "(7, 'EUR', amount=5)"],
      ['shop.tasks.echo', "('é', None, True)"],
      ['shop.tasks.echo', "({'a': [1.5]})"],
      ['shop.tasks.add', '(1, 2)'],
      ['shop.tasks.refund', '(4, 5)'],
    ]);
    expect(items[2]?.dueAt).toBe('2040-05-01T12:00:00.000Z');
    const chain = await transport.message(items[4]!.ref, never);
    expect(chain.message.chain.map(({ task }) => task)).toEqual(['shop.tasks.add']);
    const gzip = await transport.message(items[3]!.ref, never);
    expect([gzip.message.compression, gzip.message.priority, gzip.message.args?.text]).toEqual([
      'application/x-gzip',
      3,
      "[{'a': [1.5]}]",
    ]);
    const [found] = await transport.find(sent[5]!, null, never);
    expect([found?.message.protocol, found?.message.task]).toEqual([1, 'shop.tasks.refund']);
    const hits = await drain(transport.search({ text: 'charge', queue: null, state: null, limit: 5 }, never));
    expect(hits.flatMap(hit => ('found' in hit ? [hit.found.id] : []))).toEqual([sent[1]]);
  });

  test('leaves the messages of a classic queue in their order, marked, and a worker runs them', async () => {
    using place = await placeOn(rabbit, { backend: 'rpc://' });
    const ids = JSON.parse(await place.run('print(json.dumps([tasks.add.delay(n, n).id for n in range(5)]))'));
    const transport = place.transport();
    for (const count of [5, 3]) await transport.look('celery', count, never);
    const { items, order } = await transport.page(waiting('celery'), never);
    expect(items.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(order).toContain('3 of 5 were looked at');
    const again = await place.broker.look('celery', 10, never);
    expect(again.map(({ redelivered }) => redelivered)).toEqual([true, true, true, true, true]);
    await using worker = await startCeleryWorker(place.app);
    await waitFor(() => ids.every((id: string) => worker.output().includes(`${id}] succeeded`)), {
      what: 'the worker to run all five',
      explain: worker.output,
    });
    // They are not there any more: the rows of the look say so when they are opened.
    await place.counted('celery', 0);
    await transport.look('celery', 10, never);
    await expect(transport.message(items[0]!.ref, never)).rejects.toMatchObject({ code: 'gone' });
  });

  test('counts on a quorum queue, and is refused before the limit, so that no task is dropped', async () => {
    using place = await placeOn(rabbit);
    await place.run(
      `${QUEUES}\nfor n in range(2): tasks.add.apply_async([n, 2], queue="ledger", routing_key="ledger")`,
    );
    await place.counted('ledger', 2);
    const transport = place.transport();
    await transport.overview(never);
    expect(transport.permit('ledger').guarantee).toContain('at the limit of 4');
    const seen: unknown[] = [];
    for (let looks = 0; transport.permit('ledger').refusal === null; looks++) {
      expect(looks).toBeLessThan(4);
      const { messages } = await transport.look('ledger', 10, never);
      seen.push(messages.map(({ message }) => message.properties.headers?.['x-delivery-count'] ?? 0));
    }
    expect(seen).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    await expect(transport.look('ledger', 10, never)).rejects.toMatchObject({ code: 'unsupported' });
    expect(await place.broker.depths(['ledger'], never)).toEqual([{ ready: 2, consumers: 0 }]);
    // The hash is of the message, not of its deliveries.
    const { items } = await transport.page(waiting('ledger'), never);
    expect((await transport.message(items[1]!.ref, never)).message.task).toBe('shop.tasks.add');
  });

  test('loses no task of a quorum queue, though every look is by another process', async () => {
    const conf = { task_default_queue: 'ledger', task_default_queue_type: 'quorum' };
    using place = await placeOn(rabbit, { conf });
    await rabbit.api('PUT', `/api/policies/${place.vhost.name}/limited`, {
      pattern: '^ledger$',
      definition: { 'delivery-limit': 4 },
      'apply-to': 'queues',
    });
    const program = 'print(json.dumps([tasks.add.delay(n, 2).id for n in range(3)]))';
    const ids = JSON.parse(await place.run(program)) as string[];
    await place.counted('ledger', 3);
    for (let looks = 0; looks < 12; looks++) {
      await place.transport().look('ledger', 10, never);
      // A quorum queue puts back a moment after its channel has closed.
      await waitFor(async () => (await place.broker.depths(['ledger'], never))[0]?.ready === 3, {
        what: 'all three to be back',
      });
    }
    await using worker = await startCeleryWorker({ ...place.app, queues: ['ledger'] });
    await waitFor(() => ids.every(id => worker.output().split(`${id}] succeeded`).length === 2), {
      what: 'the worker to run each of them once',
      explain: worker.output,
    });
  });
});

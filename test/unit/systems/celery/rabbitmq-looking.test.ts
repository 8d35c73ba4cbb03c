import { describe, expect, it, vi } from 'vitest';
import type { RabbitBroker } from '../../../../src/brokers/rabbitmq/port';
import type { Found, Looked, Target } from '../../../../src/model';
import type { CeleryOptions } from '../../../../src/systems/celery/parts';
import { createRabbitTransport, messageHash, type RabbitTransport } from '../../../../src/systems/celery/rabbitmq';
import { lookHandlers } from '../../../../src/systems/celery/rabbitmq/act';
import {
  binding,
  celeryVhost,
  type FakeParts,
  failure,
  fakeBroker,
  options,
  queue,
  silent,
  task,
} from './rabbitmq-fakes';

const never = new AbortController().signal;

const transport = (broker: RabbitBroker, given: Partial<CeleryOptions> = {}) =>
  createRabbitTransport({ broker, key: '', options: options(given), companions: null }, silent, []);

const waiting = (name: string | null, size = 50, cursor: string | null = null) =>
  ({ queue: name, state: 'waiting', cursor, size }) as const;

const ID = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const tasks = (count: number) => Array.from({ length: count }, (_each, n) => task(ID(n)));

function withMessages(parts: FakeParts = {}): FakeParts {
  return { ...celeryVhost(), messages: { celery: tasks(3) }, ...parts };
}

async function drain<T>(all: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of all) items.push(item);
  return items;
}

/** Plans `look`, and where something is planned, carries it out. */
async function act(rabbit: RabbitTransport, name: string, parameters: Record<string, unknown> = {}) {
  const [handler] = lookHandlers(() => rabbit);
  const targets: Target[] = [{ kind: 'queue', name }];
  const plan = await handler!.plan({ action: 'look', targets, parameters }, null, never);
  const work = await handler!.work(plan, null, never);
  const batch = await work.next(1, never);
  return { plan, run: async () => (await batch!.run('record', never)).outcomes };
}

describe('a page of waiting tasks', () => {
  it('withholds them until somebody looks, by the kind of the queue', async () => {
    const parts = withMessages();
    parts.queues?.push(
      queue('limited', { type: 'quorum', arguments: { 'x-delivery-limit': 20 }, ready: 1 }),
      queue('free', { type: 'quorum', ready: 1 }),
      queue('log', { type: 'stream', ready: 1 }),
    );
    const broker = fakeBroker(parts);
    const it = transport(broker, { queues: ['limited', 'free', 'log'] });
    const reason = async (name: string) => (await it.page(waiting(name), never)).withheld;
    expect(await reason('celery')).toEqual({
      reason: 'Messages in a classic queue are not shown, since looking marks them redelivered.',
      action: 'look',
    });
    expect((await reason('limited'))?.reason).toBe(
      'Messages in a quorum queue are not shown, since looking counts as a delivery (limit 20).',
    );
    expect((await reason('free'))?.reason).toContain('(no limit)');
    expect((await reason('log'))?.reason).toContain('stream');
    expect((await it.page(waiting(null), never)).withheld?.action).toBe('look');
    expect(broker.calls.filter(call => call.startsWith('look'))).toEqual([]);
  });

  it('shows the rows of the last look, in their order, page by page', async () => {
    const rabbit = transport(fakeBroker(withMessages()));
    await rabbit.look('celery', 2, never);
    const first = await rabbit.page(waiting('celery', 1), never);
    expect(first.items.map(row => [row.id, row.task, row.args?.text, row.queue, row.state])).toEqual([
      [ID(0), 'shop.add', '(1, 2)', 'celery', 'waiting'],
    ]);
    expect(first.total).toEqual({ exact: 3 });
    expect(first.order).toMatch(/^as seen at \d\d:\d\d:\d\d, first to be delivered first; 2 of 3 were looked at$/);
    const second = await rabbit.page(waiting('celery', 1, first.next), never);
    expect(second.items.map(({ id }) => id)).toEqual([ID(1)]);
    expect([second.next, second.moved]).toEqual([null, 0]);
    const all = await rabbit.page(waiting(null), never);
    expect(all.items).toHaveLength(2);
  });

  it('answers with no rows where nothing waits, without any look', async () => {
    const page = await transport(fakeBroker(celeryVhost())).page(waiting('prio'), never);
    expect(page).toMatchObject({ items: [], total: { exact: 0 }, withheld: null });
  });

  it('looks by itself only where the option peek says so', async () => {
    const broker = fakeBroker(withMessages());
    const rabbit = transport(broker, { peek: true });
    const page = await rabbit.page(waiting('celery'), never);
    expect(page.items).toHaveLength(3);
    expect(broker.calls).toContain('look celery 100');
    // Another process, given the ref alone.
    const again = transport(fakeBroker(withMessages()), { peek: true });
    expect((await again.message(page.items[1]!.ref, never)).message.id).toBe(ID(1));
    expect((await again.find(ID(2), null, never)).map(({ message }) => message.id)).toEqual([ID(2)]);
  });

  it('says why a look failed, with the words of the broker', async () => {
    const rabbit = transport(
      fakeBroker(withMessages({ lookFails: failure('broker-error', 'A header of type L cannot be read.') })),
    );
    await expect(rabbit.look('celery', 10, never)).rejects.toThrow('A header of type L');
    const page = await rabbit.page(waiting('celery'), never);
    expect(page.withheld?.reason).toBe('A header of type L cannot be read. Do something about it.');
  });

  it('shows a poison message as a row with its problem, beside its neighbors', async () => {
    const poison = { ...task(ID(1)), body: Buffer.from('{"args": '), properties: { headers: { task: 7, id: null } } };
    const unknown = {
      ...task(ID(2)),
      body: Buffer.from([1, 2, 255, 0]),
      properties: { ...task(ID(2)).properties, contentType: 'application/x-secret' },
    };
    const rabbit = transport(fakeBroker(withMessages({ messages: { celery: [poison, unknown, task(ID(3))] } })));
    await rabbit.look('celery', 10, never);
    const { items } = await rabbit.page(waiting('celery'), never);
    expect(items.map(({ id }) => id)).toEqual([null, ID(2), ID(3)]);
    expect(items.map(({ problems }) => problems.length > 0)).toEqual([true, true, false]);
  });

  it('says where headers could not be read whole, and refuses what is no cursor', async () => {
    const odd = { ...task(ID(1)), headersProblem: 'A header has the unknown type Q.' };
    const rabbit = transport(fakeBroker(withMessages({ messages: { celery: [odd] } })));
    await expect(rabbit.page(waiting('celery', 10, 'no cursor'), never)).rejects.toMatchObject({ code: 'bad-request' });
    await rabbit.look('celery', 10, never);
    const { items } = await rabbit.page(waiting('celery'), never);
    expect(items[0]?.problems).toEqual([{ part: 'headers', reason: 'A header has the unknown type Q.', offset: null }]);
  });

  it('tells how many are held, and that the workers tell which', async () => {
    const page = await transport(fakeBroker(celeryVhost())).page(
      { queue: 'celery', state: 'taken', cursor: null, size: 10 },
      never,
    );
    expect(page).toMatchObject({ items: [], total: { exact: 1 }, withheld: { action: 'ask' } });
  });
});

describe('tasks that the broker delays', () => {
  const bits = Array.from({ length: 28 }, (_each, n) => (n === 18 ? '1' : '0')).join('.');
  const later = { ...task(ID(9), { headers: { eta: '2026-12-01T10:20:00+00:00' } }), routingKey: `${bits}.prio.low` };

  it('are scheduled, and their queue is known once they were looked at', async () => {
    const parts = celeryVhost();
    parts.messages = { celery_delayed_9: [later] };
    parts.bindings?.push(binding('shopex', 'prio', 'prio.low'));
    const rabbit = transport(fakeBroker(parts));
    const query = { queue: null, state: 'scheduled', cursor: null, size: 10 } as const;
    const before = await rabbit.page(query, never);
    // The queue's own count: the statistics still say two.
    expect(before.total).toEqual({ exact: 1 });
    expect(before.withheld?.action).toBe('look');
    const [, handler] = lookHandlers(() => rabbit);
    const plan = await handler!.plan(
      { action: 'look', targets: [{ kind: 'installation' }], parameters: {} },
      null,
      never,
    );
    expect(plan.byQueue).toEqual([{ queue: 'celery_delayed_9', count: 1, note: 'quorum queue' }]);
    await (await (await handler!.work(plan, null, never)).next(1, never))!.run('record', never);
    const { items } = await rabbit.page(query, never);
    expect(items.map(({ queue: of, state, dueAt }) => [of, state, dueAt])).toEqual([
      ['prio', 'scheduled', '2026-12-01T10:20:00.000Z'],
    ]);
    const mine = await rabbit.page({ ...query, queue: 'prio' }, never);
    expect(mine.items).toHaveLength(1);
    expect(mine.total).toHaveProperty('unknown');
    expect((await rabbit.page({ ...query, queue: 'celery' }, never)).items).toEqual([]);
  });
});

describe('the action look', () => {
  it('plans what is there, says what it leaves behind, and shows it afterwards', async () => {
    const rabbit = transport(fakeBroker(withMessages()));
    const { plan, run } = await act(rabbit, 'celery', { count: 2 });
    expect(plan).toMatchObject({
      total: 2,
      byQueue: [{ queue: 'celery', count: 2, note: 'classic queue' }],
      cautions: ['The messages are put back marked "redelivered".'],
      undoable: false,
    });
    expect((await run()).map(({ id, outcome }) => [id, outcome])).toEqual([
      [ID(0), 'done'],
      [ID(1), 'done'],
    ]);
    expect((await rabbit.page(waiting('celery'), never)).items).toHaveLength(2);
  });

  it('takes 1 to 1,000 messages', async () => {
    const rabbit = transport(fakeBroker(withMessages()));
    for (const count of [0, 1001, 1.5, '10']) {
      await expect(act(rabbit, 'celery', { count })).rejects.toMatchObject({ code: 'bad-value' });
    }
  });

  it('is refused where the next look could reach the delivery limit', async () => {
    const parts = withMessages();
    parts.queues?.push(queue('orders', { type: 'quorum', arguments: { 'x-delivery-limit': 3 }, ready: 1, unacked: 0 }));
    parts.messages = { orders: [task(ID(1), { headers: { 'x-delivery-count': 1 } })] };
    const counts = () => parts.messages?.['orders']?.map(each => each.properties.headers?.['x-delivery-count'] ?? 0);
    const broker = fakeBroker(parts);
    const rabbit = transport(broker, { queues: ['orders'] });
    const first = await act(rabbit, 'orders');
    expect(first.plan.cautions).toEqual([
      'Each look counts as a delivery; at the limit of 3 the broker drops or dead-letters the message.',
    ]);
    await first.run();
    // It has been delivered twice by now: a third time would be the limit.
    expect(counts()).toEqual([2]);
    const second = await act(rabbit, 'orders');
    expect(second.plan).toMatchObject({
      total: 0,
      leftOut: [
        { count: 1, reason: 'the next look could reach the delivery limit of 3: a message has been delivered 2 times' },
      ],
    });
    expect((await second.run()).map(({ outcome }) => outcome)).toEqual(['refused']);
    expect(broker.calls.filter(call => call.startsWith('take'))).toHaveLength(1);
    // Once the queue was seen empty, what was counted is gone.
    parts.messages = { orders: [] };
    parts.queues = parts.queues?.map(each => (each.name === 'orders' ? { ...each, ready: 0 } : each)) ?? [];
    await rabbit.overview(never);
    expect(rabbit.permit('orders').refusal).not.toBeNull();
    // Not by statistics that may be older than the look.
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ['Date'] });
    try {
      await rabbit.overview(never);
      expect(rabbit.permit('orders').refusal).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  it('drops no task, however often others look who know nothing of it', async () => {
    const parts = withMessages();
    parts.queues?.push(queue('orders', { type: 'quorum', arguments: { 'x-delivery-limit': 3 }, ready: 3 }));
    parts.messages = { orders: tasks(3) };
    const broker = fakeBroker(parts);
    for (let looks = 0; looks < 20; looks++) {
      await transport(broker, { queues: ['orders'] }).look('orders', 10, never);
      const now = parts.messages['orders'] ?? [];
      expect(now.map(each => each.properties.correlationId).sort()).toEqual([ID(0), ID(1), ID(2)]);
      for (const { properties } of now) expect(properties.headers?.['x-delivery-count'] ?? 0).toBeLessThanOrEqual(3);
    }
    expect(broker.calls).toContain('publish orders');
  });

  it('is refused for streams, exclusive queues, single active consumers of quorum queues, and limits of one', async () => {
    const names = ['log', 'mine', 'single', 'once'];
    const parts = withMessages();
    parts.queues?.push(
      queue('log', { type: 'stream', ready: 1 }),
      queue('mine', { exclusive: true, ready: 1 }),
      queue('single', { type: 'quorum', arguments: { 'x-single-active-consumer': true }, ready: 1 }),
      queue('once', { type: 'quorum', effectivePolicy: { 'delivery-limit': 1 }, ready: 1 }),
    );
    const broker = fakeBroker(parts);
    const rabbit = transport(broker, { queues: names });
    for (const name of names) {
      const { plan, run } = await act(rabbit, name);
      expect([name, plan.total, plan.leftOut.length]).toEqual([name, 0, 1]);
      expect((await run())[0]?.outcome).toBe('refused');
      await expect(rabbit.look(name, 1, never)).rejects.toMatchObject({ code: 'unsupported' });
    }
    expect(broker.calls.filter(call => call.startsWith('look'))).toEqual([]);
  });

  it('is refused for queues that are not of Celery', async () => {
    const parts = withMessages();
    parts.queues?.push(queue('stranger', { ready: 1 }));
    const rabbit = transport(fakeBroker(parts));
    for (const name of ['stranger', 'celeryev.a8c9cdde-a25f-4716-a6c0-7939c0a269be']) {
      await expect(rabbit.look(name, 1, never)).rejects.toMatchObject({ code: 'unsupported' });
    }
    expect((await act(rabbit, 'stranger')).plan.leftOut[0]?.reason).toContain('option "queues"');
  });

  it('knows the default limit of RabbitMQ 4, and says what it does not know without the plug-in', async () => {
    const quorum = queue('celery', { type: 'quorum', ready: 1 });
    const new4 = transport(fakeBroker({ ...celeryVhost(), queues: [quorum], version: '4.1.0' }));
    await new4.overview(never);
    expect(new4.permit('celery').guarantee).toContain('limit of 20');
    const unlimited = { ...quorum, arguments: { 'x-delivery-limit': -1 } };
    const never4 = transport(fakeBroker({ ...celeryVhost(), queues: [unlimited], version: '4.1.0' }));
    await never4.overview(never);
    expect(never4.permit('celery').guarantee).toContain('no delivery limit');
    const blind = transport(fakeBroker({ ...celeryVhost(), version: '4.1.0', management: null }));
    await blind.overview(never);
    expect(blind.permit('celery').guarantee).toContain('If this is a quorum queue');
  });
});

describe('refs', () => {
  it('lead to the message while the last look shows it, wherever it stands then', async () => {
    const parts = withMessages();
    const rabbit = transport(fakeBroker(parts));
    await rabbit.look('celery', 10, never);
    const { items } = await rabbit.page(waiting('celery'), never);
    const ref = items[2]!.ref;
    const stored = await rabbit.message(ref, never);
    expect(stored.message.id).toBe(ID(2));
    expect(stored.raw[0]?.entries.map(({ name }) => name)).toEqual(['properties', 'headers', 'body']);
    expect(stored.raw[0]?.command).toBe('rabbitmqadmin --vhost=shop get queue=celery count=3 ackmode=ack_requeue_true');
    expect(stored.sources[0]).toContain('basic.get on celery, message 3');
    // A worker took the first; what the broker adds to a message on the way does not make it another.
    const rest = tasks(3).slice(1);
    parts.messages = {
      celery: rest.map(each => ({
        ...each,
        redelivered: true,
        properties: { ...each.properties, headers: { ...each.properties.headers, 'x-delivery-count': 1 } },
      })),
    };
    await rabbit.look('celery', 10, never);
    expect((await rabbit.message(ref, never)).message.id).toBe(ID(2));
    parts.messages = { celery: tasks(1) };
    await rabbit.look('celery', 10, never);
    await expect(rabbit.message(ref, never)).rejects.toMatchObject({ code: 'gone' });
  });

  it('tell messages apart by body, properties and headers', () => {
    const one = task(ID(1));
    const hashes = [
      one,
      { ...one, body: Buffer.from('[]') },
      { ...one, routingKey: 'other' },
      { ...one, properties: { ...one.properties, priority: 3 } },
      { ...one, properties: { ...one.properties, headers: { ...one.properties.headers, retries: 1 } } },
    ].map(messageHash);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(messageHash({ ...one, redelivered: true })).toBe(hashes[0]);
  });
});

describe('searching', () => {
  const found = (all: readonly (Found | Looked)[]) => all.flatMap(each => ('found' in each ? [each.found.id] : []));
  const query = (text: string) => ({ text, queue: null, state: null, limit: 10 });

  it('looks through what was looked at, and says how much that is of all', async () => {
    const messages = [task(ID(1)), task(ID(2), { name: 'shop.mail', args: ['ada@example.org'] })];
    const parts = withMessages({ messages: { celery: messages } });
    const rabbit = transport(fakeBroker(parts));
    await rabbit.overview(never);
    expect(await drain(rabbit.search(query('ada'), never))).toEqual([{ looked: 0, of: 6 }]);
    await rabbit.look('celery', 10, never);
    const all = await drain(rabbit.search(query('ADA@'), never));
    expect(found(all)).toEqual([ID(2)]);
    expect(all.at(-1)).toEqual({ looked: 2, of: 6 });
    expect(found(await drain(rabbit.search(query(ID(1)), never)))).toEqual([ID(1)]);
    expect(found(await drain(rabbit.search({ ...query('shop'), state: 'scheduled' }, never)))).toEqual([]);
    expect((await rabbit.find(ID(2), 'celery', never)).map(({ message }) => message.task)).toEqual(['shop.mail']);
    expect(await rabbit.find(ID(2), 'prio', never)).toEqual([]);
  });
});

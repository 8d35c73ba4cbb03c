import { describe, expect, it } from 'vitest';
import type { RabbitBroker } from '../../../../src/brokers/rabbitmq/port';
import type { CeleryOptions } from '../../../../src/systems/celery/parts';
import { createRabbitTransport, detectRabbit } from '../../../../src/systems/celery/rabbitmq';
import { classify } from '../../../../src/systems/celery/rabbitmq/classify';
import {
  binding,
  celeryVhost,
  exchange,
  type FakeParts,
  failure,
  fakeBroker,
  options,
  queue,
  silent,
} from './rabbitmq-fakes';

const never = new AbortController().signal;

const transport = (broker: RabbitBroker, given: Partial<CeleryOptions> = {}) =>
  createRabbitTransport({ broker, key: '', options: options(given), companions: null }, silent, []);

/** Kind of each queue's role by its name. */
function kinds(parts: FakeParts, named: readonly string[] = []): Record<string, string> {
  const consumers = Object.entries(parts.products ?? {}).map(([name, product]) => ({
    queue: name,
    product,
    connection: product,
  }));
  const { exchanges = [], bindings = [] } = parts;
  const structure = { exchanges, bindings, consumers, connections: [] };
  const layout = classify(parts.queues ?? [], structure, { queues: named, eventExchange: 'celeryev' });
  return Object.fromEntries([...layout.roles].map(([name, role]) => [name, role.kind]));
}

describe('whose a queue is', () => {
  it('is told by names and bindings on a virtual host of Celery', () => {
    expect(kinds(celeryVhost())).toEqual({
      celery: 'app',
      nobody: 'app',
      prio: 'app',
      'mail@h.celery.pidbox': 'pidbox',
      'celeryev.a8c9cdde-a25f-4716-a6c0-7939c0a269be': 'events',
      '67288b5a-d38d-3941-b285-029c33d331a6': 'rpc',
      celery_delayed_9: 'delayed',
      celery_delayed_0: 'delayed',
    });
  });

  it('is told by the exchange where queues of remote control and events have names of their own', () => {
    const parts: FakeParts = {
      queues: [queue('control-1'), queue('heard-1'), queue('answers-1')],
      exchanges: [exchange('shop.pidbox', 'fanout'), exchange('reply.shop.pidbox'), exchange('celeryev', 'topic')],
      bindings: [
        binding('shop.pidbox', 'control-1', ''),
        binding('celeryev', 'heard-1', '#'),
        binding('reply.shop.pidbox', 'answers-1'),
      ],
    };
    expect(kinds(parts)).toEqual({ 'control-1': 'pidbox', 'heard-1': 'events', 'answers-1': 'reply' });
  });

  it('leaves Dramatiq and what only others consume to others', () => {
    const parts = celeryVhost();
    parts.queues?.push(queue('mail'), queue('mail.DQ'), queue('mail.XQ'), queue('events'), queue('unknown'));
    // An exchange that both share: the consumer decides.
    parts.bindings?.push(binding('shopex', 'events', 'prio.sent'));
    parts.products = { ...parts.products, events: 'Pika Python Client Library' };
    expect(kinds(parts)).toMatchObject({
      mail: 'other',
      'mail.DQ': 'other',
      'mail.XQ': 'other',
      events: 'other',
      unknown: 'other',
    });
  });

  it('keeps in sight what no worker consumes any more', async () => {
    const parts = celeryVhost();
    // prio stood on an exchange of its own, by its consumer alone; late was never seen with one.
    parts.queues?.push(queue('late'), queue('idle'));
    parts.exchanges?.push(exchange('pika', 'topic'));
    parts.queues?.push(queue('pika-1'), queue('pika-2'));
    parts.bindings?.push(binding('shopex', 'late', 'late'), binding('pika', 'pika-1'), binding('pika', 'pika-2'));
    parts.products = { 'pika-1': 'Pika Python Client Library' };
    expect(kinds(parts)).toMatchObject({
      prio: 'app',
      late: 'app',
      // An exchange that somebody else consumes from, and a queue that is bound to none.
      'pika-2': 'other',
      idle: 'other',
    });
    const broker = fakeBroker({ ...parts, bindings: [], products: { idle: 'py-amqp' } });
    const it = transport(broker);
    await it.overview(never);
    broker.parts.products = {};
    broker.parts.queues?.push(queue('new'));
    const { queues } = await it.overview(never);
    expect(queues.map(({ name }) => name)).toContain('idle');
  });

  it('takes in queues on an exchange of the app, dead letters of its queues, and what a person names', () => {
    const parts = celeryVhost();
    parts.queues?.push(
      queue('prio-late'),
      queue('orders', { effectivePolicy: { 'dead-letter-exchange': '', 'dead-letter-routing-key': 'orders.dead' } }),
      queue('orders.dead'),
      queue('plain'),
    );
    parts.exchanges?.push(exchange('orders'));
    parts.bindings?.push(binding('shopex', 'prio-late', 'late.#'), binding('orders', 'orders'));
    expect(kinds(parts, ['plain'])).toMatchObject({
      'prio-late': 'app',
      orders: 'app',
      'orders.dead': 'app',
      plain: 'app',
    });
  });

  it('follows a dead-letter exchange by routing key', () => {
    const parts = celeryVhost();
    parts.queues?.push(
      queue('orders', { arguments: { 'x-dead-letter-exchange': 'dlx', 'x-dead-letter-routing-key': 'orders' } }),
      queue('dead.orders'),
      queue('dead.others'),
    );
    parts.exchanges?.push(exchange('orders'), exchange('dlx'));
    parts.bindings?.push(
      binding('orders', 'orders'),
      binding('dlx', 'dead.orders', 'orders'),
      binding('dlx', 'dead.others', 'others'),
    );
    parts.products = { 'dead.others': 'Pika Python Client Library' };
    expect(kinds(parts)).toMatchObject({ 'dead.orders': 'app', 'dead.others': 'other' });
  });

  it('gives no role by a name alone that only looks like one', () => {
    const parts: FakeParts = {
      queues: [queue('celery_delayed_28'), queue('celery_delayed_x'), queue('67288b5a-d38d-3941-b285-029c33d331a6')],
    };
    expect(Object.values(kinds(parts))).toEqual(['other', 'other', 'other']);
  });
});

describe('finding Celery', () => {
  it('names what gave it away', async () => {
    const evidence = await detectRabbit(fakeBroker(celeryVhost()), options(), never);
    expect(evidence.map(({ what }) => what)).toEqual([
      'exchange celeryev',
      'exchange celery.pidbox',
      'exchange celery_delayed_delivery',
      'queue celery',
    ]);
    expect(evidence[1]?.value).toBe('fanout exchange for remote control, 1 worker bound');
  });

  it('finds nothing where only others are, kombu without Celery among them', async () => {
    const parts = {
      queues: [queue('orders'), queue('mail'), queue('mail.DQ'), queue('mail.XQ')],
      exchanges: [exchange('orders')],
      bindings: [binding('orders', 'orders')],
      products: { orders: 'py-amqp' },
    };
    expect(await detectRabbit(fakeBroker(parts), options(), never)).toEqual([]);
  });

  it('finds queues that a publisher declared where no worker has ever been', async () => {
    const parts: FakeParts = {
      queues: [queue('mails', { consumers: 0 }), queue('orders', { consumers: 0 }), queue('topics'), queue('fans')],
      exchanges: [exchange('mails'), exchange('orders'), exchange('topics'), exchange('fans', 'fanout')],
      bindings: [
        binding('mails', 'mails'),
        binding('orders', 'orders'),
        binding('topics', 'topics', 'topics.#'),
        binding('fans', 'fans'),
      ],
      products: { orders: 'Pika Python Client Library' },
    };
    const evidence = await detectRabbit(fakeBroker(parts), options(), never);
    expect(evidence.map(({ what }) => what)).toEqual(['queue mails']);
    expect(evidence[0]?.value).toContain('nobody consumes it');
  });

  it('finds queues by name where the management API is refused or absent', async () => {
    const refused = celeryVhost();
    refused.management = {
      // biome-ignore lint/correctness/useYield: it fails before the first page
      async *allQueues() {
        throw failure('forbidden', 'guest may not use the management API.');
      },
    };
    for (const parts of [refused, { ...celeryVhost(), management: null }]) {
      const evidence = await detectRabbit(fakeBroker(parts), options({ queues: ['prio', 'absent'] }), never);
      expect(evidence.map(({ what, value }) => [what, value])).toEqual([
        ['queue celery', '3 ready messages'],
        ['queue prio', '0 ready messages'],
      ]);
      // Other names may be there, which AMQP does not list.
      const unnamed: FakeParts = { ...parts, queues: (parts.queues ?? []).filter(({ name }) => name !== 'celery') };
      await expect(detectRabbit(fakeBroker(unnamed), options({ queues: ['absent'] }), never)).rejects.toMatchObject({
        code: 'unsupported',
        tried: expect.stringContaining('celery, absent'),
        remedy: expect.stringContaining('"queues"'),
      });
    }
  });
});

describe('the overview', () => {
  it('counts ready, held and delayed messages of the app alone', async () => {
    const overview = await transport(fakeBroker(celeryVhost())).overview(never);
    expect(overview.queues.map(({ name, counts, workers }) => [name, counts.waiting, counts.taken, workers])).toEqual([
      ['celery', { exact: 3 }, { exact: 1 }, null],
      ['nobody', { exact: 1 }, { exact: 0 }, []],
      ['prio', { exact: 0 }, { exact: 0 }, null],
    ]);
    expect(overview.taken).toEqual({ exact: 1 });
    expect(overview.scheduled).toEqual({ exact: 2 });
    expect(overview.problems).toEqual([]);
  });

  it('reads exchanges and bindings once, and again only for a queue whose name tells nothing', async () => {
    const broker = fakeBroker(celeryVhost());
    await detectRabbit(broker, options(), never);
    const it = transport(broker);
    await it.overview(never);
    const count = (what: string) => broker.calls.filter(call => call === what).length;
    expect([count('bindings'), count('queues')]).toEqual([1, 2]);
    broker.parts.queues?.push(queue('1.reply.celery.pidbox'), queue('celeryev.1'));
    await it.overview(never);
    expect(count('bindings')).toBe(1);
    // A worker that has come: what it consumes is to be read.
    broker.parts.queues?.push(queue('other@h.celery.pidbox', { consumers: 1 }));
    await it.overview(never);
    expect(count('bindings')).toBe(2);
    broker.parts.queues?.push(queue('new'));
    broker.parts.exchanges?.push(exchange('new'));
    broker.parts.bindings?.push(binding('new', 'new'));
    const { queues } = await it.overview(never);
    expect(count('bindings')).toBe(3);
    expect(queues.map(({ name }) => name)).toContain('new');
  });

  it('tells type, priorities, dead letters, policy and delivery limit as facts', async () => {
    const parts = celeryVhost();
    parts.queues?.push(
      queue('orders', {
        type: 'quorum',
        policy: 'limits',
        arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'orders.dead' },
        effectivePolicy: { 'delivery-limit': 5, 'message-ttl': 60000 },
      }),
      queue('orders.dead'),
    );
    parts.exchanges?.push(exchange('orders'));
    parts.bindings?.push(binding('orders', 'orders'));
    const { queues } = await transport(fakeBroker(parts)).overview(never);
    const facts = (name: string) =>
      Object.fromEntries(queues.find(each => each.name === name)?.details?.map(f => [f.name, f.value]) ?? []);
    expect(facts('orders')).toMatchObject({
      Type: 'quorum',
      Policy: 'limits',
      'Delivery limit': '5, then dropped or dead-lettered',
      'Dead letters': 'to orders.dead',
      'Message time to live': '60',
    });
    expect(facts('orders.dead')).toMatchObject({ 'Takes dead letters of': 'orders', 'Dead letters': 'dropped' });
    expect(facts('prio')).toMatchObject({ Priorities: '0 to 10, larger first', Type: 'classic' });
  });

  it('shows workers by their queues for remote control, and what they consume over the same connection', async () => {
    const parts = celeryVhost();
    parts.queues?.push(
      queue('other@host.b.shop.pidbox', { consumers: 1 }),
      queue('late@h.celery.pidbox', { consumers: 0 }),
    );
    parts.exchanges?.push(exchange('shop.pidbox', 'fanout'));
    parts.products = { ...parts.products, 'mail@h.celery.pidbox': 'py-amqp' };
    const { queues, workers } = await transport(fakeBroker(parts)).overview(never);
    expect(workers?.map(({ name, host, queues: of, alive, state }) => [name, host, of, alive, state])).toEqual([
      ['late@h', 'h', [], false, 'gone'],
      ['mail@h', 'h', ['celery', 'prio'], true, 'connected'],
      ['other@host.b', 'host.b', [], true, 'connected'],
    ]);
    expect(queues.map(({ name, workers: of }) => [name, of])).toEqual([
      ['celery', ['mail@h']],
      ['nobody', []],
      ['prio', ['mail@h']],
    ]);
  });

  it('counts one by one what the statistics do not tell yet', async () => {
    const parts = celeryVhost();
    parts.queues = [queue('celery', { ready: null, unacked: null, consumers: null })];
    parts.messages = { celery: [] };
    const broker = fakeBroker(parts);
    const { queues, taken } = await transport(broker).overview(never);
    expect(queues[0]?.counts.waiting).toEqual({ exact: 0 });
    expect(queues[0]?.counts.taken).toHaveProperty('unknown');
    expect(taken).toHaveProperty('unknown');
  });

  it('stands where a part may not be read, and says which', async () => {
    const parts = celeryVhost();
    parts.management = { bindings: () => Promise.reject(failure('forbidden', 'You may not list bindings.')) };
    const { queues, problems } = await transport(fakeBroker(parts)).overview(never);
    expect(queues.map(({ name }) => name)).toContain('celery');
    expect(problems).toEqual([
      { part: 'bindings', reason: 'You may not list bindings. Do something about it.', offset: null },
    ]);
  });

  it('shows the named queues without the management plug-in, and says what it cannot tell', async () => {
    const parts = { ...celeryVhost(), management: null };
    const { queues, taken, problems } = await transport(fakeBroker(parts), { queues: ['prio', 'absent'] }).overview(
      never,
    );
    expect(queues.map(({ name, counts }) => [name, counts])).toEqual([
      ['celery', { waiting: { exact: 3 }, taken: { unknown: 'not visible without the management plug-in' } }],
      ['prio', { waiting: { exact: 0 }, taken: { unknown: 'not visible without the management plug-in' } }],
    ]);
    expect(taken).toEqual({ unknown: 'not visible without the management plug-in' });
    expect(problems.map(({ part }) => part)).toEqual(['management', 'queue absent']);
    expect(problems[0]?.reason).toContain('option "queues"');
  });

  it('falls back to the queues seen before when the management API gives out', async () => {
    const broker = fakeBroker(celeryVhost());
    const it = transport(broker);
    await it.overview(never);
    Object.assign(broker.management ?? {}, {
      // biome-ignore lint/correctness/useYield: it fails before the first page
      async *allQueues() {
        throw failure('timeout', 'The management API did not answer within 10 s.');
      },
    });
    const { queues, problems } = await it.overview(never);
    expect(queues.map(({ name }) => name)).toEqual(['celery', 'nobody', 'prio']);
    expect(problems[0]?.reason).toContain('did not answer within 10 s');
  });
});

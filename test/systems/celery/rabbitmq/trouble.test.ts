import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRabbit, type TestRabbit, waitFor } from '../../../support';
import { never, placeOn } from './support';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
});
afterAll(() => rabbit.kill());

const waiting = (queue: string | null) => ({ queue, state: 'waiting', cursor: null, size: 100 }) as const;

describe('messages that cannot be read', () => {
  test('show as rows with what is wrong, beside their neighbors', async () => {
    using place = await placeOn(rabbit);
    await place.run('tasks.add.delay(1, 2)');
    const client = await connect(place.vhost.url);
    const channel = await client.createConfirmChannel();
    const headers = { task: 'shop.tasks.add', id: 'poison-1' };
    const send = (body: Buffer, properties: object) => channel.publish('', 'celery', body, properties);
    send(Buffer.from('[[1, 2'), { contentType: 'application/json', contentEncoding: 'utf-8', headers });
    send(Buffer.from([1, 255, 3]), { contentType: 'application/x-own', contentEncoding: 'binary', headers });
    send(Buffer.from('not Celery at all'), {});
    send(Buffer.from('[[1], {}, {}]'), {
      contentType: 'application/json',
      headers: { task: 5, id: ['x'], eta: 'soon' },
    });
    send(Buffer.alloc(0), { headers: { ...headers, compression: 'application/x-gzip' } });
    await channel.waitForConfirms();
    await client.close();
    await place.run('tasks.add.delay(3, 4)');
    const transport = place.transport();
    await transport.look('celery', 100, never);
    const { items } = await transport.page(waiting('celery'), never);
    expect(items.map(({ args, problems }) => [args?.text, problems.length > 0])).toEqual([
      ['(1, 2)', false],
      [undefined, true],
      [undefined, true],
      [undefined, true],
      [expect.anything(), expect.any(Boolean)],
      [undefined, true],
      ['(3, 4)', false],
    ]);
    for (const { ref } of items) {
      const stored = await transport.message(ref, never);
      expect(stored.raw[0]?.entries.map(({ name }) => name)).toEqual(['properties', 'headers', 'body']);
    }
  });

  test('headers of Python that JavaScript cannot hold do not hide the task', async () => {
    using place = await placeOn(rabbit);
    await place.run(`
from datetime import datetime
tasks.add.apply_async([1, 2], headers={"big": 2 ** 40, "huge": -(2 ** 62), "when": datetime(2026, 1, 2)})`);
    const transport = place.transport();
    await transport.look('celery', 10, never);
    const { items } = await transport.page(waiting('celery'), never);
    expect(items.map(({ task, args }) => [task, args?.text])).toEqual([['shop.tasks.add', '(1, 2)']]);
    expect((await transport.message(items[0]!.ref, never)).message.headers['big']).toBeDefined();
  });

  test('ten megabytes of arguments are cut in the row and whole in the task', async () => {
    using place = await placeOn(rabbit);
    await place.run('tasks.echo.delay("x" * 10_000_000)');
    await place.run('tasks.add.delay(1, 2)');
    const transport = place.transport();
    await transport.look('celery', 10, never);
    const { items } = await transport.page(waiting('celery'), never);
    expect(items.map(({ task }) => task)).toEqual(['shop.tasks.echo', 'shop.tasks.add']);
    expect(items[0]?.args?.text.length ?? 0).toBeLessThan(1000);
    const { message, raw } = await transport.message(items[0]!.ref, never);
    expect(message.args?.cut?.totalBytes ?? message.args?.text.length).toBeGreaterThan(9_999_999);
    expect(raw[0]?.entries.find(({ name }) => name === 'body')?.bytes.length).toBe(64 * 1024);
  });
});

describe('a broker that says no', () => {
  test('without the plug-in the named queues stand, and what is not told says why', async () => {
    using place = await placeOn(rabbit, {}, { managementUrl: null });
    await place.run('tasks.add.delay(1, 2); tasks.add.apply_async([1, 2], queue="rush")');
    expect((await place.detect({ queues: ['rush'] })).map(({ what }) => what)).toEqual(['queue celery', 'queue rush']);
    const transport = place.transport({ queues: ['rush', 'absent'] });
    const { queues, taken, problems } = await transport.overview(never);
    expect(queues.map(({ name, counts, workers }) => [name, counts.waiting, workers])).toEqual([
      ['celery', { exact: 1 }, []],
      ['rush', { exact: 1 }, []],
    ]);
    expect(taken).toEqual({ unknown: 'not visible without the management plug-in' });
    expect(problems.map(({ part }) => part)).toEqual(['management', 'queue absent']);
    await transport.look('rush', 10, never);
    expect((await transport.page(waiting('rush'), never)).items).toHaveLength(1);
  });

  test('a user who may not read a queue sees how much waits in it, and why no more', async () => {
    using place = await placeOn(rabbit);
    await place.run('tasks.add.delay(1, 2)');
    await place.counted('celery', 1);
    await rabbit.addUser({
      name: 'clerk',
      password: 'clerk',
      vhost: place.vhost.name,
      read: '^$',
      write: '^$',
      configure: '^$',
      tags: 'management',
    });
    const url = place.vhost.url.replace('guest:guest', 'clerk:clerk');
    const management = rabbit.managementUrl.replace('//', '//clerk:clerk@');
    using clerk = await placeOn(rabbit, {}, { url, managementUrl: management });
    const transport = clerk.transport();
    const { queues } = await transport.overview(never);
    expect(queues.map(({ name, counts }) => [name, counts.waiting])).toEqual([['celery', { exact: 1 }]]);
    await expect(transport.look('celery', 10, never)).rejects.toMatchObject({ code: 'forbidden' });
    const page = await transport.page(waiting('celery'), never);
    expect(page.total).toEqual({ exact: 1 });
    expect(page.withheld?.reason).toMatch(/access|refused|permission/i);
  });

  test('a virtual host that is deleted meanwhile is said to be gone', async () => {
    using place = await placeOn(rabbit);
    await place.run('tasks.add.delay(1, 2)');
    const transport = place.transport();
    await transport.overview(never);
    await rabbit.api('DELETE', `/api/vhosts/${place.vhost.name}`);
    await waitFor(() => place.broker.lost !== null, { what: 'the connection to be closed' });
    await expect(transport.overview(never)).rejects.toMatchObject({ code: expect.stringMatching(/lost|gone/) });
    await expect(transport.look('celery', 10, never)).rejects.toMatchObject({ code: 'connection-lost' });
  });

  test('with the connection lost, statistics still stand; after a reconnect all does', async () => {
    using place = await placeOn(rabbit);
    await place.run('tasks.add.delay(1, 2)');
    await place.counted('celery', 1);
    const transport = place.transport();
    await transport.look('celery', 10, never);
    // A connection shows in the statistics a moment after it was made.
    await waitFor(async () => (await rabbit.closeConnections()) > 0 && place.broker.lost !== null, {
      what: 'our connection to be closed',
    });
    const { queues } = await transport.overview(never);
    expect(queues.map(({ counts }) => counts.waiting)).toEqual([{ exact: 1 }]);
    await place.broker.reconnect(never);
    expect((await transport.page(waiting('celery'), never)).items).toHaveLength(1);
  });
});

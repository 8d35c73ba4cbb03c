/** What the inspector has of a RabbitMQ: its link, whose it is, undo; and the command line on one. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RabbitBroker, saveMessage } from '../../../src/brokers/rabbitmq';
import type { ConnectionProfile } from '../../../src/inspector';
import { openLink, splitUrl } from '../../../src/inspector';
import { baseAccess } from '../../../src/inspector/access';
import type { RabbitOperation, RabbitUndoUnit } from '../../../src/model';
import { processIsOurs } from '../../../src/workspace/processes';
import { startRabbit, type TestRabbit, waitFor } from '../../support';
import { nothingKnown } from '../../support/surroundings';

let rabbit: TestRabbit;
beforeAll(async () => {
  rabbit = await startRabbit();
  // A node that has just started tells its process with its first statistics.
  const node = `/api/nodes/${rabbit.node}`;
  await waitFor(async () => 'os_pid' in ((await rabbit.api('GET', node)) as object), { what: 'first statistics' });
});
afterAll(() => rabbit.kill());

const { signal } = new AbortController();

async function linked(management: unknown = rabbit.managementUrl) {
  const vhost = await rabbit.vhost();
  await rabbit.api('PUT', `/api/queues/${vhost.name}/q`, { durable: true });
  const { url, password, name } = splitUrl(vhost.url);
  expect([url, password, name]).toEqual([
    vhost.url.replace(':guest@', '@'),
    'guest',
    `127.0.0.1:${rabbit.port}/${vhost.name}`,
  ]);
  const options = { rabbitmq: { management } };
  const profile: ConnectionProfile = { id: 'r', name, url, environment: 'local', access: 'own', options };
  const link = await openLink(profile, password ?? undefined, signal);
  return { vhost, profile, link, broker: link.broker as RabbitBroker, [Symbol.asyncDispose]: () => link.close() };
}

test('tells server, place and process; the node of this machine is its own, a node that tells no process is not', async () => {
  await using place = await linked();
  const { link, profile } = place;
  expect(link.serverText).toMatch(/^RabbitMQ \d+\.\d+\.\d+$/);
  expect(link.endpoint).toEqual({ kind: 'tcp', host: '127.0.0.1', port: rabbit.port });
  expect(link.process).toEqual({ pid: rabbit.pid, port: rabbit.port });
  expect(await link.otherDatabases(signal)).toEqual([]);
  const here = { ...nothingKnown, processIsOurs };
  expect(await baseAccess(profile, link, here)).toMatchObject({
    writable: true,
    reason: `This machine's own RabbitMQ (pid ${rabbit.pid}).`,
  });
  await using smaller = await linked('none');
  expect(smaller.broker).toMatchObject({
    management: null,
    managementProblem: 'The management API is not used by this connection.',
  });
  expect(await baseAccess(smaller.profile, smaller.link, here)).toMatchObject({
    writable: false,
    reason: expect.stringContaining('Only the management API tells the process of a RabbitMQ.'),
  });
});

test('undo puts exact messages back and takes back what still waits', async () => {
  await using place = await linked();
  const { link, broker } = place;
  const body = Buffer.from('task');
  const properties = { correlationId: 'c', headers: { n: 300 }, deliveryMode: 2 };
  await broker.publish([{ routingKey: 'q', properties, body }], signal);
  const [message] = await broker.look('q', 1, signal);
  if (message === undefined) throw new Error('The message is not there.');
  const unit = (...operations: readonly RabbitOperation[]): RabbitUndoUnit => ({
    broker: 'rabbitmq',
    subject: 'c',
    operations,
  });
  const take: RabbitOperation = {
    kind: 'take',
    queue: 'q',
    correlationId: 'c',
    bodySha256: createHash('sha256').update(body).digest('hex'),
    within: 10,
    refusal: 'It has been taken by a worker.',
  };
  const publish: RabbitOperation = { kind: 'publish', queue: 'q', message: saveMessage(message) };
  const elsewhere: RabbitOperation = { ...publish, queue: 'none' };
  expect(await link.undo([unit(take)], 'r1', signal)).toEqual([true]);
  expect(await broker.depths(['q'], signal)).toMatchObject([{ ready: 0 }]);
  expect(await link.undo([unit(take), unit(elsewhere), unit(publish, elsewhere)], 'r2', signal)).toEqual([
    'It has been taken by a worker.',
    'There is no queue none any more.',
    'Taken back in part only: There is no queue none any more.',
  ]);
  expect((await broker.look('q', 2, signal)).map(saveMessage)).toEqual([saveMessage(message)]);
});

test('a lost link is told, and opened anew in place', async () => {
  await using place = await linked();
  const { link, broker, vhost } = place;
  const told = new Promise<string>(resolve => link.onDidClose(error => resolve(error.code)));
  const listed = async () => (await rabbit.api('GET', `/api/vhosts/${vhost.name}/connections`)) as { name: string }[];
  const [{ name } = { name: '' }] = await waitFor(async () => ((await listed()).length > 0 ? listed() : null), {
    what: 'the connection to be listed',
  });
  await rabbit.api('DELETE', `/api/connections/${encodeURIComponent(name)}`);
  expect(await told).toBe('connection-lost');
  await link.reconnect(signal);
  expect(link.broker).toBe(broker);
  expect(await broker.depths(['q'], signal)).toMatchObject([{ ready: 0 }]);
});

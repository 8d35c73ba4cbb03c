/** A person's ways through the extension, from inside its host: rows by their ids, results by what is open and stored. */
import * as assert from 'node:assert/strict';
import Redis from 'ioredis';
import * as vscode from 'vscode';
import { makeRef } from '../../../src/model';
import { childId, troubleId } from '../../../src/vscode/tree/model/ids';
import { waitFor } from '../../support/wait';
import { test } from '../harness';

const at = { connection: 'demo', system: 'rq', key: '' };
const url = process.env['JOB_QUEUES_DEMO_URL'] ?? '';

/** `('shop.payments.charge_card', None, (id,), {})` as a protocol 2 pickle. */
function call(id: number): Buffer {
  const name = Buffer.from('shop.payments.charge_card');
  const head = Buffer.from([0x80, 2, 0x28, 0x58, name.length, 0, 0, 0]);
  return Buffer.concat([head, name, Buffer.from([0x4e, 0x4b, id, 0x85, 0x7d, 0x74, 0x2e])]);
}

/** Writes a failed job as RQ does. */
async function failedJob(redis: Redis, id: string, argument: number): Promise<void> {
  const now = new Date().toISOString();
  const fields = {
    created_at: now,
    enqueued_at: now,
    ended_at: now,
    origin: 'default',
    status: 'failed',
    timeout: '180',
  };
  await redis
    .multi()
    .sadd('rq:queues', 'rq:queue:default')
    .hset(`rq:job:${id}`, { ...fields, data: call(argument), description: 'charge' })
    .zadd('rq:failed:default', Math.floor(Date.now() / 1000) + 1000, id)
    .exec();
}

const rowOf = (id: string) =>
  childId(troubleId(at), 'job', makeRef({ system: 'rq', installation: '', place: 'failed:default', locator: id }));

/** Brings the failed jobs in sight, and waits until the row of one can be used. */
async function showFailures(): Promise<void> {
  await vscode.commands.executeCommand('jobQueues.brokers.focus');
  await vscode.commands.executeCommand('jobQueues.refresh');
  await vscode.commands.executeCommand('jobQueues.showFailures');
}

const openPanels = () =>
  vscode.window.tabGroups.all
    .flatMap(group => group.tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('jobQueues.job'));

async function withRedis(body: (redis: Redis) => Promise<void>): Promise<void> {
  const redis = new Redis(url);
  try {
    await body(redis);
  } finally {
    redis.disconnect();
  }
}

/** Runs a command again until what it leads to is there: rows come when the broker has answered. */
async function until(
  what: string,
  run: () => Thenable<unknown>,
  there: () => boolean | Promise<boolean>,
): Promise<void> {
  await waitFor(
    async () => {
      if (await there()) return true;
      await run();
      return there();
    },
    { what, timeout: 45_000, every: 300 },
  );
}

test('a failed job opens as a read-only JSON document', () =>
  withRedis(async redis => {
    await failedJob(redis, 'in-host-1', 11);
    const shown = () => vscode.window.activeTextEditor?.document;
    await until(
      'the document',
      async () => {
        await showFailures();
        await vscode.commands.executeCommand('jobQueues.openJobDocument', rowOf('in-host-1'));
      },
      () => shown()?.uri.scheme === 'jobqueue',
    );
    const job = JSON.parse(shown()?.getText() ?? '') as { id: string; task: string; args: { text: string } };
    assert.equal(job.id, 'in-host-1');
    assert.equal(job.task, 'shop.payments.charge_card');
    assert.match(job.args.text, /11/);
  }));

test('jobs share one panel until it is pinned', () =>
  withRedis(async redis => {
    await failedJob(redis, 'in-host-1', 11);
    await failedJob(redis, 'in-host-2', 12);
    const open = (id: string) => vscode.commands.executeCommand('jobQueues.openJob', rowOf(id));
    await until(
      'a panel',
      () => showFailures().then(() => open('in-host-1')),
      () => openPanels().length === 1,
    );
    await open('in-host-2');
    // Tabs are told to the extension host a moment later.
    await until(
      'one panel',
      () => open('in-host-2'),
      () => openPanels().length === 1,
    );
    await vscode.commands.executeCommand('jobQueues.pinPanel');
    await until(
      'a second panel',
      () => open('in-host-1'),
      () => openPanels().length === 2,
    );
  }));

test('retry puts the job back into its queue', () =>
  withRedis(async redis => {
    await failedJob(redis, 'in-host-3', 13);
    const waits = async () => (await redis.lrange('rq:queue:default', 0, -1)).includes('in-host-3');
    await until(
      'the job to wait',
      async () => {
        await showFailures();
        void vscode.commands.executeCommand('jobQueues.retry', rowOf('in-host-3'));
      },
      waits,
    );
    assert.equal(await redis.zscore('rq:failed:default', 'in-host-3'), null);
  }));

test('the password of a broker stands in no setting', () => {
  const settings = JSON.stringify(vscode.workspace.getConfiguration('jobQueues'));
  assert.ok(url.includes('in-host'));
  assert.ok(!settings.includes(new URL(url).password));
});

test('commands that need a broker say so instead of failing when there is a row of none', async () => {
  await vscode.commands.executeCommand('jobQueues.clickRow', 'no such row');
  await vscode.commands.executeCommand('jobQueues.copyId', 'no such row');
});

test('the journal opens in one tab however often it is asked for', async () => {
  const journals = () =>
    vscode.window.tabGroups.all
      .flatMap(group => group.tabs)
      .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('jobQueues.journal'));
  await vscode.commands.executeCommand('jobQueues.openJournal');
  await vscode.commands.executeCommand('jobQueues.openJournal');
  await waitFor(async () => journals().length === 1, { what: 'the journal', timeout: 45_000 });
});

/** A master, its replica and sentinels that watch them, all on loopback: for tests of a failover while reading. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redisServer } from '../../scripts/setup/redis.mjs';
import { removeFolder, temporaryFolder } from './folders';
import { freePort } from './ports';
import { type GuardedProcess, startProcess } from './process';
import { clientOf, startRedis, type TestRedis } from './redis';
import { waitFor } from './wait';

export interface SentinelSetup extends AsyncDisposable {
  /** `redis+sentinel://127.0.0.1:p1,127.0.0.1:p2/shop/0`. */
  readonly url: string;
  /** The name under which the sentinels watch the master. */
  readonly masterName: string;
  readonly sentinelPorts: readonly number[];
  readonly nodes: readonly [TestRedis, TestRedis];
  /** The port that the sentinels name as the master now. */
  masterPort(): Promise<number>;
  /** Makes the sentinels promote the other node; resolves when it answers as master. Answers its port. */
  failover(): Promise<number>;
  stop(): Promise<void>;
}

const MASTER_NAME = 'shop';

/** Starts one master, one replica and three sentinels, and waits until they know each other. */
export async function startSentinel(): Promise<SentinelSetup> {
  const binary = await redisServer();
  const master = await startRedis();
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
  const folder = temporaryFolder('sentinel');
  const sentinels: { readonly process: GuardedProcess; readonly port: number }[] = [];
  for (let number = 1; number <= 3; number++) {
    const port = await freePort();
    const file = join(folder, `sentinel-${number}.conf`);
    writeFileSync(file, configuration(port, folder, master.port));
    sentinels.push({ port, process: await startProcess(binary, [file, '--sentinel']) });
  }
  const ports = sentinels.map(sentinel => sentinel.port);
  const first = { host: '127.0.0.1', port: ports[0] ?? 0, password: undefined, socketPath: undefined };
  const ask = async (...args: [string, ...string[]]): Promise<unknown> => {
    const client = clientOf(first);
    try {
      return await client.call('SENTINEL', ...args);
    } finally {
      client.disconnect();
    }
  };
  const masterPort = async () => Number(((await ask('get-master-addr-by-name', MASTER_NAME)) as string[])[1]);
  await waitFor(
    async () => (await facts(ask))['num-slaves'] === '1' && (await facts(ask))['num-other-sentinels'] === '2',
    {
      timeout: 20_000,
      what: 'the sentinels to find the replica and each other',
      explain: () => sentinels.map(sentinel => sentinel.process.output()).join('\n'),
    },
  );
  const stop = async () => {
    await Promise.all(sentinels.map(sentinel => sentinel.process.kill()));
    await Promise.all([master.stop(), replica.stop()]);
    removeFolder(folder);
  };
  return {
    url: `redis+sentinel://${ports.map(port => `127.0.0.1:${port}`).join(',')}/${MASTER_NAME}/0`,
    masterName: MASTER_NAME,
    sentinelPorts: ports,
    nodes: [master, replica],
    masterPort,
    failover: () => failover(ask, masterPort, [master, replica]),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Ask = (...args: [string, ...string[]]) => Promise<unknown>;

/** The sentinel's view of the master, its flat list of names and values as an object. */
async function facts(ask: Ask): Promise<Record<string, string>> {
  const flat = (await ask('master', MASTER_NAME)) as string[];
  return Object.fromEntries(flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : [])));
}

async function failover(
  ask: Ask,
  masterPort: () => Promise<number>,
  nodes: readonly [TestRedis, TestRedis],
): Promise<number> {
  const before = await masterPort();
  // A replica that has not yet answered the sentinel's INFO is refused with NOGOODSLAVE: ask again.
  await waitFor(async () => (await ask('failover', MASTER_NAME)) === 'OK', {
    timeout: 20_000,
    every: 200,
    what: 'the sentinel to accept a failover',
  });
  return waitFor(
    async () => {
      const now = await masterPort();
      const node = nodes.find(candidate => candidate.port === now);
      if (now === before || node === undefined) return 0;
      const client = clientOf(node);
      try {
        return /role:master/.test(await client.info('replication')) ? now : 0;
      } finally {
        client.disconnect();
      }
    },
    { timeout: 30_000, what: 'the other node to be master' },
  );
}

function configuration(port: number, folder: string, masterPort: number): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${MASTER_NAME} 2000`,
    `sentinel failover-timeout ${MASTER_NAME} 5000`,
    '',
  ].join('\n');
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createInspector, type Inspector, type LiveConnection } from '../../../src/inspector';
import type { InspectorParts } from '../../../src/inspector/ports';
import { waitAfter } from '../../../src/inspector/refresh';
import { retryDelay } from '../../../src/inspector/retry';
import { type ErrorCode, type Finding, InspectorError, isFinding } from '../../../src/model';
import { nothingKnown } from '../../support/surroundings';
import { type FakeLink, fakeLink, fakeSystem, profileOf } from './fakes';

let folder = '';
let inspector: Inspector;
let connection: LiveConnection;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jqi-connection-'));
});
afterEach(async () => {
  await inspector.dispose();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

async function start(parts: Partial<InspectorParts> = {}, profiles = [profileOf()]): Promise<void> {
  let saved: readonly ReturnType<typeof profileOf>[] = profiles;
  const secrets = new Map<string, string>();
  inspector = await createInspector({
    profiles: {
      read: async () => saved,
      write: async written => {
        saved = written;
      },
      onDidChange: () => () => undefined,
    },
    secrets: {
      get: async id => secrets.get(id),
      set: async (id, password) => void secrets.set(id, password),
      delete: async id => void secrets.delete(id),
    },
    systems: [fakeSystem()],
    surroundings: nothingKnown,
    open: async () => fakeLink(),
    journal: { folder },
    ...parts,
  });
  const [first] = inspector.connections;
  if (first !== undefined) connection = first;
}

const error = (code: ErrorCode) =>
  new InspectorError(code, { message: `It is ${code}.`, tried: 't', answer: 'a', remedy: 'r' });
const failing = (code: ErrorCode) => async () => {
  throw error(code);
};

describe('connecting', () => {
  test('goes through connecting to live, and tells', async () => {
    await start();
    const seen: string[] = [];
    connection.onDidChange(() => seen.push(connection.state.kind));
    await connection.connect();
    expect(seen).toEqual(['connecting', 'live']);
    expect(connection.serverText).toBe('Redis 7.0.15');
    expect(connection.access.writable).toBe(true);
    expect(connection.installations.map(({ overview }) => overview)).toEqual([null]);
  });

  test.each(['unauthorized', 'unresolved', 'no-such-database', 'tls'] as const)(
    '%s is refused for good',
    async code => {
      await start({ open: failing(code) });
      await expect(connection.connect()).rejects.toMatchObject({ code });
      expect(connection.state).toMatchObject({ kind: 'refused', error: { code } });
    },
  );

  test('what nobody answers is tried again, ever later, up to 30 s', async () => {
    await start({ open: failing('unreachable') });
    for (const attempt of [1, 2, 3]) {
      await expect(connection.connect()).rejects.toThrow();
      const before = Date.now();
      expect(connection.state).toMatchObject({ kind: 'lost', attempt });
      if (connection.state.kind === 'lost') expect(connection.state.retryAt).toBeGreaterThan(before);
    }
    expect([1, 2, 3, 4, 5, 6, 50].map(retryDelay)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  test('can be stopped', async () => {
    await start({
      open: (_profile, _password, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const controller = new AbortController();
    const connecting = connection.connect(controller.signal);
    controller.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'aborted' });
    expect(connection.state.kind).toBe('disconnected');
  });

  test('an error is explained by what the folder tells', async () => {
    await start({ open: failing('unresolved'), explain: async () => error('unreachable') });
    await expect(connection.connect()).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('losing the broker', () => {
  async function live(): Promise<FakeLink> {
    const link = fakeLink();
    await start({ open: async () => link });
    await connection.connect();
    await connection.refresh('manual');
    return link;
  }

  test('never empties what was read; it is stale, read-only, and comes back as the same things', async () => {
    const link = await live();
    const [before] = connection.installations;
    expect(before?.overview).not.toBeNull();
    expect(connection.stale).toBe(false);
    link.lose(error('connection-lost'));
    expect(connection.state).toMatchObject({ kind: 'lost', attempt: 1 });
    expect(connection.stale).toBe(true);
    expect(connection.access.writable).toBe(false);
    expect(connection.installations[0]?.overview).toBe(before?.overview);
    await connection.refresh('manual');
    expect(connection.state.kind).toBe('live');
    expect(connection.stale).toBe(false);
    expect(connection.installations[0]?.installation).toBe(before?.installation);
  });

  test('comes back by itself while it is in sight, and only then', async () => {
    vi.useFakeTimers();
    const link = await live();
    const reconnect = vi.spyOn(link, 'reconnect');
    link.lose(error('connection-lost'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reconnect).not.toHaveBeenCalled();
    inspector.setVisible(true);
    await vi.advanceTimersByTimeAsync(1);
    expect(reconnect).toHaveBeenCalledOnce();
    expect(connection.state.kind).toBe('live');
  });

  test('a password that was changed meanwhile is refused, and not tried for ever', async () => {
    const link = await live();
    link.reconnect = failing('unauthorized');
    link.lose(error('connection-lost'));
    await expect(connection.connect()).rejects.toThrow();
    expect(connection.state.kind).toBe('refused');
    expect(connection.installations.length).toBe(1);
  });

  test('what a person allowed does not write to a broker that is gone', async () => {
    const link = await live();
    inspector.allowWriting('shop', 'until-revoked');
    link.lose(error('connection-lost'));
    expect(connection.access.writable).toBe(false);
  });

  test('disconnecting closes it', async () => {
    const link = await live();
    await connection.disconnect();
    expect(link.closed).toBe(true);
    expect(connection.state.kind).toBe('disconnected');
  });
});

describe('refreshing', () => {
  test('one at a time, the next after the last has ended, none while nothing is in sight', async () => {
    vi.useFakeTimers();
    let running = 0;
    let most = 0;
    let reads = 0;
    const overview = async () => {
      reads++;
      most = Math.max(most, ++running);
      await new Promise(resolve => setTimeout(resolve, 500));
      running--;
    };
    await start({ systems: [fakeSystem({ overview })] });
    await connection.connect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(reads).toBe(0);
    inspector.setVisible(true);
    await vi.advanceTimersByTimeAsync(600);
    expect(reads).toBe(1);
    // It took 500 ms, so it waits ten seconds; a refresh by hand in the middle joins what runs.
    await vi.advanceTimersByTimeAsync(9_000);
    expect(reads).toBe(1);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(reads).toBe(2);
    const both = Promise.all([connection.refresh('manual'), connection.refresh('manual')]);
    await vi.advanceTimersByTimeAsync(600);
    await both;
    expect(reads).toBe(2);
    inspector.setVisible(false);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(reads).toBe(2);
    expect(most).toBe(1);
  });

  test('the wait follows the cost', () => {
    expect([1, 100, 500, 60_000].map(cost => waitAfter(cost, 'auto'))).toEqual([2_000, 2_000, 10_000, 60_000]);
    expect(waitAfter(1, 30)).toBe(30_000);
    expect(waitAfter(1, 0)).toBeNull();
  });

  test('one installation that cannot be read keeps its rows, says why, and hides no other', async () => {
    let broken = false;
    const overview = async () => {
      if (broken) throw error('broker-error');
    };
    await start({ systems: [fakeSystem({ id: 'one', overview }), fakeSystem({ id: 'two' })] });
    await connection.connect();
    await connection.refresh('manual');
    broken = true;
    await connection.refresh('manual');
    const [one, two] = connection.installations;
    expect(one?.problem?.code).toBe('broker-error');
    expect(one?.overview).not.toBeNull();
    expect(two?.problem).toBeNull();
    expect(connection.state.kind).toBe('live');
  });

  test('one system that cannot be looked for hides no other', async () => {
    await start({ systems: [fakeSystem({ id: 'one', detect: failing('forbidden') }), fakeSystem({ id: 'two' })] });
    await connection.connect();
    expect(connection.installations.map(({ installation }) => installation.system.id)).toEqual(['two']);
  });
});

describe('profiles', () => {
  test('that are saved at the same time are all kept; the password goes to the secrets alone', async () => {
    await start({}, []);
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(names.map(id => inspector.save(profileOf({ id, name: id }), `secret-${id}`)));
    expect(inspector.connections.map(({ profile }) => profile.id)).toEqual(names);
    expect(JSON.stringify(inspector.connections.map(({ profile }) => profile))).not.toContain('secret');
    await inspector.remove('b');
    expect(inspector.connections.map(({ profile }) => profile.id)).toEqual(['a', 'c', 'd']);
  });

  test('a new name or access keeps the connection, a new url makes a new one', async () => {
    await start();
    await connection.connect();
    const same = await inspector.save(profileOf({ name: 'renamed', access: 'read-only' }));
    expect(same).toBe(connection);
    expect(connection.access.writable).toBe(false);
    const other = await inspector.save(profileOf({ url: 'redis://elsewhere:6379/0' }));
    expect(other).not.toBe(connection);
    expect(connection.state.kind).toBe('disconnected');
  });
});

test('findings: an error of one rule set never hides the others', async () => {
  const finding: Finding = {
    ...{ rule: 'two.rule', subject: 's', title: 'T', label: 'L', severity: 'warning', sure: true, where: 'w' },
    ...{ since: null, evidence: [], consequence: 'c', remedies: [], notProblemWhen: null },
  };
  await start({
    systems: [
      fakeSystem({
        id: 'one',
        diagnose: () =>
          (async function* () {
            yield { rule: 'one.first', checked: true } as const;
            throw new Error('broken rule');
          })(),
      }),
      fakeSystem({
        id: 'two',
        diagnose: () =>
          (async function* () {
            yield finding;
          })(),
      }),
    ],
    folderRules: async function* () {
      yield { rule: 'folder.rule', reason: 'no such file' };
    },
  });
  await connection.connect();
  const seen = [];
  for await (const each of inspector.findings(null, new AbortController().signal)) seen.push(each);
  expect(seen.map(({ connection, diagnosis }) => [connection, diagnosis.rule])).toEqual([
    ['shop', 'one.first'],
    ['shop', 'one.*'],
    ['shop', 'two.rule'],
    [null, 'folder.rule'],
  ]);
  expect(seen.filter(({ diagnosis }) => isFinding(diagnosis)).length).toBe(1);
});

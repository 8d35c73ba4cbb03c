/** Further brokers of a connection: passwords, sharing, loss and coming back; what is completed in the background. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createInspector } from '../../../src/inspector';
import { CompanionBrokers, companionSecret, companionSecrets, withCompanion } from '../../../src/inspector/companions';
import { Completer } from '../../../src/inspector/completing';
import type { Link, OpenLink } from '../../../src/inspector/ports';
import {
  type Companion,
  InspectorError,
  type Installation,
  type Looked,
  type QueueSystem,
  type UndoUnit,
} from '../../../src/model';
import { waitFor } from '../../support';
import { nothingKnown } from '../../support/surroundings';
import { DELETE, type FakeLink, fakeLink, fakeSystem, planOf, profileOf, unitFor } from './fakes';

const never = new AbortController().signal;

function world(secrets: Record<string, string> = {}, own: Link | null = fakeLink()) {
  const opened: { url: string; password: string | undefined; serverName: string | undefined; link: FakeLink }[] = [];
  const open: OpenLink = async (profile, password) => {
    const link = fakeLink({ broker: { kind: 'redis', address: profile.url.replace('redis://', '') } });
    opened.push({ url: profile.url, password, serverName: profile.tls?.serverName, link });
    return link;
  };
  const profile = profileOf({ url: 'redis://shop.example:6379/0', tls: { serverName: 'shop' } });
  const brokers = new CompanionBrokers({
    open,
    secrets: { get: async id => secrets[id], set: async () => undefined, delete: async () => undefined },
    profile: () => profile,
    link: () => own,
  });
  return { brokers, companions: brokers.for('celery'), opened };
}

describe('the password of a companion', () => {
  test('is the one saved for its role before the one of the URL', async () => {
    const { companions, opened } = world({ [companionSecret('shop', 'celery', 'results')]: 'saved', shop: 'main' });
    await companions.open('results', 'redis://:inline@other.example:6379/1', never);
    expect(opened).toMatchObject([{ url: 'redis://other.example:6379/1', password: 'saved', serverName: undefined }]);
  });

  test('is the one of the URL before the one of the connection', async () => {
    const { companions, opened } = world({ shop: 'main' });
    await companions.open('results', 'redis://:inline@shop.example:6379/1', never);
    expect(opened[0]?.password).toBe('inline');
  });

  test('is the one of the connection on the same host and port only', async () => {
    const { companions, opened } = world({ shop: 'main' });
    await companions.open('results', 'redis://shop.example:6379/1', never);
    await companions.open('results', 'redis://shop.example:6380/1', never);
    await companions.open('results', 'redis://other.example:6379/1', never);
    expect(opened.map(({ password }) => password)).toEqual(['main', undefined, undefined]);
    expect(opened.map(({ serverName }) => serverName)).toEqual(['shop', undefined, undefined]);
  });
});

describe('opening', () => {
  test('the same URL answers with the same broker; the own one with the connection itself', async () => {
    const own = fakeLink();
    const { companions, opened } = world({}, own);
    const one = await companions.database(3, never);
    const other = await companions.open('results', 'redis://shop.example:6379/3', never);
    expect(other).toBe(one);
    expect(opened).toHaveLength(1);
    expect(await companions.database(0, never)).toBe(own.broker);
    expect(await companions.open('results', 'redis://shop.example:6379/0', never)).toBe(own.broker);
  });

  test('one that failed is tried again', async () => {
    let attempts = 0;
    const error = new InspectorError('unreachable', { message: 'm', tried: 't', answer: 'a', remedy: 'r' });
    const brokers = new CompanionBrokers({
      open: async () => {
        if (++attempts === 1) throw error;
        return fakeLink();
      },
      secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
      profile: () => profileOf(),
      link: () => fakeLink(),
    });
    const { open } = brokers.for('celery');
    await expect(open('results', 'redis://other:6379/1', never)).rejects.toBe(error);
    await expect(open('results', 'redis://other:6379/1', never)).resolves.toBeDefined();
  });

  test('one that was lost is opened anew in place, and meanwhile leads nowhere', async () => {
    const { brokers, companions, opened } = world();
    const broker = await companions.database(3, never);
    const link = opened[0]?.link;
    expect(brokers.linkTo('shop.example:6379/3')).toBe(link);
    const reconnect = vi.spyOn(link as Link, 'reconnect');
    link?.lose(new InspectorError('connection-lost', { message: 'm', tried: 't', answer: 'a', remedy: 'r' }));
    expect(brokers.linkTo('shop.example:6379/3')).toBeNull();
    expect(await companions.database(3, never)).toBe(broker);
    expect(reconnect).toHaveBeenCalledTimes(1);
    expect(brokers.linkTo('shop.example:6379/3')).toBe(link);
    expect(opened).toHaveLength(1);
  });

  test('all are closed with the connection', async () => {
    const { brokers, companions, opened } = world();
    await companions.database(3, never);
    await companions.database(4, never);
    await brokers.close();
    expect(opened.map(({ link }) => link.closed)).toEqual([true, true]);
    expect(brokers.linkTo('shop.example:6379/3')).toBeNull();
  });

  test('RabbitMQ has no other databases', async () => {
    const brokers = new CompanionBrokers({
      open: async () => fakeLink(),
      secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
      profile: () => profileOf({ url: 'amqp://rabbit.example:5672/' }),
      link: () => null,
    });
    expect(await brokers.for('celery').database(1, never)).toBeNull();
  });
});

test('a profile holds the URLs of companions, and nothing of them when they are taken out', () => {
  const which = { system: 'celery', role: 'results' };
  const base = profileOf({ options: { celery: { prefix: 'x' } } });
  const added = withCompanion(base, which, 'redis://other:6379/1');
  expect(added.options).toEqual({ celery: { prefix: 'x', results: 'redis://other:6379/1' } });
  expect(companionSecrets(added)).toContain('shop/celery/results');
  expect(withCompanion(added, which, null)).toEqual(base);
  expect(withCompanion(withCompanion(profileOf(), which, 'redis://o:1/1'), which, null)).toEqual(profileOf());
});

describe('undo', () => {
  // Undone in the opposite order.
  const units = (subject: string): UndoUnit[] => [{ ...unitFor(subject), on: 'results' }, unitFor(subject)];
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jqi-companions-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function performed(state: Companion['state']) {
    const links: FakeLink[] = [];
    const system = fakeSystem({
      perform: async function* () {
        const subjects = ['a', 'b'];
        yield { phase: 'about', stepId: 's', subjects, undo: subjects.flatMap(units) };
        const outcomes = subjects.map(id => ({ ref: null, id, outcome: 'done', reason: null }) as const);
        yield { phase: 'did', stepId: 's', outcomes, undo: [], progress: { done: 2, total: 2 } };
        return { counts: { done: 2, gone: 0, refused: 0, failed: 0, unknown: 0 }, items: [], stopped: false };
      },
    });
    const detect: QueueSystem['detect'] = async (broker, options, signal, companions) => {
      const results = await companions?.database(3, signal);
      const found = await system.detect(broker, options, signal);
      const address = results?.address ?? null;
      const companion = { role: 'results', title: 'Results', state, address, reason: null, candidates: [] };
      for (const each of found) Object.assign(each, { companions: [companion] });
      return found;
    };
    const inspector = await createInspector({
      profiles: {
        read: async () => [profileOf()],
        write: async () => undefined,
        onDidChange: () => () => undefined,
      },
      secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
      systems: [{ ...system, detect }],
      surroundings: nothingKnown,
      open: async profile => {
        const link = fakeLink({ broker: { kind: 'redis', address: profile.url } });
        links.push(link);
        return link;
      },
      journal: { folder },
    });
    await inspector.connections[0]?.connect();
    const plan = planOf(DELETE, 2);
    const receipt = await inspector.perform(
      {
        connection: 'shop',
        installation: { system: 'fake', key: '' },
        request: { action: plan.action.id, targets: plan.targets, parameters: {} },
        plan,
        confirmed: 'modal',
      },
      never,
    );
    return { inspector, links, token: receipt.undo ?? '' };
  }

  test('what was taken from a companion goes back to it, what was taken from the broker to that', async () => {
    const { inspector, links, token } = await performed('found');
    const receipt = await inspector.undo(token, never);
    expect(receipt.counts.done).toBe(2);
    const [own, results] = links.map(({ undone }) =>
      undone
        .flat()
        .map(({ subject, on }) => `${subject} ${on}`)
        .sort(),
    );
    expect(own).toEqual(['a undefined', 'b undefined']);
    expect(results).toEqual(['a results', 'b results']);
    await inspector.dispose();
  });

  test('where the broker refuses one, its companion is left alone; the others go on', async () => {
    const { inspector, links, token } = await performed('found');
    const [own, results] = links;
    if (own === undefined || results === undefined) throw new Error('no links');
    own.undo = async parts => parts.map(({ subject }) => (subject === 'a' ? 'a worker has it' : true));
    const receipt = await inspector.undo(token, never);
    expect(receipt.counts).toMatchObject({ done: 1, refused: 1 });
    expect(receipt.items).toContainEqual({ ref: null, id: 'a', outcome: 'refused', reason: 'a worker has it' });
    expect(results.undone.flat().map(({ subject }) => subject)).toEqual(['b']);
    await inspector.dispose();
  });
});

describe('completing', () => {
  function completer(complete: (signal: AbortSignal) => AsyncIterable<Looked>) {
    const state = { now: 1_000_000, shown: 0, log: [] as string[] };
    const plain = fakeSystem();
    const installation = { name: 'Fake', complete, system: plain } as unknown as Installation;
    const made = new Completer({
      installations: () => [installation],
      show: async () => void state.shown++,
      now: () => state.now,
      log: line => void state.log.push(line),
    });
    return { made, state };
  }

  test('runs while it is in sight, shows at most twice a second and at the end, and rests afterwards', async () => {
    let runs = 0;
    let next: () => void = () => undefined;
    const { made, state } = completer(async function* () {
      runs++;
      for (let looked = 1; looked <= 4; looked++) {
        yield { looked, of: 4 };
        await new Promise<void>(resolve => {
          next = resolve;
        });
      }
    });
    made.setOn(true);
    await waitFor(() => state.shown === 1, { what: 'the first showing' });
    next();
    await new Promise(resolve => setImmediate(resolve));
    expect(state.shown).toBe(1);
    state.now += 600;
    next();
    await waitFor(() => state.shown === 2, { what: 'the second showing' });
    next();
    await new Promise(resolve => setImmediate(resolve));
    next();
    await waitFor(() => state.shown === 3, { what: 'the showing at the end' });
    made.setOn(true);
    expect(runs).toBe(1);
    state.now += 30_000;
    made.setOn(true);
    expect(runs).toBe(2);
    made.setOn(false);
  });

  test('is stopped out of sight, and goes on as soon as it is in sight again', async () => {
    const signals: AbortSignal[] = [];
    const { made, state } = completer(async function* (signal) {
      signals.push(signal);
      yield { looked: 1, of: 2 };
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    });
    made.setOn(true);
    await waitFor(() => state.shown === 1, { what: 'a showing' });
    made.setOn(false);
    expect(signals[0]?.aborted).toBe(true);
    await new Promise(resolve => setImmediate(resolve));
    made.setOn(true);
    await waitFor(() => signals.length === 2, { what: 'the second run' });
    expect(state.log).toEqual([]);
    made.setOn(false);
  });

  test('says in the log why it could not', async () => {
    const { made, state } = completer(() => {
      throw new InspectorError('forbidden', { message: 'May not SCAN.', tried: 't', answer: 'a', remedy: 'r' });
    });
    made.setOn(true);
    await waitFor(() => state.log.length > 0, { what: 'the log' });
    expect(state.log).toEqual(['Fake: May not SCAN.']);
  });
});

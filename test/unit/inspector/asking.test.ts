import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { asksByItself, createInspector, type Inspector, type LiveConnection } from '../../../src/inspector';
import { ASK_AGAIN_MS } from '../../../src/inspector/asking';
import { Following, MOST_PER_SECOND } from '../../../src/inspector/following';
import type { Asked, Installation, JobEvent, QueueSystem, WorkerSummary } from '../../../src/model';
import { nothingKnown } from '../../support/surroundings';
import { fakeLink, fakeSystem, profileOf, workerOf } from './fakes';

const event = (kind: string): JobEvent => ({
  ...{ at: new Date(0).toISOString(), kind, id: 'i', task: 't', queue: null, worker: 'w1', state: null, text: null },
});

/** A channel that a test writes into; reading ends with the signal. */
class Stream<T> {
  readonly #waiting: T[] = [];
  #wake: () => void = () => undefined;
  opened = 0;
  closed = 0;

  push(...values: T[]): void {
    this.#waiting.push(...values);
    this.#wake();
  }

  async *read(signal: AbortSignal): AsyncGenerator<T> {
    this.opened++;
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    try {
      while (!signal.aborted) {
        const value = this.#waiting.shift();
        if (value !== undefined) yield value;
        else
          await new Promise<void>(resolve => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.closed++;
    }
  }
}

let folder = '';
let inspector: Inspector;
let connection: LiveConnection;
let now = 1_000_000;
let asked = 0;
let answers: (signal: AbortSignal) => AsyncIterable<Asked>;
const heard = new Stream<readonly WorkerSummary[]>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jqi-asking-'));
  asked = 0;
  answers = async function* () {
    yield { worker: 'w1', answered: true, answers: 1, of: 2, workers: [workerOf('w1')] };
    yield { worker: 'w2', answered: false, answers: 1, of: 2, workers: [workerOf('w1'), workerOf('w2')] };
  };
});
afterEach(async () => {
  await inspector.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** The fake system with workers that can be asked and heard. */
function asking(): QueueSystem {
  const system = fakeSystem();
  return {
    ...system,
    async detect(broker, options, signal) {
      const found = await system.detect(broker, options, signal);
      for (const installation of found as (Installation & Partial<Installation>)[])
        Object.assign(installation, {
          ask: (given: AbortSignal) => {
            asked++;
            return answers(given);
          },
          hear: (given: AbortSignal) => heard.read(given),
        });
      return found;
    },
  };
}

async function start(profile = profileOf()): Promise<void> {
  inspector = await createInspector({
    profiles: { read: async () => [profile], write: async () => undefined, onDidChange: () => () => undefined },
    secrets: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
    systems: [asking()],
    surroundings: nothingKnown,
    open: async () => fakeLink(),
    journal: { folder },
    refreshInterval: () => 0,
    now: () => now,
  });
  const [first] = inspector.connections;
  if (first === undefined) throw new Error('no connection');
  connection = first;
}

const overview = () => connection.installations[0]?.overview;

describe('asking by itself', () => {
  test('on connect, once something is in sight; rows change with every answer', async () => {
    await start();
    const seen = new Set<string>();
    connection.onDidChange(() => {
      const names = overview()?.workers.map(({ name }) => name) ?? [];
      seen.add(`${names.join()} ${overview()?.asked?.answers}/${overview()?.asked?.of} ${overview()?.asked?.running}`);
    });
    await connection.connect();
    expect(asked).toBe(0);
    inspector.setVisible(true);
    await vi.waitFor(() => expect(seen).toContain('w1,w2 1/2 false'));
    expect(seen).toContain('w1 1/2 true');
    expect(asked).toBe(1);
  });

  test('again when a person refreshes, but by interval only every 30 s', async () => {
    await start();
    inspector.setVisible(true);
    await connection.connect();
    await vi.waitFor(() => expect(asked).toBe(1));
    await connection.refresh('interval');
    await connection.refresh('action');
    expect(asked).toBe(1);
    now += ASK_AGAIN_MS;
    await connection.refresh('interval');
    expect(asked).toBe(2);
    await vi.waitFor(async () => {
      await connection.refresh('manual');
      expect(asked).toBe(3);
    });
  });

  test.each(['staging', 'production'] as const)('never on %s, unless the person said so', async environment => {
    await start(profileOf({ environment }));
    inspector.setVisible(true);
    await connection.connect();
    await connection.refresh('manual');
    expect(asked).toBe(0);
    expect(asksByItself(profileOf({ environment, options: { fake: { ask: true } } }), 'fake')).toBe(true);
    expect(asksByItself(profileOf({ options: { fake: { ask: false } } }), 'fake')).toBe(false);
  });

  test('an answer that fails leaves the rows and the connection as they are', async () => {
    await start();
    // biome-ignore lint/correctness/useYield: fails before its first answer
    answers = async function* () {
      throw new Error('no');
    };
    await connection.connect();
    await connection.refresh('manual');
    const [view] = connection.installations;
    await connection.ask(view?.installation as Installation);
    expect(connection.state.kind).toBe('live');
    expect(overview()?.workers).toEqual([]);
  });
});

describe('hearing', () => {
  test('runs while something is in sight, and not longer', async () => {
    await start(profileOf({ environment: 'production' }));
    await connection.connect();
    const before = heard.opened;
    inspector.setVisible(true);
    await vi.waitFor(() => expect(heard.opened).toBe(before + 1));
    await connection.refresh('manual');
    heard.push([workerOf('heard')]);
    await vi.waitFor(() => expect(overview()?.workers.map(({ name }) => name)).toEqual(['heard']));
    expect(heard.opened).toBe(before + 1);
    const closed = heard.closed;
    inspector.setVisible(false);
    await vi.waitFor(() => expect(heard.closed).toBe(closed + 1));
  });
});

describe('following events', () => {
  const follow = (stream: Stream<JobEvent>, following: Following, signal: AbortSignal) => {
    const installation = { system: { id: 'fake' }, key: '', listen: (given: AbortSignal) => stream.read(given) };
    following.start([installation as unknown as Installation], signal);
  };

  test('keeps the newest, with rates, and ends with the session', async () => {
    await start();
    let time = 5_000_500;
    const following = new Following(() => time);
    const stream = new Stream<JobEvent>();
    const session = new AbortController();
    follow(stream, following, session.signal);
    expect(following.state.on).toBe(true);
    stream.push(event('task-received'), event('task-started'), event('task-started'));
    await vi.waitFor(() => expect(following.state.total).toBe(3));
    expect(following.recent().map(({ number, kind }) => [number, kind])).toEqual([
      [2, 'task-started'],
      [1, 'task-started'],
      [0, 'task-received'],
    ]);
    expect(following.recent(1).map(({ number }) => number)).toEqual([2]);
    expect(following.state.kinds).toEqual({ 'task-received': 1, 'task-started': 2 });
    expect(following.state.perSecond).toBe(0);
    time += 1_000;
    expect(following.state.perSecond).toBeCloseTo(0.6);
    session.abort();
    await vi.waitFor(() => expect(following.state.on).toBe(false));
    expect(following.state.stopped).toBeNull();
  });

  test('stops by itself above a thousand a second, and says so', async () => {
    await start();
    const following = new Following(() => 7_000_000);
    const stream = new Stream<JobEvent>();
    follow(stream, following, new AbortController().signal);
    stream.push(...Array.from({ length: MOST_PER_SECOND + 50 }, () => event('task-sent')));
    await vi.waitFor(() => expect(following.state.on).toBe(false));
    expect(following.state.stopped).toContain(String(MOST_PER_SECOND));
    expect(following.state.total).toBe(MOST_PER_SECOND + 1);
    await vi.waitFor(() => expect(stream.closed).toBe(1));
  });
});

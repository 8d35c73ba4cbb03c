import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PyDict, PyList, writePickle } from '../../../../src/codecs/python';
import type { AnsweredCommand } from '../../../../src/systems/celery/types';
import { openRedis, readReply, redisEnvelope } from '../../../../src/systems/celery/workers/envelope';
import { eventOf, readEvents } from '../../../../src/systems/celery/workers/events';
import { FleetState } from '../../../../src/systems/celery/workers/fleet';
import { plainOf } from '../../../../src/systems/celery/workers/plain';
import { withoutLogin, withoutSecrets } from '../../../../src/systems/celery/workers/redact';
import { databaseOf } from '../../../../src/systems/celery/workers/redis-carrier';
import { SeenTasks } from '../../../../src/systems/celery/workers/seen';

const NOW = Date.parse('2026-11-20T14:00:00Z');

describe('what must not be kept', () => {
  test('passwords of URLs, whatever stands in them, and whatever a name calls secret', () => {
    const kept = withoutSecrets({
      broker_url: 'redis://user:p@ss/w:rd@host:6379/0',
      result_backend: 'db+postgresql://me:secret@db/celery?sslmode=require&password=again',
      broker_read_url: ['amqp://a:hidden@one//', 'amqp://b:hidden@two//;amqp://c:hidden@three//'],
      broker_transport_options: {
        visibility_timeout: 3600,
        global_keyprefix: 'shop:',
        sentinel_kwargs: { password: 'hidden', socket_timeout: 1 },
      },
      redis_password: 'hidden',
      security_key: '/etc/ssl/private.key',
      CELERY_RESULT_EXPIRES: 60,
      DATABASES: { default: { NAME: 'hidden' } },
      STRIPE_LIVE: 'hidden',
      task_default_queue: 'celery',
    });
    expect(kept).toEqual({
      broker_url: 'redis://host:6379/0',
      result_backend: 'db+postgresql://db/celery?sslmode=require',
      broker_read_url: ['amqp://one//', 'amqp://two//;amqp://three//'],
      broker_transport_options: {
        visibility_timeout: 3600,
        global_keyprefix: 'shop:',
        sentinel_kwargs: { socket_timeout: 1 },
      },
      celery_result_expires: 60,
      task_default_queue: 'celery',
    });
  });

  test('no password of a URL survives', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9@:/?#!$&*+=%.-]{6,20}$/);
    fc.assert(
      fc.property(secret, password => {
        const shown = withoutLogin(`redis://user:XX${password}XX@host:6379/0`);
        expect(shown).not.toContain(`XX${password}XX`);
        expect(shown.endsWith('host:6379/0')).toBe(true);
      }),
    );
  });
});

describe('messages', () => {
  test('a command is what kombu itself would send', () => {
    const command = { method: 'ping', arguments: {}, destination: null, reply: { oid: 'o', ticket: 't' } };
    const envelope = JSON.parse(redisEnvelope('celery', command)) as Record<string, unknown>;
    expect(envelope).toMatchObject({
      'content-type': 'application/json',
      'content-encoding': 'utf-8',
      headers: { clock: 0, expires: 0 },
      properties: { body_encoding: 'base64', delivery_info: { exchange: 'celery.pidbox', routing_key: '' } },
    });
    expect(JSON.parse(Buffer.from(String(envelope['body']), 'base64').toString())).toEqual({
      method: 'ping',
      arguments: {},
      destination: null,
      pattern: null,
      matcher: null,
      ticket: 't',
      reply_to: { exchange: 'reply.celery.pidbox', routing_key: 'o' },
    });
  });

  test('answers in every serializer of kombu read alike', async () => {
    const inner = new PyDict();
    inner.set('ok', 'pong');
    const outer = new PyDict();
    outer.set('w1', inner);
    const pickled = Buffer.from(writePickle(outer, { protocol: 4 }));
    const packed = Buffer.from([0x81, 0xa2, 0x77, 0x31, 0x81, 0xa2, 0x6f, 0x6b, 0xa4, 0x70, 0x6f, 0x6e, 0x67]);
    const bodies: [string, Buffer][] = [
      ['application/json', Buffer.from('{"w1": {"ok": "pong"}}')],
      ['application/x-yaml', Buffer.from('w1: {ok: pong}\n')],
      ['application/x-msgpack', packed],
      ['application/x-python-serialize', pickled],
    ];
    for (const [contentType, body] of bodies) {
      const raw = { contentType, compression: undefined, ticket: 't', routingKey: null, body };
      const [answer] = await readReply(raw, 'active', 1);
      expect(answer, contentType).toMatchObject({ worker: 'w1', method: 'active', value: { ok: 'pong' } });
    }
  });

  test('whatever comes, reading ends without an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('application/json', 'x', undefined),
        async (bytes, contentType) => {
          expect(openRedis(Buffer.from(bytes))).toSatisfy(
            (value: unknown) => value === null || typeof value === 'object',
          );
          const raw = { contentType, compression: undefined, ticket: null, routingKey: null, body: bytes };
          expect(Array.isArray(await readReply(raw, 'stats', 1))).toBe(true);
          expect(Array.isArray(await readEvents(raw))).toBe(true);
        },
      ),
    );
  });

  test('a value that holds itself, and names that are no names', () => {
    const list = new PyList();
    list.items.push(list, 1n << 70n);
    expect(plainOf(list)).toEqual([null, 2 ** 70]);
    const dict = new PyDict();
    dict.set('__proto__', 1);
    dict.set(7, 2);
    expect(Object.entries(plainOf(dict) as object)).toEqual([
      ['7', 2],
      ['__proto__', 1],
    ]);
  });

  test('the database is the number at the end of an address', () => {
    expect([databaseOf('localhost:6379/3'), databaseOf('/run/redis.sock/2'), databaseOf('[::1]:6379/0')]).toEqual([
      3, 2, 0,
    ]);
  });
});

describe('events', () => {
  const event = (fields: Record<string, unknown>) => eventOf({ timestamp: NOW / 1000, hostname: 'w1@shop', ...fields });

  test('each kind says its line, and what is no event is none', () => {
    const line = (fields: Record<string, unknown>) => event(fields)?.text;
    expect(line({ type: 'task-succeeded', uuid: 'i', runtime: 1.234, result: "'ok'" })).toBe("in 1.23 s: 'ok'");
    expect(line({ type: 'task-failed', uuid: 'i', exception: "ValueError('no\nway')" })).toBe("ValueError('no way')");
    expect(line({ type: 'task-revoked', uuid: 'i', terminated: true })).toBe('terminated');
    expect(line({ type: 'task-received', uuid: 'i', args: '(1,)', kwargs: '{}' })).toBe('(1,)');
    expect(line({ type: 'worker-heartbeat', active: 1, processed: 20 })).toBe('1 active, 20 processed');
    expect(line({ type: 'shop-custom' })).toBeNull();
    expect([eventOf(null), eventOf([]), eventOf({ type: 3 }), eventOf({})]).toEqual([null, null, null, null]);
    expect(event({ type: 'task-failed', uuid: 'i' })).toMatchObject({
      at: '2026-11-20T14:00:00.000Z',
      state: 'failed',
    });
  });

  test('of ever more tasks the newest are remembered', () => {
    const seen = new SeenTasks();
    for (let i = 0; i < 10_050; i++) {
      const told = event({ type: 'task-received', uuid: `id-${i}`, name: 'a.b', args: `(${i},)` });
      if (told !== null) seen.take(told);
    }
    expect(seen.size).toBe(10_000);
    expect(seen.get('id-49')).toBeNull();
    expect(seen.get('id-10049')).toMatchObject({ task: 'a.b', args: '(10049,)', state: 'taken' });
  });

  test('what arrives late does not undo what is known', () => {
    const seen = new SeenTasks();
    const failed = event({ type: 'task-failed', uuid: 'i', timestamp: NOW / 1000 + 1 });
    const sent = event({ type: 'task-sent', uuid: 'i', queue: 'mail', name: 'a.b' });
    for (const told of [failed, sent]) if (told !== null) seen.take(told);
    expect(seen.get('i')).toMatchObject({ state: 'failed', queue: 'mail', task: 'a.b' });
  });
});

describe('whether a worker is alive', () => {
  const answer = (worker: string, method = 'ping', value: unknown = { ok: 'pong' }): AnsweredCommand => ({
    ...{ worker, method, value, tree: null, milliseconds: 1 },
  });
  const beat = (worker: string) =>
    eventOf({ type: 'worker-heartbeat', hostname: worker, timestamp: NOW / 1000, active: 0 });

  function fleet() {
    let now = NOW;
    const state = new FleetState('', () => now);
    const row = (name: string) => state.workers.find(each => each.name === name);
    const question = (heard: number | null, names: readonly string[], named: readonly string[] = []) => {
      state.begin(2_000);
      state.listened(heard);
      for (const name of names) state.answered(answer(name));
      return state.end(named, null).map(({ name }) => name);
    };
    return { state, row, question, pass: (seconds: number) => (now += seconds * 1000) };
  }

  test('an answer counts for a while; then it is not known', () => {
    const { row, question, pass } = fleet();
    question(1, ['w1']);
    expect(row('w1')).toMatchObject({ alive: true, aliveReason: 'answered 0 s ago' });
    pass(600);
    expect(row('w1')).toMatchObject({ alive: null, aliveReason: 'last heard of 10 min ago' });
  });

  test('who is silent and does not listen any more is gone; who listens may be busy, but not for ever', () => {
    const { row, question, pass } = fleet();
    question(2, ['w1', 'w2']);
    expect(question(1, ['w1'])).toEqual(['w2']);
    expect(row('w2')?.alive).toBe(false);
    question(2, ['w1', 'w2']);
    expect(question(2, ['w1'])).toEqual(['w2']);
    expect(row('w2')?.alive).toBeNull();
    pass(90);
    question(2, ['w1']);
    expect(row('w2')).toMatchObject({ alive: false, aliveReason: 'has not answered for 90 s' });
  });

  test('no heartbeat for more than a minute, while they are heard', () => {
    const { state, row, pass } = fleet();
    const heard = beat('w1');
    state.hearingSince = NOW;
    if (heard !== null) state.take(heard);
    expect(row('w1')).toMatchObject({ alive: true, aliveReason: 'heard 0 s ago' });
    pass(240);
    expect(row('w1')).toMatchObject({ alive: false, aliveReason: 'no heartbeat for 4 min' });
    // Nobody has listened meanwhile: that says nothing.
    state.hearingSince = null;
    expect(row('w1')?.alive).toBeNull();
  });

  test('names on the broker count only as far as somebody listened in silence', () => {
    const first = fleet();
    expect(first.question(1, ['w1'], ['w1', 'old-1', 'old-2'])).toEqual([]);
    const second = fleet();
    expect(second.question(2, ['w1'], ['w1', 'w2'])).toEqual(['w2']);
    expect(second.row('w2')).toMatchObject({ alive: null, state: 'unknown' });
    const third = fleet();
    const many = Array.from({ length: 500 }, (_, i) => `old-${i}`);
    expect(third.question(2, ['w1'], many)).toEqual([]);
    expect(third.state.asked).toMatchObject({ answers: 1, of: 2 });
  });

  test('two answers to one question under one name are two workers', () => {
    const { state } = fleet();
    state.begin(2_000);
    state.listened(2);
    for (const pid of [11, 12]) {
      state.answered(answer('twin'));
      state.answered(answer('twin', 'stats', { pid, total: {} }));
    }
    expect(state.end([], null)).toEqual([]);
    expect(state.twins.get('twin')).toEqual({ answers: 2, pids: [11, 12] });
    state.begin(2_000);
    state.answered(answer('twin'));
    expect(state.twins.size).toBe(0);
  });

  test('a refusal is no value, and odd values hurt nobody', () => {
    const { state, row } = fleet();
    state.begin(2_000);
    for (const method of ['active', 'stats', 'active_queues', 'registered', 'revoked', 'conf', 'report', 'scheduled'])
      for (const value of [{ error: 'no' }, null, 3, 'x', [], [null, { id: 4 }], { pool: [], total: 'x' }])
        state.answered(answer('odd', method, value));
    expect(row('odd')).toMatchObject({ name: 'odd', pid: null, version: null, alive: true });
    expect(state.held.size).toBe(0);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectedRedis, connectRedis } from '../../../src/brokers/redis';
import type { RedisGuard, RedisOperation, UndoUnit } from '../../../src/model';
import {
  asRedis5,
  clientOf,
  dumpRedis,
  once,
  type RedisProxy,
  startProxy,
  startRedis,
  type TestRedis,
} from '../../support';

const never = new AbortController().signal;
const b64 = (value: string | Uint8Array) => Buffer.from(value as string).toString('base64');
const BINARY = Buffer.from([0, 255, 13, 10, 34, 128, 92]);
const K = b64(Buffer.concat([Buffer.from('key:'), BINARY]));
const KEY = Buffer.from(K, 'base64');
const NEIGHBOURS = ['a', 'b', 'c', 'd', 'e'];

let redis: TestRedis;
let proxy: RedisProxy;
let client: ReturnType<typeof clientOf>;
let step = 0;

beforeAll(async () => {
  redis = await startRedis();
  proxy = await startProxy(redis);
  client = clientOf(redis);
});
afterAll(async () => {
  client.disconnect();
  await proxy.stop();
  await redis.stop();
});

const unit = (operations: RedisOperation[], guards: RedisGuard[] = []): UndoUnit => ({
  broker: 'redis',
  subject: 'job',
  guards,
  operations,
});
const mark: RedisOperation = { kind: 'hset', key: b64('mark'), fields: [[b64('f'), b64('1')]] };

describe.each(['today', '5.0'] as const)('undo on a Redis of %s', age => {
  let broker: ConnectedRedis;
  const undo = (...units: UndoUnit[]) => broker.undo(units, `undo:${step++}`, never);

  beforeAll(async () => {
    proxy.use(age === '5.0' ? asRedis5 : {});
    broker = await connectRedis({ url: proxy.url }, never);
  });
  beforeEach(async () => {
    proxy.use(age === '5.0' ? asRedis5 : {});
    await client.flushall();
  });
  afterAll(() => broker.close());

  it('creates every type byte for byte, with its absolute expiry', async () => {
    const at = Date.now() + 3_600_000;
    const many = Array.from({ length: 2500 }, (_value, index) => b64(`member ${index}`));
    const make = (name: string, value: Extract<RedisOperation, { kind: 'create' }>['value'], expireAt: number | null) =>
      unit([{ kind: 'create', key: b64(name), value, expireAt }]);
    expect(
      await undo(
        make('string', { type: 'string', value: b64(BINARY) }, at),
        make('empty', { type: 'string', value: '' }, null),
        make(
          'hash',
          {
            type: 'hash',
            fields: [
              [b64(BINARY), b64(BINARY)],
              [b64('f'), ''],
            ],
          },
          null,
        ),
        make('big hash', { type: 'hash', fields: many.map(field => [field, b64('v')] as const) }, null),
        make('set', { type: 'set', members: [...many, b64(BINARY)] }, null),
        make('list', { type: 'list', values: [b64(BINARY), ...many, b64(BINARY)] }, at),
        make(
          'zset',
          {
            type: 'zset',
            members: [
              [b64(BINARY), '1700000000.123456'],
              [b64('m'), '-inf'],
              [b64('n'), '1e300'],
            ],
          },
          null,
        ),
        make(
          'stream',
          {
            type: 'stream',
            entries: [
              { id: '1-1', fields: [b64('f'), b64(BINARY)] },
              { id: '1700000000000-7', fields: [b64('a'), '', b64('b'), b64('2')] },
            ],
          },
          null,
        ),
      ),
    ).toEqual(Array(8).fill(true));
    expect(await client.getBuffer('string')).toEqual(BINARY);
    expect(Math.abs((await client.pttl('string')) - 3_600_000)).toBeLessThan(5000);
    expect([await client.getBuffer('empty'), await client.pttl('empty')]).toEqual([Buffer.alloc(0), -1]);
    expect(await client.hgetBuffer('hash', BINARY)).toEqual(BINARY);
    expect([await client.hget('hash', 'f'), await client.hlen('big hash')]).toEqual(['', 2500]);
    expect([await client.scard('set'), await client.sismember('set', BINARY)]).toEqual([2501, 1]);
    const list = await client.lrangeBuffer('list', 0, -1);
    expect([list.length, list[0], list[2501], String(list[2500])]).toEqual([2502, BINARY, BINARY, 'member 2499']);
    expect(await client.zscore('zset', BINARY)).toBe('1700000000.123456');
    expect([await client.zscore('zset', 'm'), Number(await client.zscore('zset', 'n'))]).toEqual(['-inf', 1e300]);
    const entries = (await client.callBuffer('XRANGE', 'stream', '-', '+')) as [Buffer, Buffer[]][];
    expect(entries.map(([id]) => String(id))).toEqual(['1-1', '1700000000000-7']);
    expect(entries[0]?.[1][1]).toEqual(BINARY);
    expect(entries[1]?.[1].map(String)).toEqual(['a', '', 'b', '2']);
  });

  it('runs every other operation', async () => {
    await client.hset('h', 'gone', 'x', 'kept', 'x');
    await client.zadd('z', 1, 'gone');
    await client.sadd('s', 'gone');
    await client.rpush('l', 'x', 'gone', 'y', 'gone');
    await client.set('d', 'x');
    await client.set('e', 'x', 'EX', 100);
    await client.set('p', 'x');
    const at = Date.now() + 50_000;
    expect(
      await undo(
        unit([
          {
            kind: 'hset',
            key: b64('h'),
            fields: [
              [b64(BINARY), b64(BINARY)],
              [b64('kept'), b64('y')],
            ],
          },
          { kind: 'hdel', key: b64('h'), fields: [b64('gone'), b64('never')] },
          { kind: 'zadd', key: b64('z'), member: b64(BINARY), score: '2.5' },
          { kind: 'zrem', key: b64('z'), member: b64('gone') },
          { kind: 'sadd', key: b64('s'), member: b64(BINARY) },
          { kind: 'srem', key: b64('s'), member: b64('gone') },
          { kind: 'lrem', key: b64('l'), value: b64('gone') },
          { kind: 'push', key: b64('l'), value: b64(BINARY), end: 'head' },
          { kind: 'push', key: b64('l'), value: b64('last'), end: 'tail' },
          { kind: 'delete', key: b64('d') },
          { kind: 'expire-at', key: b64('e'), at: null },
          { kind: 'expire-at', key: b64('p'), at },
        ]),
      ),
    ).toEqual([true]);
    expect(await client.hgetBuffer('h', BINARY)).toEqual(BINARY);
    expect([await client.hget('h', 'kept'), await client.hexists('h', 'gone')]).toEqual(['y', 0]);
    expect([await client.zscore('z', BINARY), await client.zscore('z', 'gone')]).toEqual(['2.5', null]);
    expect(await client.smembersBuffer('s')).toEqual([BINARY]);
    expect(
      (await client.lrangeBuffer('l', 0, -1)).map(value => (value.equals(BINARY) ? 'BINARY' : String(value))),
    ).toEqual(['BINARY', 'x', 'y', 'gone', 'last']);
    expect([await client.exists('d'), await client.pttl('e')]).toEqual([0, -1]);
    expect(Math.abs((await client.pttl('p')) - 50_000)).toBeLessThan(3000);
  });

  it.each([
    { there: 'abde', before: 'ba', after: 'de', expected: 'abXde', why: 'behind the nearest before it' },
    { there: 'ade', before: 'ba', after: 'de', expected: 'aXde', why: 'before the nearest behind it' },
    { there: 'ae', before: 'ba', after: 'de', expected: 'aXe', why: 'behind the second before it' },
    { there: 'e', before: 'ba', after: 'de', expected: 'Xe', why: 'before the second behind it' },
    { there: 'yz', before: 'ba', after: 'de', expected: 'yzX', why: 'at the tail where none is left' },
    { there: '', before: 'ba', after: 'de', expected: 'X', why: 'in an empty list' },
    { there: 'yz', before: '', after: '', expected: 'yzX', why: 'at the tail without neighbours' },
  ])('inserts $why', async ({ there, before, after, expected }) => {
    if (there !== '') await client.rpush(KEY, ...there);
    const operation = {
      kind: 'insert',
      key: K,
      value: b64('X'),
      before: [...before].map(b64),
      after: [...after].map(b64),
    } as const;
    expect(await undo(unit([{ ...operation, otherwise: 'tail' }]))).toEqual([true]);
    expect((await client.lrange(KEY, 0, -1)).join('')).toBe(expected);
  });

  it('puts a whole list back in its order, one by one', async () => {
    const units = [...NEIGHBOURS].map((value, index) =>
      unit([
        {
          kind: 'insert',
          key: K,
          value: b64(value),
          before: NEIGHBOURS.slice(0, index).reverse().map(b64),
          after: NEIGHBOURS.slice(index + 1).map(b64),
          otherwise: 'head',
        },
      ]),
    );
    const [c, a, e, b, d] = [units[2], units[0], units[4], units[1], units[3]] as [
      UndoUnit,
      UndoUnit,
      UndoUnit,
      UndoUnit,
      UndoUnit,
    ];
    expect(await undo(c, a, e, b, d)).toEqual(Array(5).fill(true));
    expect(await client.lrange(KEY, 0, -1)).toEqual(NEIGHBOURS);
  });

  const prepare = async () => {
    await client.rpush('list', ...Array.from({ length: 2100 }, (_value, index) => `v${index}`), BINARY);
    await client.zadd('zset', 1, BINARY);
    await client.hset('hash', 'field', BINARY, 'empty', '');
  };
  const [list, zset, hash, none] = ['list', 'zset', 'hash', 'none'].map(b64) as [string, string, string, string];
  const future = Date.now() + 600_000;
  const guards: [boolean, Record<string, unknown>][] = [
    [true, { kind: 'absent', key: none }],
    [false, { kind: 'absent', key: list }],
    [true, { kind: 'exists', key: hash }],
    [false, { kind: 'exists', key: none }],
    [true, { kind: 'in-list', key: list, value: b64(BINARY) }],
    [true, { kind: 'in-list', key: list, value: b64('v1500') }],
    [false, { kind: 'in-list', key: list, value: b64('other') }],
    [false, { kind: 'in-list', key: none, value: b64('other') }],
    [false, { kind: 'in-list', key: zset, value: b64('other') }],
    [true, { kind: 'not-in-list', key: list, value: b64('other') }],
    [true, { kind: 'not-in-list', key: none, value: b64('other') }],
    [false, { kind: 'not-in-list', key: list, value: b64('v2099') }],
    [false, { kind: 'not-in-list', key: hash, value: b64('other') }],
    [true, { kind: 'in-zset', key: zset, member: b64(BINARY) }],
    [false, { kind: 'in-zset', key: zset, member: b64('other') }],
    [false, { kind: 'in-zset', key: list, member: b64('other') }],
    [true, { kind: 'not-in-zset', key: zset, member: b64('other') }],
    [true, { kind: 'not-in-zset', key: none, member: b64('other') }],
    [false, { kind: 'not-in-zset', key: zset, member: b64(BINARY) }],
    [false, { kind: 'not-in-zset', key: list, member: b64('other') }],
    [true, { kind: 'field-is', key: hash, field: b64('field'), value: b64(BINARY) }],
    [true, { kind: 'field-is', key: hash, field: b64('empty'), value: '' }],
    [true, { kind: 'field-is', key: hash, field: b64('other'), value: null }],
    [true, { kind: 'field-is', key: none, field: b64('other'), value: null }],
    [false, { kind: 'field-is', key: hash, field: b64('empty'), value: null }],
    [false, { kind: 'field-is', key: hash, field: b64('field'), value: b64('x') }],
    [false, { kind: 'field-is', key: hash, field: b64('other'), value: '' }],
    [false, { kind: 'field-is', key: list, field: b64('other'), value: null }],
    [true, { kind: 'before', at: future }],
    [false, { kind: 'before', at: 1_000 }],
  ];

  it.each(guards)('%s: %o', async (holds, guard) => {
    await prepare();
    const right: RedisGuard = { kind: 'absent', key: none, refusal: 'wrong one' };
    const tested = { ...guard, refusal: 'Not any more.' } as RedisGuard;
    expect(await undo(unit([mark], [right, tested]))).toEqual([holds ? true : 'Not any more.']);
    expect(await client.exists('mark')).toBe(holds ? 1 : 0);
  });

  it.each([
    [
      'a key that exists again',
      [mark, { kind: 'create', key: b64('s'), value: { type: 'string', value: '' }, expireAt: null }],
      'Something stands in its place again.',
    ],
    [
      'a key of another kind',
      [mark, { kind: 'push', key: b64('s'), value: '', end: 'head' }],
      'Something of another kind stands in its place.',
    ],
    [
      'an expiry that has passed',
      [mark, { kind: 'create', key: b64('n'), value: { type: 'string', value: '' }, expireAt: 5000 }],
      'It has expired meanwhile.',
    ],
    [
      'an expiry of a key that has passed',
      [mark, { kind: 'expire-at', key: b64('s'), at: 5000 }],
      'It has expired meanwhile.',
    ],
    [
      'a score that is none',
      [mark, { kind: 'zadd', key: b64('z'), member: '', score: 'high' }],
      'Its saved score is no number.',
    ],
    [
      'a score that is not a number',
      [mark, { kind: 'create', key: b64('z'), value: { type: 'zset', members: [['', 'nan']] }, expireAt: null }],
      'Its saved score is no number.',
    ],
  ] as [string, RedisOperation[], string][])('writes nothing of a unit with %s', async (_name, operations, reason) => {
    await client.set('s', 'x');
    const before = await dumpRedis(redis);
    expect(await undo(unit(operations), unit([mark]))).toEqual([reason, true]);
    await client.del('mark');
    expect([...(await dumpRedis(redis, { without: key => key.startsWith('undo:') }))]).toEqual([...before]);
  });

  it('may delete and create the same key in one unit', async () => {
    await client.set('s', 'old');
    const value = { type: 'list', values: [b64('new')] } as const;
    const key = b64('s');
    expect(
      await undo(
        unit([
          { kind: 'delete', key },
          { kind: 'create', key, value, expireAt: null },
          { kind: 'push', key, value: b64('more'), end: 'tail' },
        ]),
      ),
    ).toEqual([true]);
    expect(await client.lrange('s', 0, -1)).toEqual(['new', 'more']);
  });

  it('undoes hundreds, exactly once each though answers are lost', async () => {
    const units = Array.from({ length: 120 }, (_value, index) =>
      unit([{ kind: 'push', key: b64('l'), value: b64(`v${index}`), end: 'tail' }]),
    );
    const rules = age === '5.0' ? asRedis5 : {};
    proxy.use({ ...rules, dropReply: once(command => command.name === 'EVALSHA') });
    expect(await undo(...units)).toEqual(Array(120).fill(true));
    expect(await client.lrange('l', 0, -1)).toEqual(units.map((_unit, index) => `v${index}`));
  });
});

it('stops between calls when it is told to, and says so of the rest', async () => {
  await client.flushall();
  proxy.use({});
  const broker = await connectRedis({ url: proxy.url }, never);
  const units = Array.from({ length: 60 }, () => unit([{ kind: 'push', key: K, value: '', end: 'head' }]));
  // Now the server knows the script, so that the first EVALSHA that follows is answered.
  await broker.undo(units.slice(0, 1), 'undo:load', never);
  const stop = new AbortController();
  proxy.use({
    rewrite: (command, reply) => {
      if (command.name === 'EVALSHA' && reply[0] === 0x2a) stop.abort();
      return reply;
    },
  });
  const answers = await broker.undo(units, 'undo:stop', stop.signal);
  const done = answers.filter(answer => answer === true).length;
  expect(done).toBe(25);
  expect(answers.slice(done)).toEqual(Array(60 - done).fill('Stopped before it.'));
  expect(await client.llen(KEY)).toBe(done + 1);
  broker.close();
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseKombuJson } from '../../../../src/codecs/envelope';
import { isKind, PyTuple, parseLiteral, writePickle } from '../../../../src/codecs/python';
import { readStored } from '../../../../src/systems/celery/act/stored';
import { shortRepr } from '../../../../src/systems/celery/message/build-values';
import type { RedisResultStore } from '../../../../src/systems/celery/results';

const never = new AbortController().signal;

/** A result as a store answers it. */
async function stored(value: Buffer | null) {
  const store = {
    key: (id: string) => Buffer.from(`celery-task-meta-${id}`),
    broker: { read: async () => [value, 1000] },
  } as unknown as RedisResultStore;
  const [result] = await readStored(store, ['j'], never);
  return result ?? null;
}

const resultOf = (more: string) => Buffer.from(`{"status": "FAILURE", "result": {}, "task_id": "j"${more}}`);

test('arguments are taken over as text, and spelled as Python spells them', async () => {
  const arbitrary = fc.array(
    fc.oneof(fc.jsonValue(), fc.constantFrom('plain', 'a-b.c@d', 1, -3, true, null, [1, 'x'], { k: [null] })),
  );
  await fc.assert(
    fc.asyncProperty(arbitrary, async args => {
      const json = JSON.stringify(args);
      const result = await stored(resultOf(`, "name": "t", "args": ${json}, "kwargs": {"a": 1}`));
      const call = result?.call ?? null;
      if (call === null || !('argsJson' in call)) throw new Error('The arguments were not read.');
      expect(Buffer.from(call.argsJson, 'latin1').toString('utf8')).toBe(json);
      const node = parseKombuJson(json);
      expect(call.argsrepr).toBe(shortRepr(isKind(node, 'list') ? new PyTuple(node.items) : node));
      expect(call.kwargsrepr).toBe("{'a': 1}");
    }),
  );
});

test.each([
  ['not recorded', ''],
  ['texts', ', "args": "(1, 2)", "kwargs": "{}"'],
  ['null', ', "args": null, "kwargs": null'],
])('arguments that are %s are none', async (_what, more) => {
  expect(await stored(resultOf(more))).toMatchObject({ status: 'FAILURE', call: null });
});

test('pickles, what is no result, and what is not there', async () => {
  const pickle = writePickle(
    parseLiteral("{'status': 'FAILURE', 'name': 't', 'args': (1, datetime.date(2026, 1, 2)), 'kwargs': {}}"),
    { protocol: 4 },
  );
  const result = await stored(pickle);
  expect(result).toMatchObject({ status: 'FAILURE', task: 't', leftMs: 1000 });
  const call = result?.call ?? null;
  expect(call !== null && 'args' in call ? shortRepr(call.args) : null).toBe('(1, datetime.date(2026, 1, 2))');
  expect(await stored(Buffer.from('{"status": '))).toMatchObject({ status: 'UNREADABLE', call: null });
  expect(await stored(null)).toBeNull();
});

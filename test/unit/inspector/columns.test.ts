import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromGroups, toGroups } from '../../../src/inspector/journal/columns';
import { parseUndoLine, undoText } from '../../../src/inspector/journal/lines';
import type { RedisOperation, UndoUnit } from '../../../src/model';

const text = fc.oneof(fc.constantFrom('a', 'b', '__proto__', ''), fc.string());
const operation: fc.Arbitrary<RedisOperation> = fc.oneof(
  fc.record({ kind: fc.constant('delete' as const), key: text }),
  fc.record({ kind: fc.constant('expire-at' as const), key: text, at: fc.option(fc.integer()) }),
  fc.record({
    kind: fc.constant('hset' as const),
    key: text,
    fields: fc.array(fc.tuple(text, text), { maxLength: 3 }),
  }),
);
const unit: fc.Arbitrary<UndoUnit> = fc.record({
  broker: fc.constant('redis' as const),
  subject: text,
  guards: fc.array(fc.record({ kind: fc.constant('absent' as const), key: text, refusal: text }), { maxLength: 2 }),
  operations: fc.array(operation, { maxLength: 2 }),
});

test('units come back as they were, through a line of the file, whatever their shapes', () => {
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), units => {
      const line = { step: 's1', phase: 'did', not: ['x'], units } as const;
      expect(parseUndoLine(undoText(line))).toEqual(line);
    }),
  );
});

test('what repeats is kept once', () => {
  const units = Array.from({ length: 100 }, (_, i): UndoUnit => {
    const key = Buffer.from(`rq:job:${i}-5b1d-4c1e-9a43`).toString('base64');
    return {
      broker: 'redis',
      subject: `${i}-5b1d-4c1e-9a43`,
      guards: [{ kind: 'field-is', key, field: 'c3RhdHVz', value: 'cXVldWVk', refusal: 'already taken by a worker' }],
      operations: [
        { kind: 'hset', key, fields: [['c3RhdHVz', 'ZmFpbGVk']] },
        { kind: 'hdel', key, fields: ['c3RhcnRlZF9hdA=='] },
      ],
    };
  });
  expect(JSON.stringify(toGroups(units)).length).toBeLessThan(JSON.stringify(units).length / 4);
});

test('a column that is missing or too short is no group of ours', () => {
  const [group] = toGroups(
    [1, 2].map(n => ({ broker: 'redis' as const, subject: `${n}`, guards: [], operations: [] })),
  );
  if (group === undefined) throw new Error('no group');
  expect(() => fromGroups([{ ...group, columns: [[1, 7]] }])).toThrow();
  expect(() => fromGroups([{ ...group, columns: [[1, ['a']]] }])).toThrow();
});

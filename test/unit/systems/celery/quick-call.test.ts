import { expect, test } from 'vitest';
import { parseKombuJson } from '../../../../src/codecs/envelope';
import { callText, isKind } from '../../../../src/codecs/python';
import { quickCallText } from '../../../../src/systems/celery/message/quick';

/** The call as it is read when it is not plain. */
function wholly(body: string): string {
  const call = parseKombuJson(body);
  if (!isKind(call, 'list')) throw new Error('This is no call.');
  return callText(call.items[0]!, call.items[1]!, 160);
}

const EMBED = '{"callbacks": null, "errbacks": null, "chain": null, "chord": null}';
const bodyOf = (args: string, kwargs = '{}') => `[${args}, ${kwargs}, ${EMBED}]`;

test.each([
  ['no arguments', bodyOf('[]')],
  ['one argument', bodyOf('[1]')],
  ['numbers', bodyOf('[0, -0, 7, -12, 123456789012345, 1.5, -0.25, 0.001, 12.75]')],
  ['words', bodyOf('[true, false, null]')],
  ['texts', bodyOf('["", "EUR", "two words", "~!@#$%^&*()"]')],
  ['names', bodyOf('[1]', '{"customer": "x", "_dry": true, "n": 3}')],
  ['names alone', bodyOf('[]', '{"customer": "x"}')],
  ['lists', bodyOf('[[1, 2], [], [[1], ["a"]]]')],
  ['dicts', bodyOf('[{"a": 1, "b c": [null]}, {}]', '{"options": {"deep": {"er": 1}}}')],
  ['a list without blanks', '[[1,2],{"a":3},{"chain":null}]'],
])('a plain call reads as it does wholly: %s', (_what, body) => {
  expect(quickCallText(body, 160)).toBe(wholly(body));
});

test.each([
  ['a float that is a whole number', bodyOf('[1.0]')],
  ['an exponent', bodyOf('[1e5]')],
  ['a small float', bodyOf('[0.00001]')],
  ['an int beyond 2^53', bodyOf('[12345678901234567890]')],
  ['a word of Python', bodyOf('[NaN]')],
  ['a tag of kombu', bodyOf('[{"__type__": "decimal", "__value__": "1.5"}]')],
  ['a hidden tag', bodyOf('[{"\\u005f_type__": "decimal", "__value__": "1.5"}]')],
  ['a key that is a number', bodyOf('[{"2": 1, "1": 2}]')],
  ['a quote', bodyOf(`["it's"]`)],
  ['an escape', bodyOf('["a\\nb"]')],
  ['more than ASCII', bodyOf('["é"]')],
  ['a name with a blank', bodyOf('[]', '{"a b": 1}')],
  ['a long text', bodyOf(`["${'x'.repeat(100)}"]`)],
  ['many arguments', bodyOf(`[${Array.from({ length: 100 }, (_value, n) => n).join(', ')}]`)],
  ['protocol 1', '{"task": "t", "args": [1], "kwargs": {}}'],
  ['no call', '[1, 2, 3]'],
  ['no JSON', '[[1], {}, '],
])('what is not as plain is left to be read wholly: %s', (_what, body) => {
  expect(quickCallText(body, 160)).toBeNull();
});

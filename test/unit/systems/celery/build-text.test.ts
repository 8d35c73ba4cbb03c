import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  asciiJson,
  JsonTextError,
  textAt,
  withoutKey,
  withText,
} from '../../../../src/systems/celery/message/build-text';

test('a change leaves every other byte as it is', () => {
  const text = '{ "a" : 1.0,\n "big": 12345678901234567890, "a\\"b": [1, {"x": "}]\\\\"}, true] , "é": "ü"}';
  const raw = Buffer.from(text).toString('latin1');
  expect(withText(raw, ['a'], 'null')).toBe(raw.replace('1.0', 'null'));
  expect(withText(raw, ['a"b', 1, 'x'], '2')).toBe(raw.replace('"}]\\\\"', '2'));
  expect(withText(raw, ['new'], '[]')).toBe(`${raw.slice(0, -1)}, "new": []}`);
  expect(withText('{}', ['ü'], '1')).toBe('{"\\u00fc": 1}');
  expect(textAt(raw, ['big'])).toBe('12345678901234567890');
  expect(textAt(raw, ['a"b', 2])).toBe('true');
  expect(textAt(raw, ['a"b', 3])).toBeNull();
  expect(textAt(raw, ['a', 'b'])).toBeNull();
  expect(withoutKey('{"a": 1, "b": {"c": 2, "d": 3}}', ['b', 'c'])).toBe('{"a": 1, "b": {"d": 3}}');
  expect(withoutKey('{"a": 1}', ['b', 'c'])).toBe('{"a": 1}');
});

test('of a key that comes twice the last one is changed, as Python reads it', () => {
  expect(withText('{"a": 1, "a": 2}', ['a'], '3')).toBe('{"a": 1, "a": 3}');
});

test.each(['', '{', '{"a"', '{"a" 1}', '{"a": }', '{"a": 1 "b": 2}', '{"a": "', '["a"', '{a: 1}'])(
  'no JSON: %s',
  text => {
    expect(() => withText(text, ['a'], '1')).toThrow(JsonTextError);
  },
);

test('nesting of any depth is passed over', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  expect(withText(`{"a": ${deep}, "b": 1}`, ['b'], '2')).toBe(`{"a": ${deep}, "b": 2}`);
});

test('what is set is what is read, for any JSON', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.jsonValue(), (object, key, value) => {
      const text = Buffer.from(JSON.stringify(object, null, 1)).toString('latin1');
      const changed = Buffer.from(withText(text, [key], asciiJson(value)), 'latin1').toString('utf8');
      expect(JSON.parse(changed)).toEqual(JSON.parse(JSON.stringify({ ...object, [key]: value })));
      for (const each of Object.keys(object)) {
        const found = Buffer.from(textAt(text, [each]) ?? '', 'latin1').toString('utf8');
        expect(JSON.parse(found)).toEqual(JSON.parse(JSON.stringify(object[each])));
      }
    }),
  );
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, textOf } from '../../../../src/systems/reading/ids';
import { jobKey, parsePlace, placeText } from '../../../../src/systems/rq/keys';
import { executionOfMember, idOfMember, locate, refOf } from '../../../../src/systems/rq/places';

describe('ids', () => {
  test('every sequence of bytes has a text that leads back to it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        expect(Buffer.from(bytesOf(textOf(bytes)) as string).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  test('texts of backslashes, x and digits too, in which escapes hide', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('\\', 'x', '5', 'c', 'é', 'f') }), text => {
        expect(Buffer.from(bytesOf(textOf(Buffer.from(text))) as string).toString()).toBe(text);
      }),
    );
  });

  test('a plain id stays as it is', () => {
    for (const id of ['9c1f04e2-5b1d', 'a b:c/d%20', 'größe', '']) expect(textOf(Buffer.from(id))).toBe(id);
    expect(textOf(Buffer.from([0x61, 0xff, 0x62]))).toBe(String.raw`a\xffb`);
    expect(jobKey('plain')).toBe('rq:job:plain');
    expect(jobKey(String.raw`a\xff`)).toEqual(Buffer.from('rq:job:a\xff', 'latin1'));
  });
});

describe('places', () => {
  test('a ref leads back to place, member and id', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (queue, id) => {
        const located = locate(refOf({ structure: 'failed', queue }, id));
        expect(located).toEqual({ place: { structure: 'failed', queue }, member: id, id });
        expect(parsePlace(placeText(located.place))).toEqual(located.place);
      }),
    );
  });

  test('the execution behind the id of a running job is no part of the id', () => {
    const execution = '0123456789abcdef0123456789abcdef';
    expect(idOfMember('wip', `my:job:${execution}`)).toBe('my:job');
    expect(idOfMember('wip', 'my:job')).toBe('my:job');
    expect(idOfMember('failed', `my:job:${execution}`)).toBe(`my:job:${execution}`);
    expect(executionOfMember(`my:job:${execution}`)).toBe(execution);
  });

  test.each(['celery//failed%3Adefault/x', 'rq//nowhere%3Adefault/x', 'rq//failed/x'])('%s is refused', ref => {
    expect(() => locate(ref)).toThrow(expect.objectContaining({ code: 'bad-request' }));
  });
});

import { describe, expect, it } from 'vitest';
import { decodeBase64, EnvelopeError, parseMsgpack } from '../../../../src/codecs/envelope';
import { reprText } from '../../../../src/codecs/python';

describe('msgpack, every type of the specification', () => {
  it.each([
    ['00', '0'],
    ['7f', '127'],
    ['ff', '-1'],
    ['e0', '-32'],
    ['c0', 'None'],
    ['c2', 'False'],
    ['c3', 'True'],
    ['cc80', '128'],
    ['cdffff', '65535'],
    ['ceffffffff', '4294967295'],
    ['cfffffffffffffffff', '18446744073709551615'],
    ['d080', '-128'],
    ['d18000', '-32768'],
    ['d280000000', '-2147483648'],
    ['d38000000000000000', '-9223372036854775808'],
    ['d30020000000000001', '9007199254740993'],
    ['ca3fc00000', '1.5'],
    ['cb3ff0000000000000', '1.0'],
    ['a0', "''"],
    ['a2c3a9', "'é'"],
    ['d903616263', "'abc'"],
    ['da0001ff', undefined],
    ['db00000001 61', "'a'"],
    ['c40200ff', "b'\\x00\\xff'"],
    ['c5000100', "b'\\x00'"],
    ['c60000000100', "b'\\x00'"],
    ['90', '[]'],
    ['9201 93c0c2c3', '[1, [None, False, True]]'],
    ['dc00020102', '[1, 2]'],
    ['dd0000000101', '[1]'],
    ['80', '{}'],
    ['82a16101c0a162', "{'a': 1, None: 'b'}"],
    ['de0001c40178cb3ff0000000000000', "{b'x': 1.0}"],
    ['df00000001 0102', '{1: 2}'],
    ['d60000000001', "msgpack.ext.ExtType(0, b'\\x00\\x00\\x00\\x01')"],
    ['c7020a0102', "msgpack.ext.ExtType(10, b'\\x01\\x02')"],
    ['d6ff00000001', 'msgpack.ext.Timestamp(1, 0)'],
    ['d7ff0000000800000001', 'msgpack.ext.Timestamp(1, 2)'],
    ['c70cff00000003ffffffffffffffff', 'msgpack.ext.Timestamp(-1, 3)'],
  ])('%s', (hex, expected) => {
    const value = parseMsgpack(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    if (expected === undefined) {
      expect(value).toMatchObject({ kind: 'str2' });
    } else {
      expect(reprText(value)).toBe(expected);
    }
  });

  it.each(['', 'c1', '92', '9201', 'a3ff', '0000', 'cf00', 'c7ff00', '8101'])('%j is refused', hex => {
    expect(() => parseMsgpack(Buffer.from(hex, 'hex'))).toThrow(EnvelopeError);
  });
});

describe('base64', () => {
  it.each([
    ['AAE=', '0001', { variant: 'standard', padded: true }],
    ['AAE', '0001', { variant: 'standard', padded: false }],
    ['-_8=', 'fbff', { variant: 'url-safe', padded: true }],
    ['+/8', 'fbff', { variant: 'standard', padded: false }],
    ['AA\r\nE=\n', '0001', { hadWhitespace: true }],
  ])('%j', (text, hex, details) => {
    const decoded = decodeBase64(text);
    expect(decoded?.bytes.toString('hex')).toBe(hex);
    expect(decoded).toMatchObject(details);
  });

  it.each(['', '=', 'A', 'AAAAA', 'AA=', 'A=E=', '+_AA', 'héllo!', 'AA==AA'])('%j is none', text => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});

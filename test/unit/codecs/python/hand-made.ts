import { Buffer } from 'node:buffer';

/** A pickle written by hand, and the text it is shown as. */
export interface HandMade {
  readonly what: string;
  readonly bytes: Buffer;
  readonly text: string;
}

function hand(what: string, pickle: string, text: string): HandMade {
  return { what, bytes: Buffer.from(pickle, 'latin1'), text };
}

const U32 = (n: number): string => String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24);
const U64 = (n: number): string => U32(n) + U32(0);

/**
 * Forms that the tests' own Python does not write: opcodes of Python 2 and of hand-written pickles, and how other Python
 * versions spell the same values (seen with CPython 2.7, 3.6 to 3.13).
 */
export const HAND_MADE: readonly HandMade[] = [
  // Opcodes that no pickler of today writes.
  hand('INT', 'I42\n.', '42'),
  hand('INT, negative, blanks', 'I -7 \n.', '-7'),
  hand('INT as bool', '(I01\nI00\nt.', '(True, False)'),
  hand('INT, hexadecimal and octal', '(I0x1f\nI017\nt.', '(31, 15)'),
  hand('INT beyond 2^53', 'I123456789012345678901\n.', '123456789012345678901'),
  hand('LONG', '(L5L\nL-6\nL01\nt.', '(5, -6, 1)'),
  hand('FLOAT', '(F1.5\nFinf\nF-inf\nFnan\nF-0.0\nF1e400\nt.', '(1.5, inf, -inf, nan, -0.0, inf)'),
  hand('STRING', "S'it\\'s \\x41\\n\\101\\\\'\n.", `"it's A\\nA\\\\"`),
  hand('STRING, double quotes', 'S"it\'s"\n.', `"it's"`),
  hand('STRING, not ASCII', "S'caf\\xc3\\xa9'\n.", "b'caf\\xc3\\xa9'"),
  hand('BINSTRING', `T${U32(3)}abc.`, "'abc'"),
  hand('SHORT_BINSTRING', 'U\x02hi.', "'hi'"),
  hand('SHORT_BINSTRING, not ASCII', 'U\x02\xc3\xa9.', "b'\\xc3\\xa9'"),
  hand('UNICODE', 'Vcaf\xe9 \\u20ac \\U0001f600 \\\\u\n.', "'café € 😀 \\\\\\\\u'"),
  hand('UNICODE, two surrogates', 'V\\ud83d\\ude00\n.', "'\\ud83d\\ude00'"),
  hand('surrogates side by side', '\x80\x03X\x06\0\0\0\xed\xa0\xbd\xed\xb8\x80.', "'\\ud83d\\ude00'"),
  hand('LIST and DICT', "(I1\nI2\nl(S'a'\nI1\nd\x86.", "([1, 2], {'a': 1})"),
  hand('APPEND, SETITEM, PUT, GET', '(lp0\nI1\nag0\na.', '[1, [...]]'),
  hand('POP', 'I1\nI2\n0.', '1'),
  hand('POP takes a MARK', 'I1\n(0.', '1'),
  hand('POP_MARK', '\x80\x02K\x01(K\x02K\x031.', '1'),
  hand('DUP', '\x80\x02]2\x86.', '([], [])'),
  hand('INST', "(S'a'\nI1\nishop\nOrder\np0\n.", "shop.Order('a', 1)"),
  hand('OBJ', '(cshop\nOrder\nI1\no.', 'shop.Order(1)'),
  hand('OBJ with state', "(cshop\nOrder\no}S'id'\nI7\nsb.", "shop.Order(){'id': 7}"),
  hand('PERSID', 'Pabc\n.', "<persistent id 'abc'>"),
  hand('BINPERSID', '\x80\x02K\x07Q.', '<persistent id 7>'),
  hand('EXT1', '\x80\x02\x82\x05.', '<extension 5>'),
  hand('EXT2', '\x80\x02\x83\x05\x01.', '<extension 261>'),
  hand('EXT4', '\x80\x02\x84\x05\0\0\x01.', '<extension 16777221>'),
  hand('NEXT_BUFFER', '\x80\x05\x97\x97\x98\x86.', '(<out-of-band buffer 0>, <out-of-band buffer 1>)'),
  hand('LONG4', `\x80\x02\x8b${U32(8)}${'\xff'.repeat(8)}.`, '-1'),
  hand('LONG1 without bytes', '\x80\x02\x8a\0.', '0'),
  hand(
    'LONG1, sign bytes',
    '\x80\x02(\x8a\x01\x80\x8a\x02\x80\0\x8a\x07\0\0\0\0\0\0\x80t.',
    '(-128, 128, -36028797018963968)',
  ),
  hand('BINUNICODE8, BINBYTES8', `\x80\x04\x8d${U64(2)}hi\x8e${U64(2)}\0'\x86.`, `('hi', b"\\x00'")`),
  hand('LONG_BINPUT far away', `\x80\x02K\x05r${U32(4_000_000_000)}j${U32(4_000_000_000)}\x86.`, '(5, 5)'),
  hand('memo holds None', '\x80\x02Nq\x00h\x00\x86.', '(None, None)'),
  hand('without PROTO and FRAME', 'K\x03.', '3'),

  // Python's rules for equal keys.
  hand('equal keys', '\x80\x02}(K\x01K\x02G\x3f\xf0\0\0\0\0\0\0K\x03\x88K\x04u.', '{1: 4}'),
  hand('equal members', '\x80\x04\x8f(\x88K\x01G\x3f\xf0\0\0\0\0\0\0\x90.', '{True}'),
  hand('-0.0 is 0', '\x80\x02}(K\x00K\x02G\x80\0\0\0\0\0\0\0K\x03u.', '{0: 3}'),
  hand('equal tuples as keys', '\x80\x02}(K\x01X\x01\0\0\0a\x86K\x02\x88X\x01\0\0\0a\x86K\x03u.', "{(1, 'a'): 3}"),
  hand('str and bytes are not equal', '\x80\x03}(U\x01aK\x01C\x01aK\x02u.', "{'a': 1, b'a': 2}"),
  hand('a list as a key, which Python refuses', '\x80\x02}]K\x01s.', '{[]: 1}'),

  // Other Python versions' forms.
  hand(
    'Enum of Python 3.11.0 to 3.11.3',
    '\x80\x04\x8c\x08builtins\x8c\x07getattr\x93\x8c\x04shop\x8c\x06Colour\x93\x8c\x03RED\x86R.',
    'shop.Colour.RED',
  ),
  hand('Enum of other versions', '\x80\x04\x8c\x04shop\x8c\x06Colour\x93K\x01\x85R.', 'shop.Colour(1)'),
  hand(
    'Path of Python 3.13',
    '\x80\x04\x8c\x0epathlib._local\x8c\x09PosixPath\x93\x8c\x06a/../b\x85R.',
    "PosixPath('a/../b')",
  ),
  hand(
    'Path of Python 3.14',
    '\x80\x04\x8c\x07pathlib\x8c\x09PosixPath\x93\x8c\x01/\x8c\x03tmp\x86R.',
    "PosixPath('/tmp')",
  ),
  hand(
    'ZoneInfo',
    '\x80\x04\x8c\x08builtins\x8c\x07getattr\x93\x8c\x08zoneinfo\x8c\x08ZoneInfo\x93\x8c\x09_unpickle\x86R\x8c\x0dEurope/BerlinK\x01\x86R.',
    "zoneinfo.ZoneInfo(key='Europe/Berlin')",
  ),
  hand(
    'Fraction before Python 3.11',
    '\x80\x04\x8c\x09fractions\x8c\x08Fraction\x93\x8c\x041/-3\x85R.',
    "fractions.Fraction('1/-3')",
  ),
  hand(
    'Fraction as text',
    '\x80\x04\x8c\x09fractions\x8c\x08Fraction\x93\x8c\x03-1/\x85R.',
    "fractions.Fraction('-1/')",
  ),
  hand('Fraction as text, right', '\x80\x04\x8c\x09fractions\x8c\x08Fraction\x93\x8c\x04-1/3\x85R.', 'Fraction(-1, 3)'),
  hand(
    'UUID of Python 2.7',
    '\x80\x02cuuid\nUUID\n)\x81}U\x03int\x8a\x01\x05sb.',
    "UUID('00000000-0000-0000-0000-000000000005')",
  ),
  hand(
    'UUID, protocol 0',
    "ccopy_reg\n_reconstructor\n(cuuid\nUUID\nc__builtin__\nobject\nNtR(dS'int'\nL5L\nsb.",
    "UUID('00000000-0000-0000-0000-000000000005')",
  ),
  hand(
    'datetime of Python 2.7',
    '\x80\x02cdatetime\ndatetime\nU\x0a\x07\xea\x01\x02\x03\x04\0\0\0\0\x85R.',
    'datetime.datetime(2026, 1, 2, 3, 4)',
  ),
  hand(
    'date of Python 2.7, all ASCII',
    '\x80\x02cdatetime\ndate\nU\x04\x07\x6c\x01\x02\x85R.',
    'datetime.date(1900, 1, 2)',
  ),
  hand(
    'datetime of Python 2.7, protocol 0',
    "cdatetime\ndatetime\n(S'\\x07\\xea\\x01\\x02\\x03\\x04\\x05\\x00\\x00\\x01'\ntR.",
    'datetime.datetime(2026, 1, 2, 3, 4, 5, 1)',
  ),
  hand('tzrange of dateutil', '\x80\x02cdateutil.tz.tz\ntzrange\n)\x81}(U\t_std_abbrU\x03ESTu\x62.', 'tzrange(...)'),
  hand(
    'relativedelta of dateutil',
    `\x80\x02cdateutil.relativedelta\nrelativedelta\n)\x81}(${Object.entries({
      years: 'K\x00',
      months: 'K\x01',
      days: 'J\xfe\xff\xff\xff',
      leapdays: 'K\x00',
      hours: 'K\x00',
      minutes: 'K\x00',
      seconds: 'K\x00',
      microseconds: 'K\x00',
      year: 'M\xe4\x07',
      month: 'N',
      weekday: 'N',
    })
      .map(([name, value]) => `U${String.fromCharCode(name.length)}${name}${value}`)
      .join('')}ub.`,
    'relativedelta(months=+1, days=-2, year=2020)',
  ),
  hand('set of Python 2.7', '\x80\x02c__builtin__\nset\n](K\x01K\x02e\x85R.', '{1, 2}'),
  hand(
    'bytearray of Python 2.7',
    '\x80\x02c__builtin__\nbytearray\nX\x02\0\0\0\xc3\xbfU\x07latin-1\x86R.',
    "bytearray(b'\\xff')",
  ),
  hand(
    'xrange, unicode and long of Python 2',
    '\x80\x02c__builtin__\nunicode\nc__builtin__\nlong\nc__builtin__\nxrange\nK\x00K\x05K\x01\x87R\x87.',
    "(<class 'str'>, <class 'int'>, range(0, 5))",
  ),
  hand(
    'exception of Python 2',
    '\x80\x02cexceptions\nIOError\nK\x02U\x07missing\x86R.',
    "FileNotFoundError(2, 'missing')",
  ),
  hand(
    'OrderedDict of Python 2.7',
    '\x80\x02ccollections\nOrderedDict\n](](U\x01aK\x01ee\x85R.',
    "OrderedDict([('a', 1)])",
  ),
  hand('deque of Python 2.7', '\x80\x02ccollections\ndeque\n](K\x01K\x02eK\x05\x86R.', 'deque([1, 2], maxlen=5)'),
  hand('old-style instance of Python 2', "(ishop\nOrder\np0\n(dp1\nS'id'\np2\nI7\nsb.", "shop.Order(){'id': 7}"),
  hand(
    'pytz',
    '\x80\x04\x8c\x04pytz\x8c\x02_p\x93(\x8c\x0dEurope/BerlinM\x10\x0eK\x00\x8c\x03CETtR.',
    "<DstTzInfo 'Europe/Berlin' CET+1:00:00 STD>",
  ),
  hand('pytz.utc', '\x80\x02cpytz\n_UTC\n)R.', '<UTC>'),
  hand(
    'a namespace in a Python 2 cPickle',
    '\x80\x02ccopy_reg\n_reconstructor\nq\x00(cshop\nOrder\nc__builtin__\nobject\nNtR}U\x01aK\x01sb.',
    "shop.Order(){'a': 1}",
  ),
  hand('a class that is also called', '\x80\x02cshop\nmake\n)R)R.', 'shop.make()()'),
  hand('state put on twice', '\x80\x02cshop\nA\n)\x81}U\x01aK\x01sb}U\x01bK\x02sb.', "shop.A(){'a': 1}{'b': 2}"),
  hand('state of a list', '\x80\x02]}U\x01aK\x01sb.', "[]{'a': 1}"),
  hand('slots and dict', '\x80\x02cshop\nA\n)\x81}U\x01aK\x01s}U\x01bK\x02s\x86b.', "shop.A(){'a': 1}{'b': 2}"),
  hand(
    'datetime of impossible fields',
    '\x80\x03cdatetime\ndatetime\nC\x0a\x07\xea\x0d\x02\x03\x04\0\0\0\0\x85R.',
    "datetime.datetime(b'\\x07\\xea\\r\\x02\\x03\\x04\\x00\\x00\\x00\\x00')",
  ),
];

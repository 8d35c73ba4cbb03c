import { Buffer } from 'node:buffer';
import { OP } from '../../../../src/codecs/python/opcodes';

/** A hostile pickle. */
export interface Attack {
  readonly name: string;
  /** Made when needed: some have many megabytes. */
  readonly bytes: () => Buffer;
  /** What must come of it: a value, a typed error whose reason matches, or either. */
  readonly becomes: 'value' | RegExp | 'either';
  /** Whether the value must come with a warning. */
  readonly warns?: boolean;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const U32 = (n: number): string => String.fromCharCode(n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24);
const MILLION = 1_000_000;

function attack(
  name: string,
  pickle: string | (() => string | Buffer),
  becomes: Attack['becomes'],
  warns = false,
): Attack {
  const bytes = (): Buffer => {
    const made = typeof pickle === 'string' ? pickle : pickle();
    return typeof made === 'string' ? latin1(made) : made;
  };
  return { name, bytes, becomes, warns };
}

/** Calls that a Python loading them would carry out. */
const CALLS: readonly Attack[] = [
  attack('os.system', "cos\nsystem\n(S'id'\ntR.", 'value', true),
  attack('posix.system', "cposix\nsystem\n(S'id'\ntR.", 'value', true),
  attack('nt.system', "cnt\nsystem\n(S'id'\ntR.", 'value', true),
  attack('subprocess.Popen', "csubprocess\nPopen\n((S'id'\nltR.", 'value', true),
  attack('subprocess.Popen by NEWOBJ', '\x80\x02csubprocess\nPopen\nU\x02id\x85\x81.', 'value', true),
  attack(
    'subprocess.Popen by NEWOBJ_EX',
    '\x80\x04csubprocess\nPopen\nU\x02id\x85}U\x05shell\x88s\x92.',
    'value',
    true,
  ),
  attack(
    'subprocess.check_output',
    '\x80\x04\x8c\x0asubprocess\x8c\x0ccheck_output\x93\x8c\x02id\x85R.',
    'value',
    true,
  ),
  attack('builtins.eval', '\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x021+\x85R.', 'value', true),
  attack('__builtin__.eval', "c__builtin__\neval\n(S'1'\ntR.", 'value', true),
  attack('builtins.exec', '\x80\x04\x8c\x08builtins\x8c\x04exec\x93\x8c\x01x\x85R.', 'value', true),
  attack('builtins.compile', '\x80\x04\x8c\x08builtins\x8c\x07compile\x93)R.', 'value', true),
  attack('builtins.__import__', '\x80\x04\x8c\x08builtins\x8c\x0a__import__\x93\x8c\x02os\x85R.', 'value', true),
  attack(
    'getattr on an import',
    '\x80\x04\x8c\x08builtins\x8c\x07getattr\x93\x8c\x08builtins\x8c\x0a__import__\x93\x8c\x02os\x85R\x8c\x06system\x86R\x8c\x02id\x85R.',
    'value',
    true,
  ),
  attack(
    'getattr to a dunder',
    '\x80\x04\x8c\x08builtins\x8c\x07getattr\x93\x8c\x04shop\x8c\x01A\x93\x8c\x0e__subclasses__\x86R.',
    'value',
    true,
  ),
  attack('importlib', '\x80\x04\x8c\x09importlib\x8c\x0dimport_module\x93\x8c\x02os\x85R.', 'value', true),
  attack('pty.spawn', '\x80\x04\x8c\x03pty\x8c\x05spawn\x93\x8c\x02sh\x85R.', 'value', true),
  attack('socket', '\x80\x04\x8c\x06socket\x8c\x11create_connection\x93)R.', 'value', true),
  attack('shutil.rmtree', '\x80\x04\x8c\x06shutil\x8c\x06rmtree\x93\x8c\x01/\x85R.', 'value', true),
  attack('a pickle in a pickle', '\x80\x04\x8c\x06pickle\x8c\x05loads\x93C\x02N.\x85R.', 'value', true),
  attack(
    'partial of os.system',
    '\x80\x02cfunctools\npartial\ncos\nsystem\n\x85R(cos\nsystem\nU\x02id\x85}NtbR.',
    /no tuple|stack/,
  ),
  attack(
    'partial of os.system, called',
    '\x80\x02cfunctools\npartial\ncos\nsystem\n\x85R(cos\nsystem\nU\x02id\x85}Ntb)R.',
    'value',
    true,
  ),
  attack('operator.methodcaller', "coperator\nmethodcaller\n(S'system'\nS'id'\ntR(cos\nsystem\ntR.", 'value', true),
  attack('operator.attrgetter', "coperator\nattrgetter\n(S'__class__.__base__'\ntR.", 'value', true),
  attack('os.system by INST', "(S'id'\nios\nsystem\n.", 'value', true),
  attack('os.system by OBJ', "(cos\nsystem\nS'id'\no.", 'value', true),
  attack('__setstate__ replaced', '\x80\x02cshop\nA\n)\x81}U\x0c__setstate__cos\nsystem\nsbU\x02idb.', 'value', true),
  attack('dotted name into os', '\x80\x04\x8c\x02os\x8c\x0fsystem.__call__\x93\x8c\x02id\x85R.', 'value', true),
  attack('code object', '\x80\x04\x8c\x05types\x8c\x08CodeType\x93)R.', 'value', true),
  attack('builtins.setattr', '\x80\x04\x8c\x08builtins\x8c\x07setattr\x93)R.', 'value', true),
  attack('sys.modules', '\x80\x04\x8c\x03sys\x8c\x07modules\x93\x8c\x02osNs.', /no dict/),
  attack('webbrowser', '\x80\x04\x8c\x0awebbrowser\x8c\x04open\x93\x8c\x01x\x85R.', 'value', true),
  attack(
    '_codecs.encode to another encoding',
    '\x80\x04\x8c\x07_codecs\x8c\x06encode\x93\x8c\x01x\x8c\x03hex\x86R.',
    'value',
  ),
  attack('reading a file', '\x80\x04\x8c\x02io\x8c\x04open\x93\x8c\x0b/etc/passwd\x85R.', 'value', true),
];

/** Names that mean something to JavaScript. */
const NAMES: readonly Attack[] = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    'then',
    'toJSON',
    '__defineGetter__',
  ].map(name =>
    attack(`key ${name}`, `\x80\x02}U${String.fromCharCode(name.length)}${name}}U\x08pollutedK\x01ss.`, 'value'),
  ),
  attack('__proto__ as attribute', '\x80\x02cshop\nA\n)\x81}U\x09__proto__}U\x08pollutedK\x01ssb.', 'value'),
  attack('__proto__ as keyword argument', '\x80\x04cshop\nA\n)}U\x09__proto__}U\x08pollutedK\x01ss\x92.', 'value'),
  attack('class __proto__', '\x80\x02c__proto__\n__proto__\n)R.', 'value'),
  attack('class constructor', '\x80\x02cconstructor\nconstructor\n)R.', 'value'),
  attack('dict that looks like a tag', '\x80\x02}U\x06$tuple](K\x01K\x02es.', 'value'),
];

/** More declared than there is. */
const LENGTHS: readonly Attack[] = [
  attack('SHORT_BINUNICODE beyond the end', '\x80\x04\x8c\xffabc.', /cut short/),
  attack('BINUNICODE of 4 GB', '\x80\x04X\xff\xff\xff\xffabc.', /cut short/),
  attack('BINUNICODE8 of 2^63', '\x80\x04\x8d\0\0\0\0\0\0\0\x80abc.', /cut short/),
  attack('BINUNICODE8 of 2^64 - 1', '\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.', /cut short/),
  attack('BINUNICODE8 of 2^53 + 1', '\x80\x04\x8d\x01\0\0\0\0\0\x20\0abc.', /cut short/),
  attack('BINBYTES of 4 GB', '\x80\x03B\xff\xff\xff\xffabc.', /cut short/),
  attack('BINBYTES8 of 2^63', '\x80\x04\x8e\0\0\0\0\0\0\0\x80abc.', /cut short/),
  attack('SHORT_BINBYTES beyond the end', '\x80\x03C\x05abc.', /cut short/),
  attack('BYTEARRAY8 of 2^64 - 1', '\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\xff.', /cut short/),
  attack('BINSTRING of negative length', '\x80\x02T\xff\xff\xff\xffabc.', /negative/),
  attack('BINSTRING of 2 GB', '\x80\x02T\xff\xff\xff\x7fabc.', /cut short/),
  attack('LONG4 of negative length', '\x80\x02\x8b\xff\xff\xff\xff.', /negative/),
  attack('LONG4 of 2 GB', '\x80\x02\x8b\xff\xff\xff\x7f\x01.', /cut short/),
  attack('LONG1 beyond the end', '\x80\x02\x8a\x09\x01.', /cut short/),
  attack('FRAME of 2^64 - 1', '\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.', /cut short/),
  attack('FRAME longer than the rest', '\x80\x04\x95\x05\0\0\0\0\0\0\0N.', /cut short/),
  attack('line without an end', `S'${'a'.repeat(9999)}`, /cut short/),
];

/** Stack and memo used against their rules. */
const STACK: readonly Attack[] = [
  ...(
    [
      'POP',
      'DUP',
      'TUPLE1',
      'APPEND',
      'SETITEM',
      'REDUCE',
      'NEWOBJ',
      'NEWOBJ_EX',
      'BUILD',
      'STACK_GLOBAL',
      'STOP',
      'MEMOIZE',
      'BINPERSID',
      'READONLY_BUFFER',
    ] as const
  ).map(name => attack(`${name} on an empty stack`, `\x80\x04${String.fromCharCode(OP[name])}.`, /empty/)),
  ...(['TUPLE', 'LIST', 'DICT', 'APPENDS', 'SETITEMS', 'ADDITEMS', 'FROZENSET', 'POP_MARK', 'OBJ'] as const).map(name =>
    attack(`${name} without a MARK`, `\x80\x04N${String.fromCharCode(OP[name])}.`, /MARK/),
  ),
  attack('TUPLE2 across a MARK', '\x80\x02K\x01(K\x02\x86.', /empty/),
  attack('STOP above a MARK', '\x80\x02K\x01(.', /empty/),
  attack('APPENDS onto nothing', '\x80\x02(K\x01e.', /empty/),
  attack('SETITEMS with a key too many', '\x80\x02}(K\x01u.', /without a value/),
  attack('DICT with a key too many', '(K\x01d.', /without a value/),
  attack('APPEND onto an int', '\x80\x02K\x01K\x02a.', /no list/),
  attack('SETITEM onto a list', '\x80\x02]K\x00K\x02s.', /no dict/),
  attack('ADDITEMS onto a list', '\x80\x04](K\x01\x90.', /no set/),
  attack('REDUCE with a list', '\x80\x02cshop\nA\n]R.', /no tuple/),
  attack('NEWOBJ_EX without a dict', '\x80\x04cshop\nA\n)]\x92.', /no dict/),
  attack('STACK_GLOBAL of numbers', '\x80\x04K\x01K\x02\x93.', /two strings/),
  attack('OBJ without a class', '(o.', /no class/),
  attack('BINGET of nothing', '\x80\x02h\x05.', /memo entry 5/),
  attack('LONG_BINGET of nothing', '\x80\x02j\xff\xff\xff\xff.', /memo entry 4294967295/),
  attack('GET of a negative number', 'g-1\n.', /number of a memo entry/),
  attack('GET of a word', 'g__proto__\n.', /number of a memo entry/),
  attack('PUT of a huge number', 'I1\np999999999999999\n.', 'value'),
  attack('PUT beyond all numbers', `I1\np${'9'.repeat(400)}\n.`, /number of a memo entry/),
  attack('READONLY_BUFFER of an int', '\x80\x05K\x01\x98.', /needs a buffer/),
  attack('EXT1 of zero', '\x80\x02\x82\0.', /extension code/),
  attack('EXT4 of a negative number', '\x80\x02\x84\xff\xff\xff\xff.', /extension code/),
];

/** Text that is none. */
const TEXT: readonly Attack[] = [
  attack('empty input', '', /before STOP/),
  attack('PROTO alone', '\x80', /cut short/),
  attack('protocol 6', '\x80\x06N.', /protocol 6/),
  attack('protocol 255', '\x80\xffN.', /protocol 255/),
  attack('no STOP', '\x80\x02N', /before STOP/),
  attack('JSON', '{"a": 1}', /no pickle opcode/),
  attack('zlib', '\x78\x9cK\xcc', /no pickle opcode/),
  attack('zeros', '\0'.repeat(65536), /no pickle opcode/),
  attack('invalid UTF-8', '\x80\x04\x8c\x02\xff\xfe.', /not UTF-8/),
  attack('overlong UTF-8', '\x80\x04\x8c\x02\xc0\x80.', /not UTF-8/),
  attack('UTF-8 cut inside a character', '\x80\x04\x8c\x02\xe2\x82.', /not UTF-8/),
  attack('UTF-8 beyond U+10FFFF', '\x80\x04\x8c\x04\xf4\x90\x80\x80.', /not UTF-8/),
  attack('lone surrogates', '\x80\x04\x8c\x06\xed\xa0\x80\xed\xbf\xbf.', 'value'),
  attack('UNICODE with half an escape', 'V\\u12\n.', /code point/),
  attack('UNICODE beyond U+10FFFF', 'V\\U00110000\n.', /code point/),
  attack('STRING with one quote', "S'abc\n.", /quotes/),
  attack('STRING with half an escape', "S'\\x4'\n.", /escapes/),
  attack('INT of words', 'Iten\n.', /no int/),
  attack('INT with underscores and code', 'I1;process.exit()\n.', /no int/),
  attack('FLOAT of words', 'Fone\n.', /no float/),
  attack('FLOAT, hexadecimal', 'F0x10\n.', /no float/),
];

const repeat = (start: string, part: string, count: number, end: string): string => start + part.repeat(count) + end;

/** What grows. */
const GROWTH: readonly Attack[] = [
  attack('lists a million deep', () => repeat('\x80\x02', ']', MILLION, `${'a'.repeat(MILLION - 1)}.`), 'either'),
  attack('lists 300,000 deep', () => repeat('\x80\x02', ']', 300_000, `${'a'.repeat(299_999)}.`), 'either'),
  attack('tuples a million deep', () => repeat('\x80\x02N', '\x85', MILLION, '.'), 'either'),
  attack('tuples 300,000 deep', () => repeat('\x80\x02N', '\x85', 300_000, '.'), 'value'),
  attack('dicts 100,000 deep', () => repeat('\x80\x02', '}N', 100_000, `N${'s'.repeat(100_000)}.`), 'either'),
  attack(
    'objects 100,000 deep',
    () => repeat('\x80\x02cshop\nA\nq\x000', 'h\x00', 100_000, `)${'R\x85'.repeat(99_999)}R.`),
    'value',
  ),
  attack(
    'partials 50,000 deep',
    () => repeat('\x80\x02cfunctools\npartial\nq\x000N', 'q\x01h\x00h\x01\x85R(h\x01)}Ntb', 50_000, '.'),
    'either',
  ),
  attack(
    'time zones 50,000 deep',
    () =>
      repeat(
        '\x80\x03cdatetime\ndatetime\nq\x000N',
        'q\x01h\x00C\x0a\x07\xea\x01\x02\x03\x04\0\0\0\0h\x01\x86R',
        50_000,
        '.',
      ),
    'either',
  ),
  attack(
    'states 50,000 deep',
    () => repeat('\x80\x02cshop\nA\nq\x000N', 'q\x01h\x00)\x81h\x01b', 50_000, '.'),
    'either',
  ),
  attack('state upon state', () => repeat('\x80\x02cshop\nA\n)\x81', '}b', 100_000, '.'), 'either'),
  attack('persistent ids 100,000 deep', () => repeat('\x80\x02N', 'Q', 100_000, '.'), 'value'),
  attack('tuple keys 100,000 deep', () => repeat('\x80\x02}N', '\x85', 100_000, 'Ns.'), 'value'),
  attack('frozensets 100,000 deep', () => repeat('\x80\x04N', 'q\x00(h\x00\x91', 100_000, '.'), 'either'),
  attack('a million MARKs', () => repeat('\x80\x02', '(', MILLION, 'N.'), 'either'),
  attack('ten million MARKs', () => repeat('\x80\x02', '(', 10 * MILLION, 'N.'), /MB of memory|opcodes/),
  attack('doubling pairs, 2^60', repeat('\x80\x02]', 'q\x00h\x00\x86', 60, '.'), 'value'),
  attack('doubling tuples, 2^100', `${repeat('\x80\x02K\x01', '2\x86', 100, '.')}`, 'value'),
  attack('doubling lists in lists, 2^200', repeat('\x80\x02U\x03lol', 'q\x00](h\x00h\x00e', 200, '.'), 'value'),
  attack('doubling dicts, 2^80', repeat('\x80\x02U\x03lol', 'q\x00}(K\x01h\x00K\x02h\x00u', 80, '.'), 'value'),
  attack('doubling set members, 2^80', repeat('\x80\x04N', 'q\x00(h\x00h\x00\x85\x91', 80, '.'), 'value'),
  attack('doubling dict keys, 2^80', repeat('\x80\x02N', '2\x86', 80, 'q\x00}h\x00Ns.'), 'value'),
  attack(
    'doubling arguments, 2^80',
    repeat('\x80\x02cshop\nA\nq\x000N', 'q\x01h\x00h\x01h\x01\x86R', 80, '.'),
    'value',
  ),
  attack(
    'doubling exceptions, 2^80',
    repeat('\x80\x02cexceptions\nValueError\nq\x000N', 'q\x01h\x00h\x01h\x01\x86R', 80, '.'),
    'value',
  ),
  attack(
    'a long text a thousand times',
    () => `\x80\x02X${U32(500_000)}${'a'.repeat(500_000)}q\x00(${'h\x00'.repeat(1000)}t.`,
    'value',
  ),
  attack(
    'long bytes copied a thousand times',
    () =>
      `\x80\x02c_codecs\nencode\nq\x000X${U32(500_000)}${'a'.repeat(500_000)}q\x01U\x06latin1q\x02(${'h\x00h\x01h\x02\x86R'.repeat(1000)}t.`,
    /MB of memory/,
  ),
  attack('five million empty lists', () => repeat('\x80\x02(', ']', 5 * MILLION, 'l.'), /MB of memory/),
  attack('five million empty dicts', () => repeat('\x80\x02(', '}', 5 * MILLION, 'l.'), /MB of memory/),
  attack('five million empty sets', () => repeat('\x80\x04(', '\x8f', 5 * MILLION, 'l.'), /MB of memory/),
  attack('two million dicts of one entry', () => repeat('\x80\x02(', '}NNs', 2 * MILLION, 'l.'), /MB of memory/),
  attack('two million lists of one item', () => repeat('\x80\x02(', ']Na', 2 * MILLION, 'l.'), /MB of memory/),
  attack('nine million None', () => repeat('\x80\x02(', 'N', 9 * MILLION, 'l.'), /MB of memory/),
  attack('twenty million opcodes that leave nothing', () => repeat('\x80\x02', 'N0', 10 * MILLION, 'N.'), /opcodes/),
  attack('nine million DUP', () => repeat('\x80\x02N', '2', 9 * MILLION, '.'), /MB of memory/),
  attack('two million floats', () => repeat('\x80\x02(', 'G\x3f\xf0\0\0\0\0\0\0', 2 * MILLION, 'l.'), /MB of memory/),
  attack('a million names', () => repeat('\x80\x02(', 'ca\nb\n', MILLION, 'l.'), /MB of memory/),
  attack('a million calls', () => repeat('\x80\x02ca\nb\nq\x000(', 'h\x00)R', MILLION, 'l.'), /MB of memory/),
  attack('a million small bytes', () => repeat('\x80\x03(', 'C\0', MILLION, 'l.'), /MB of memory/),
  attack('a million one-letter strings', () => repeat('\x80\x04(', '\x8c\x01a', MILLION, 'l.'), /MB of memory/),
  attack('two million memo entries', () => repeat('\x80\x04N', '\x94', 2 * MILLION, '.'), /memo entries/),
  attack(
    'a million sparse memo entries',
    () => `\x80\x02N${Array.from({ length: MILLION }, (_, i) => `r${U32(4_000_000_000 - 3 * i)}`).join('')}.`,
    /MB of memory|memo entries/,
  ),
  attack(
    'a dict of 500,000 keys',
    () => `\x80\x02}(${Array.from({ length: 500_000 }, (_, i) => `J${U32(i)}N`).join('')}u.`,
    'either',
  ),
  attack(
    'a dict of 100,000 tuple keys',
    () => `\x80\x02}(${Array.from({ length: 100_000 }, (_, i) => `J${U32(i)}\x85N`).join('')}u.`,
    'either',
  ),
  attack(
    'a tuple of 1,000 as key, 300,000 times',
    () => repeat(`\x80\x02(${'K\x01'.repeat(999)}tq\x000}(`, 'h\x00N', 300_000, 'u.'),
    /MB of memory/,
  ),
  attack(
    'a set of a tuple of 5,000, 300,000 times',
    () => repeat(`\x80\x04(${'K\x01'.repeat(5000)}tq\x000\x8f(`, 'h\x00', 300_000, '\x90.'),
    'either',
  ),
  attack(
    'a key of 30 tuples of 30, 300,000 times',
    () => repeat(`\x80\x02(${'K\x01'.repeat(30)}tq\x010(${'h\x01'.repeat(30)}tq\x000}(`, 'h\x00N', 300_000, 'u.'),
    /MB of memory/,
  ),
  attack(
    'bytes of 4 kB as key, 300,000 times',
    () => repeat(`\x80\x03B${U32(4096)}${'a'.repeat(4096)}q\x000}(`, 'h\x00N', 300_000, 'u.'),
    /MB of memory/,
  ),
  attack('an int of 2 MB', () => `\x80\x02\x8b${U32(2 * MILLION)}${'\x7f'.repeat(2 * MILLION)}.`, 'value'),
  attack('an int of 20 MB', () => `\x80\x02\x8b${U32(20 * MILLION)}${'\x7f'.repeat(20 * MILLION)}.`, /MB of memory/),
  attack('a LONG of a million digits', () => `L${'9'.repeat(MILLION)}L\n.`, /no int/),
  attack(
    'a Fraction of huge ints',
    () => `\x80\x02cfractions\nFraction\n\x8b${U32(MILLION)}${'\x7f'.repeat(MILLION)}K\x02\x86R.`,
    'value',
  ),
  attack(
    'a Counter of 300,000 keys',
    () =>
      `\x80\x02ccollections\nCounter\n}(${Array.from({ length: 300_000 }, (_, i) => `J${U32(i)}K\x01`).join('')}u\x85R.`,
    'either',
  ),
  attack('60 MB of text', () => `\x80\x02X${U32(60 * MILLION)}${'a'.repeat(60 * MILLION)}.`, /MB of memory/),
  attack('30 MB of unprintable text', () => `\x80\x02X${U32(30 * MILLION)}${'\x01'.repeat(30 * MILLION)}.`, 'value'),
  attack(
    '20 MB of wide text with a surrogate',
    () =>
      Buffer.concat([
        latin1(`\x80\x02X${U32(20 * MILLION)}`),
        Buffer.alloc(20 * MILLION - 3, 'é'),
        latin1('\xed\xa0\x80.'),
      ]),
    /MB of memory|UTF-8/,
  ),
  attack(
    '40 MB of bytes',
    () => Buffer.concat([latin1(`\x80\x03B${U32(40 * MILLION)}`), Buffer.alloc(40 * MILLION), latin1('.')]),
    'value',
  ),
  attack('a list in itself', '\x80\x02]q\x00h\x00a.', 'value'),
  attack('a dict in itself', '\x80\x02}q\x00K\x01h\x00s.', 'value'),
  attack('a dict as its own key', '\x80\x02}q\x00h\x00h\x00s.', 'value'),
  attack('a set in itself', '\x80\x04\x8fq\x00(h\x00\x90.', 'value'),
  attack('a tuple in itself by a list', '\x80\x02]q\x00h\x00\x85q\x01ah\x01.', 'value'),
  attack('an object as its own state', '\x80\x02cshop\nA\n)\x81q\x00h\x00b.', 'value'),
  attack('an object as its own class', '\x80\x02cshop\nA\n)\x81q\x00h\x00)R.', 'value'),
  attack('an exception of itself', '\x80\x02cexceptions\nValueError\n]q\x00\x85Rq\x01h\x00h\x01a0.', 'either'),
  attack('a defaultdict whose factory is itself', '\x80\x02ccollections\ndefaultdict\n)Rq\x00K\x01h\x00s.', 'value'),
  attack('a ChainMap of itself', '\x80\x02ccollections\nChainMap\n)\x81q\x00}U\x04maps]h\x00asb.', 'value'),
  attack('a UserDict of itself', '\x80\x02ccollections\nUserDict\n)\x81q\x00}U\x04datah\x00sb.', 'value'),
];

export const ATTACKS: readonly Attack[] = [...CALLS, ...NAMES, ...LENGTHS, ...STACK, ...TEXT, ...GROWTH];

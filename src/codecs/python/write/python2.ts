/**
 * Names as Python 2 knows them: CPython's own table for protocols below 3 (Lib/_compat_pickle.py, 3.11), as far as
 * values of jobs need it. Python 3 maps them back when it loads.
 */
const MODULES: Readonly<Record<string, string>> = {
  builtins: '__builtin__',
  copyreg: 'copy_reg',
  queue: 'Queue',
  configparser: 'ConfigParser',
  socketserver: 'SocketServer',
  reprlib: 'repr',
  'http.cookies': 'Cookie',
  'http.cookiejar': 'cookielib',
  'http.client': 'httplib',
  'html.parser': 'HTMLParser',
  'urllib.parse': 'urlparse',
};

const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  'builtins.str': ['__builtin__', 'unicode'],
  'builtins.bytes': ['__builtin__', 'str'],
  'builtins.int': ['__builtin__', 'long'],
  'builtins.chr': ['__builtin__', 'unichr'],
  'builtins.range': ['__builtin__', 'xrange'],
  'builtins.filter': ['itertools', 'ifilter'],
  'builtins.map': ['itertools', 'imap'],
  'builtins.zip': ['itertools', 'izip'],
  'functools.reduce': ['__builtin__', 'reduce'],
  'sys.intern': ['__builtin__', 'intern'],
  'collections.UserDict': ['UserDict', 'IterableUserDict'],
  'collections.UserList': ['UserList', 'UserList'],
  'collections.UserString': ['UserString', 'UserString'],
};

/** Exceptions that Python 2 has too; it keeps them in a module of their own. */
const EXCEPTIONS = new Set(
  'ArithmeticError AssertionError AttributeError BaseException BufferError BytesWarning DeprecationWarning EOFError EnvironmentError Exception FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError KeyError KeyboardInterrupt LookupError MemoryError NameError NotImplementedError OSError OverflowError PendingDeprecationWarning ReferenceError RuntimeError RuntimeWarning StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError'.split(
    ' ',
  ),
);

/** `module`, `name` of a Python 3 global as protocol 2 spells it. */
export function python2Name(module: string, name: string): readonly [string, string] {
  const full = `${module}.${name}`;
  const renamed = Object.hasOwn(NAMES, full) ? NAMES[full] : undefined;
  if (renamed !== undefined) {
    return renamed;
  }
  if (module === 'builtins' && EXCEPTIONS.has(name)) {
    return ['exceptions', name];
  }
  return [(Object.hasOwn(MODULES, module) ? MODULES[module] : undefined) ?? module, name];
}

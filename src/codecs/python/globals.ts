/** Names of Python classes and functions: Python 2's for the same things, and those worth a warning. */

/** Python 2 modules that Python 3 calls otherwise (standard library renames of PEP 3108). */
const MODULES_OF_PYTHON_2: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
  ['exceptions', 'builtins'],
  ['cPickle', 'pickle'],
  ['Queue', 'queue'],
  ['SocketServer', 'socketserver'],
  ['ConfigParser', 'configparser'],
  ['UserDict', 'collections'],
  ['UserList', 'collections'],
  ['UserString', 'collections'],
  ['StringIO', 'io'],
  ['cStringIO', 'io'],
  ['Cookie', 'http.cookies'],
  ['cookielib', 'http.cookiejar'],
  ['httplib', 'http.client'],
  ['BaseHTTPServer', 'http.server'],
  ['HTMLParser', 'html.parser'],
  ['urlparse', 'urllib.parse'],
  ['urllib2', 'urllib.request'],
  ['xmlrpclib', 'xmlrpc.client'],
  ['commands', 'subprocess'],
  ['thread', '_thread'],
  ['repr', 'reprlib'],
  ['anydbm', 'dbm'],
  ['dumbdbm', 'dbm.dumb'],
  ['_abcoll', 'collections.abc'],
]);

/** Single names that moved or were renamed between Python 2 and 3. */
const NAMES_OF_PYTHON_2: ReadonlyMap<string, string> = new Map([
  ['__builtin__.xrange', 'builtins.range'],
  ['__builtin__.unicode', 'builtins.str'],
  ['__builtin__.basestring', 'builtins.str'],
  ['__builtin__.long', 'builtins.int'],
  ['__builtin__.unichr', 'builtins.chr'],
  ['__builtin__.reduce', 'functools.reduce'],
  ['__builtin__.intern', 'sys.intern'],
  ['itertools.izip', 'builtins.zip'],
  ['itertools.imap', 'builtins.map'],
  ['itertools.ifilter', 'builtins.filter'],
  ['itertools.ifilterfalse', 'itertools.filterfalse'],
  ['itertools.izip_longest', 'itertools.zip_longest'],
  ['UserDict.IterableUserDict', 'collections.UserDict'],
  ['exceptions.StandardError', 'builtins.Exception'],
  ...['quote', 'quote_plus', 'unquote', 'unquote_plus', 'urlencode'].map(
    name => [`urllib.${name}`, `urllib.parse.${name}`] as const,
  ),
  ...['getproxies', 'pathname2url', 'url2pathname', 'urlcleanup', 'urlopen', 'urlretrieve'].map(
    name => [`urllib.${name}`, `urllib.request.${name}`] as const,
  ),
  ['urllib.ContentTooShortError', 'urllib.error.ContentTooShortError'],
  ['urllib2.HTTPError', 'urllib.error.HTTPError'],
  ['urllib2.URLError', 'urllib.error.URLError'],
  ['multiprocessing.TimeoutError', 'multiprocessing.context.TimeoutError'],
  ['socket._socketobject', 'socket.SocketType'],
]);

/** `module.qualname` as Python 3 calls it. No Python 3 module bears a name that is renamed here. */
export function python3Name(module: string, qualname: string): string {
  const name = `${module}.${qualname}`;
  const renamed = NAMES_OF_PYTHON_2.get(name);
  if (renamed !== undefined) return renamed;
  // A method goes with its class: `unicode.upper` is `str.upper`.
  const dot = qualname.indexOf('.');
  const owner = dot < 0 ? undefined : NAMES_OF_PYTHON_2.get(`${module}.${qualname.slice(0, dot)}`);
  if (owner !== undefined) return owner + qualname.slice(dot);
  const moved = MODULES_OF_PYTHON_2.get(module);
  return moved === undefined ? name : `${moved}.${qualname}`;
}

/** Modules nothing of which belongs in a job: whoever loads such a pickle starts a process or opens a socket. */
const DANGEROUS_MODULES = new Set([
  'os',
  'posix',
  'nt',
  'subprocess',
  'pty',
  'socket',
  'shutil',
  'sys',
  'ctypes',
  'importlib',
  'runpy',
  'codeop',
  'webbrowser',
  'pdb',
  'bdb',
  'marshal',
  '_posixsubprocess',
  'multiprocessing',
  'asyncio',
  'http.client',
  'urllib.request',
  'smtplib',
  'ftplib',
  'telnetlib',
]);

/** Single names that run what they are given, or reach whatever they are asked for. */
const DANGEROUS_NAMES = new Set([
  'builtins.eval',
  'builtins.exec',
  'builtins.execfile',
  'builtins.compile',
  'builtins.__import__',
  'builtins.open',
  'builtins.input',
  'builtins.breakpoint',
  'builtins.globals',
  'builtins.locals',
  'builtins.vars',
  'builtins.setattr',
  'builtins.delattr',
  'builtins.apply',
  'builtins.file',
  'io.open',
  'io.FileIO',
  'types.CodeType',
  'types.FunctionType',
  'pickle.loads',
  'pickle.load',
  '_pickle.loads',
  '_pickle.load',
  'operator.methodcaller',
  'operator.attrgetter',
  'functools.reduce',
  'platform.popen',
  'timeit.timeit',
  'timeit.repeat',
  'timeit.main',
  'code.interact',
  'code.InteractiveInterpreter',
  'code.InteractiveConsole',
  'pip.main',
  'pip._internal.main',
  'pydoc.locate',
  'pydoc.pipepager',
  'logging.config.listen',
  'tempfile.mktemp',
]);

/** Ordinary things that live in modules named above. */
const HARMLESS_NAMES = new Set([
  'os.stat_result',
  'os.PathLike',
  'sys.intern',
  'socket.AddressFamily',
  'socket.SocketKind',
  'socket.timeout',
  'socket.gaierror',
  'subprocess.CalledProcessError',
  'subprocess.TimeoutExpired',
  'subprocess.CompletedProcess',
  'http.client.RemoteDisconnected',
  'http.client.IncompleteRead',
  'http.client.BadStatusLine',
  'asyncio.exceptions.TimeoutError',
  'asyncio.exceptions.CancelledError',
  'multiprocessing.context.TimeoutError',
]);

/** Why this name in a pickle deserves a warning, or undefined. Reading it is harmless; loading it with Python may not be. */
export function dangerOf(name: string): string | undefined {
  if (DANGEROUS_NAMES.has(name)) return 'runs or reaches what it is given';
  const root = moduleRoot(name);
  if (root === undefined || HARMLESS_NAMES.has(name) || /(?:Error|Exception|Warning)$/.test(name)) return undefined;
  return `module ${root} reaches outside the process`;
}

function moduleRoot(name: string): string | undefined {
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const prefix = name.slice(0, dot);
    if (DANGEROUS_MODULES.has(prefix)) return prefix;
  }
  return undefined;
}

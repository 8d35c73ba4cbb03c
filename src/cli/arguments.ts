/** The command line as a request. */
import { InspectorError } from '../model';
import { badRequest, COMMANDS, parseRequest, type Request, unknownCommand } from './request';

export type CommandLine =
  | { readonly kind: 'request'; readonly request: Request }
  | { readonly kind: 'serve' }
  | { readonly kind: 'decode'; readonly as: 'pickle' | 'auto'; readonly batch: boolean }
  | { readonly kind: 'help' };

/** Option → field, and how its text becomes a value. */
const OPTIONS: Readonly<
  Record<string, { readonly field: keyof Request; readonly kind: 'text' | 'number' | 'json' | 'flag' | 'list' }>
> = {
  '--queue': { field: 'queue', kind: 'text' },
  '--state': { field: 'state', kind: 'text' },
  '--cursor': { field: 'cursor', kind: 'text' },
  '--size': { field: 'size', kind: 'number' },
  '--search': { field: 'search', kind: 'text' },
  '--job': { field: 'job', kind: 'list' },
  '--worker': { field: 'worker', kind: 'text' },
  '--schedule': { field: 'schedule', kind: 'text' },
  '--system': { field: 'system', kind: 'text' },
  '--installation': { field: 'installation', kind: 'text' },
  '--options': { field: 'options', kind: 'json' },
  '--parameters': { field: 'parameters', kind: 'json' },
  '--dry-run': { field: 'dryRun', kind: 'flag' },
  '--folder': { field: 'folder', kind: 'text' },
  '--allow-writing': { field: 'allowWriting', kind: 'flag' },
  '--confirm': { field: 'confirm', kind: 'text' },
};

/** What stands without an option, in order. */
const POSITIONS: Readonly<Record<Request['command'], readonly (keyof Request)[]>> = {
  detect: ['url'],
  overview: ['url'],
  jobs: ['url'],
  job: ['url', 'job'],
  findings: ['url'],
  perform: ['url', 'action'],
  undo: ['url', 'token'],
  journal: [],
};

const REQUIRED: Readonly<Record<Request['command'], readonly (keyof Request)[]>> = {
  detect: ['url'],
  overview: ['url'],
  jobs: ['url', 'state'],
  job: ['url', 'job'],
  findings: [],
  perform: ['url', 'action'],
  undo: ['token'],
  journal: [],
};

export const USAGE = `inspect <command> <url> …: what a job-queue broker holds, as JSON on standard output

  detect    <url>
  overview  <url>
  jobs      <url> --state S [--queue Q] [--cursor C] [--size N] [--search TEXT]
  job       <url> <ref or id> [--queue Q]
  findings  [<url>] [--folder F]
  perform   <url> <action> (--job REF… | --state S [--queue Q] [--search TEXT] | --queue Q | --worker NAME |
            --schedule ID) [--parameters JSON] [--dry-run] [--allow-writing] [--confirm NAME]
  undo      [<url>] <token> [--allow-writing]
  journal
  decode    [--as pickle|auto] [--batch]      bytes on standard input
  serve                                       one JSON request a line on standard input

  --system S  --installation I  --options JSON narrow down and set up; a url may be env:NAME, or - for a line of
  standard input. docs/inspect.md has the rest.
`;

/** @throws InspectorError `bad-request`, `unknown-command`. Never repeats a value: it may be a secret. */
export function parseArguments(argv: readonly string[]): CommandLine {
  const [command, ...rest] = argv;
  if (command === undefined || command === '--help' || command === '-h' || command === 'help') return { kind: 'help' };
  if (command === 'serve') {
    if (rest.length > 0) throw badRequest('serve takes no arguments.', 'its requests come on standard input');
    return { kind: 'serve' };
  }
  if (command === 'decode') return parseDecode(rest);
  if (!(COMMANDS as readonly string[]).includes(command)) throw unknownCommand();
  const name = command as Request['command'];
  const { positions: given, fields } = split(rest);
  const places = POSITIONS[name];
  const positions = places[0] === 'url' ? urlFirst(given) : given;
  // A token alone: the broker is the one that the journal names.
  const names = name === 'undo' && positions.length === 1 ? (['token'] as const) : places;
  if (positions.length > names.length)
    throw badRequest(
      `${name} takes ${names.length === 0 ? 'no arguments' : `at most ${names.join(' and ')}`} before its options.`,
      `${positions.length} were given`,
    );
  for (const [i, value] of positions.entries()) fields[names[i] ?? ''] = value;
  const request = parseRequest({ command: name, ...fields });
  checkRequired(request);
  return { kind: 'request', request };
}

/** `perform retry redis://…` means the same as `perform redis://… retry`. */
function urlFirst(positions: readonly string[]): readonly string[] {
  const url = positions.find(text => text === '-' || text.startsWith('env:') || text.includes('://'));
  return url === undefined ? positions : [url, ...positions.filter(text => text !== url)];
}

/** @throws InspectorError `bad-request` when a field is missing that the command cannot do without */
export function checkRequired(request: Request): void {
  const missing = REQUIRED[request.command].filter(field => request[field] === undefined);
  if (missing.length === 0) return;
  throw badRequest(`${request.command} needs ${missing.join(' and ')}.`, `${missing.join(' and ')} is missing`);
}

function split(rest: readonly string[]) {
  const positions: string[] = [];
  const fields: Record<string, unknown> = {};
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? '';
    // What follows is no option, whatever it begins with: ids may hold anything.
    if (word === '--') {
      positions.push(...rest.slice(i + 1));
      break;
    }
    if (!word.startsWith('--')) {
      positions.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = equals === -1 ? word : word.slice(0, equals);
    const option = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (option === undefined)
      throw badRequest(
        'There is an option that is not known.',
        `argument ${i + 1} is none of ${Object.keys(OPTIONS).join(' ')}`,
      );
    if (option.kind === 'flag') {
      if (equals !== -1) throw badRequest(`${name} takes no value.`, 'it has one');
      fields[option.field] = true;
      continue;
    }
    if (option.kind === 'list') {
      const values = [...(equals === -1 ? [] : [word.slice(equals + 1)])];
      while (i + 1 < rest.length && !(rest[i + 1] ?? '').startsWith('--')) values.push(rest[++i] ?? '');
      if (values.length === 0) throw noValue(name);
      const before = fields[option.field];
      fields[option.field] = [...(Array.isArray(before) ? before : []), ...values];
      continue;
    }
    const value = equals === -1 ? rest[++i] : word.slice(equals + 1);
    if (value === undefined) throw noValue(name);
    fields[option.field] =
      option.kind === 'text' ? value : option.kind === 'number' ? Number(value) : json(name, value);
  }
  return { positions, fields };
}

function parseDecode(rest: readonly string[]): CommandLine {
  let as: 'pickle' | 'auto' = 'auto';
  let batch = false;
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i] ?? '';
    if (word === '--batch') batch = true;
    else if (word === '--as' || word.startsWith('--as=')) {
      const value = word === '--as' ? rest[++i] : word.slice('--as='.length);
      if (value !== 'pickle' && value !== 'auto') throw badRequest('--as takes pickle or auto.', 'it is neither');
      as = value;
    } else throw badRequest('decode takes --as pickle|auto and --batch.', `argument ${i + 1} is neither`);
  }
  return { kind: 'decode', as, batch };
}

const noValue = (name: string) => badRequest(`${name} needs a value.`, 'nothing follows it');

function json(name: string, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch (thrown) {
    const place = thrown instanceof Error ? /position \d+/.exec(thrown.message)?.[0] : undefined;
    throw new InspectorError('bad-request', {
      message: `${name} is no JSON.`,
      tried: `reading ${name}`,
      answer: place === undefined ? 'it ends too early or holds something else' : `it is wrong at ${place}`,
      remedy: 'Write one JSON object, in quotes for the shell.',
    });
  }
}

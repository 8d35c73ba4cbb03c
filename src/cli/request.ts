/** What one call asks for: the same fields on the command line and in `serve`, parsed before they are believed. */
import * as v from 'valibot';
import { InspectorError, STATES } from '../model';

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(100_000));
/** A name as the broker has it: empty ones occur too. */
const name = v.pipe(v.string(), v.maxLength(100_000));
const object = v.custom<Readonly<Record<string, unknown>>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
);

const fields = {
  /** Broker URL, `env:NAME`, or `-` for a line of standard input. */
  url: v.optional(text),
  queue: v.optional(name),
  state: v.optional(v.picklist(STATES)),
  cursor: v.optional(text),
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000))),
  search: v.optional(text),
  /** Refs or ids. */
  job: v.optional(v.union([name, v.pipe(v.array(name), v.minLength(1))])),
  worker: v.optional(text),
  schedule: v.optional(text),
  system: v.optional(text),
  /** Key or name of the installation. */
  installation: v.optional(v.string()),
  options: v.optional(object),
  action: v.optional(text),
  parameters: v.optional(object),
  dryRun: v.optional(v.boolean()),
  folder: v.optional(text),
  allowWriting: v.optional(v.boolean()),
  /** Name of the connection, for what destroys elsewhere than on this machine. */
  confirm: v.optional(text),
  token: v.optional(text),
};

export const COMMANDS = ['detect', 'overview', 'jobs', 'job', 'findings', 'perform', 'undo', 'journal'] as const;

const requestSchema = v.strictObject({ command: v.picklist(COMMANDS), ...fields });

export type Request = v.InferOutput<typeof requestSchema>;
export type CommandName = Request['command'];

/** @throws InspectorError `bad-request`: which field is wrong, and how. Never repeats a value: it may be a secret. */
export function parseRequest(input: unknown): Request {
  const result = v.safeParse(requestSchema, withoutNulls(input));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = issue.path?.map(part => String(part.key)).join('.') ?? '';
  if (path === 'command') throw unknownCommand();
  if (path === 'state') {
    const answer = `the states are ${STATES.join(', ')}`;
    throw badRequest('There is no such state.', answer, 'Name one of them, whatever the system calls it.');
  }
  const answer =
    issue.type === 'strict_object' && issue.expected === 'never'
      ? `there is no field ${path}`
      : issue.type === 'min_length'
        ? `${path} is empty`
        : `${path || 'the request'} should be ${issue.expected ?? 'something else'}, it is ${kindOf(issue.input)}`;
  throw badRequest(`The request cannot be read: ${answer}.`, answer);
}

/** A field that is null says no more than one that is missing. */
function withoutNulls(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}

export function unknownCommand(): InspectorError {
  return new InspectorError('unknown-command', {
    message: 'There is no such command.',
    tried: 'reading the request',
    answer: `the commands are ${COMMANDS.join(', ')}, decode and serve`,
    remedy: 'Use one of these; docs/inspect.md describes them.',
  });
}

export function badRequest(message: string, answer: string, remedy = 'docs/inspect.md describes what can be asked.') {
  return new InspectorError('bad-request', { message, tried: 'reading the request', answer, remedy });
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'number' ? String(value) : `a ${typeof value}`;
}

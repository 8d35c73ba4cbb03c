/** `inspect serve`: one JSON request a line, answers in any order, connections kept between requests. */
import type { Readable } from 'node:stream';
import * as v from 'valibot';
import { asInspectorError } from '../model';
import { checkRequired } from './arguments';
import { errorJson } from './errors';
import { linesOf } from './input';
import { badRequest, parseRequest, type Request } from './request';

const idSchema = v.union([v.string(), v.number()]);
const abortSchema = v.object({ command: v.literal('abort'), request: idSchema });

export interface Served {
  /** Runs one request. */
  readonly run: (request: Request, signal: AbortSignal, progress: (value: unknown) => void) => Promise<unknown>;
  readonly secrets: () => Iterable<string>;
  readonly write: (line: string) => void;
}

/** Answers every request; returns when the input has ended and all of them are answered. */
export async function serve(input: Readable, { run, secrets, write }: Served): Promise<void> {
  const running = new Map<string | number, { readonly controller: AbortController; readonly done: Promise<void> }>();
  const send = (message: unknown) => write(`${JSON.stringify(message)}\n`);
  for await (const line of linesOf(input)) {
    if (line.trim() === '') continue;
    let id: string | number | null = null;
    try {
      const { id: given, ...rest } = parseLine(line);
      id = given;
      if (running.has(id))
        throw badRequest('A request with this id is still running.', 'the id is taken', 'Use a new id.');
      if (rest['command'] === 'abort') {
        const { request } = abort(rest);
        const found = running.get(request);
        found?.controller.abort();
        send({ id, result: { aborted: found !== undefined } });
        continue;
      }
      const controller = new AbortController();
      const done = answer(id, rest, controller.signal).finally(() => running.delete(given));
      running.set(id, { controller, done });
    } catch (thrown) {
      send({ id, error: errorJson(thrown, secrets()) });
    }
  }
  await Promise.all([...running.values()].map(({ done }) => done));

  async function answer(id: string | number, rest: unknown, signal: AbortSignal): Promise<void> {
    try {
      const request = parseRequest(rest);
      checkRequired(request);
      const progress = (value: unknown) => send({ id, progress: value });
      send({ id, result: await run(request, signal, progress) });
    } catch (thrown) {
      send({ id, error: errorJson(asInspectorError(thrown, 'answering the request'), secrets()) });
    }
  }
}

function parseLine(line: string): Record<string, unknown> & { readonly id: string | number } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw badRequest('A line is no JSON.', 'it could not be parsed', 'Send one JSON object a line.');
  }
  const result = v.safeParse(v.looseObject({ id: idSchema }), value);
  if (result.success) return result.output;
  throw badRequest('A request needs an id.', 'id is missing, or neither a number nor a text');
}

function abort(rest: unknown) {
  const result = v.safeParse(abortSchema, rest);
  if (result.success) return result.output;
  throw badRequest('abort needs the id of a request.', 'request is missing');
}

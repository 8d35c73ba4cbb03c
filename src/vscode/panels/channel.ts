import * as v from 'valibot';
import type * as vscode from 'vscode';
import { asInspectorError, InspectorError } from '../../model';
import type { EventName, Failure, FromPage, Method, PageContract, Params, Result, ToPage } from '../../protocol';
import type { Log } from '../log';

/** What comes from a page is parsed before it is believed. */
const messageSchema = v.variant('kind', [
  v.object({ kind: v.literal('request'), id: v.number(), method: v.string(), params: v.unknown() }),
  v.object({ kind: v.literal('abort'), id: v.number() }),
]);

type Schema<T> = v.GenericSchema<unknown, T>;

/** How one request is answered: the shape of its parameters, and what runs. */
export interface Handler<C extends PageContract, M extends Method<C>> {
  readonly params: Schema<Params<C, M>>;
  readonly run: (params: Params<C, M>, signal: AbortSignal) => Promise<Result<C, M>> | Result<C, M>;
}

export type Handlers<C extends PageContract> = { readonly [M in Method<C>]: Handler<C, M> };

/** Parameters of a request that has none. */
export const noParams: Schema<null> = v.null();

/** The host's end of the protocol: answers each request once, with a result or a failure. */
export class HostChannel<C extends PageContract> implements vscode.Disposable {
  readonly #webview: vscode.Webview;
  readonly #handlers: Handlers<C>;
  readonly #log: Log;
  readonly #running = new Map<number, AbortController>();
  readonly #subscription: vscode.Disposable;

  constructor(webview: vscode.Webview, handlers: Handlers<C>, log: Log) {
    this.#webview = webview;
    this.#handlers = handlers;
    this.#log = log;
    this.#subscription = webview.onDidReceiveMessage(message => this.#receive(message));
  }

  /** A hint: a hidden page loses it and asks again when it is shown. */
  send<E extends EventName<C>>(name: E, payload: C['events'][E]): void {
    this.#post({ kind: 'event', name, payload });
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const controller of this.#running.values()) controller.abort();
  }

  #receive(message: unknown): void {
    const parsed = v.safeParse(messageSchema, message);
    if (!parsed.success) {
      this.#log.error('reading a message of a page', new Error(v.getDotPath(parsed.issues[0]) ?? 'it is no message'));
      return;
    }
    const given: FromPage = parsed.output;
    if (given.kind === 'abort') this.#running.get(given.id)?.abort();
    else void this.#answer(given.id, given.method, given.params);
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      this.#post({ kind: 'result', id, result: await this.#run(method, params, controller.signal) });
    } catch (thrown) {
      if (!controller.signal.aborted) this.#log.error(`answering ${method}`, thrown);
      this.#post({ kind: 'failure', id, failure: failureOf(thrown, method) });
    } finally {
      this.#running.delete(id);
    }
  }

  async #run(method: string, params: unknown, signal: AbortSignal): Promise<unknown> {
    if (!Object.hasOwn(this.#handlers, method)) throw badRequest(method, 'there is no such request');
    const handler = this.#handlers[method as Method<C>];
    const parsed = v.safeParse(handler.params, params);
    if (!parsed.success) throw badRequest(method, parsed.issues[0].message);
    return handler.run(parsed.output, signal);
  }

  #post(message: ToPage): void {
    // A page that is gone or hidden does not take it, and asks again when it is shown.
    void this.#webview.postMessage(message);
  }
}

function badRequest(method: string, answer: string): InspectorError {
  return new InspectorError('bad-request', {
    message: `The page asked for "${method}" in a way that is not understood: ${answer}.`,
    tried: `answering ${method}`,
    answer,
    remedy: 'Close the tab and open it again.',
  });
}

/** Any thrown thing as it crosses the border. */
export function failureOf(thrown: unknown, tried: string): Failure {
  const { code, message, answer, remedy, tried: was } = asInspectorError(thrown, tried);
  return { code, message, tried: was, answer, remedy };
}

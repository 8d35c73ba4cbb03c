import type { EventName, Failure, FromPage, Method, PageContract, Params, Result, ToPage } from '../../protocol';

interface VsCodeApi {
  postMessage(message: FromPage): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** What the host answered instead of a result: what was tried, what came back, what to do. */
export class RequestFailure extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The page's end of the protocol: requests with an answer each, events as hints, and the state VS Code keeps. */
export class Host<C extends PageContract> {
  readonly #api = acquireVsCodeApi();
  readonly #open = new Map<number, { resolve(result: unknown): void; reject(reason: unknown): void }>();
  readonly #listeners = new Map<string, (payload: never) => void>();
  #next = 1;

  constructor() {
    window.addEventListener('message', event => this.#receive(event.data as ToPage));
  }

  /** @throws RequestFailure; an aborted request never answers with a late result. */
  request<M extends Method<C>>(method: M, params: Params<C, M>, signal?: AbortSignal): Promise<Result<C, M>> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve: result => resolve(result as Result<C, M>), reject });
      signal?.addEventListener('abort', () => this.#abort(id, signal), { once: true });
      this.#api.postMessage({ kind: 'request', id, method, params });
    });
  }

  on<E extends EventName<C>>(name: E, listener: (payload: C['events'][E]) => void): void {
    this.#listeners.set(name, listener as (payload: never) => void);
  }

  /** Adds to what is remembered: navigation and what a person typed; never what came from a broker. */
  remember(state: object): void {
    this.#api.setState({ ...(this.#api.getState() as object | undefined), ...state });
  }

  remembered(): unknown {
    return this.#api.getState();
  }

  #abort(id: number, signal: AbortSignal): void {
    const open = this.#open.get(id);
    if (!open) return;
    this.#open.delete(id);
    this.#api.postMessage({ kind: 'abort', id });
    open.reject(signal.reason);
  }

  #receive(message: ToPage): void {
    if (message.kind === 'event') {
      this.#listeners.get(message.name)?.(message.payload as never);
      return;
    }
    const open = this.#open.get(message.id);
    if (!open) return;
    this.#open.delete(message.id);
    if (message.kind === 'result') open.resolve(message.result);
    else open.reject(new RequestFailure(message.failure));
  }
}

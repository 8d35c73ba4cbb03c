/**
 * How a panel's host side and its page talk: the page asks, the host answers each request once, with a result or a
 * failure; the host's events are hints only, since VS Code drops what is sent to a hidden page. A page that is shown
 * again asks again. One handler on each side, typed by the contract of the page (pages.ts).
 */
export interface PageContract {
  readonly requests: Readonly<Record<string, { readonly params: unknown; readonly result: unknown }>>;
  readonly events: Readonly<Record<string, unknown>>;
}

export type Method<C extends PageContract> = keyof C['requests'] & string;
export type Params<C extends PageContract, M extends Method<C>> = C['requests'][M]['params'];
export type Result<C extends PageContract, M extends Method<C>> = C['requests'][M]['result'];
export type EventName<C extends PageContract> = keyof C['events'] & string;

export type FromPage =
  | { readonly kind: 'request'; readonly id: number; readonly method: string; readonly params: unknown }
  /** The answer is not wanted any more; the host stops the work and answers with `aborted`. */
  | { readonly kind: 'abort'; readonly id: number };

export type ToPage =
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'event'; readonly name: string; readonly payload: unknown };

/** An InspectorError as it crosses the border. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly tried: string;
  readonly answer: string;
  readonly remedy: string;
}

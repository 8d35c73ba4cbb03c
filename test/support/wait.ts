/** How often a condition is looked at, in milliseconds. */
const EVERY_MS = 20;

export interface WaitOptions {
  /** Milliseconds until it gives up; 10,000 unless told. */
  readonly timeout?: number;
  /** What is waited for, for the error: "the worker to register". */
  readonly what?: string;
  readonly every?: number;
  /** Called when it gives up; its answer stands in the error (a process's output, what was seen last). */
  readonly explain?: () => unknown;
}

/**
 * Looks at a condition until it is truthy and answers its value. For what lies outside this process and sends no
 * event: a server that comes up, a worker that writes to its broker.
 * @throws Error after the timeout, with what was waited for and what the condition threw last
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, undefined | null | false | 0 | ''>> {
  const timeout = options.timeout ?? 10_000;
  const until = performance.now() + timeout;
  let last: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value as Exclude<T, undefined | null | false | 0 | ''>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > until) break;
    await new Promise(resolve => setTimeout(resolve, options.every ?? EVERY_MS));
  }
  const explained = options.explain === undefined ? '' : `\n${String(await options.explain())}`;
  throw new Error(`Waited ${timeout} ms in vain for ${options.what ?? 'a condition'}.${explained}`, { cause: last });
}

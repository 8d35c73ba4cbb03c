import type { DriverOptions } from './driver';

/** Placeholder until the probe lands. */
export async function probe(thrown: unknown, _options: DriverOptions, _signal: AbortSignal): Promise<unknown> {
  return thrown;
}

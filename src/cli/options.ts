type Options = Readonly<Record<string, unknown>>;

/** Options for one system stand under its id, or alone: then they go to the system asked for, or to every one. */
export function optionsOf(
  options: Options | undefined,
  system: string | undefined,
  ids: readonly string[],
): Readonly<Record<string, Options>> {
  if (options === undefined) return {};
  const entries = Object.entries(options);
  const bySystem = entries.flatMap(([key, value]) =>
    ids.includes(key) && isObject(value) ? [[key, value] as const] : [],
  );
  if (bySystem.length === entries.length) return Object.fromEntries(bySystem);
  return Object.fromEntries((system === undefined ? ids : [system]).map(id => [id, options]));
}

const isObject = (value: unknown): value is Options =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

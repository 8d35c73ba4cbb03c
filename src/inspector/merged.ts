/** What several generators yield, as it comes; ends when all have ended, and ends all when it is left early. */
export async function* merged<T>(sources: readonly AsyncGenerator<T, void>[]): AsyncGenerator<T, void> {
  const next = (source: AsyncGenerator<T, void>) => source.next().then(result => ({ source, result }));
  const pending = new Map(sources.map(source => [source, next(source)]));
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values());
      if (result.done === true) pending.delete(source);
      else {
        pending.set(source, next(source));
        yield result.value;
      }
    }
  } finally {
    for (const source of pending.keys()) void source.return().catch(() => undefined);
  }
}

/** Errors as they leave: code, what was tried, what came back, what to do; never a secret. */
import { asInspectorError } from '../model';

/** @param secrets passwords of this run: should any text repeat one, dots stand in its place */
export function errorJson(thrown: unknown, secrets: Iterable<string>): unknown {
  const passwords = [...secrets];
  const text = JSON.stringify(asInspectorError(thrown, 'running the command'));
  return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? redacted(value, passwords) : value));
}

/** A text without secrets, as they stand in URLs, in JSON and by themselves. */
export function redacted(text: string, secrets: Iterable<string>): string {
  let result = text;
  for (const secret of secrets) {
    // Very short ones are parts of ordinary words; the drivers' own messages never hold any.
    if (secret.length < 4) continue;
    const inJson = JSON.stringify(secret).slice(1, -1);
    for (const form of new Set([secret, inJson, encodeURIComponent(secret)])) result = result.replaceAll(form, '•••');
  }
  return result;
}

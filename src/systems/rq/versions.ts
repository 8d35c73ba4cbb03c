/** `3.11` of `3.11.7 (main, …) [GCC …]`: workers write `sys.version` (rq/worker.py, register_birth). */
export function pythonVersion(text: string | null): string | null {
  return text === null ? null : (/^\d+(?:\.\d+){1,2}/.exec(text.trim())?.[0] ?? null);
}

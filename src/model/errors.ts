/** Stable names of what can go wrong; documented in docs/inspect.md, part of the contract of `inspect`. */
export const ERROR_CODES = [
  'unreachable',
  'unresolved',
  'unauthorized',
  'forbidden',
  'tls',
  'bad-request',
  'bad-value',
  'no-such-database',
  'not-a-broker',
  'loading',
  'out-of-memory',
  'replica',
  'unsupported',
  'unknown-command',
  'unknown-action',
  'unknown-system',
  'ambiguous',
  'gone',
  'changed',
  'read-only',
  'not-confirmed',
  'timeout',
  'aborted',
  'connection-lost',
  'broker-error',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorText {
  /** One sentence for people. */
  readonly message: string;
  /** What was tried, e.g. `connecting to this_redis:6379`. Never holds a secret. */
  readonly tried: string;
  /** What came back, e.g. the server's own words. */
  readonly answer: string;
  /** What to do. */
  readonly remedy: string;
}

/** Every failure that reaches a person: what was tried, what came back, what to do. Never holds a secret. */
export class InspectorError extends Error {
  readonly code: ErrorCode;
  readonly tried: string;
  readonly answer: string;
  readonly remedy: string;
  /** Further data for programs, e.g. the candidates of an `ambiguous` id. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, text: ErrorText, options?: { cause?: unknown; details?: Record<string, unknown> }) {
    super(text.message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'InspectorError';
    this.code = code;
    this.tried = text.tried;
    this.answer = text.answer;
    this.remedy = text.remedy;
    this.details = options?.details;
  }

  toJSON(): Record<string, unknown> {
    const { code, message, tried, answer, remedy, details } = this;
    return { code, message, tried, answer, remedy, ...details };
  }
}

/** Any thrown thing as an InspectorError: aborts as `aborted`, the unforeseen as `internal`. */
export function asInspectorError(thrown: unknown, tried: string): InspectorError {
  if (thrown instanceof InspectorError) return thrown;
  if (isAbort(thrown)) {
    return new InspectorError(
      'aborted',
      {
        message: `Stopped: ${tried}.`,
        tried,
        answer: 'it was canceled',
        remedy: 'Start it again if you still want it.',
      },
      { cause: thrown },
    );
  }
  const answer = thrown instanceof Error ? thrown.message : String(thrown);
  return new InspectorError(
    'internal',
    {
      message: `Something went wrong while ${tried}: ${answer}`,
      tried,
      answer,
      remedy: 'This is a fault of Job Queue Inspector. The log has the details; report it with them.',
    },
    { cause: thrown },
  );
}

export function isAbort(thrown: unknown): boolean {
  return (
    (thrown instanceof InspectorError && thrown.code === 'aborted') ||
    (thrown instanceof Error && thrown.name === 'AbortError')
  );
}

/**
 * The smallest runner that the in-host suites need: it runs inside VS Code's extension host, where no test
 * framework of ours lives, and reports each result as one line of JSON through the console.
 */

/** What the outer process looks for at the beginning of a line. */
export const REPORT_PREFIX = 'JQI-RESULT ';

/** One result, as it is reported. */
export interface InHostResult {
  readonly name: string;
  /** Undefined when it passed. */
  readonly failure?: string;
  readonly milliseconds: number;
}

interface Case {
  readonly name: string;
  readonly body: () => void | Promise<void>;
}

const TIMEOUT_MS = 60_000;
const cases: Case[] = [];

/** Declares a test. */
export function test(name: string, body: () => void | Promise<void>): void {
  cases.push({ name, body });
}

/** Runs what was declared, in order, and reports each. Answers how many failed. */
export async function runDeclared(): Promise<number> {
  let failed = 0;
  for (const declared of cases) {
    const result = await runOne(declared);
    if (result.failure !== undefined) failed++;
    console.log(REPORT_PREFIX + JSON.stringify(result));
  }
  return failed;
}

async function runOne({ name, body }: Case): Promise<InHostResult> {
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done after ${TIMEOUT_MS} ms.`)), TIMEOUT_MS);
  });
  try {
    await Promise.race([body(), late]);
    return { name, milliseconds: performance.now() - began };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name, failure, milliseconds: performance.now() - began };
  } finally {
    clearTimeout(timer);
  }
}

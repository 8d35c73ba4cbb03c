/** The in-host suite: VS Code calls `run()` in its extension host, with the extension under test loaded. */
import { runDeclared } from './harness';
import './suites/activation';
import './suites/ways';

/** Resolves when every test has passed. */
export async function run(): Promise<void> {
  const failed = await runDeclared();
  if (failed > 0) throw new Error(`${failed} failed`);
}

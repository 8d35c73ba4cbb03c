/** Findings of every installation and of the folder. An error of one rule set never hides what the others found. */
import { t } from '@vscode/l10n';
import { asInspectorError, type Diagnosis, isAbort, type Overview, type Surroundings } from '../model';
import type { ConnectionProfile, InstallationView } from './api';
import type { InspectorParts } from './ports';

/** Yields what each installation of a connection says; reads an overview only where none has been read. */
export async function* diagnoseConnection(
  profile: ConnectionProfile,
  views: readonly InstallationView[],
  surroundings: Surroundings,
  signal: AbortSignal,
): AsyncGenerator<Diagnosis, void> {
  for (const { installation, overview } of views) {
    const rules = `${installation.system.id}.*`;
    try {
      const seen: Overview = overview ?? (await installation.overview(signal));
      yield* installation.diagnose({ connection: profile.name, overview: seen, surroundings }, signal);
    } catch (thrown) {
      yield notChecked(rules, thrown, t('checking {0} on {1}', installation.name, profile.name));
    }
  }
}

/** What the rules about the folder alone say, where there are any. */
export async function* diagnoseFolder(parts: InspectorParts, signal: AbortSignal): AsyncGenerator<Diagnosis, void> {
  if (parts.folderRules === undefined) return;
  try {
    yield* parts.folderRules(parts.surroundings, signal);
  } catch (thrown) {
    yield notChecked('folder.*', thrown, t('checking the open folder'));
  }
}

/** @throws what was thrown, when it was an abort: then nobody waits for the rest. */
function notChecked(rule: string, thrown: unknown, tried: string): Diagnosis {
  if (isAbort(thrown)) throw thrown;
  const error = asInspectorError(thrown, tried);
  return { rule, reason: error.message };
}

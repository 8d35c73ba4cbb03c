import { hostname } from 'node:os';
import type { FileBytes, Surroundings } from '../model';
import { ENVIRONMENT_FILES, findCandidates, type NamedFile, SETTINGS_FILES, variablesOf } from './candidates';
import { COMPOSE_FILES, type ComposeFacts, parseCompose } from './compose';
import { readContainers } from './containers';
import { type FolderFiles, folderOf } from './files';
import { readHangUps } from './hang-ups';
import { processFacts } from './process-table';
import { processIsOurs } from './processes';
import { readPythonSets } from './python-sets';
import { readSupervised } from './supervisor';

export interface SurroundingsOptions {
  /** Null where no folder is open. */
  readonly files: FolderFiles | null;
  /** Whether this code runs on another machine than the person sits at (an SSH remote window). */
  readonly remote: boolean;
  /** Why no file of the folder may be read; null where they may. */
  readonly restricted: string | null;
}

/** Nothing of it is left out here. */
export type WholeSurroundings = Required<Surroundings>;

/** Looks at the open folder and this machine, anew at every question. Reads only; touches no broker. */
export function createSurroundings(options: SurroundingsOptions): WholeSurroundings {
  const restricted = options.restricted ?? (options.files === null ? 'No folder is open.' : null);
  const files = restricted === null ? options.files : null;
  return {
    remote: options.remote,
    restricted,
    processIsOurs,
    hostNames: [hostname()],
    process: processFacts,
    fileBytes: async (names, maximum, signal) => {
      if (files === null) return [];
      const found: FileBytes[] = [];
      for (const path of await files.list(names, signal)) {
        const file = await files.bytes(path, maximum, signal);
        if (file !== null) found.push(file);
      }
      return found;
    },
    composeServices: async signal =>
      files === null
        ? []
        : (await readCompose(files, signal)).map(({ file, line, service, image, aliases, ports }) => ({
            ...{ file, line, service, image, aliases, ports },
          })),
    brokers: async signal => {
      if (files === null) return [];
      const services = await readCompose(files, signal);
      const environments = await readAll(files, ENVIRONMENT_FILES, signal);
      return findCandidates(services, environments, await readAll(files, SETTINGS_FILES, signal));
    },
    launches: async signal => {
      if (files === null) return { supervised: [], containers: [], hangUps: [] };
      const supervised = await readSupervised(files, signal);
      return {
        supervised,
        containers: await readContainers(files, await readCompose(files, signal), supervised, signal),
        hangUps: await readHangUps(files, supervised, signal),
      };
    },
    pythonSets: async signal => (files === null ? [] : readPythonSets(files, signal)),
  };
}

async function readCompose(files: FolderFiles, signal: AbortSignal): Promise<ComposeFacts[]> {
  const services: ComposeFacts[] = [];
  for (const { path, text } of await readAll(files, COMPOSE_FILES, signal)) {
    const folder = folderOf(path);
    const environmentPath = folder === '' ? '.env' : `${folder}/.env`;
    const environment = await files.read(environmentPath, signal);
    const variables = variablesOf(environment === null ? null : { path: environmentPath, text: environment });
    services.push(...parseCompose(text, path, variables));
  }
  return services;
}

async function readAll(files: FolderFiles, names: readonly string[], signal: AbortSignal): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  for (const path of await files.list(names, signal)) {
    const text = await files.read(path, signal);
    if (text !== null) found.push({ path, text });
  }
  return found;
}

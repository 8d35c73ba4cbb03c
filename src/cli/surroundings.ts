/** This machine and, where one was named, a folder. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSurroundings, diagnoseFolder, explainUnreachable, nodeFiles } from '../workspace';
import { badRequest } from './request';
import type { World } from './session';

/**
 * @param folder path, or none: then no file is read
 * @throws InspectorError `bad-request` for what is no folder
 */
export function surroundingsOf(folder: string | undefined): World {
  if (folder !== undefined && statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw badRequest(
      `There is no folder ${folder}.`,
      'nothing there, or a file',
      'Name the folder of the application.',
    );
  const files = folder === undefined ? null : nodeFiles(resolve(folder));
  const surroundings = createSurroundings({ files, remote: false, restricted: null });
  return {
    surroundings,
    parts: {
      explain: (error, profile, signal) => explainUnreachable(error, profile.url, surroundings, signal),
      ...(files === null ? {} : { folderRules: diagnoseFolder }),
    },
  };
}

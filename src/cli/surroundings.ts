/** This machine and, where one was named, a folder. */
import type { Surroundings } from '../model';
import type { World } from './session';

/** @param folder path, or none: then no file is read */
export async function surroundingsOf(_folder: string | undefined): Promise<World> {
  const surroundings: Surroundings = {
    composeServices: async () => [],
    brokers: async () => [],
    pythonSets: async () => [],
    processIsOurs: async () => null,
    remote: false,
    restricted: null,
  };
  return { surroundings, parts: {} };
}

import type { Surroundings } from '../../src/model';

/** Nothing is known of a folder or of this machine. */
export const nothingKnown: Surroundings = {
  composeServices: async () => [],
  brokers: async () => [],
  pythonSets: async () => [],
  processIsOurs: async () => null,
  remote: false,
  restricted: null,
};

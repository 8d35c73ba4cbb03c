/** The way from the outermost row down to one, for revealing it. */
import { connectionId, installationId, troubleId } from './ids';
import type { InstallationAddress, NodeId } from './row';

/** To the failed jobs of an installation. */
export const failedPath = (at: InstallationAddress): NodeId[] => [
  connectionId(at.connection),
  installationId(at),
  troubleId(at),
];

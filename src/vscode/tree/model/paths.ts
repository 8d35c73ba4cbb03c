/** The way from the outermost row down to one, for revealing it. */
import { connectionId, installationId, queueId, queuesId, troubleId } from './ids';
import type { InstallationAddress, NodeId } from './row';

export const failedPath = (at: InstallationAddress): NodeId[] => [
  connectionId(at.connection),
  installationId(at),
  troubleId(at),
];

export const queuePath = (at: InstallationAddress, queue: string): NodeId[] => [
  connectionId(at.connection),
  installationId(at),
  queuesId(at),
  queueId(at, queue),
];

import type { InstallationAddress, NodeId } from './row';

/** Node ids are paths, each part encoded, so that no queue or job name can imitate another node. */
export const childId = (parent: NodeId, ...parts: readonly string[]): NodeId =>
  [parent, ...parts.map(part => encodeURIComponent(part.toWellFormed()))].join('/');

export const connectionId = (connection: string): NodeId => `c:${encodeURIComponent(connection)}`;

export const installationId = ({ connection, system, key }: InstallationAddress): NodeId =>
  childId(connectionId(connection), 'i', `${system}:${key}`);

export const troubleId = (at: InstallationAddress): NodeId => childId(installationId(at), 'trouble');
export const queuesId = (at: InstallationAddress): NodeId => childId(installationId(at), 'queues');
export const workersId = (at: InstallationAddress): NodeId => childId(installationId(at), 'workers');
export const schedulesId = (at: InstallationAddress): NodeId => childId(installationId(at), 'schedules');
export const resultsId = (at: InstallationAddress): NodeId => childId(installationId(at), 'results');
export const queueId = (at: InstallationAddress, queue: string): NodeId => childId(queuesId(at), 'q', queue);
export const stateId = (at: InstallationAddress, queue: string | null, state: string): NodeId =>
  childId(queue === null ? resultsId(at) : queueId(at, queue), 's', state);

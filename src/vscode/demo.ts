import type { ConnectionProfile } from '../inspector/api';
import { splitPassword } from './profiles';

/** The demo's broker (`npm run demo`): it lives in memory, is never saved, and its password stays out of everything. */
export interface DemoBroker {
  readonly profile: ConnectionProfile;
  readonly password: string | undefined;
}

/** What the environment says about a demo; null outside of one. */
export function demoBroker(environment: NodeJS.ProcessEnv): DemoBroker | null {
  const url = environment['JOB_QUEUES_DEMO_URL'];
  if (environment['JOB_QUEUES_DEMO'] !== '1' || url === undefined || url === '') return null;
  const split = splitPassword(url);
  return {
    profile: { id: 'demo', name: 'shop-local', url: split.url, environment: 'local', access: 'read-write' },
    password: split.password,
  };
}

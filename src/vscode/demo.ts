import type { ConnectionProfile } from '../inspector/api';
import { splitPassword } from './profiles';

/** A broker of the demo (`npm run demo`): it lives in memory, is never saved, and its passwords stay out of everything. */
export interface DemoBroker {
  readonly profile: ConnectionProfile;
  readonly password: string | undefined;
  /** Of further brokers that its options name. */
  readonly further: readonly { readonly system: string; readonly role: string; readonly password: string }[];
}

/**
 * What the environment says about a demo; none outside of one. `JOB_QUEUES_DEMO_URL` is its Redis; where there is a
 * RabbitMQ too, `JOB_QUEUES_DEMO_RABBITMQ` is JSON with its `url` and its `options` by system, all of them text.
 */
export function demoBrokers(environment: NodeJS.ProcessEnv): readonly DemoBroker[] {
  const url = environment['JOB_QUEUES_DEMO_URL'] ?? '';
  if (environment['JOB_QUEUES_DEMO'] !== '1' || url === '') return [];
  const redis = brokerAt('demo', 'shop-local', url, {});
  const rabbit = environment['JOB_QUEUES_DEMO_RABBITMQ'] ?? '';
  if (rabbit === '') return [redis];
  const told = JSON.parse(rabbit) as { readonly url: string; readonly options: Options };
  return [redis, brokerAt('demo-rabbitmq', 'shop-rabbitmq', told.url, told.options)];
}

type Options = Readonly<Record<string, Readonly<Record<string, string>>>>;

function brokerAt(id: string, name: string, pasted: string, given: Options): DemoBroker {
  const { url, password } = splitPassword(pasted);
  const options: Record<string, Record<string, string>> = {};
  const further: { system: string; role: string; password: string }[] = [];
  for (const [system, values] of Object.entries(given))
    for (const [role, value] of Object.entries(values)) {
      const split = splitPassword(value);
      options[system] = { ...options[system], [role]: split.url };
      if (split.password !== undefined) further.push({ system, role, password: split.password });
    }
  return { profile: { id, name, url, environment: 'local', access: 'read-write', options }, password, further };
}

/** Configurations without what nobody may see: kept and shown is only what is left here. */
import { isRecord } from '../../reading/values';

/** Settings of Celery itself, lower case since 4.0; an application's own may hold anything and are not kept. */
const OWN =
  /^(?:accept_content|beat_\w+|broker_\w+|cache_\w+|control_\w+|enable_utc|event_\w+|imports?|include|redbeat_\w+|redis_\w+|result_\w+|security_\w+|task_\w+|timezone|worker_\w+|celery\w*_\w+)$/i;
/** Names of what is secret, anywhere inside; Celery hides less (celery/app/utils.py, HIDDEN_SETTINGS). */
const SECRET = /pass|pwd|secret|token|credential|auth|private|signature|api_?key|access_?key|(?:^|_)key(?:$|_)/i;
/** Names that hold such a word and no secret. */
const HARMLESS = /^(?:broker_login_method|result_chord_join_timeout|.*key_?prefix|.*keyprefix|.*routing_key)$/i;

/** Settings of one worker as they may be kept. */
export function withoutSecrets(conf: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(conf)) return {};
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(conf)) {
    if (!OWN.test(name) || isSecret(name)) continue;
    kept[name.toLowerCase()] = cleaned(value, 0);
  }
  return kept;
}

const isSecret = (name: string) => SECRET.test(name) && !HARMLESS.test(name);

function cleaned(value: unknown, depth: number): unknown {
  if (depth > 20) return null;
  if (typeof value === 'string') return withoutLogin(value);
  if (Array.isArray(value)) return value.map(item => cleaned(item, depth + 1));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !isSecret(name))
      .map(([name, inner]) => [withoutLogin(name), cleaned(inner, depth + 1)]),
  );
}

/**
 * URLs without user and password. A password may hold any character but white space and what stands between several
 * URLs, so all up to the last @ goes; a query's secrets go too.
 */
export function withoutLogin(text: string): string {
  return text
    .replace(/:\/\/[^\s;,"'<>]*@/g, '://')
    .replace(/([?&])([^=&\s]*)=([^&\s;,]*)/g, (whole, sign: string, name: string) =>
      isSecret(name) ? (sign === '?' ? sign : '') : whole,
    );
}

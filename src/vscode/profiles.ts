import * as v from 'valibot';
import { type ConnectionProfile, ENVIRONMENTS } from '../inspector/api';

const optionalText = v.optional(v.string());

const profileSchema = v.object({
  id: v.pipe(v.string(), v.minLength(1)),
  name: v.pipe(v.string(), v.minLength(1)),
  url: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9+.-]*:/i)),
  environment: v.picklist(ENVIRONMENTS),
  access: v.optional(v.picklist(['own', 'read-only', 'read-write']), 'own'),
  tls: v.optional(
    v.object({ ca: optionalText, certificate: optionalText, key: optionalText, serverName: optionalText }),
  ),
  options: v.optional(v.record(v.string(), v.record(v.string(), v.unknown()))),
  keepPayloads: v.optional(v.boolean()),
});

/** What the setting `jobQueues.connections` held that can be used, and what was wrong with the rest. */
export interface ReadProfiles {
  readonly profiles: readonly ConnectionProfile[];
  readonly problems: readonly string[];
}

/** Reads the setting, which people edit by hand: one broken entry never hides the others. */
export function readProfiles(value: unknown): ReadProfiles {
  if (!Array.isArray(value)) {
    return { profiles: [], problems: value === undefined ? [] : ['jobQueues.connections is no list'] };
  }
  const profiles: ConnectionProfile[] = [];
  const problems: string[] = [];
  for (const [index, entry] of value.entries()) {
    const parsed = v.safeParse(profileSchema, entry);
    if (!parsed.success) {
      const [issue] = parsed.issues;
      problems.push(`jobQueues.connections[${index}].${v.getDotPath(issue) ?? ''}: ${issue.message}`);
    } else if (profiles.some(({ id }) => id === parsed.output.id)) {
      problems.push(`jobQueues.connections[${index}].id: "${parsed.output.id}" is used twice`);
    } else {
      profiles.push(cleaned(parsed.output));
    }
  }
  return { profiles, problems };
}

/** A profile as it is saved: without a password, whatever the URL held. */
export function savedProfile(profile: ConnectionProfile): ConnectionProfile {
  return { ...profile, url: withoutPassword(profile.url) };
}

/** The URL without its password: `redis://shop:secret@host/0` → `redis://shop@host/0`. */
export function withoutPassword(url: string): string {
  return splitPassword(url).url;
}

/**
 * Takes the password out of a URL. It may hold any character, so the last `@` of the authority ends it.
 * @returns the URL without it, and the decoded password; undefined where there is none
 */
export function splitPassword(url: string): { readonly url: string; readonly password: string | undefined } {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^:@/?#]*):(.*))@([^@]*)$/is.exec(url.trim());
  if (match === null) return { url: url.trim(), password: undefined };
  const [, scheme = '', user = '', secret = '', rest = ''] = match;
  const clean = `${scheme}${user === '' ? '' : `${user}@`}${rest}`;
  return { url: clean, password: secret === '' ? undefined : decoded(secret) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare percent sign: the password was not encoded.
    return text;
  }
}

/** Optional keys that are undefined are left out, as the domain's types want it. */
function cleaned(parsed: v.InferOutput<typeof profileSchema>): ConnectionProfile {
  const { tls, options, keepPayloads, ...rest } = parsed;
  const files = Object.entries(tls ?? {}).filter(([, value]) => value !== undefined && value !== '');
  return {
    ...rest,
    url: withoutPassword(rest.url),
    ...(files.length === 0 ? {} : { tls: Object.fromEntries(files) }),
    ...(options === undefined ? {} : { options }),
    ...(keepPayloads === undefined ? {} : { keepPayloads }),
  };
}

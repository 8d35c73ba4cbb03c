/** Further brokers that the installations of a connection need: opened when first asked for, closed with the connection. */
import { t } from '@vscode/l10n';
import { type Broker, type Companions, InspectorError } from '../model';
import type { ConnectionProfile } from './api';
import type { InspectorParts, Link } from './ports';
import { databaseUrl, isSameServer, splitUrl } from './urls';

export interface CompanionParts
  extends Pick<InspectorParts, 'open' | 'secrets' | 'log'>,
    Partial<Pick<InspectorParts, 'surroundings'>> {
  readonly profile: () => ConnectionProfile;
  /** The connection's own; null while there is none. */
  readonly link: () => Link | null;
}

interface Opened {
  readonly url: string;
  readonly opening: Promise<Link>;
  link: Link | null;
  lost: boolean;
}

/** Under which name a companion's password is kept. */
export const companionSecret = (profile: string, system: string, role: string): string =>
  `${profile}/${system}/${role}`;

export class CompanionBrokers {
  readonly #parts: CompanionParts;
  readonly #opened = new Map<string, Opened>();

  constructor(parts: CompanionParts) {
    this.#parts = parts;
  }

  /** The way to further brokers for one system. */
  for(system: string): Companions {
    return {
      open: (role, url, signal) => this.#open(system, role, url, signal),
      database: (number, signal) => this.#database(number, signal),
      otherDatabases: async signal => (await this.#parts.link()?.otherDatabases(signal)) ?? [],
      ...(this.#parts.surroundings === undefined ? {} : { surroundings: this.#parts.surroundings }),
    };
  }

  /** The connection's own link, or that of a companion, by the address of its broker; null where none leads there. */
  linkTo(address: string): Link | null {
    const own = this.#parts.link();
    if (own?.broker.address === address) return own;
    for (const { link, lost } of this.#opened.values()) if (link?.broker.address === address && !lost) return link;
    return null;
  }

  async close(): Promise<void> {
    const all = [...this.#opened.values()];
    this.#opened.clear();
    await Promise.all(
      all.map(({ opening }) =>
        opening.then(
          link => link.close(),
          () => undefined,
        ),
      ),
    );
  }

  async #open(system: string, role: string, given: string, signal: AbortSignal): Promise<Broker> {
    const { secrets } = this.#parts;
    const profile = this.#parts.profile();
    const { url, password } = splitUrl(given);
    const here = this.#parts.link();
    const near = isSameServer(url, profile.url);
    const saved = await secrets.get(companionSecret(profile.id, system, role));
    const secret = saved ?? password ?? (near ? await secrets.get(profile.id) : undefined) ?? undefined;
    if (here !== null && near && splitUrl(profile.url).url === url && saved === undefined && password === null)
      return here.broker;
    // A certificate that names another server would only be refused.
    const { serverName: _, ...elsewhere } = profile.tls ?? {};
    const tls = near ? profile.tls : elsewhere;
    return this.#reach({ url, ...(tls === undefined ? {} : { tls }) }, secret, signal);
  }

  async #database(number: number, signal: AbortSignal): Promise<Broker | null> {
    const profile = this.#parts.profile();
    const url = databaseUrl(profile.url, number);
    if (url === null) return null;
    const here = this.#parts.link();
    if (here !== null && url === databaseUrl(profile.url, null)) return here.broker;
    const secret = await this.#parts.secrets.get(profile.id);
    return this.#reach({ url, ...(profile.tls === undefined ? {} : { tls: profile.tls }) }, secret, signal);
  }

  /** The same URL answers with the same broker; one that was lost is opened anew, in place. */
  async #reach(
    to: Pick<ConnectionProfile, 'url' | 'tls'>,
    password: string | undefined,
    signal: AbortSignal,
  ): Promise<Broker> {
    const { open, log } = this.#parts;
    const profile = this.#parts.profile();
    const key = JSON.stringify([to.url, password ?? null]);
    const known = this.#opened.get(key);
    if (known !== undefined) {
      const link = await known.opening;
      if (known.lost) {
        await link.reconnect(signal);
        known.lost = false;
      }
      return link.broker;
    }
    const { options: _options, tls: _tls, ...rest } = profile;
    const opened: Opened = {
      url: to.url,
      opening: open({ ...rest, ...to }, password, signal),
      link: null,
      lost: false,
    };
    this.#opened.set(key, opened);
    try {
      const link = await opened.opening;
      opened.link = link;
      link.onDidClose(error => {
        opened.lost = true;
        log?.(`${profile.name}: ${link.broker.address}: ${error.message}`);
      });
      // Closed while it was being opened.
      if (this.#opened.get(key) !== opened) {
        await link.close();
        throw closedMeanwhile(link.broker.address);
      }
      return link.broker;
    } catch (thrown) {
      if (this.#opened.get(key) === opened) this.#opened.delete(key);
      throw thrown;
    }
  }
}

function closedMeanwhile(address: string): InspectorError {
  return new InspectorError('aborted', {
    message: t('The connection was closed while {0} was being opened.', address),
    tried: t('connecting to {0}', address),
    answer: t('it was closed here'),
    remedy: t('Connect again.'),
  });
}

/** A profile with the URL of a companion in its options; null takes it out. The URL must hold no password. */
export function withCompanion(
  profile: ConnectionProfile,
  { system, role }: { readonly system: string; readonly role: string },
  url: string | null,
): ConnectionProfile {
  const { options = {}, ...rest } = profile;
  const { [role]: _, ...others } = options[system] ?? {};
  const own = url === null ? others : { ...others, [role]: url };
  const { [system]: __, ...systems } = options;
  const all = Object.keys(own).length === 0 ? systems : { ...systems, [system]: own };
  return Object.keys(all).length === 0 ? rest : { ...rest, options: all };
}

/**
 * The profile as a broker is opened with it, never as it is saved: the management URL of a RabbitMQ holds the password that
 * was saved for it.
 */
export async function withManagementSecret(
  profile: ConnectionProfile,
  secrets: Pick<InspectorParts['secrets'], 'get'>,
): Promise<ConnectionProfile> {
  for (const [system, own] of Object.entries(profile.options ?? {})) {
    const url = own['management'];
    if (typeof url !== 'string' || !URL.canParse(url)) continue;
    const secret = await secrets.get(companionSecret(profile.id, system, 'management'));
    if (secret === undefined) continue;
    const whole = new URL(url);
    whole.password = encodeURIComponent(secret);
    return withCompanion(profile, { system, role: 'management' }, whole.href);
  }
  return profile;
}

/** Names of the secrets that companions of a profile may have. */
export function companionSecrets({ id, options = {} }: ConnectionProfile): string[] {
  return Object.entries(options).flatMap(([system, own]) =>
    Object.keys(own).map(role => companionSecret(id, system, role)),
  );
}

/** Asks where a further broker of an installation is, and saves it. Loaded when it is first needed. */
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import { isSameServer, splitUrl } from '../inspector';
import type { LiveConnection } from '../inspector/api';
import { asInspectorError, type Companion } from '../model';
import { AWAY, askPick, askText, BACK } from './addbroker/inputs';
import { type App, installationAt } from './app';
import { say, showFailure } from './messages';
import type { InstallationAddress } from './tree/model/row';
import { viewOf } from './tree/model/world';

/** @param role of the companion; null = the first one */
export async function setCompanion(app: App, at: InstallationAddress, role: string | null): Promise<void> {
  const found = installationAt(app.inspector, at);
  const companion = found?.installation.companions?.find(each => role === null || each.role === role);
  if (found === null || companion === undefined) return;
  const url = await askUrl(found.live, at, companion);
  if (url === undefined) return;
  const { name } = found.live.profile;
  try {
    const live = await app.inspector.saveCompanion(at.connection, { system: at.system, role: companion.role }, url);
    await live.connect();
    await live.refresh('connected');
    const now = viewOf(live, at)?.installation.companions?.find(each => each.role === companion.role);
    if (now?.state === 'failed') await say(now.reason ?? t('{0} was not reached.', companion.title));
  } catch (thrown) {
    void showFailure(app.log, t('opening the further broker of {0}', name), thrown);
  }
}

/** Asks where the management API of a RabbitMQ is, and saves it; it may have a user of its own. */
export async function setManagement(app: App, connection: string): Promise<void> {
  const live = app.inspector.connection(connection);
  if (live === undefined) return;
  const { name, url, options = {} } = live.profile;
  const system = Object.keys(options).find(id => typeof options[id]?.['management'] === 'string') ?? 'rabbitmq';
  const current = options[system]?.['management'];
  const typed = await askText({
    title: t('Management API of {0}', name),
    back: false,
    prompt: t('URL of the management API: http://user@host:15672, https://…'),
    value: typeof current === 'string' ? current : `http://${hostOf(url)}:15672`,
    check: text =>
      /^https?:\/\/[^\s/]+/i.test(text.trim()) ? undefined : t('A management URL begins with http:// or https://.'),
  });
  if (typed === AWAY || typed === BACK) return;
  try {
    const saved = await app.inspector.saveCompanion(connection, { system, role: 'management' }, typed.trim());
    await saved.connect();
    await saved.refresh('connected');
  } catch (thrown) {
    void showFailure(app.log, t('opening the further broker of {0}', name), thrown);
  }
}

interface Item extends vscode.QuickPickItem {
  /** null = take out what was said, and look for it again; undefined = ask for a URL. */
  readonly url: string | null | undefined;
}

/** @returns the URL with its password; null = look for it; undefined when the person went away */
async function askUrl(
  live: LiveConnection,
  { system }: InstallationAddress,
  companion: Companion,
): Promise<string | null | undefined> {
  const { profile } = live;
  const current = profile.options?.[system]?.[companion.role];
  const title = t('{0} of {1}', companion.title, profile.name);
  const items: Item[] = [
    ...companion.candidates.map(url => ({ label: url, description: t('named on the broker'), url })),
    { label: `$(edit) ${t('Type a URL…')}`, url: undefined },
    ...(current === undefined ? [] : [{ label: `$(search) ${t('Look for it again')}`, url: null }]),
  ];
  const [only] = items;
  const picked = items.length === 1 ? only : await askPick({ title, back: false, placeholder: companion.title, items });
  if (picked === undefined || picked === AWAY || picked === BACK) return undefined;
  if (picked.url === null) return null;
  const typed = picked.url ?? (await askForUrl(title, typeof current === 'string' ? current : likely(profile.url)));
  if (typed === AWAY || typed === BACK) return undefined;
  return withPassword(title, typed, profile.url);
}

/** What to begin with: another database of the same Redis; beside a RabbitMQ, a Redis on the same host. */
function likely(own: string): string {
  if (/^rediss?:/i.test(own)) return own;
  return `redis://${hostOf(own)}:6379/0`;
}

const hostOf = (url: string): string => /^[a-z+]+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/?#]+)/i.exec(url)?.[1] ?? 'localhost';

function askForUrl(title: string, value: string) {
  return askText({
    title,
    back: false,
    prompt: t('URL, with or without password: redis://host:6379/1'),
    value,
    check: text => {
      try {
        splitUrl(text);
        return undefined;
      } catch (thrown) {
        return asInspectorError(thrown, t('reading the URL')).message;
      }
    },
  });
}

/** Asks for the password where the URL has none and leads to another server than the connection. */
async function withPassword(title: string, typed: string, own: string): Promise<string | undefined> {
  const { url, password } = splitUrl(typed);
  if (password !== null || isSameServer(url, own)) return typed;
  const secret = await askText({ title, back: false, prompt: t('Password; empty for none'), password: true });
  if (secret === AWAY || secret === BACK) return undefined;
  return secret === '' ? url : withSecret(url, secret);
}

const withSecret = (url: string, secret: string): string => {
  const [, scheme = '', user = '', rest = ''] = /^([a-z0-9+.-]+:\/\/)(?:([^@/?#]*)@)?(.*)$/i.exec(url) ?? [];
  return `${scheme}${user}:${encodeURIComponent(secret)}@${rest}`;
};

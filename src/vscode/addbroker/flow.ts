import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { ConnectionProfile, Environment, Probe } from '../../inspector/api';
import { newProfileId } from '../../inspector/inspector';
import { formatNumber } from '../../inspector/present/format';
import type { App } from '../app';
import { storedPassword } from '../secrets';
import { setting } from '../settings';
import { choose } from './choose';
import { accessOf, atDatabase, type Draft, freeName, isLoopbackUrl } from './draft';
import { askManagement, fillIn } from './fields';
import { type Answer, AWAY, askMany, askPick, askText, BACK } from './inputs';
import { editUrl, type Tested, test } from './test';

const TOTAL = 4;
const title = () => t('Add broker');

/** Adds a broker: choose, test, what was found, environment, name. Nothing is saved before the end. */
export async function addBroker(app: App): Promise<void> {
  for (;;) {
    const draft = await firstDraft(app);
    if (draft === AWAY) return;
    if (draft === BACK) continue;
    const tested = await test(app, draft as Draft, newProfileId(), true);
    if (tested === AWAY) return;
    if (tested === BACK) continue;
    const saved = await describe(app, tested as Tested);
    await (tested as Tested).probe?.dispose();
    if (saved !== BACK) return;
  }
}

/** Changes where a connection leads; its name, environment and password are kept unless changed too. */
export async function editBroker(app: App, profile: ConnectionProfile): Promise<void> {
  const password = await storedPassword(app.context.secrets, profile.id);
  const draft = await editUrl({
    url: profile.url,
    password,
    tls: profile.tls,
    label: profile.name,
    ...optionsOf(profile),
  });
  if (typeof draft === 'symbol') return;
  const tested = await test(app, draft, profile.id, false);
  if (typeof tested === 'symbol') return;
  await tested.probe?.dispose();
  await save(app, { ...profile, url: tested.draft.url, ...tlsOf(tested.draft) }, tested.draft.password);
}

async function firstDraft(app: App): Promise<Answer<Draft>> {
  const chosen = await choose(app);
  if (typeof chosen === 'symbol') return chosen;
  if (chosen.kind === 'draft') return chosen.draft;
  if (chosen.kind === 'management') return askManagement();
  return chosen.kind === 'url' ? editUrl(null) : fillIn();
}

/** What was found, environment, name; then it is saved and shown. */
async function describe(app: App, { draft, probe }: Tested): Promise<typeof BACK | undefined> {
  let at = probe === null ? 1 : 0;
  const first = at;
  let databases: readonly number[] = [];
  let environment: Environment = 'development';
  while (at < 3) {
    const back = () => {
      at--;
      return at < first;
    };
    if (at === 0 && probe !== null) {
      const also = await askDatabases(probe);
      if (also === AWAY) return undefined;
      if (also === BACK) return BACK;
      databases = also as readonly number[];
    } else if (at === 1) {
      const answer = await askEnvironment(draft, probe);
      if (answer === AWAY) return undefined;
      if (answer === BACK) {
        if (back()) return BACK;
        continue;
      }
      environment = answer as Environment;
    } else {
      const name = await askName(app, draft);
      if (name === AWAY) return undefined;
      if (name === BACK) {
        back();
        continue;
      }
      await saveAll(app, draft, probe, environment, name as string, databases);
    }
    at++;
  }
  return undefined;
}

interface Database extends vscode.QuickPickItem {
  readonly db: number | null;
}

/** Says what was found, and offers the other databases of the server that hold keys. */
async function askDatabases(probe: Probe): Promise<Answer<readonly number[]>> {
  const found = await Promise.all(probe.installations.map(foundText));
  const head =
    found.length === 0 ? t('No known queues were found; they may come later.') : t('Found: {0}', found.join(', '));
  const step = { title: title(), step: 2, total: TOTAL, back: true, placeholder: head };
  if (probe.otherDatabases.length === 0) {
    const next = { label: `$(check) ${head}`, description: probe.serverText, detail: probe.access.reason, db: null };
    const picked = await askPick<Database>({ ...step, items: [next] });
    return typeof picked === 'symbol' ? picked : [];
  }
  const items: Database[] = probe.otherDatabases.map(({ db, keys }) => ({
    label: t('Also look in db {0}', db),
    description: keys === 1 ? t('1 key') : t('{0} keys', formatNumber(keys)),
    db,
  }));
  const picked = await askMany<Database>({ ...step, items });
  return typeof picked === 'symbol' ? picked : picked.flatMap(({ db }) => (db === null ? [] : [db]));
}

async function foundText(installation: Probe['installations'][number]): Promise<string> {
  try {
    const overview = await installation.overview(AbortSignal.timeout(OVERVIEW_LIMIT_MS));
    const count = overview.queues.length;
    const queues = count === 1 ? t('1 queue') : t('{0} queues', formatNumber(count));
    const version = overview.version === null ? '' : ` ${overview.version}`;
    return `${installation.system.title}${version} (${queues})`;
  } catch {
    // What is there is known; how much of it will be seen in the tree.
    return installation.system.title;
  }
}

async function askEnvironment(draft: Draft, probe: Probe | null): Promise<Answer<Environment>> {
  const own = probe?.access.writable === true;
  const items = [
    { label: t('Local'), detail: t('Changes to one job run at once, with Undo.'), id: 'local' as const },
    { label: t('Development'), detail: t('Read-only until you allow writing.'), id: 'development' as const },
    { label: t('Staging'), detail: t('Read-only until you allow writing.'), id: 'staging' as const },
    {
      label: t('Production'),
      detail: t('Orange, read-only, and destroying asks for the name.'),
      id: 'production' as const,
    },
  ];
  const tunnel = !own && isLoopbackUrl(draft.url);
  const [local] = items;
  const picked = await askPick({
    title: title(),
    step: 3,
    total: TOTAL,
    back: true,
    placeholder: tunnel
      ? t('Which environment is it? {0} may lead elsewhere, through a tunnel.', draft.label)
      : t('Which environment is it?'),
    items,
    ...(own && local !== undefined ? { active: local } : {}),
  });
  return typeof picked === 'symbol' ? picked : picked.id;
}

async function askName(app: App, draft: Draft): Promise<Answer<string>> {
  const taken = new Set(app.inspector.connections.map(live => live.profile.name));
  return askText({
    title: title(),
    step: 4,
    total: TOTAL,
    back: true,
    prompt: t('Name of the connection'),
    value: freeName(draft.label, taken),
    check: text => {
      if (text.trim() === '') return t('A connection needs a name.');
      return taken.has(text.trim()) ? t('"{0}" is in use.', text.trim()) : undefined;
    },
  });
}

async function saveAll(
  app: App,
  draft: Draft,
  probe: Probe | null,
  environment: Environment,
  name: string,
  databases: readonly number[],
): Promise<void> {
  const own = probe?.access.writable === true;
  const access = accessOf(environment, draft.url, setting('access.default'), own);
  const base = { environment, access, ...tlsOf(draft), ...optionsOf(draft) };
  const first = await save(app, { ...base, id: newProfileId(), name, url: draft.url }, draft.password);
  for (const db of databases) {
    const url = atDatabase(draft.url, db);
    await save(app, { ...base, id: newProfileId(), name: `${name}-db${db}`, url }, draft.password);
  }
  await app.brokers.revealConnection(first);
}

async function save(app: App, profile: ConnectionProfile, password: string | undefined): Promise<string> {
  const live = await app.inspector.save(profile, password);
  // What goes wrong stands in its row.
  void live.connect().catch(thrown => app.log.error(t('connecting to {0}', profile.name), thrown));
  return profile.id;
}

const tlsOf = ({ tls }: Draft) => (tls === undefined ? {} : { tls });
const optionsOf = ({ options }: Pick<Draft, 'options'>) => (options === undefined ? {} : { options });
const OVERVIEW_LIMIT_MS = 5000;

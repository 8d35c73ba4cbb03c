import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';
import type { ConnectionProfile, Probe } from '../../inspector/api';
import { asInspectorError, type InspectorError } from '../../model';
import type { App } from '../app';
import { addressOfUrl } from '../tree/model/connection';
import { type Draft, draftOf, throughTls } from './draft';
import { type Answer, AWAY, askPick, askText, BACK } from './inputs';

/** What the test led to. `probe` is null when it is to be saved although it did not answer. */
export interface Tested {
  readonly draft: Draft;
  readonly probe: Probe | null;
}

interface Way extends vscode.QuickPickItem {
  readonly go?: 'again' | 'password' | 'edit' | 'save' | { readonly draft: Draft };
}

/** Connects before anything is saved; where it fails, the box offers what may help. */
export async function test(app: App, first: Draft, id: string, back: boolean): Promise<Answer<Tested>> {
  let draft = first;
  for (;;) {
    const result = await connect(app, draft, id, back);
    if (typeof result === 'symbol') return result;
    if ('probe' in result) return { draft, probe: result.probe };
    const { way } = result;
    if (way === 'save') return { draft, probe: null };
    if (way === 'again') continue;
    if (way === 'password') {
      const given = await askPassword(draft);
      if (typeof given === 'symbol') return given;
      draft = given;
      continue;
    }
    const next = typeof way === 'object' ? way.draft : await editUrl(draft);
    if (next === AWAY) return AWAY;
    if (next !== BACK) draft = next as Draft;
  }
}

type Connected = { readonly probe: Probe } | { readonly way: NonNullable<Way['go']> };

async function connect(app: App, draft: Draft, id: string, back: boolean): Promise<Answer<Connected>> {
  const profile: ConnectionProfile = {
    id,
    name: draft.label,
    url: draft.url,
    environment: 'local',
    access: 'own',
    ...(draft.tls === undefined ? {} : { tls: draft.tls }),
    ...(draft.options === undefined ? {} : { options: draft.options }),
  };
  let probe: Probe | undefined;
  let wantsPassword = false;
  const picked = await askPick<Way>({
    title: t('Add broker'),
    back,
    placeholder: t('Connecting to {0}…', addressOfUrl(draft.url)),
    items: [],
    while: async (pick, signal) => {
      pick.busy = true;
      try {
        probe = await app.inspector.probe(profile, draft.password, signal);
        pick.hide();
      } catch (thrown) {
        if (signal.aborted) return;
        const error = asInspectorError(thrown, t('connecting to {0}', addressOfUrl(draft.url)));
        app.log.error('testing a broker', error);
        wantsPassword = error.code === 'unauthorized' && draft.password === undefined;
        if (wantsPassword) {
          pick.hide();
          return;
        }
        pick.busy = false;
        pick.placeholder = error.message;
        pick.items = waysOut(draft, error);
      }
    },
  });
  if (probe !== undefined) return { probe };
  if (wantsPassword) return { way: 'password' };
  if (typeof picked === 'symbol') return picked;
  return { way: picked.go ?? 'again' };
}

/** What may help, likeliest first. The error stands above, so that it is read before one is chosen. */
export function waysOut(draft: Draft, error: InspectorError): Way[] {
  const others = alternativesOf(error);
  const isPlain = /^(?:redis|(?:py)?amqp):/i.test(draft.url);
  return [
    ...others.map(({ draft: other, why }) => ({
      label: `$(arrow-right) ${t('Use {0} instead', addressOfUrl(other.url))}`,
      detail: why,
      go: { draft: { ...other, password: draft.password, label: draft.label } },
    })),
    ...(error.code === 'unauthorized'
      ? [{ label: `$(key) ${t('Enter password…')}`, detail: error.answer, go: 'password' as const }]
      : []),
    { label: `$(edit) ${t('Edit the URL')}`, detail: others.length === 0 ? error.remedy : '', go: 'edit' },
    ...(isPlain && ['tls', 'connection-lost', 'not-a-broker', 'timeout'].includes(error.code)
      ? [{ label: `$(lock) ${t('Connect through TLS')}`, go: { draft: throughTls(draft) } }]
      : []),
    { label: `$(refresh) ${t('Try again')}`, description: error.answer, go: 'again' },
    { label: `$(save) ${t('Save anyway')}`, description: t('it is tried again when it is shown'), go: 'save' },
  ];
}

/** Other addresses that the error names, e.g. the published port of a compose service. */
function alternativesOf(error: InspectorError): { readonly draft: Draft; readonly why: string }[] {
  const parsed = v.safeParse(alternativesSchema, error.details?.['alternatives']);
  if (!parsed.success) return [];
  return parsed.output.flatMap(({ url, why }) => {
    const draft = draftOf(url);
    return draft === null ? [] : [{ draft, why }];
  });
}

const alternativesSchema = v.array(v.object({ url: v.string(), why: v.string() }));

/** @param draft whose URL is shown, without its password */
export async function editUrl(draft: Draft | null): Promise<Answer<Draft>> {
  const typed = await askText({
    title: t('Add broker'),
    back: true,
    prompt: t(
      'redis://user@host:port/db, rediss://…, redis+sentinel://host,host/name/db, unix:///path, amqp://user@host:port/vhost, amqps://…',
    ),
    placeholder: 'redis://localhost:6379/0',
    value: draft?.url ?? '',
    check: text =>
      draftOf(text) === null
        ? t('A URL is needed, such as redis://localhost:6379/0 or amqp://localhost:5672/.')
        : undefined,
  });
  if (typeof typed === 'symbol') return typed;
  const made = draftOf(typed);
  if (made === null) return BACK;
  if (draft === null) return made;
  const { tls, options } = draft;
  return { ...made, password: made.password ?? draft.password, tls, ...(options === undefined ? {} : { options }) };
}

async function askPassword(draft: Draft): Promise<Answer<Draft>> {
  const user = /\/\/([^@/]+)@/.exec(draft.url)?.[1];
  const where = addressOfUrl(draft.url);
  const password = await askText({
    title: t('Add broker'),
    back: true,
    prompt: t(
      "Password for {0}. Kept in VS Code's secret storage, never in settings.",
      user ? `${user}@${where}` : where,
    ),
    password: true,
  });
  return typeof password === 'symbol' ? password : { ...draft, password };
}

import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { InspectorError } from '../../model';
import type { App } from '../app';
import { brokerIcon } from '../tree/model/icons';
import { type Draft, draftOf, draftOfCandidate } from './draft';
import { type Answer, askPick, separator } from './inputs';

export type Chosen =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'url' | 'fields' | 'management' };

interface Choice extends vscode.QuickPickItem {
  readonly chosen?: Chosen;
}

/** Ports at which a broker of this machine usually listens; they are tried only while the box is open. */
const USUAL_PORTS = [6379, 6380, 5672];
const CANDIDATES_LIMIT_MS = 5000;

/** The first step: a broker that the folder names, one of this machine, or a URL. */
export async function choose(app: App): Promise<Answer<Chosen>> {
  const other: Choice[] = [
    separator(t('other')),
    {
      label: `$(edit) ${t('Type a URL…')}`,
      description: t('redis, rediss, sentinel, unix socket, amqp, amqps'),
      chosen: { kind: 'url' },
    },
    {
      label: `$(list-unordered) ${t('Fill in field by field…')}`,
      description: t('host, port, database or virtual host, user, TLS files'),
      chosen: { kind: 'fields' },
    },
    {
      label: `$(server) ${t('RabbitMQ management URL…')}`,
      description: t('the same host and user are tried over AMQP'),
      chosen: { kind: 'management' },
    },
  ];
  const items: Choice[] = [...(await inFolder(app)), ...other];
  const picked = await askPick<Choice>({
    title: t('Add broker'),
    step: 1,
    total: 4,
    back: false,
    placeholder: t('Choose a broker, or type a URL'),
    items,
    typed: text => {
      const draft = draftOf(text);
      if (draft === null) return [];
      return [
        { label: `$(plug) ${t('Connect to {0}', draft.url)}`, alwaysShow: true, chosen: { kind: 'draft', draft } },
      ];
    },
    while: async (pick, signal) => {
      pick.busy = true;
      const found = await onThisMachine(app, signal);
      if (signal.aborted) return;
      pick.busy = false;
      if (found.length === 0) return;
      const [active] = pick.activeItems;
      const moved = active !== undefined && active !== items.find(({ chosen }) => chosen !== undefined);
      const at = items.length - other.length;
      items.splice(at, 0, separator(t('on this machine')), ...found);
      pick.items = items;
      if (moved) pick.activeItems = [active];
    },
  });
  return typeof picked === 'symbol' ? picked : (picked.chosen ?? { kind: 'url' });
}

async function inFolder(app: App): Promise<Choice[]> {
  const { surroundings } = app.inspector;
  if (surroundings.restricted !== null) return [];
  try {
    const found = await surroundings.brokers(AbortSignal.timeout(CANDIDATES_LIMIT_MS));
    if (found.length === 0) return [];
    const choices = found.map((candidate): Choice => {
      const draft = draftOfCandidate(candidate);
      const secret =
        draft.password === undefined ? '' : t('Its password goes to secret storage; the file stays as it is.');
      return {
        label: `$(${brokerIcon(draft.url)}) ${draft.url}`,
        description: candidate.label,
        detail: [candidate.detail, secret].filter(part => part !== '').join(' '),
        chosen: { kind: 'draft', draft },
      };
    });
    return [separator(t('found in this folder')), ...choices];
  } catch (thrown) {
    app.log.error('looking for brokers in the folder', thrown);
    return [];
  }
}

async function onThisMachine(app: App, signal: AbortSignal): Promise<Choice[]> {
  const tried = await Promise.all(USUAL_PORTS.map(port => answering(app, `localhost:${port}`, signal)));
  return tried.filter(choice => choice !== null);
}

async function answering(app: App, address: string, signal: AbortSignal): Promise<Choice | null> {
  const draft = draftOf(address);
  if (draft === null) return null;
  const choice = (description: string): Choice => ({
    label: `$(${brokerIcon(draft.url)}) ${address}`,
    description,
    chosen: { kind: 'draft', draft },
  });
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(2000)]);
    const profile = { id: 'probe', name: address, url: draft.url, environment: 'local', access: 'read-only' } as const;
    const probe = await app.inspector.probe(profile, undefined, limit);
    await probe.dispose();
    return choice(t('{0} answers', probe.serverText));
  } catch (thrown) {
    return (thrown as InspectorError).code === 'unauthorized' ? choice(t('answers, and wants a password')) : null;
  }
}

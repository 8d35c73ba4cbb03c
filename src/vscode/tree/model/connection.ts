import { t } from '@vscode/l10n';
import type { ConnectionState, LiveConnection } from '../../../inspector/api';
import { formatPast, formatSpan, joined } from '../../../inspector/present/format';
import type { InspectorError } from '../../../model';
import { contextValue, type RowFlag } from './context-value';
import { brokerIcon } from './icons';
import { connectionId } from './ids';
import { errorRow, noteRow } from './notes';
import type { Icon, Row } from './row';
import type { World } from './world';

/** `host:port/db` of a connection's URL; never a user or password. */
export function addressText(live: LiveConnection): string {
  if (live.broker !== null) return live.broker.address;
  return addressOfUrl(live.profile.url);
}

/** The part of a URL that tells where it leads. */
export function addressOfUrl(url: string): string {
  const rest = url.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').replace(/[?#].*$/, '');
  return rest.slice(rest.lastIndexOf('@') + 1);
}

/** The row of a connection. */
export function connectionRow(live: LiveConnection, world: World, alone: boolean): Row {
  const { profile, state } = live;
  const production = profile.environment === 'production';
  const words = stateWords(live, world);
  const hasRows = live.installations.length > 0 || state.kind !== 'disconnected';
  return {
    id: connectionId(profile.id),
    subject: { kind: 'connection', connection: profile.id },
    label: profile.name,
    description: joined(
      words.description,
      production && t('production'),
      accessWords(live, world),
      live.events.state.on && t('following events'),
      addressText(live),
    ),
    icon: words.icon ?? { id: brokerIcon(profile.url), ...(production ? { tint: 'production' as const } : {}) },
    children: hasRows ? (alone ? 'expanded' : 'collapsed') : 'none',
    context: contextValue('connection', flagsOf(live)),
    spoken: [
      profile.name,
      live.serverText?.split(' ')[0] ?? '',
      profile.environment === 'local' ? '' : environmentWord(profile.environment),
      accessWords(live, world),
      words.spoken,
    ]
      .filter(part => part !== '')
      .join(', '),
    ...(state.kind === 'disconnected' && !hasRows ? { click: 'connect' as const } : {}),
    ...(production ? { mark: { failed: 0, fresh: 0, word: '', production } } : {}),
  };
}

/** What stands below a connection before it has installations. */
export function connectionNotes(live: LiveConnection): Row[] {
  const parent = connectionId(live.profile.id);
  const id = live.profile.id;
  const { state } = live;
  if (live.installations.length > 0) return [];
  switch (state.kind) {
    case 'refused':
    case 'lost':
      return [
        errorRow(parent, id, 'error', state.error.message, state.error.answer),
        noteRow(parent, id, 'remedy', { label: state.error.remedy, icon: { id: 'info' } }),
        noteRow(parent, id, 'again', { label: t('Try again'), icon: { id: 'refresh' }, click: 'connect' }),
      ];
    case 'connecting':
      return [noteRow(parent, id, 'connecting', { label: state.what, icon: { id: 'loading~spin' } })];
    case 'live':
      if (live.refreshedAt === null) {
        return [noteRow(parent, id, 'looking', { label: t('Looking for queues…'), icon: { id: 'loading~spin' } })];
      }
      return [
        // Where a system could not be looked for, it may be there.
        ...live.detectionProblems.flatMap(({ system, error }) => [
          errorRow(parent, id, `not-found-${system}`, error.message, error.answer),
          noteRow(parent, id, `remedy-${system}`, { label: error.remedy, icon: { id: 'info' } }),
        ]),
        ...(live.detectionProblems.length > 0
          ? []
          : [
              noteRow(parent, id, 'nothing', {
                label: t('No known queues'),
                description: t('no keys of a known system were found here'),
                icon: { id: 'inbox' },
              }),
            ]),
        noteRow(parent, id, 'again', { label: t('Look again'), icon: { id: 'refresh' }, click: 'refresh' }),
      ];
    default:
      return [];
  }
}

interface StateWords {
  readonly description: string;
  readonly spoken: string;
  readonly icon: Icon | null;
}

function stateWords(live: LiveConnection, world: World): StateWords {
  const { state } = live;
  switch (state.kind) {
    case 'disconnected':
      return { description: t('not connected'), spoken: t('not connected'), icon: { id: 'debug-disconnect' } };
    case 'connecting': {
      const since = world.now - state.since;
      const description = since < 5000 ? t('connecting…') : t('connecting for {0}', formatSpan(since));
      return {
        description: joined(description, staleWords(live, world)),
        spoken: t('connecting'),
        icon: { id: 'loading~spin' },
      };
    }
    case 'lost':
      return { ...lostWords(live, state, world), icon: { id: 'debug-disconnect', tint: 'warning' } };
    case 'refused': {
      const words = shortError(state.error);
      return { description: words, spoken: words, icon: { id: 'error', tint: 'failed' } };
    }
    default:
      return { description: staleWords(live, world), spoken: t('connected'), icon: null };
  }
}

function lostWords(
  live: LiveConnection,
  state: Extract<ConnectionState, { kind: 'lost' }>,
  world: World,
): { description: string; spoken: string } {
  const left = state.retryAt - world.now;
  const again = left > 0 ? t('trying again in {0}', formatSpan(left)) : t('trying again');
  const words = shortError(state.error);
  return { description: joined(words, again, staleWords(live, world)), spoken: `${words}, ${t('trying again')}` };
}

function staleWords(live: LiveConnection, world: World): string {
  if (!live.stale || live.refreshedAt === null) return '';
  const at = new Date(live.refreshedAt).toISOString();
  return t('updated {0}', formatPast(at, world.now, { locale: world.locale }));
}

/** `read-only`, `writing until 15:10`; nothing where writing is the rule. */
export function accessWords(live: LiveConnection, world: World): string {
  if (live.state.kind !== 'live') return '';
  if (live.access.until !== null) {
    const clock = new Intl.DateTimeFormat(world.locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    return t('writing until {0}', clock.format(live.access.until));
  }
  return live.access.writable ? '' : t('read-only');
}

function flagsOf(live: LiveConnection): RowFlag[] {
  return [
    live.state.kind === 'disconnected' || live.state.kind === 'refused' ? 'off' : 'live',
    ...(brokerIcon(live.profile.url) === 'server' ? (['rabbitmq'] as const) : []),
    live.access.writable ? 'writable' : 'readonly',
    live.profile.environment,
    ...followFlags(live),
  ];
}

function followFlags(live: LiveConnection): RowFlag[] {
  if (live.events.state.on) return ['following'];
  const able = live.installations.some(({ installation }) => installation.listen !== undefined);
  return able && live.state.kind === 'live' ? ['follows'] : [];
}

export function environmentWord(environment: LiveConnection['profile']['environment']): string {
  const words = {
    local: t('local'),
    development: t('development'),
    staging: t('staging'),
    production: t('production'),
  };
  return words[environment];
}

/** Two to four words for a failed connection. */
export function shortError({ code, answer }: InspectorError): string {
  if (/ECONNREFUSED|refused/i.test(answer) && code === 'unreachable') return t('connection refused');
  const words: Partial<Record<InspectorError['code'], string>> = {
    unreachable: t('does not answer'),
    unresolved: t('name does not resolve'),
    unauthorized: /WRONGPASS|invalid/i.test(answer) ? t('wrong password') : t('wants a password'),
    forbidden: t('not allowed'),
    tls: t('TLS failed'),
    timeout: t('timed out'),
    'no-such-database': t('no such database'),
    'not-a-broker': t('not a broker'),
    loading: t('still loading'),
    'connection-lost': t('connection lost'),
    'bad-request': t('wrong URL'),
  };
  return words[code] ?? t('could not connect');
}

/** Why what is shown is old; '' while it is not. */
export function staleReason(live: LiveConnection): string {
  return live.stale ? t('These rows were read before the connection was lost. They come back by themselves.') : '';
}

import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';
import type { FollowedEvent, FollowState, LiveConnection } from '../../../inspector/api';
import { formatExact, formatNumber, formatRate, shortTask } from '../../../inspector/present/format';
import { InspectorError } from '../../../model';
import type { EventsPage, EventsView, FollowedEventView } from '../../../protocol';
import { actAndTell } from '../../acting/act';
import type { App } from '../../app';
import { type Handlers, noParams } from '../channel';
import { connectionView } from '../job/job-view';
import { PagePanel } from '../page-panel';

/** Events that are sent to the page in one go; it keeps no more than these in sight. */
const SENT = 500;

/** What workers and producers of one connection tell, as it happens. */
export class EventsPanel extends PagePanel<EventsPage> {
  readonly #app: App;
  #connection = '';
  #stopListening: () => void = () => undefined;

  constructor(app: App, panel: vscode.WebviewPanel) {
    super(app, 'events', panel);
    this.#app = app;
    this.add({ dispose: () => this.#stopListening() });
  }

  get connection(): string {
    return this.#connection;
  }

  show(connection: string): void {
    this.#connection = connection;
    this.#stopListening();
    const live = this.#app.inspector.connection(connection);
    const stops = [
      live?.events.onDidChange(() => this.send('changed', null)),
      live?.onDidChange(() => this.send('changed', null)),
    ];
    this.#stopListening = () => {
      for (const stop of stops) stop?.();
    };
    const title = live === undefined ? t('Task events') : t('Task events of {0}', live.profile.name);
    this.load(title, 'pulse', { page: 'events', connection }, this.#handlers());
  }

  #handlers(): Handlers<EventsPage> {
    return {
      load: { params: v.object({ after: v.number() }), run: ({ after }) => this.#view(after) },
      follow: {
        params: v.object({ on: v.boolean() }),
        run: ({ on }) => {
          this.#live().follow(on);
          return null;
        },
      },
      clear: {
        params: noParams,
        run: () => {
          this.#live().events.clear();
          return null;
        },
      },
      open: { params: v.object({ number: v.number() }), run: ({ number }, signal) => this.#open(number, signal) },
      enable: { params: noParams, run: () => this.#enable() },
    };
  }

  #live(): LiveConnection {
    const live = this.#app.inspector.connection(this.#connection);
    if (live !== undefined) return live;
    throw new InspectorError('gone', {
      message: t('This connection has been removed.'),
      tried: t('following task events'),
      answer: t('there is no such connection'),
      remedy: t('Close this tab.'),
    });
  }

  #view(after: number): EventsView {
    const live = this.#live();
    const { state } = live.events;
    const { locale } = this.#app.brokers.world();
    const need = live.installations.find(({ installation }) => installation.eventsNeed !== undefined)?.installation;
    const tasks = Object.entries(state.kinds).some(([kind]) => kind.startsWith('task-'));
    return {
      connection: connectionView(live, this.#app.brokers.world()),
      on: state.on,
      canFollow: live.state.kind === 'live',
      rate: rateText(state, locale),
      kinds: Object.entries(state.kinds)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 8)
        .map(([kind, n]) => t('{0} {1}', formatNumber(n, locale), kind)),
      stopped: state.stopped,
      need:
        tasks || need?.eventsNeed === undefined
          ? null
          : { text: need.eventsNeed.text, button: this.#enabling()?.title ?? null },
      events: live.events.recent(after, SENT).map(event => eventView(event, locale)),
      newest: live.events.recent(-1, 1)[0]?.number ?? -1,
    };
  }

  /** Opens the task of an event, wherever it stands now. */
  async #open(number: number, signal: AbortSignal): Promise<null> {
    const live = this.#live();
    const event = live.events.recent(number - 1).find(candidate => candidate.number === number);
    if (event === undefined || event.id === null) return null;
    const { system, key } = event.installation;
    const view = live.installations.find(
      ({ installation }) => installation.system.id === system && installation.key === key,
    );
    const [row] = (await view?.installation.find(event.id, null, signal)) ?? [];
    if (row === undefined)
      throw new InspectorError('gone', {
        message: t('{0} stands nowhere any more.', event.id),
        tried: t('looking for {0}', event.id),
        answer: t('it was not found'),
        remedy: t('It has ended, and its result was not kept or has expired.'),
      });
    await this.#app.panels.openJob(
      { at: { connection: this.#connection, system, key }, ref: row.ref },
      { beside: true },
    );
    return null;
  }

  /** The action that makes workers send events, where it is offered. */
  #enabling() {
    const live = this.#live();
    for (const { installation, overview } of live.installations) {
      const { eventsNeed } = installation;
      const names = (overview?.workers ?? []).filter(({ alive }) => alive !== false).map(({ name }) => name);
      const [first] = names;
      if (eventsNeed === undefined || first === undefined) continue;
      const offers = installation.actions({ kind: 'worker', name: first }, null);
      const offer = offers.find(({ action, available }) => available && action.id === eventsNeed.action);
      if (offer === undefined) continue;
      const targets = names.map(name => ({ kind: 'worker' as const, name }));
      const at = { connection: this.#connection, system: installation.system.id, key: installation.key };
      return { title: offer.action.title, at, action: offer.action.id, targets };
    }
    return null;
  }

  async #enable(): Promise<null> {
    const enabling = this.#enabling();
    if (enabling !== null) await actAndTell(this.#app, { ...enabling, state: null });
    return null;
  }
}

function rateText(state: FollowState, locale: string): string {
  const rate = formatRate(state.perSecond, locale);
  const total = formatNumber(state.total, locale);
  if (!state.on && state.since === null) return t('Not followed.');
  return state.on ? t('{0}, {1} so far', rate, total) : t('{0} in all', total);
}

function eventView(event: FollowedEvent, locale: string): FollowedEventView {
  return {
    number: event.number,
    at: { text: clock(event.at, locale), title: formatExact(event.at, { locale }) },
    kind: event.kind,
    state: event.state,
    task: event.task === null ? '' : shortTask(event.task),
    id: event.id ?? '',
    worker: event.worker ?? '',
    queue: event.queue ?? '',
    text: event.text ?? '',
  };
}

/** Time of day with seconds: what follows fast is told apart. */
function clock(at: string, locale: string): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  return new Intl.DateTimeFormat(locale, options).format(Date.parse(at));
}

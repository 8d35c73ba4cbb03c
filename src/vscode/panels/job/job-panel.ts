import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';
import { stateWord } from '../../../inspector/present/format';
import { asInspectorError, InspectorError, type Job, type JobRow } from '../../../model';
import type { BannerView, JobPage, JobView } from '../../../protocol';
import { act } from '../../acting/act';
import { allowWriting } from '../../acting/confirm';
import { receiptText, undo } from '../../acting/receipt';
import { type App, installationAt, type JobAddress } from '../../app';
import { copy } from '../../commands/rows';
import { setContextKey } from '../../context-keys';
import { openJobDocument, readJob } from '../../documents/open';
import { FrameFiles } from '../../frames';
import { setting } from '../../settings';
import { STATE_ICONS } from '../../tree/model/icons';
import { type Handlers, noParams } from '../channel';
import { PagePanel } from '../page-panel';
import { jobView, tabTitle } from './job-view';

/** One job in a tab. What was read last stays when the job moves on or its broker is lost. */
export class JobPanel extends PagePanel<JobPage> {
  /** Stays with its job: the next one opens elsewhere. */
  pinned = false;
  readonly #app: App;
  #address: JobAddress | undefined;
  #job: Job | undefined;
  #readAt = 0;
  #basis = '';
  #moved: Moved | null = null;

  constructor(app: App, panel: vscode.WebviewPanel) {
    super(app, 'job', panel);
    this.#app = app;
    this.on(app.inspector.onDidChange(() => this.#hint()));
  }

  /** Shows a job. */
  show(address: JobAddress): void {
    this.#address = address;
    this.#job = undefined;
    this.#moved = null;
    const state = { page: 'job', at: address.at, ref: address.ref };
    this.load(t('Job'), 'circle-large', state, this.#handlers());
  }

  /** Tells the page that there may be something new: its broker was read, or what may be done has changed. */
  #hint(): void {
    const live = this.#address === undefined ? undefined : this.#app.inspector.connection(this.#address.at.connection);
    const basis = JSON.stringify([live?.refreshedAt, live?.state.kind, live?.access]);
    if (basis === this.#basis) return;
    this.#basis = basis;
    this.send('changed', null);
  }

  #handlers(): Handlers<JobPage> {
    const text = v.object({ text: v.string(), what: v.string() });
    return {
      load: {
        params: v.object({ fresh: v.boolean() }),
        run: (_params, signal) => this.#load(signal),
      },
      act: { params: v.object({ action: v.string() }), run: ({ action }) => this.#act(action) },
      undo: {
        params: v.object({ token: v.string() }),
        run: async ({ token }, signal) => {
          const receipt = await undo(this.#app, token, signal);
          return { text: receipt === null ? null : receiptText(receipt), undo: null, ref: null };
        },
      },
      openFrame: {
        params: v.object({ file: v.string(), line: v.nullable(v.number()) }),
        run: async ({ file, line }) => {
          await new FrameFiles().open(file, line);
          return null;
        },
      },
      openDocument: {
        params: v.object({
          part: v.picklist(['job', 'arguments', 'traceback', 'result', 'meta', 'raw']),
        }),
        run: async ({ part }) => {
          await openJobDocument(this.#app, this.#where(), part, this.#job);
          return null;
        },
      },
      openJob: {
        params: v.object({ ref: v.string() }),
        run: ({ ref }) => {
          this.show({ at: this.#where().at, ref });
          return null;
        },
      },
      showThere: { params: noParams, run: () => this.#showThere() },
      allowWriting: { params: noParams, run: () => this.#allowWriting() },
      copy: {
        params: text,
        run: async given => {
          await copy([given.text]);
          return null;
        },
      },
      unfold: {
        params: v.object({
          part: v.picklist(['args', 'kwargs', 'result', 'meta']),
          path: v.string(),
          from: v.pipe(v.number(), v.integer(), v.minValue(0)),
          count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000)),
        }),
        run: ({ part, path, from, count }) => this.#job?.[part]?.outline?.children(path, from, count) ?? [],
      },
    };
  }

  async #load(signal: AbortSignal): Promise<JobView> {
    const address = this.#where();
    const found = installationAt(this.#app.inspector, address.at);
    await this.#read(address, signal);
    const job = this.#job;
    if (job === undefined || found === null) throw await this.#notThere();
    this.retitle(tabTitle(job), tabIcon(job));
    if (job.state === 'failed' || job.state === 'dead') setContextKey('jobQueues.didOpenFailedJob', true);
    const files = new FrameFiles();
    return jobView({
      live: found.live,
      installation: found.installation,
      job,
      places: await files.places(job.error?.frames ?? []),
      framesNote: files.note,
      moved: this.#moved?.banner ?? null,
      singleKeys: setting('singleKeyShortcuts'),
      world: this.#app.brokers.world(),
    });
  }

  /** Reads the job anew; one that has left its place is shown as it was, with the way to where it is now. */
  async #read(address: JobAddress, signal: AbortSignal): Promise<void> {
    try {
      this.#job = await readJob(this.#app, address, signal);
      this.#readAt = Date.now();
      this.#moved = null;
    } catch (thrown) {
      const error = asInspectorError(thrown, t('reading a job'));
      const known = this.#job;
      if (known === undefined || error.code === 'aborted') throw error;
      if (error.code === 'gone') this.#moved = await this.#movedBanner(known, address, signal);
      else if (error.code !== 'connection-lost') throw error;
    }
  }

  async #movedBanner(job: Job, { at }: JobAddress, signal: AbortSignal): Promise<Moved> {
    const found = installationAt(this.#app.inspector, at);
    const wordOf = (row: Job | JobRow) =>
      found === null ? row.nativeState : stateWord(row, found.installation.system.facts);
    const rows =
      found === null || job.id === null ? [] : await found.installation.find(job.id, null, signal).catch(() => []);
    const [now] = rows;
    if (now !== undefined) {
      const banner: BannerView = {
        kind: 'info',
        text: t('This job has left {0} (now {1}).', wordOf(job), wordOf(now)),
        detail: null,
        door: { label: t('Show it there'), method: 'showThere' },
      };
      return { banner, to: now.ref };
    }
    const seconds = Math.max(1, Math.round((Date.now() - this.#readAt) / 1000));
    const banner: BannerView = {
      kind: 'info',
      text: t('This job is no longer on the broker. You see it as it was {0} s ago.', seconds),
      detail: null,
      door: null,
    };
    return { banner, to: null };
  }

  async #act(action: string): Promise<{ text: string | null; undo: string | null; ref: string | null }> {
    const address = this.#where();
    const job = this.#job;
    const acted = await act(this.#app, {
      at: address.at,
      action,
      targets: [{ kind: 'jobs', refs: [address.ref] }],
      state: job?.state ?? null,
    });
    if (acted.kind === 'left') return { text: null, undo: null, ref: null };
    const { receipt } = acted;
    return { text: receiptText(receipt), undo: receipt.undo, ref: receipt.items[0]?.ref ?? null };
  }

  #showThere(): null {
    const to = this.#moved?.to ?? null;
    if (to !== null) this.show({ at: this.#where().at, ref: to });
    return null;
  }

  async #allowWriting(): Promise<null> {
    const live = this.#app.inspector.connection(this.#where().at.connection);
    if (live !== undefined) await allowWriting(this.#app.inspector, live);
    return null;
  }

  #where(): JobAddress {
    if (this.#address === undefined) throw new Error('This panel shows no job.');
    return this.#address;
  }

  /** After a reload of the window the connection may still be on its way. */
  async #notThere(): Promise<InspectorError> {
    return new InspectorError('connection-lost', {
      message: t('The broker of this job is not connected.'),
      tried: t('reading a job'),
      answer: t('its connection is not there'),
      remedy: t('It is shown as soon as the broker is connected.'),
    });
  }
}

function tabIcon(job: Job): string {
  const { id } = STATE_ICONS[job.state];
  return id === 'circle-large-outline' ? 'circle-large' : id;
}

/** The job has left its place: what the page says, and where it is now. */
interface Moved {
  readonly banner: BannerView;
  readonly to: string | null;
}

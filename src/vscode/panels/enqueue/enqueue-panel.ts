import { t } from '@vscode/l10n';
import * as v from 'valibot';
import type * as vscode from 'vscode';
import { shortId } from '../../../inspector/present/format';
import { type ActionDeclaration, asInspectorError, type Job, type ParameterSchema } from '../../../model';
import type { CheckView, EnqueuedView, EnqueuePage, EnqueueView, FormValues } from '../../../protocol';
import { act, goneError } from '../../acting/act';
import { receiptText, undo } from '../../acting/receipt';
import { type App, installationAt } from '../../app';
import { copy } from '../../commands/rows';
import { readJob } from '../../documents/open';
import { type Handlers, noParams } from '../channel';
import { formValuesSchema, parametersOf } from '../form-values';
import { connectionView } from '../job/job-view';
import { PagePanel } from '../page-panel';
import type { EnqueueRequest } from '../panels';
import { checkView, firstValues } from './enqueue-view';
import { queueChoices } from './queue-choices';

/** The form made from the declared schema of an action: a new job, or a copy of one with other values. */
export class EnqueuePanel extends PagePanel<EnqueuePage> {
  readonly #app: App;
  readonly #request: EnqueueRequest;
  #copied: Job | null = null;

  constructor(app: App, panel: vscode.WebviewPanel, request: EnqueueRequest) {
    super(app, 'enqueue', panel);
    this.#app = app;
    this.#request = request;
    this.load(this.#isCopy ? t('Enqueue a copy') : t('Enqueue'), 'add', null, this.#handlers());
  }

  get #isCopy(): boolean {
    return this.#request.target.kind === 'jobs';
  }

  #handlers(): Handlers<EnqueuePage> {
    const values = v.object({ values: formValuesSchema });
    return {
      load: { params: noParams, run: (_none, signal) => this.#view(signal) },
      check: { params: values, run: (given, signal) => this.#check(given.values, signal) },
      submit: { params: values, run: given => this.#submit(given.values) },
      openJob: {
        params: v.object({ ref: v.string() }),
        run: async ({ ref }) => {
          await this.#app.panels.openJob({ at: this.#request.at, ref });
          return null;
        },
      },
      undo: {
        params: v.object({ token: v.string() }),
        run: async ({ token }, signal) => {
          const receipt = await undo(this.#app, token, signal);
          return { text: receipt === null ? null : receiptText(receipt), undo: null, ref: null };
        },
      },
      copy: {
        params: v.object({ text: v.string(), what: v.string() }),
        run: async ({ text }) => {
          await copy([text]);
          return null;
        },
      },
    };
  }

  async #view(signal: AbortSignal): Promise<EnqueueView> {
    const { live, installation } = this.#where();
    const { at, target } = this.#request;
    if (target.kind === 'jobs' && this.#copied === null) {
      const [ref] = target.refs;
      if (ref !== undefined) this.#copied = await readJob(this.#app, { at, ref }, signal);
    }
    const overview = live.installations.find(view => view.installation === installation)?.overview ?? null;
    const queue = target.kind === 'queue' ? target.name : (this.#copied?.queue ?? overview?.queues[0]?.name ?? null);
    const { noun } = installation.system.facts;
    const id = this.#copied?.id;
    return {
      connection: connectionView(live, this.#app.brokers.world()),
      title: this.#isCopy
        ? t('Enqueue a copy of {0}', this.#copied?.task ?? noun.one)
        : t('Enqueue a {0}', t(noun.one)),
      source:
        id === null || id === undefined
          ? t('Values are Python.')
          : t('Copied from {0}, which stays where it is. Values are Python.', shortId(id)),
      schema: this.#schema(),
      values: firstValues(this.#schema(), this.#copied, queue),
      queues: queueChoices(overview, noun.one),
      tasks: installation.taskNames ?? [],
      where: t('on {0}', live.profile.name),
    };
  }

  async #check(values: FormValues, signal: AbortSignal): Promise<CheckView> {
    const { installation } = this.#where();
    try {
      const parameters = parametersOf(values, this.#schema());
      const request = { action: this.#request.action, targets: [this.#request.target], parameters };
      return checkView(values, await installation.plan(request, signal), null);
    } catch (thrown) {
      const error = asInspectorError(thrown, t('checking the values'));
      if (error.code !== 'bad-value' && error.code !== 'bad-request') throw error;
      return checkView(values, null, error);
    }
  }

  async #submit(values: FormValues): Promise<EnqueuedView> {
    const acted = await act(this.#app, {
      at: this.#request.at,
      action: this.#request.action,
      targets: [this.#request.target],
      state: this.#copied?.state ?? null,
      parameters: parametersOf(values, this.#schema()),
    });
    if (acted.kind === 'left') return { text: null, ref: null, undo: null };
    const { receipt } = acted;
    return { text: receiptText(receipt), ref: receipt.items[0]?.ref ?? null, undo: receipt.undo };
  }

  #schema(): ParameterSchema {
    return this.#declaration().parameters ?? { type: 'object', properties: {} };
  }

  #declaration(): ActionDeclaration {
    const kind = this.#request.target.kind === 'jobs' ? 'job' : this.#request.target.kind;
    const declared = this.#where().installation.declarations.filter(({ id }) => id === this.#request.action);
    const found = declared.find(({ target }) => target === kind) ?? declared[0];
    if (found === undefined) throw goneError();
    return found;
  }

  #where() {
    const found = installationAt(this.#app.inspector, this.#request.at);
    if (found === null) throw goneError();
    return found;
  }
}

import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { LiveConnection, PerformProgress, Receipt } from '../../inspector/api';
import { formatNumber } from '../../inspector/present/format';
import { type ActionRequest, InspectorError, type Installation, type Plan, type State, type Target } from '../../model';
import { type App, installationAt } from '../app';
import type { InstallationAddress } from '../tree/model/row';
import { allowWriting, confirm } from './confirm';
import { askParameters, type Values } from './parameters';
import { tellReceipt } from './receipt';

export interface Act {
  readonly at: InstallationAddress;
  readonly action: string;
  readonly targets: readonly Target[];
  /** The state the jobs are in, where the target is jobs. */
  readonly state: State | null;
  readonly parameters?: Values;
}

/** How an action ended: `left` = it goes on elsewhere (a sheet, a form) or the person went away. */
export type Acted = { readonly kind: 'done'; readonly receipt: Receipt } | { readonly kind: 'left' };

const LEFT: Acted = { kind: 'left' };

/**
 * The one way an action runs from tree, palette and panels: offered? parameters, plan, sheet or question, run.
 * @throws InspectorError where it is not offered or the broker refuses
 */
export async function act(app: App, request: Act): Promise<Acted> {
  const found = installationAt(app.inspector, request.at);
  if (found === null) throw goneError();
  const { live, installation } = found;
  const [first] = request.targets;
  if (first === undefined) return LEFT;
  const offer = installation.actions(first, request.state).find(({ action }) => action.id === request.action);
  if (offer === undefined) throw notOffered(request.action);
  if (!offer.available) throw unavailable(offer.action.title, offer.why);
  const { action } = offer;
  if (action.asks === 'call' && request.parameters === undefined) {
    await app.panels.openEnqueue({ at: request.at, action: action.id, target: first });
    return LEFT;
  }
  const overview = live.installations.find(view => view.installation === installation)?.overview ?? null;
  const parameters = request.parameters ?? (await askParameters(action, overview, installation.taskNames));
  if (parameters === null) return LEFT;
  const asked: ActionRequest = { action: action.id, targets: request.targets, parameters };
  const plan = await planOf(installation, asked);
  if (plan.total === 0) throw nothingToDo(plan, first.kind === 'jobs' && canBeCopied(installation, request));
  const confirmation = app.inspector.confirmation(live.profile.id, plan);
  if (confirmation.ask.startsWith('sheet')) {
    await app.panels.openBulk({ at: request.at, request: asked });
    return LEFT;
  }
  const allowed = confirmation.needsWriting ? await allowWriting(app.inspector, live) : 'longer';
  if (allowed === null) return LEFT;
  const once = allowed === 'once';
  const words = app.inspector.planWords(live.profile.id, placeOf(installation), plan);
  const confirmed = await confirm(plan, words, live, confirmation, once);
  if (confirmed === null) {
    if (once) app.inspector.makeReadOnly(live.profile.id);
    return LEFT;
  }
  return { kind: 'done', receipt: await perform(app, live, installation, asked, plan, confirmed) };
}

/** As `act`, with its outcome as a notification with Undo: for what was started in tree or palette. */
export async function actAndTell(app: App, request: Act): Promise<void> {
  const acted = await act(app, request);
  if (acted.kind === 'done') await tellReceipt(app, acted.receipt);
}

/** The dry run, with a sign of life when it takes longer. */
export function planOf(installation: Installation, request: ActionRequest): Promise<Plan> {
  return withProgress(t('Counting what this touches'), signal => installation.plan(request, signal));
}

async function perform(
  app: App,
  live: LiveConnection,
  installation: Installation,
  request: ActionRequest,
  plan: Plan,
  confirmed: Parameters<App['inspector']['perform']>[0]['confirmed'],
): Promise<Receipt> {
  return withProgress(plan.action.title.replace(/…$/, ''), (signal, report) =>
    app.inspector.perform(
      {
        connection: live.profile.id,
        installation: placeOf(installation),
        request,
        plan,
        confirmed,
        onProgress: (progress: PerformProgress) =>
          report(t('{0} of {1}', formatNumber(progress.done), formatNumber(progress.total))),
      },
      signal,
    ),
  );
}

/** Runs with a notification that can be canceled; it appears only when the work lasts. */
export async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (text: string) => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let report: ((text: string) => void) | undefined;
  const running = work(controller.signal, text => report?.(text));
  const late = await Promise.race([running.then(() => false), shown()]);
  if (!late) return running;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (progress, token) => {
      token.onCancellationRequested(() => controller.abort());
      report = message => progress.report({ message });
      return running;
    },
  );
}

const PATIENCE_MS = 700;
const shown = () => new Promise<boolean>(resolve => setTimeout(() => resolve(true), PATIENCE_MS));

/** How the inspector names an installation of a connection. */
export const placeOf = ({ system, key }: Installation) => ({ system: system.id, key });

export function goneError(): InspectorError {
  return new InspectorError('gone', {
    message: t('This connection is no longer there.'),
    tried: 'finding the connection of a row',
    answer: 'it is not connected, or it was removed',
    remedy: t('Connect to the broker again.'),
  });
}

function notOffered(action: string): InspectorError {
  return new InspectorError('unknown-action', {
    message: t('This is not offered here any more.'),
    tried: `running ${action}`,
    answer: 'the system does not offer it on this target in its state',
    remedy: t('Refresh the view.'),
  });
}

function unavailable(title: string, why: string): InspectorError {
  return new InspectorError('forbidden', {
    message: t('"{0}" cannot be run: {1}', title, why),
    tried: title,
    answer: why,
    remedy: '',
  });
}

/** A form for what is missing is the way out where the job itself does not hold it. */
function canBeCopied(installation: Installation, { targets: [first], state, action }: Act): boolean {
  if (first === undefined || action !== 'retry') return false;
  return installation.actions(first, state).some(offer => offer.action.id === 'enqueue-copy' && offer.available);
}

function nothingToDo(plan: Plan, copies: boolean): InspectorError {
  const [reason] = plan.leftOut;
  const title = plan.action.title.replace(/…$/, '');
  return new InspectorError('gone', {
    message:
      reason === undefined
        ? t('There is nothing to do any more.')
        : t('{0} was not done: {1}.', title, reason.reason.replace(/\.$/, '')),
    tried: title,
    answer: '',
    remedy:
      reason === undefined
        ? t('Refresh the view.')
        : copies
          ? t('Enqueue a copy: its form asks for what is missing.')
          : '',
  });
}

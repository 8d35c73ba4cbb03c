/** What each command does: request in, JSON out. Shared by the command line and `serve`. */
import type { PerformProgress, PerformRequest, Receipt } from '../inspector';
import { asInspectorError, InspectorError, isFinding, isNotChecked, type Plan } from '../model';
import { chosenInstallations, oneInstallation, oneJob, performTarget } from './choose';
import { completed, completedAll } from './complete';
import * as json from './json';
import { badRequest, type CommandName, type Request } from './request';
import type { Open, Session } from './session';

export interface Context {
  readonly session: Session;
  readonly signal: AbortSignal;
  readonly progress: (progress: unknown) => void;
}

type Command = (request: Request, context: Context) => Promise<unknown>;

const COMMANDS: Readonly<Record<CommandName, Command>> = {
  detect,
  overview,
  jobs,
  job,
  findings,
  perform,
  undo,
  journal,
};

/** @throws InspectorError with one of the documented codes */
export function runCommand(request: Request, context: Context): Promise<unknown> {
  return COMMANDS[request.command](request, context);
}

async function detect(request: Request, { session, signal }: Context) {
  const { connection } = await session.open(request, signal);
  const { serverText, access, broker } = connection;
  const installations = chosenInstallations(connection, request).map(json.installationJson);
  const address = broker?.address ?? null;
  const problems = connection.detectionProblems;
  return { address, server: serverText, access: json.accessJson(access), installations, problems };
}

async function overview(request: Request, context: Context) {
  const { session, signal } = context;
  const open = await session.open(request, signal);
  const { connection } = open;
  const chosen = chosenInstallations(connection, request);
  await Promise.all([session.ask(open, chosen, signal), completed(chosen, context)]);
  const problems: unknown[] = [...connection.detectionProblems];
  const read = await Promise.all(
    chosen.map(async installation => {
      try {
        return json.overviewJson(installation, await installation.overview(signal));
      } catch (thrown) {
        const error = asInspectorError(thrown, `reading ${installation.name}`);
        // One that cannot be read hides no other; a lost broker or an abort is about all of them.
        if (error.code === 'connection-lost' || error.code === 'aborted') throw error;
        problems.push({ ...json.installationJson(installation), error });
        return null;
      }
    }),
  );
  return { installations: read.filter(each => each !== null), problems };
}

const PAGE = 100;

async function jobs(request: Request, context: Context) {
  const { session, signal, progress } = context;
  const { state, queue = null, cursor = null, size = PAGE, search } = request;
  if (state === undefined) throw badRequest('jobs needs a state.', 'state is missing');
  const open = await session.open(request, signal);
  const installation = await oneInstallation(open.connection, request, signal);
  // Only workers know what runs.
  if (state === 'running' || state === 'taken') await session.ask(open, [installation], signal);
  // What waits stands in lists of its own; everything else may be an index that is being made.
  if (state !== 'waiting') await completed([installation], context);
  if (search === undefined) return json.pageJson(await installation.jobs({ queue, state, cursor, size }, signal));
  if (cursor !== null) throw badRequest('A search has no pages.', 'search and cursor exclude each other');
  const items: unknown[] = [];
  let looked = { looked: 0, of: 0 };
  for await (const step of installation.search({ text: search, queue, state, limit: size }, signal)) {
    if ('found' in step) items.push(json.rowJson(step.found));
    else {
      looked = step;
      progress({ looked: step.looked, of: step.of, found: items.length });
    }
  }
  const total = items.length < size ? { exact: items.length } : { atLeast: items.length };
  return { items, next: null, total, withheld: null, order: null, moved: null, ...looked };
}

async function job(request: Request, { session, signal }: Context) {
  const wanted = request.job;
  if (typeof wanted === 'object' && wanted.length > 1) throw badRequest('job shows one job.', 'several were named');
  const text = typeof wanted === 'object' ? wanted[0] : wanted;
  if (text === undefined) throw badRequest('job needs a ref or an id.', 'job is missing');
  const open = await session.open(request, signal);
  const { connection } = open;
  await session.ask(open, chosenInstallations(connection, request), signal);
  const { installation, ref } = await oneJob(connection, request, text, signal);
  return json.jobJson(await installation.job(ref, signal));
}

async function findings(request: Request, context: Context) {
  const { session, signal } = context;
  if (request.url === undefined && request.folder === undefined)
    throw badRequest('findings needs a url, a folder or both.', 'neither was given');
  const open = request.url === undefined ? null : await session.open(request, signal);
  const inspector = open?.inspector ?? (await session.inspector(request.folder));
  if (open !== null) await session.ask(open, chosenInstallations(open.connection, request), signal);
  if (open !== null) await completedAll(open.connection, context);
  const found: unknown[] = [];
  const notChecked: unknown[] = [];
  const checked: string[] = [];
  for await (const { diagnosis } of inspector.findings(open?.connection.profile.id ?? null, signal)) {
    if (isFinding(diagnosis)) found.push(json.findingJson(diagnosis));
    else if (isNotChecked(diagnosis)) notChecked.push(json.notCheckedJson(diagnosis));
    else checked.push(diagnosis.rule);
  }
  return { findings: found, notChecked, checked };
}

async function perform(request: Request, context: Context) {
  const { session, signal, progress } = context;
  const { action, parameters = {} } = request;
  if (action === undefined) throw badRequest('perform needs an action.', 'action is missing');
  const open = await session.open(request, signal);
  const { connection, inspector } = open;
  const { installation, target } = await performTarget(connection, request, signal);
  if (target.kind === 'selector') await completed([installation], context);
  const plan = await installation.plan({ action, targets: [target], parameters }, signal);
  if (request.dryRun === true) return json.planJson(plan);
  requireWriting(open, request);
  const receipt = await inspector.perform(
    {
      connection: connection.profile.id,
      installation: { system: installation.system.id, key: installation.key },
      request: { action, targets: [target], parameters },
      plan,
      confirmed: confirmedBy(open, request, plan),
      onProgress: each => progress(progressJson(each)),
    },
    signal,
  );
  return json.receiptJson(receipt);
}

async function undo(request: Request, { session, signal }: Context) {
  const { token } = request;
  if (token === undefined) throw badRequest('undo needs a token.', 'token is missing');
  const inspector = await session.inspector(request.folder);
  const { connection: made } = await inspector.undoPlan(token);
  // The journal names connections of this program by their URL without password; a number behind # tells doubles apart.
  const url = request.url ?? made.replace(/#\d+$/, '');
  const open = await session.open(request, signal, url);
  requireWriting(open, request);
  const receipt: Receipt = await open.inspector.undo(token, signal, open.connection.profile.id);
  return json.receiptJson(receipt);
}

async function journal(request: Request, { session }: Context) {
  const inspector = await session.inspector(request.folder);
  return { entries: (await inspector.journal.entries()).map(json.journalJson) };
}

function requireWriting({ connection }: Open, request: Request): void {
  if (connection.access.writable) return;
  const { reason } = connection.access;
  const name = connection.profile.name;
  throw new InspectorError('read-only', {
    message: `${name} is not written to by itself. ${reason}`,
    tried: `${request.command} on ${name}`,
    answer: reason,
    remedy: 'Allow it with --allow-writing; what destroys also wants --confirm with the name of the connection.',
  });
}

/** Running the command is the confirmation, except where a name has to be typed. */
function confirmedBy({ inspector, connection }: Open, request: Request, plan: Plan): PerformRequest['confirmed'] {
  const { typed } = inspector.confirmation(connection.profile.id, plan);
  if (typed === null) return 'modal';
  if (request.confirm === typed) return { typed };
  throw new InspectorError(
    'not-confirmed',
    {
      message: `${plan.action.title.replace(/…$/, '')} destroys something on ${typed}, so it has to be confirmed. Nothing was changed.`,
      tried: `${plan.action.id} on ${typed}`,
      answer: request.confirm === undefined ? 'no confirmation was given' : 'another name was given',
      remedy: `Repeat it with --confirm ${typed}`,
    },
    { details: { confirm: typed, plan: json.planJson(plan) } },
  );
}

function progressJson({ done, total, counts, perSecond, secondsLeft }: PerformProgress) {
  return { done, total, counts, perSecond, secondsLeft };
}

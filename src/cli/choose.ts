/** Which installation and which jobs a request means; what is not clear is `ambiguous`, with the candidates. */
import type { LiveConnection } from '../inspector';
import {
  InspectorError,
  type Installation,
  type JobRow,
  looksLikeRef,
  parseRef,
  type Ref,
  type Target,
} from '../model';
import { systems } from '../systems';
import { installationJson, rowJson } from './json';
import { badRequest, type Request } from './request';

/** Installations that the request's system and installation leave. @throws InspectorError `unknown-system`, `gone` */
export function chosenInstallations(connection: LiveConnection, request: Request): readonly Installation[] {
  const all = connection.installations.map(view => view.installation);
  const { system, installation } = request;
  if (system !== undefined && !systems.some(({ id }) => id === system)) {
    const ids = systems.map(({ id }) => id).join(', ');
    throw unknownSystem(`There is no system ${system}.`, `the systems are ${ids}`, 'Use one of these.');
  }
  const chosen = all.filter(
    ({ system: its, key, name }) =>
      (system === undefined || its.id === system) &&
      (installation === undefined || key === installation || name === installation),
  );
  if (chosen.length > 0 || (system === undefined && installation === undefined)) return chosen;
  throw unknownSystem(
    `${connection.profile.name} holds no such installation.`,
    all.length === 0 ? 'no job queue was found there' : `found were ${all.map(each => each.name).join(', ')}`,
    'Ask with detect what is there; a key prefix can be given with --options.',
  );
}

/** The one installation that is meant. @throws InspectorError `ambiguous`, `unknown-system` */
export async function oneInstallation(
  connection: LiveConnection,
  request: Request,
  signal: AbortSignal,
): Promise<Installation> {
  let chosen = chosenInstallations(connection, request);
  if (chosen.length > 1 && request.action !== undefined) {
    const able = chosen.filter(({ declarations }) => declarations.some(({ id }) => id === request.action));
    if (able.length > 0) chosen = able;
  }
  if (chosen.length > 1 && request.queue !== undefined) {
    const overviews = await Promise.all(chosen.map(each => each.overview(signal)));
    const having = chosen.filter((_, i) => overviews[i]?.queues.some(({ name }) => name === request.queue));
    if (having.length > 0) chosen = having;
  }
  const [only] = chosen;
  const [problem] = connection.detectionProblems;
  if (only === undefined && problem !== undefined) throw problem.error;
  if (only === undefined)
    throw unknownSystem(
      `No job queue was found on ${connection.profile.name}.`,
      'nothing there is known',
      'Check the database number; a key prefix can be given with --options.',
    );
  if (chosen.length === 1) return only;
  throw new InspectorError(
    'ambiguous',
    {
      message: `${connection.profile.name} holds several installations.`,
      tried: `choosing one for ${request.command}`,
      answer: `${chosen.length} fit`,
      remedy: 'Name one with --system and --installation.',
    },
    { details: { candidates: chosen.map(installationJson) } },
  );
}

/** Where one job is. */
export interface Place {
  readonly installation: Installation;
  readonly ref: Ref;
}

/** The job that a ref or an id names. @throws InspectorError `gone`, or `ambiguous` with the candidates */
export async function oneJob(
  connection: LiveConnection,
  request: Request,
  text: string,
  signal: AbortSignal,
): Promise<Place> {
  const chosen = chosenInstallations(connection, request);
  const named = placeOfRef(chosen, text);
  if (named !== null) return named;
  const found: (Place & { readonly row: JobRow })[] = [];
  const rows = await Promise.all(chosen.map(each => each.find(text, request.queue ?? null, signal)));
  for (const [i, installation] of chosen.entries())
    for (const row of rows[i] ?? []) found.push({ installation, ref: row.ref, row });
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  const [problem] = connection.detectionProblems;
  if (only === undefined && problem !== undefined) throw problem.error;
  if (only === undefined)
    throw new InspectorError('gone', {
      message:
        request.queue === undefined
          ? `There is no job ${shown} on ${connection.profile.name}.`
          : `There is no job ${shown} in the queue ${request.queue} of ${connection.profile.name}.`,
      tried: `looking for the job ${shown}`,
      answer: request.queue === undefined ? 'no job has this id' : 'no job of this queue has this id',
      remedy: 'It may have ended and expired, or have been removed. The id has to be whole; jobs --search finds parts.',
    });
  throw new InspectorError(
    'ambiguous',
    {
      message: `${found.length} jobs have the id ${shown}.`,
      tried: `looking for the job ${shown}`,
      answer: `it stands in ${found.length} places`,
      remedy: 'Use the ref of the one you mean, or name its queue.',
    },
    { details: { candidates: found.map(({ row }) => rowJson(row)) } },
  );
}

/** An id can look like a ref too: it is one only where its system and installation are here. */
function placeOfRef(chosen: readonly Installation[], text: string): Place | null {
  if (!looksLikeRef(text)) return null;
  try {
    const { system, installation } = parseRef(text);
    const owner = chosen.find(each => each.system.id === system && each.key === installation);
    return owner === undefined ? null : { installation: owner, ref: text };
  } catch {
    return null;
  }
}

/** What `perform` acts on. @throws InspectorError `bad-request` for what does not go together */
export async function performTarget(
  connection: LiveConnection,
  request: Request,
  signal: AbortSignal,
): Promise<{ readonly installation: Installation; readonly target: Target }> {
  const { job, worker, schedule, state, queue, search } = request;
  const given = [job, worker, schedule, state].filter(value => value !== undefined).length;
  if (given > 1) throw badRequest('Name one kind of target.', 'job, worker, schedule and state exclude each other');
  if (search !== undefined && state === undefined) throw badRequest('search needs a state.', 'state is missing');
  if (job !== undefined) {
    const texts = typeof job === 'string' ? [job] : job;
    const places = await Promise.all(texts.map(text => oneJob(connection, request, text, signal)));
    const [first] = places;
    if (first === undefined) throw badRequest('perform needs a job.', 'the list is empty');
    if (places.some(({ installation }) => installation !== first.installation))
      throw badRequest(
        'These jobs belong to several installations.',
        'one call acts on one',
        'Make one call for each.',
      );
    return { installation: first.installation, target: { kind: 'jobs', refs: places.map(({ ref }) => ref) } };
  }
  const installation = await oneInstallation(connection, request, signal);
  return { installation, target: targetOf() };

  function targetOf(): Target {
    if (worker !== undefined) return { kind: 'worker', name: worker };
    if (schedule !== undefined) return { kind: 'schedule', id: schedule };
    if (state !== undefined)
      return { kind: 'selector', queue: queue ?? null, state, ...(search === undefined ? {} : { search }) };
    return queue === undefined ? { kind: 'installation' } : { kind: 'queue', name: queue };
  }
}

function unknownSystem(message: string, answer: string, remedy: string): InspectorError {
  return new InspectorError('unknown-system', { message, tried: 'choosing an installation', answer, remedy });
}

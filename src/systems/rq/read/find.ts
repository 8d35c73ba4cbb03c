import type { JobRow } from '../../../model';
import { arrayOf, nameOf, plainOf } from '../../reading/replies';
import { executionsKey, jobKey } from '../keys';
import { isStructureOf, isUsualBeside } from '../native';
import { executionOfMember } from '../places';
import { readStandings } from './job/places';
import { learnQueues } from './queues';
import type { Reading } from './reading';
import { readRows, type Standing } from './rows';

/** Queues whose registries are asked for an id besides its own queue. */
const QUEUES = 1000;
/** Queues whose lists are looked through for an id: that takes time that grows with their length. */
const LISTS = 50;

/**
 * A job by its id: a row for each place where it stands (usually one), one row where only its hash is there, none where
 * nothing is. Three round trips.
 */
export async function readFind(
  reading: Reading,
  id: string,
  queue: string | null,
  signal: AbortSignal,
): Promise<readonly JobRow[]> {
  const all = await learnQueues(reading, signal);
  const [origin, status, members] = await reading.broker.read(
    [
      ['HGET', jobKey(id), 'origin'],
      ['HGET', jobKey(id), 'status'],
      ['ZRANGE', executionsKey(id), 0, 19],
    ],
    signal,
  );
  const home = nameOf(origin);
  const near = [home, queue].flatMap(name => name ?? []);
  const queues = [...new Set(queue === null ? [...near, ...all.slice(0, QUEUES)] : near)];
  const executions = arrayOf(members).flatMap(member => {
    const name = nameOf(member);
    return name === null ? [] : [executionOfMember(name) ?? name];
  });
  const started = plainOf(status) === 'started';
  const sought = { id, executions, started };
  const standings = await readStandings(reading, { ...sought, queues, lists: queues.length <= LISTS }, signal);
  const further =
    queues.length > LISTS && near.length > 0
      ? await readStandings(reading, { ...sought, queues: near, lists: true }, signal)
      : [];
  const places = new Map<string, Standing>();
  for (const standing of [...standings, ...further]) {
    if (queue !== null && standing.place.queue !== queue) continue;
    places.set(`${standing.place.structure}:${standing.place.queue}:${standing.member}`, standing);
  }
  const found = [...places.values()];
  const there = plainOf(status) !== null || home !== null;
  if (found.length === 0 && there && (queue === null || queue === home)) {
    found.push({ place: { structure: 'job', queue: home ?? '' }, member: id, score: null });
  }
  return found.length === 0 ? [] : readRows(reading, asStatus(found, plainOf(status)), signal);
}

/**
 * One id is one job. A job that repeats stays among the finished ones of its last run while it is scheduled again, and
 * one of rq-scheduler while it waits or has ended: then its status tells the one place.
 */
function asStatus(found: readonly Standing[], status: string | null): readonly Standing[] {
  if (found.length < 2) return found;
  const fitting = found.filter(({ place }) => isStructureOf(place.structure, status));
  const others = found.filter(standing => !fitting.includes(standing));
  return fitting.length === 1 && others.every(({ place }) => isUsualBeside(place.structure)) ? fitting : found;
}

import type { Command, Reply } from '../../../../brokers/redis/port';
import { bytesOf } from '../../../reading/ids';
import { arrayOf, nameOf, numberOf, scoredOf } from '../../../reading/replies';
import {
  executionsKey,
  FAILED_LIST,
  placeKey,
  REGISTRIES,
  type RqPlace,
  registryKey,
  SCHEDULED_JOBS,
} from '../../keys';
import { idOfMember } from '../../places';
import type { Reading } from '../reading';
import type { Standing } from '../rows';

/** Ends of a list that are looked through where the server has no LPOS (before Redis 6.0.6). */
const ENDS = 5000;

/** Running jobs of a queue that are looked through for one whose execution is not known. */
const RUNNING = 1000;

/** What is known of a job before its places are looked up. */
export interface Sought {
  readonly id: string;
  /** Queues it may stand in: its origin, and where its ref says. */
  readonly queues: readonly string[];
  /** Members it may be in `wip` registries: its id, and with each execution. */
  readonly executions: readonly string[];
  /** Lists are looked through only where the job may stand in one: it takes time that grows with their length. */
  readonly lists: boolean;
  /** Says that it runs: then its place is found even where the record of its execution has expired. */
  readonly started: boolean;
}

/** Every list and registry of its queues in which a job stands. One round trip. */
export async function readStandings(reading: Reading, sought: Sought, signal: AbortSignal): Promise<Standing[]> {
  const probes: { readonly place: RqPlace; readonly member: string; readonly command: Command }[] = [];
  const member = bytesOf(sought.id);
  for (const queue of sought.queues) {
    for (const structure of REGISTRIES) {
      const place: RqPlace = { structure, queue };
      probes.push({ place, member: sought.id, command: ['ZSCORE', placeKey(place)!, member] });
      if (structure !== 'wip') continue;
      for (const execution of sought.executions) {
        const composite = `${sought.id}:${execution}`;
        probes.push({ place, member: composite, command: ['ZSCORE', placeKey(place)!, bytesOf(composite)] });
      }
    }
    if (!sought.lists) continue;
    for (const structure of ['queue', 'intermediate'] as const) {
      const place: RqPlace = { structure, queue };
      if (structure === 'queue' && placeKey(place) === FAILED_LIST && reading.memory.failedListIsLegacy) continue;
      probes.push(...listProbes(reading, place, sought.id));
    }
  }
  const home = sought.queues[0] ?? '';
  if (reading.memory.failedListIsLegacy !== false && sought.lists) {
    probes.push(...listProbes(reading, { structure: 'failed-list', queue: home }, sought.id));
  }
  probes.push({
    place: { structure: 'scheduler', queue: home },
    member: sought.id,
    command: ['ZSCORE', SCHEDULED_JOBS, member],
  });
  // What a dead worker ran stands in `wip` for longer than its executions are kept (RQ 2.0 and later).
  const lost = sought.started && sought.executions.length === 0 ? sought.queues.slice(0, 2) : [];
  const replies = await reading.broker.read(
    [
      ...probes.map(probe => probe.command),
      ...lost.map((queue): Command => ['ZRANGE', registryKey('wip', queue), 0, RUNNING - 1, 'WITHSCORES']),
    ],
    signal,
  );
  const found = new Map<string, Standing>();
  lost.forEach((queue, i) => {
    for (const { member: at, score } of scoredOf(replies[probes.length + i])) {
      if (at === sought.id || idOfMember('wip', at) !== sought.id) continue;
      found.set(`wip:${queue}:${at}`, { place: { structure: 'wip', queue }, member: at, score });
    }
  });
  probes.forEach(({ place, member: at }, i) => {
    const score = standsThere(replies[i], at);
    if (score !== undefined) found.set(`${place.structure}:${place.queue}:${at}`, { place, member: at, score });
  });
  return [...found.values()];
}

function listProbes({ broker }: Reading, place: RqPlace, id: string) {
  const key = placeKey(place)!;
  const commands: Command[] = broker.server.atLeast('6.0.6')
    ? [['LPOS', key, bytesOf(id)]]
    : [
        ['LRANGE', key, 0, ENDS - 1],
        ['LRANGE', key, -ENDS, -1],
      ];
  return commands.map(command => ({ place, member: id, command }));
}

/** The score, null in a list, undefined where it does not stand there. */
function standsThere(reply: Reply | undefined, id: string): number | null | undefined {
  if (Array.isArray(reply)) return arrayOf(reply).some(item => nameOf(item) === id) ? null : undefined;
  if (typeof reply === 'number') return null;
  return numberOf(reply) ?? undefined;
}

/** Commands for the ids of a job's executions (RQ 2.0 and later). */
export const executionsCommand = (id: string): Command => ['ZRANGE', executionsKey(id), 0, 19];

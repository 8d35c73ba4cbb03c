/** A worker as rows and tooltips show it, and whether it is alive. */
import { type Fact, makeRef, type WorkerSummary } from '../../../model';
import { HELD_PLACE } from '../parts';
import type { Node } from './node';

/** Seconds without heartbeat after which a worker counts as gone, as Celery's own default (heartbeat_expires) has it. */
const HEARTBEAT_EXPIRES = 60;
/** Seconds for which an answer shows that a worker is alive where nobody hears heartbeats. */
const ANSWER_HOLDS = 120;
/** Seconds by which a clock may be wrong without being told (celery/events/state.py, DRIFT_MAX). */
const DRIFT_TOLD = 16;

/** What is known of all workers together. */
export interface Signs {
  readonly installation: string;
  /** ms since the epoch. */
  readonly now: number;
  /** Since when heartbeats are heard; null = they are not. */
  readonly hearingSince: number | null;
  /** Of the last question: how many listened beyond those who answered; null where the broker does not tell. */
  readonly listeningSilently: number | null;
  readonly timeoutMs: number;
}

/** One line of the list of workers. */
export function summaryOf(node: Node, signs: Signs): WorkerSummary {
  const { stats, heartbeat, software } = node;
  const { active } = node.held;
  const [current] = active.values();
  const running = Math.max(active.size, node.lastAnswer === null ? (heartbeat?.active ?? 0) : 0);
  const { alive, reason } = judge(node, signs);
  const version = heartbeat?.version ?? software?.celery ?? null;
  const at = node.name.lastIndexOf('@');
  return {
    name: node.name,
    state:
      alive === false
        ? 'gone'
        : node.lastAnswer === null && heartbeat === null
          ? 'unknown'
          : running > 0
            ? 'busy'
            : 'idle',
    queues: node.queues ?? [],
    pid: stats?.pid ?? null,
    host: at < 0 ? null : node.name.slice(at + 1),
    version,
    runtime: software?.python == null ? null : `Python ${software.python}`,
    startedAt: instant(stats?.startedAt ?? null),
    lastHeartbeat: instant(heartbeat?.at ?? null),
    currentJob: current?.id ?? null,
    currentJobRef:
      current === undefined
        ? null
        : makeRef({
            system: 'celery',
            installation: signs.installation,
            place: `${HELD_PLACE}:${node.name}`,
            locator: current.id,
          }),
    currentTask: current?.task ?? null,
    alive,
    aliveReason: reason,
    // Workers count what they processed, not how it ended.
    succeeded: null,
    failed: null,
    workingSeconds: null,
    details: detailsOf(node, running),
  };
}

export const aliveOf = (node: Node, signs: Signs): boolean | null => judge(node, signs).alive;

function judge(node: Node, signs: Signs): { readonly alive: boolean | null; readonly reason: string } {
  const { now } = signs;
  const beat = node.heartbeat?.at ?? null;
  const answer = node.lastAnswer;
  const ago = (at: number) => span((now - at) / 1000);
  if (node.offlineAt !== null) return { alive: false, reason: `signed off ${ago(node.offlineAt)} ago` };
  if (beat === null && answer === null)
    return { alive: null, reason: 'only its name stands on the broker: it may have stopped long ago' };
  const beats = beat !== null && now - beat <= HEARTBEAT_EXPIRES * 1000;
  if (node.silentSince !== null) {
    const within = span(signs.timeoutMs / 1000);
    if (beats) return { alive: true, reason: `sends heartbeats, but did not answer within ${within}` };
    const last = answer === null ? '' : `; last answered ${ago(answer)} ago`;
    if (signs.listeningSilently === 0) return { alive: false, reason: `no longer listens${last}` };
    if (now - node.silentSince > HEARTBEAT_EXPIRES * 1000)
      return { alive: false, reason: `has not answered for ${ago(answer ?? node.silentSince)}` };
    return { alive: null, reason: `did not answer within ${within}: a solo pool answers between two tasks` };
  }
  if (beats) return { alive: true, reason: `heard ${ago(beat)} ago` };
  if (answer !== null && now - answer <= ANSWER_HOLDS * 1000)
    return { alive: true, reason: `answered ${ago(answer)} ago` };
  const missed = beat !== null && signs.hearingSince !== null && now - signs.hearingSince > HEARTBEAT_EXPIRES * 1000;
  if (missed) return { alive: false, reason: `no heartbeat for ${ago(beat)}` };
  return { alive: null, reason: `last heard of ${ago(Math.max(beat ?? 0, answer ?? 0))} ago` };
}

function detailsOf(node: Node, running: number): readonly Fact[] {
  const { stats, heartbeat, software } = node;
  const facts: Fact[] = [];
  const add = (name: string, value: string | number | null | undefined, format: Fact['format'] = 'text') => {
    if (value !== null && value !== undefined && value !== '') facts.push({ name, value: String(value), format });
  };
  add('Pool', stats?.pool);
  add('Concurrency', stats?.concurrency);
  add('Autoscale', stats?.autoscale);
  add('Prefetch', stats?.prefetch);
  if (node.lastAnswer !== null || heartbeat !== null) add('Running', running);
  add('Reserved', node.lastAnswer === null ? null : node.held.reserved.size);
  add('Held until their ETA', node.lastAnswer === null ? null : node.held.scheduled.size);
  add('Processed since its start', heartbeat?.processed ?? stats?.processed);
  add('Registered tasks', node.registered?.size);
  add('Load', heartbeat?.load.slice(0, 3).join(', '));
  add('Memory', stats?.memory, 'size');
  add('kombu', software?.kombu);
  if (heartbeat !== null && Math.abs(heartbeat.drift) > DRIFT_TOLD)
    add('Clock', `${span(Math.abs(heartbeat.drift))} ${heartbeat.drift > 0 ? 'ahead' : 'behind'}`);
  if (node.answers > 1) add('Workers of this name', node.answers);
  return facts;
}

const instant = (at: number | null) => (at === null ? null : new Date(at).toISOString());

/** `2 s`, `4 min`, `3 h`, `2 d`. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7_200) return `${Math.round(s / 60)} min`;
  return s < 172_800 ? `${Math.round(s / 3_600)} h` : `${Math.round(s / 86_400)} d`;
}

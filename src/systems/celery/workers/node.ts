/** One node name, and what its worker (or, where two share the name, its workers) told. */

import { isRecord } from '../../reading/values';
import type { AnsweredCommand, HeldTask } from '../types';
import type { CeleryEvent } from './events';
import { type Held, heldOf, MAX_HELD } from './held';
import { fieldIn, listIn, numberIn, textIn } from './plain';
import { withoutSecrets } from './redact';

export interface Heartbeat {
  /** When it arrived here, ms since the epoch. */
  readonly at: number;
  /** Seconds by which the worker's clock is ahead of ours. */
  readonly drift: number;
  readonly active: number | null;
  readonly processed: number | null;
  readonly load: readonly number[];
  readonly version: string | null;
  readonly system: string | null;
  readonly every: number | null;
}

export interface Stats {
  readonly pid: number | null;
  readonly startedAt: number | null;
  readonly pool: string | null;
  readonly concurrency: number | null;
  readonly prefetch: number | null;
  readonly processed: number;
  /** Bytes. */
  readonly memory: number | null;
  readonly autoscale: string | null;
}

export interface Software {
  readonly celery: string | null;
  readonly kombu: string | null;
  readonly python: string | null;
}

/** Ids of revoked tasks that are kept of one worker; it keeps no more itself (REVOKES_MAX). */
const MAX_REVOKED = 50_000;
const MAX_TASKS = 20_000;

/** One worker by its node name, and what it has told so far. */
export class Node {
  readonly name: string;
  lastAnswer: number | null = null;
  /** Since when it has not answered questions, though it was expected to. */
  silentSince: number | null = null;
  offlineAt: number | null = null;
  heartbeat: Heartbeat | null = null;
  stats: Stats | null = null;
  software: Software | null = null;
  queues: readonly string[] | null = null;
  registered: ReadonlySet<string> | null = null;
  /** Those of the registered tasks that have a rate limit. */
  limited: ReadonlySet<string> | null = null;
  revoked: ReadonlySet<string> | null = null;
  conf: Readonly<Record<string, unknown>> | null = null;
  readonly held: Readonly<Record<Held, Map<string, HeldTask>>> = {
    active: new Map(),
    reserved: new Map(),
    scheduled: new Map(),
  };
  /** Of the last question: how often it was answered under this name, and by which processes. */
  answers = 0;
  pids: readonly number[] = [];
  /** Of the question before. */
  #pidsBefore: readonly number[] = [];
  /** Methods of the last question that have been answered, and how often. */
  readonly #answered = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  get answeredCommands(): number {
    return this.#answered.size;
  }

  /** Whether it has ever told what does not change from one question to the next. */
  get known(): boolean {
    return this.registered !== null && this.conf !== null;
  }

  /** A new question goes out: what is answered from now on belongs to it. */
  asked(): void {
    this.#answered.clear();
  }

  /** @returns whether this is the first of its answers to the question */
  take(answer: AnsweredCommand, now: number): boolean {
    const { method, value } = answer;
    const first = this.#answered.size === 0;
    const times = (this.#answered.get(method) ?? 0) + 1;
    this.#answered.set(method, times);
    if (first) {
      this.#pidsBefore = this.pids.length === 0 ? this.#pidsBefore : this.pids;
      this.pids = [];
    }
    this.answers = first ? 1 : Math.max(this.answers, times);
    this.lastAnswer = now;
    this.silentSince = null;
    this.offlineAt = null;
    if (isRecord(value) && typeof fieldIn(value, 'error') === 'string') return first;
    switch (method) {
      case 'active':
      case 'reserved':
      case 'scheduled': {
        if (times === 1) this.held[method].clear();
        for (const task of heldOf(answer, method)) this.held[method].set(task.id, task);
        break;
      }
      case 'stats':
        this.stats = statsOf(value, now);
        if (times === 1 && this.#isAnother(this.stats.pid)) this.#forget();
        if (this.stats.pid !== null) this.pids = [...this.pids, this.stats.pid];
        break;
      case 'active_queues': {
        const named = listIn(value).flatMap(queue => textIn(fieldIn(queue, 'name')) ?? []);
        this.queues = times === 1 ? named : [...new Set([...(this.queues ?? []), ...named])];
        break;
      }
      case 'registered':
        this.registered = new Set(namesIn(value, MAX_TASKS));
        this.limited = new Set(namesIn(listIn(value).filter(isLimited), MAX_TASKS));
        break;
      case 'revoked':
        this.revoked = new Set(namesIn(value, MAX_REVOKED));
        break;
      case 'conf':
        this.conf = withoutSecrets(value);
        break;
      case 'report':
        this.software = softwareOf(textIn(fieldIn(value, 'ok')) ?? '');
        break;
    }
    return first;
  }

  /** Whether this process has not answered under this name before, though another one has: it was restarted. */
  #isAnother(pid: number | null): boolean {
    return pid !== null && this.#pidsBefore.length > 0 && !this.#pidsBefore.includes(pid);
  }

  /** What one start of a worker told may not hold for the next: it is asked anew. */
  #forget(): void {
    this.registered = null;
    this.limited = null;
    this.revoked = null;
    this.conf = null;
    this.software = null;
  }

  /** @returns whether something changed that a row shows */
  hear(event: CeleryEvent, now: number): boolean {
    if (event.kind === 'worker-offline') {
      this.offlineAt = now;
      for (const tasks of Object.values(this.held)) tasks.clear();
      return true;
    }
    const before = this.heartbeat;
    const wasGone = this.offlineAt !== null || this.silentSince !== null;
    this.heartbeat = heartbeatOf(event, now);
    this.offlineAt = null;
    return before === null || wasGone || before.active !== this.heartbeat.active || event.kind === 'worker-online';
  }

  /** What an event says of a task changes what the worker was last known to hold. */
  moved(event: CeleryEvent): void {
    const { id, kind } = event;
    if (id === null) return;
    const { active, reserved, scheduled } = this.held;
    const known = active.get(id) ?? reserved.get(id) ?? scheduled.get(id);
    for (const tasks of [active, reserved, scheduled]) tasks.delete(id);
    if (kind !== 'task-started' && kind !== 'task-received') return;
    const how = kind === 'task-started' ? 'active' : 'reserved';
    const startedAt = kind === 'task-started' ? Date.parse(event.at) : null;
    const task: HeldTask = {
      ...{ id, task: event.task ?? known?.task ?? null, worker: this.name, how, startedAt },
      eta: known?.eta ?? textIn(event.fields['eta']),
      workerPid: numberIn(event.fields['pid']),
      queue: event.queue ?? known?.queue ?? null,
      args: known?.args ?? null,
      kwargs: known?.kwargs ?? null,
    };
    if (this.held[how].size < MAX_HELD) this.held[how].set(id, task);
  }
}

const isLimited = (item: unknown): boolean => / \[rate_limit=(?!None)[^\]]*\]$/.test(textIn(item) ?? '');

/** `registered` gives names with their rate limits behind: `shop.tasks.mail [rate_limit=10/m]`. */
function namesIn(value: unknown, atMost: number): string[] {
  return listIn(value)
    .slice(0, atMost)
    .flatMap(item => textIn(item)?.replace(/ \[[^\]]*\]$/, '') ?? []);
}

function statsOf(value: unknown, now: number): Stats {
  const pool = fieldIn(value, 'pool');
  const uptime = numberIn(fieldIn(value, 'uptime'));
  const total = fieldIn(value, 'total');
  const scaler = fieldIn(value, 'autoscaler');
  const memory = numberIn(fieldIn(fieldIn(value, 'rusage'), 'maxrss'));
  const least = numberIn(fieldIn(scaler, 'min'));
  const most = numberIn(fieldIn(scaler, 'max'));
  return {
    pid: numberIn(fieldIn(value, 'pid')),
    startedAt: uptime === null ? null : now - uptime * 1000,
    pool: poolOf(pool),
    concurrency: numberIn(fieldIn(pool, 'max-concurrency')),
    prefetch: numberIn(fieldIn(value, 'prefetch_count')),
    processed: isRecord(total) ? Object.values(total).reduce<number>((sum, n) => sum + (numberIn(n) ?? 0), 0) : 0,
    // Kilobytes on Linux, where workers nearly always are; bytes on macOS.
    memory: memory === null ? null : memory * 1024,
    autoscale: least === null || most === null ? null : `${least} to ${most}`,
  };
}

/** Named by workers since 5.3; of older ones each kind tells other things (celery/concurrency/*.py, `_get_info`). */
function poolOf(pool: unknown): string | null {
  // `celery.concurrency.prefork:TaskPool`
  const implementation = textIn(fieldIn(pool, 'implementation'));
  if (implementation !== null) return implementation.replace(/^celery\.concurrency\./, '').replace(/:.*$/, '');
  if (fieldIn(pool, 'writes') !== undefined) return 'prefork';
  if (fieldIn(pool, 'threads') !== undefined) return 'threads';
  if (fieldIn(pool, 'free-threads') !== undefined) return 'eventlet';
  return fieldIn(pool, 'processes') === undefined ? null : 'solo';
}

/** `software -> celery:5.7.0 (name) kombu:5.7.0 py:3.11.7`; the settings that follow are not kept. */
function softwareOf(report: string): Software {
  const head = report.slice(0, 2_000).split('settings ->', 1)[0] ?? '';
  const version = (name: string) => new RegExp(`\\b${name}:(\\d[\\w.+-]*)`).exec(head)?.[1] ?? null;
  return { celery: version('celery'), kombu: version('kombu'), python: version('py') };
}

function heartbeatOf(event: CeleryEvent, now: number): Heartbeat {
  const { fields } = event;
  const sent = numberIn(fields['timestamp']);
  return {
    at: now,
    drift: sent === null ? 0 : sent - now / 1000,
    active: numberIn(fields['active']),
    processed: numberIn(fields['processed']),
    load: listIn(fields['loadavg']).flatMap(value => numberIn(value) ?? []),
    version: textIn(fields['sw_ver']),
    system: textIn(fields['sw_sys']),
    every: numberIn(fields['freq']),
  };
}

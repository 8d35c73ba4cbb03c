import { isRabbit } from '../../brokers/rabbitmq/port';
import { isRedis } from '../../brokers/redis/port';
import type {
  ActionDeclaration,
  ActionRequest,
  Asked,
  Companion,
  Diagnosis,
  Evidence,
  Found,
  Installation,
  Job,
  JobEvent,
  JobPage,
  JobQuery,
  JobRow,
  Looked,
  Offer,
  Overview,
  Plan,
  Problem,
  QueueSystem,
  Ref,
  Report,
  SearchQuery,
  Seen,
  State,
  Step,
  SystemFacts,
  Target,
  WorkerSummary,
} from '../../model';
import type { Actions } from '../acting/actions';
import { createCeleryActions } from './act';
import { completeAll } from './complete';
import { findJob } from './find';
import { readJob } from './job';
import { RABBIT_SOURCES } from './native';
import { readOverview } from './overview';
import { readPage } from './page';
import type { CeleryContext, CeleryParts, Place } from './parts';
import { createRabbitTransport } from './rabbitmq';
import { createRedisTransport } from './redis';
import { createResults, namedBackends } from './results';
import { rowsOfRefs } from './rows';
import { diagnose } from './rules';
import { createSchedules } from './schedules';
import { searchAll } from './search';
import { createMailbox, createWorkers } from './workers';

/** Celery under one key prefix of one broker. Composes messages, results, workers and schedules. */
export class CeleryInstallation implements Installation {
  readonly system: QueueSystem;
  readonly key: string;
  readonly name: string;
  readonly evidence: readonly Evidence[];
  readonly declarations: readonly ActionDeclaration[];
  readonly sources?: SystemFacts['sources'];
  /** Null where hearing needs a queue of our own that nobody asked for. */
  readonly hear?: (signal: AbortSignal) => AsyncIterable<readonly WorkerSummary[]>;
  readonly eventsNeed = {
    text: 'Workers that were started without -E send no task events.',
    action: 'celery.enable-events',
  };
  readonly #parts: CeleryParts;
  readonly #context: CeleryContext;
  readonly #actions: Actions;

  constructor(system: QueueSystem, place: Place, evidence: readonly Evidence[]) {
    this.system = system;
    this.key = place.key;
    this.name = place.key === '' ? 'Celery' : `Celery ${place.key}`;
    this.evidence = evidence;
    if (isRabbit(place.broker)) this.sources = RABBIT_SOURCES;
    const mailbox = createMailbox(place);
    const redis = isRedis(place.broker)
      ? createRedisTransport(place, mailbox, evidence, () => workers.fleet.prioritySteps)
      : null;
    const transport = redis ?? createRabbitTransport(place, mailbox, evidence);
    const workers = createWorkers(place, mailbox);
    const results = createResults(place, () => namedBackends(workers.fleet.configurations.values()));
    const problems: Problem[] = [];
    this.#parts = { ...place, transport, redis, results, workers, schedules: createSchedules(place), problems };
    this.#context = {
      ...this.#parts,
      rows: (refs, signal) => rowsOfRefs(this.#parts, refs, signal),
      job: (ref, signal) => this.job(ref, signal),
      search: (query, signal) => this.search(query, signal),
      page: (query, signal) => this.jobs(query, signal),
      ask: (signal, destination) => workers.ask(signal, destination),
    };
    this.#actions = createCeleryActions(this.#context);
    this.declarations = this.#actions.declarations;
    if (workers.hear !== null) this.hear = workers.hear;
  }

  get companions(): readonly Companion[] {
    return [this.#parts.results.companion];
  }

  get taskNames(): readonly string[] {
    const { registered } = this.#parts.workers.fleet;
    return [...new Set([...registered.values()].flatMap(names => [...names]))].sort();
  }

  overview(signal: AbortSignal): Promise<Overview> {
    return readOverview(this.#parts, this.name, this.evidence, signal);
  }

  jobs(query: JobQuery, signal: AbortSignal): Promise<JobPage> {
    return readPage(this.#parts, query, signal);
  }

  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<Found | Looked> {
    return searchAll(this.#parts, query, signal);
  }

  job(ref: Ref, signal: AbortSignal): Promise<Job> {
    return readJob(this.#parts, ref, signal);
  }

  find(id: string, queue: string | null, signal: AbortSignal): Promise<readonly JobRow[]> {
    return findJob(this.#parts, id, queue, signal);
  }

  actions(target: Target, state: State | null): readonly Offer[] {
    return this.#actions.actions(target, state);
  }

  plan(request: ActionRequest, signal: AbortSignal): Promise<Plan> {
    return this.#actions.plan(request, signal);
  }

  perform(plan: Plan, signal: AbortSignal): AsyncGenerator<Step, Report, void> {
    return this.#actions.perform(plan, signal);
  }

  ask(signal: AbortSignal): AsyncIterable<Asked> {
    return this.#parts.workers.ask(signal);
  }

  listen(signal: AbortSignal): AsyncIterable<JobEvent> {
    return this.#parts.workers.listen(signal);
  }

  complete(signal: AbortSignal): AsyncIterable<Looked> {
    return completeAll(this.#parts, signal);
  }

  diagnose(seen: Seen, signal: AbortSignal): AsyncIterable<Diagnosis> {
    return diagnose(this.#context, seen, signal);
  }
}

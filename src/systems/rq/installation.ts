import type {
  ActionDeclaration,
  ActionRequest,
  Diagnosis,
  Evidence,
  Found,
  Installation,
  Job,
  JobPage,
  JobQuery,
  JobRow,
  Looked,
  Offer,
  Overview,
  Plan,
  QueueSystem,
  Ref,
  Report,
  SearchQuery,
  Seen,
  State,
  Step,
  Target,
} from '../../model';
import type { Actions } from '../acting/actions';
import { createRqActions, type Generation, generationOf } from './act';
import { readFind } from './read/find';
import { readJob } from './read/job';
import { readOverview } from './read/overview';
import { readPage } from './read/page';
import type { Reading } from './read/reading';
import { readRefs } from './read/rows';
import { readSearch } from './read/search';
import { diagnose } from './rules';

/** RQ on one Redis database: it has no namespaces, so there is one installation at most. Delegates to read/ and act/. */
export class RqInstallation implements Installation {
  readonly key = '';
  readonly name = 'RQ';
  readonly declarations: readonly ActionDeclaration[];
  readonly system: QueueSystem;
  readonly evidence: readonly Evidence[];
  readonly #reading: Reading;
  readonly #acting: Actions;
  #known: Generation | null = null;

  constructor(system: QueueSystem, reading: Reading, evidence: readonly Evidence[]) {
    this.system = system;
    this.evidence = evidence;
    this.#reading = reading;
    this.#acting = createRqActions({
      broker: reading.broker,
      known: () => this.#known,
      rows: (refs, signal) => readRefs(reading, refs, signal),
      search: (query, signal) => this.search(query, signal),
    });
    this.declarations = this.#acting.declarations;
  }

  async overview(signal: AbortSignal): Promise<Overview> {
    const overview = await readOverview(this.#reading, signal);
    const workers = overview.workers.filter(worker => worker.alive !== false);
    this.#known = generationOf(
      workers.map(({ version, runtime, host }) => ({
        version,
        python: runtime === null ? null : runtime.replace(/^Python /, ''),
        hostname: host,
      })),
      this.#reading.memory.failedListIsLegacy === true,
    );
    return overview;
  }

  jobs(query: JobQuery, signal: AbortSignal): Promise<JobPage> {
    return readPage(this.#reading, query, signal);
  }

  search(query: SearchQuery, signal: AbortSignal): AsyncIterable<Found | Looked> {
    return readSearch(this.#reading, query, signal);
  }

  job(ref: Ref, signal: AbortSignal): Promise<Job> {
    return readJob(this.#reading, ref, signal);
  }

  find(id: string, queue: string | null, signal: AbortSignal): Promise<readonly JobRow[]> {
    return readFind(this.#reading, id, queue, signal);
  }

  actions(target: Target, state: State | null): readonly Offer[] {
    return this.#acting.actions(target, state);
  }

  plan(request: ActionRequest, signal: AbortSignal): Promise<Plan> {
    return this.#acting.plan(request, signal);
  }

  perform(plan: Plan, signal: AbortSignal): AsyncGenerator<Step, Report, void> {
    return this.#acting.perform(plan, signal);
  }

  diagnose(seen: Seen, signal: AbortSignal): AsyncIterable<Diagnosis> {
    return diagnose(this.#reading, seen, signal);
  }
}

/** The installations found on one broker, and the last overview of each. */
import {
  type AskedSummary,
  asInspectorError,
  type Broker,
  type Companions,
  type InspectorError,
  type Installation,
  type Overview,
  type QueueSystem,
} from '../model';
import type { ConnectionProfile, DetectionProblem, InstallationView } from './api';

export interface Detection {
  /** Systems that could not be looked for. */
  readonly problems: readonly DetectionProblem[];
}

/** Identity of an installation on its broker. */
export const installationId = (installation: Installation) => `${installation.system.id}/${installation.key}`;

export class Inventory {
  readonly #systems: readonly QueueSystem[];
  #views: readonly InstallationView[] = [];

  constructor(systems: readonly QueueSystem[]) {
    this.#systems = systems;
  }

  get views(): readonly InstallationView[] {
    return this.#views;
  }

  /**
   * Looks for every system. What was known stays the same object, so that a refresh changes rows and never rebuilds;
   * one system that cannot be looked for hides no other. @throws InspectorError `connection-lost`, `aborted`.
   */
  async detect(
    broker: Broker,
    options: ConnectionProfile['options'],
    signal: AbortSignal,
    companions?: (system: string) => Companions,
  ): Promise<Detection> {
    const problems: DetectionProblem[] = [];
    const found = await Promise.all(
      this.#systems.map(async system => {
        try {
          return await system.detect(broker, options?.[system.id] ?? {}, signal, companions?.(system.id));
        } catch (thrown) {
          const error = asInspectorError(thrown, `looking for ${system.title}`);
          if (error.code === 'connection-lost' || error.code === 'aborted') throw error;
          problems.push({ system: system.id, error });
          return this.#views.filter(view => view.installation.system.id === system.id).map(view => view.installation);
        }
      }),
    );
    const known = new Map(this.#views.map(view => [installationId(view.installation), view]));
    this.#views = found
      .flat()
      .map(installation => known.get(installationId(installation)) ?? { installation, overview: null, problem: null });
    return { problems };
  }

  /** Keeps showing what an inventory of the same broker read last, until new overviews come. */
  keeping(old: Inventory): this {
    const before = new Map(old.views.map(view => [installationId(view.installation), view]));
    this.#views = this.#views.map(view => {
      const known = before.get(installationId(view.installation));
      return known === undefined ? view : { ...view, overview: known.overview, problem: known.problem };
    });
    return this;
  }

  /** Puts what workers have told into the rows that are shown. @returns whether anything is shown that it changes */
  patch(installation: Installation, known: { workers: Overview['workers']; asked?: AskedSummary }): boolean {
    const at = this.#views.findIndex(view => view.installation === installation);
    const view = this.#views[at];
    if (view === undefined || view.overview === null) return false;
    const asked = known.asked ?? view.overview.asked;
    const overview = { ...view.overview, workers: known.workers, ...(asked === undefined ? {} : { asked }) };
    this.#views = this.#views.with(at, { ...view, overview });
    return true;
  }

  /** Reads every overview; one that fails keeps its rows and says why. @returns the error when the broker is lost */
  async read(signal: AbortSignal): Promise<InspectorError | null> {
    let lost: InspectorError | null = null;
    const read = await Promise.all(
      this.#views.map(async (view): Promise<InstallationView> => {
        try {
          return { ...view, overview: await view.installation.overview(signal), problem: null };
        } catch (thrown) {
          const error = asInspectorError(thrown, `reading ${view.installation.name}`);
          if (error.code === 'connection-lost') lost = error;
          return error.code === 'aborted' ? view : { ...view, problem: error };
        }
      }),
    );
    this.#views = read;
    return lost;
  }
}

/** The installations found on one broker, and the last overview of each. */
import { asInspectorError, type Broker, type InspectorError, type Installation, type QueueSystem } from '../model';
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
  async detect(broker: Broker, options: ConnectionProfile['options'], signal: AbortSignal): Promise<Detection> {
    const problems: DetectionProblem[] = [];
    const found = await Promise.all(
      this.#systems.map(async system => {
        try {
          return await system.detect(broker, options?.[system.id] ?? {}, signal);
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

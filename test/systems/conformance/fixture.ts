/** What a system brings to the conformance suite: a broker on which its real framework has left jobs. */
import type { Link } from '../../../src/inspector';
import type { Companions, QueueSystem, SystemOptions, UndoUnit } from '../../../src/model';
import type { Dump } from '../../support';

export interface Fixture {
  /** `RQ 2.12.0` */
  readonly title: string;
  readonly system: QueueSystem;
  /** Values for actions whose schema alone does not tell what they take, by the id of the action. */
  readonly parameters?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Why an item of a plan may be refused while it runs: what nobody but the workers tells, and no plan asks them. */
  readonly toldByWorkers?: RegExp;
  /**
   * Makes a broker with at least two jobs that wait and, where the system keeps failures, two that have failed, and
   * whatever further states it has. Nothing may be at work there once this resolves, so that two dumps can be compared.
   */
  start(): Promise<World>;
  /** The same kind of broker with nothing of the system on it. */
  startEmpty(): Promise<World>;
}

export interface World extends AsyncDisposable {
  readonly link: Link;
  /** As `detect` is given them; none unless told. */
  readonly options?: SystemOptions;
  readonly companions?: Companions;
  /** Everything on the broker, and on further brokers that the system writes to, but what the inspector itself remembers of its steps. */
  dump(): Promise<Dump>;
  /** Round trips that the link has made so far. */
  roundTrips(): number;
  /** Undoes units in this order, on the broker that each names; true = put back, text = why not. */
  undo(units: readonly UndoUnit[], record: string): Promise<readonly (true | string)[]>;
}

/** What a system brings to the conformance suite: a broker on which its real framework has left jobs. */
import type { Link } from '../../../src/inspector';
import type { QueueSystem } from '../../../src/model';
import type { Dump } from '../../support';

export interface Fixture {
  /** `RQ 2.12.0` */
  readonly title: string;
  readonly system: QueueSystem;
  /**
   * Makes a broker with at least two jobs that wait and two that have failed, and whatever further states the system
   * has. Nothing may be at work there once this resolves, so that two dumps can be compared.
   */
  start(): Promise<World>;
  /** The same kind of broker with nothing of the system on it. */
  startEmpty(): Promise<World>;
}

export interface World extends AsyncDisposable {
  readonly link: Link;
  /** Everything on the broker but what the inspector itself remembers of its steps. */
  dump(): Promise<Dump>;
  /** Round trips that the link has made so far. */
  roundTrips(): number;
}

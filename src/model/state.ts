import type { Count } from './count';

/** The states every system's own states are mapped onto, in the order in which people read them. */
export const STATES = [
  'waiting',
  'scheduled',
  'deferred',
  'running',
  'taken',
  'failed',
  'finished',
  'canceled',
  'dead',
] as const;

export type State = (typeof STATES)[number];

/** A key for every state the system has a notion of; no key where there is no such notion. */
export type StateCounts = Readonly<Partial<Record<State, Count>>>;

export function isState(text: string): text is State {
  return (STATES as readonly string[]).includes(text);
}

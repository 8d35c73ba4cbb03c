import type { App } from '../app';

/** One command: what it runs, and what it does when it cannot. */
export interface Command {
  readonly run: (app: App, ...given: readonly unknown[]) => unknown;
  /** What must be there; else the command says so and offers the door to it. */
  readonly needs?: 'saved' | 'connected';
}

export type CommandTable = Readonly<Record<string, Command>>;

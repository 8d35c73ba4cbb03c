import type { RowKind } from '../tree/model/context-value';

/** A command of ours that runs a declared action on the rows it was called for. */
export interface ActionCommand {
  readonly command: string;
  /** Id of the declared action. */
  readonly action: string;
  readonly on: readonly RowKind[];
}

/**
 * VS Code's menus are static, declared actions are not: one command for each action id that systems share. A system's
 * own actions (`<system>.<verb>`) are reached by `jobQueues.moreActions`. The manifest test holds this table and the
 * menus against each other.
 */
export const ACTION_COMMANDS = [
  { command: 'jobQueues.retry', action: 'retry', on: ['job'] },
  { command: 'jobQueues.retryAll', action: 'retry', on: ['trouble', 'state'] },
  { command: 'jobQueues.runNow', action: 'run-now', on: ['job', 'schedule'] },
  { command: 'jobQueues.runAllNow', action: 'run-now', on: ['state'] },
  { command: 'jobQueues.cancel', action: 'cancel', on: ['job'] },
  { command: 'jobQueues.cancelAll', action: 'cancel', on: ['state'] },
  { command: 'jobQueues.revoke', action: 'revoke', on: ['job'] },
  { command: 'jobQueues.stop', action: 'stop', on: ['job'] },
  { command: 'jobQueues.enqueueCopy', action: 'enqueue-copy', on: ['job'] },
  { command: 'jobQueues.move', action: 'move', on: ['job'] },
  { command: 'jobQueues.moveAll', action: 'move', on: ['trouble', 'state'] },
  { command: 'jobQueues.giveBack', action: 'give-back', on: ['job'] },
  { command: 'jobQueues.giveBackAll', action: 'give-back', on: ['state'] },
  { command: 'jobQueues.deleteJob', action: 'delete', on: ['job'] },
  { command: 'jobQueues.deleteAll', action: 'delete', on: ['trouble', 'state'] },
  { command: 'jobQueues.removeSchedule', action: 'delete', on: ['schedule'] },
  { command: 'jobQueues.reschedule', action: 'reschedule', on: ['schedule'] },
  { command: 'jobQueues.emptyQueue', action: 'empty', on: ['queue'] },
  { command: 'jobQueues.deleteQueue', action: 'delete-queue', on: ['queue'] },
  { command: 'jobQueues.pause', action: 'pause', on: ['queue', 'schedule', 'installation'] },
  { command: 'jobQueues.resume', action: 'resume', on: ['queue', 'schedule', 'installation'] },
  { command: 'jobQueues.stopWorker', action: 'stop-worker', on: ['worker'] },
  { command: 'jobQueues.forgetWorker', action: 'forget-worker', on: ['worker'] },
  { command: 'jobQueues.askWorker', action: 'ask', on: ['worker'] },
] as const satisfies readonly ActionCommand[];

/** Actions that have a command of their own, `enqueue` being one that also the palette offers. */
export const ACTION_FLAGS: ReadonlySet<string> = new Set([...ACTION_COMMANDS.map(({ action }) => action), 'enqueue']);

/** Whether a menu shows this action on rows of this kind; what has none is reached by `jobQueues.moreActions`. */
export function hasCommand(action: string, kind: string): boolean {
  const commands: readonly ActionCommand[] = ACTION_COMMANDS;
  return action === 'enqueue' || commands.some(each => each.action === action && each.on.some(on => on === kind));
}

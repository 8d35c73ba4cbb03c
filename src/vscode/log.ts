import type * as vscode from 'vscode';
import { InspectorError } from '../model';

/** The one log of the extension, "Job Queues" among the output channels. Holds details, never secrets. */
export class Log {
  readonly #channel: vscode.LogOutputChannel;

  constructor(channel: vscode.LogOutputChannel) {
    this.#channel = channel;
  }

  /** A line about what goes on. */
  info(line: string): void {
    this.#channel.info(withoutSecrets(line));
  }

  /** A failure with all that is known about it. */
  error(while_: string, thrown: unknown): void {
    this.#channel.error(withoutSecrets(`${while_}: ${detailsOf(thrown)}`));
  }

  show(): void {
    this.#channel.show(true);
  }
}

function detailsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown instanceof InspectorError ? ` [${thrown.code}] ${thrown.tried} → ${thrown.answer}` : '';
  const cause = thrown.cause === undefined ? '' : `\ncaused by ${detailsOf(thrown.cause)}`;
  return `${thrown.message}${own}\n${thrown.stack ?? ''}${cause}`;
}

/** The user part of any URL, whoever wrote it into a message. */
function withoutSecrets(line: string): string {
  return line.replace(/([a-z][a-z0-9+.-]*:\/\/)([^\s/@]*@)/gi, (_all, scheme: string, user: string) => {
    const name = user.slice(0, -1).split(':')[0] ?? '';
    return `${scheme}${name === '' ? '' : `${name}@`}`;
  });
}

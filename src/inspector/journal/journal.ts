/**
 * What was done, when and to what, in a folder that only the user can read. Every entry has files of its own, so that
 * several windows write side by side and a crash costs nothing but the last line:
 * `{token}.jsonl` its lines (append-only, no payloads), `{token}.undo.jsonl` exact copies for undo (bounded, the oldest
 * go first), `{token}.undone` the claim of whoever undid it.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { t } from '@vscode/l10n';
import * as v from 'valibot';
import { InspectorError, type UndoUnit } from '../../model';
import type { Journal, JournalEntry, Unsubscribe } from '../api';
import { Emitter } from '../emitter';
import type { JournalOptions } from '../ports';
import { copiesBackwards } from './copies';
import { type BeginLine, TOKEN } from './lines';
import { type ReadEntry, readEntry } from './reader';
import { EntryWriter } from './writer';

const DEFAULT_MAX_BYTES = 256 << 20;
const DEFAULT_KEEP_DAYS = 30;
const DAY = 86_400_000;

export type NewEntry = Omit<BeginLine, 'line' | 'version' | 'token' | 'at' | 'pid' | 'session'>;

const claimSchema = v.object({ pid: v.number(), session: v.string(), ended: v.boolean() });

export class FileJournal implements Journal {
  readonly #folder: string;
  readonly #options: JournalOptions;
  readonly #changed = new Emitter();
  readonly #session = randomBytes(8).toString('hex');
  readonly #running = new Set<string>();
  #pruning: Promise<void> = Promise.resolve();
  readonly #read = new Map<string, { readonly stamp: string; readonly entry: ReadEntry | null }>();

  constructor(options: JournalOptions) {
    this.#folder = options.folder;
    this.#options = options;
  }

  get maxBytes(): number {
    return this.#options.maxBytes ?? DEFAULT_MAX_BYTES;
  }

  onDidChange(listener: () => void): Unsubscribe {
    return this.#changed.on(listener);
  }

  /** Opens an entry; its first line is on its way to the disk when this returns. @throws InspectorError */
  async begin(entry: NewEntry, keepsCopies: boolean): Promise<EntryWriter> {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      chmodSync(this.#folder, 0o700);
      await this.#pruning;
      await this.#prune();
      const at = new Date(this.#now()).toISOString();
      const token = `${at.replace(/[-:.Z]/g, '')}-${randomBytes(6).toString('hex')}`;
      const pids = { pid: process.pid, session: this.#session };
      const writer = new EntryWriter({
        begin: { line: 'begin', version: 1, token, at, ...pids, ...entry },
        file: this.#path(token, 'jsonl'),
        copies: keepsCopies ? this.#path(token, 'undo.jsonl') : null,
        maxBytes: this.maxBytes,
        onEnd: () => {
          this.#running.delete(token);
          // Together with what was just kept, the copies may exceed their bound.
          this.#pruning = this.#pruning.then(() => this.#prune()).catch(() => undefined);
          this.#changed.fire();
        },
      });
      this.#running.add(token);
      this.#changed.fire();
      return writer;
    } catch (thrown) {
      throw journalError(thrown, this.#folder);
    }
  }

  async entries(): Promise<readonly JournalEntry[]> {
    await this.#pruning;
    const names = await this.#names();
    const tokens = names.filter(name => name.endsWith('.jsonl') && !name.endsWith('.undo.jsonl'));
    const entries = await Promise.all(
      tokens
        .sort()
        .reverse()
        .map(name => this.#entry(name.slice(0, -'.jsonl'.length), names)),
    );
    return entries.filter(entry => entry !== null);
  }

  /** @throws InspectorError `gone` for a token without an entry */
  async entry(token: string): Promise<JournalEntry> {
    const entry = TOKEN.test(token) ? await this.#entry(token, await this.#names()) : null;
    if (entry !== null) return entry;
    throw new InspectorError('gone', {
      message: t('The journal has no entry {0}.', token.slice(0, 60)),
      tried: t('reading the journal'),
      answer: t('there is no such entry in {0}', this.#folder),
      remedy: t('Entries are removed after some days. List the journal to see what is left.'),
    });
  }

  /** Where an entry was made, for those who must not undo it elsewhere. */
  async origin(token: string): Promise<{ readonly address: string; readonly installation: string }> {
    await this.entry(token);
    const begin = (await this.#lines(token))?.begin;
    return { address: begin?.address ?? '', installation: begin?.installation ?? '' };
  }

  /** The exact copies of an entry, last step first. */
  copies(token: string): AsyncGenerator<readonly UndoUnit[], void> {
    return copiesBackwards(this.#path(token, 'undo.jsonl'));
  }

  /** Takes the one right to undo an entry; false where somebody has it, in this window or another. */
  async claimUndo(token: string): Promise<boolean> {
    const path = this.#path(token, 'undone');
    const claim = this.#claim(false);
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await writeFile(path, claim, { flag: 'wx', mode: 0o600 });
        return true;
      } catch (thrown) {
        if (!isExisting(thrown)) throw journalError(thrown, this.#folder);
        const held = await this.#heldClaim(token);
        if (held === 'held') return false;
        // Whoever had it ended half-way. Copies are guarded, so undoing again what was put back does nothing.
        await rm(path, { force: true });
      }
    }
    return false;
  }

  /** The undo has run (`done`), or nothing was written and it may be tried again. */
  async endClaim(token: string, done: boolean): Promise<void> {
    const path = this.#path(token, 'undone');
    if (done) await writeFile(path, this.#claim(true), { mode: 0o600 });
    else await rm(path, { force: true });
    this.#changed.fire();
  }

  /** Removes everything but what runs. It takes Undo away. */
  async clear(): Promise<void> {
    for (const name of await this.#names()) {
      if (!this.#running.has(name.split('.', 1)[0] ?? '')) await rm(join(this.#folder, name), { force: true });
    }
    this.#changed.fire();
  }

  async #entry(token: string, names: readonly string[]): Promise<JournalEntry | null> {
    const read = await this.#lines(token);
    if (read === null) return null;
    const { begin, end, counts, items } = read;
    const copies = `${token}.undo.jsonl`;
    const savedBytes = names.includes(copies) ? await sizeOf(join(this.#folder, copies)) : 0;
    const claim = names.includes(`${token}.undone`) ? await this.#heldClaim(token) : 'free';
    const running = end === null && this.#stillRuns(begin);
    const state = running ? 'running' : claim === 'held' ? 'undone' : end === null || end.stopped ? 'stopped' : 'done';
    const noUndo = running
      ? t('It is still running.')
      : claim === 'held'
        ? t('It has been undone.')
        : (end?.notUndoable ??
          begin.notUndoable ??
          (savedBytes === 0 ? t('Its exact copies are no longer kept.') : null));
    const { at, connection, system, action, where, total } = begin;
    const title = end?.title ?? begin.title;
    return {
      ...(begin.noun === undefined ? {} : { noun: begin.noun }),
      token,
      at,
      connection,
      system,
      action,
      title,
      where,
      total,
      counts,
      items,
      state,
      notUndoable: noUndo,
      savedBytes,
    };
  }

  async #lines(token: string): Promise<ReadEntry | null> {
    const path = this.#path(token, 'jsonl');
    try {
      const { size, mtimeMs } = await stat(path);
      const stamp = `${size} ${mtimeMs}`;
      const known = this.#read.get(token);
      if (known?.stamp === stamp) return known.entry;
      const entry = await readEntry(path);
      this.#read.set(token, { stamp, entry });
      return entry;
    } catch {
      return null;
    }
  }

  #stillRuns(begin: BeginLine): boolean {
    if (begin.session === this.#session) return this.#running.has(begin.token);
    return begin.pid !== process.pid && isAlive(begin.pid);
  }

  async #heldClaim(token: string): Promise<'held' | 'free'> {
    try {
      const claim = v.parse(claimSchema, JSON.parse(await readFile(this.#path(token, 'undone'), 'utf8')));
      if (claim.ended || claim.session === this.#session) return 'held';
      return claim.pid !== process.pid && isAlive(claim.pid) ? 'held' : 'free';
    } catch {
      return 'free';
    }
  }

  #claim(ended: boolean): string {
    return JSON.stringify({ pid: process.pid, session: this.#session, ended });
  }

  /** Removes what is too old, then the oldest copies until the rest fits. */
  async #prune(): Promise<void> {
    const names = (await this.#names()).sort();
    const keep = (this.#options.keepDays?.() ?? DEFAULT_KEEP_DAYS) * DAY;
    const copies: { readonly path: string; readonly size: number }[] = [];
    for (const name of names) {
      const token = name.split('.', 1)[0] ?? '';
      const path = join(this.#folder, name);
      if (this.#running.has(token)) continue;
      if (this.#now() - instantOf(token) > keep) await rm(path, { force: true });
      else if (name.endsWith('.undo.jsonl')) copies.push({ path, size: await sizeOf(path) });
    }
    let bytes = copies.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of copies) {
      if (bytes <= this.maxBytes) break;
      await rm(path, { force: true });
      bytes -= size;
    }
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter(name => TOKEN.test(name.split('.', 1)[0] ?? ''));
    } catch {
      return [];
    }
  }

  #path(token: string, ending: string): string {
    if (!TOKEN.test(token)) throw new Error('no token of the journal');
    return join(this.#folder, `${token}.${ending}`);
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function instantOf(token: string): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(token) ?? [];
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}

const isExisting = (thrown: unknown) => thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';

function journalError(thrown: unknown, folder: string): InspectorError {
  if (thrown instanceof InspectorError) return thrown;
  const answer = thrown instanceof Error ? thrown.message : String(thrown);
  return new InspectorError(
    'internal',
    {
      message: t('The journal could not be written, so nothing was changed: {0}', answer),
      tried: t('writing to the journal in {0}', folder),
      answer,
      remedy: t('Free some space, or make the folder writable for you.'),
    },
    { cause: thrown },
  );
}

/** Writes one entry while an action runs: what a step is about to do stands in the files before the step begins. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { t } from '@vscode/l10n';
import type { ItemOutcome, Step } from '../../model';
import { formatSize } from '../present/format';
import { addCounts, type BeginLine, type Counts, countOutcomes, type Line, noCounts, type UndoLine } from './lines';

export interface WriterOptions {
  readonly begin: BeginLine;
  /** Path of the entry's lines; that of its copies, or null where none are kept. */
  readonly file: string;
  readonly copies: string | null;
  /** Bytes of copies that may be kept. */
  readonly maxBytes: number;
  readonly onEnd: () => void;
}

/** What a step did is written at once, but together with the next step while steps follow each other quickly. */
const GATHER_MS = 50;
/** Steps of 2 ms each write a few kB: synchronous appends cost 20 µs and keep the order; no fsync between them. */
const PRIVATE = 0o600;

export class EntryWriter {
  readonly token: string;
  readonly #options: WriterOptions;
  readonly #file: number;
  #copies: number | null;
  #notUndoable: string | null;
  #savedBytes = 0;
  #lines = '';
  #copyLines = '';
  #writtenAt = 0;
  readonly #counts = noCounts();
  #open: { readonly step: string; readonly subjects: readonly string[] } | null = null;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.token = options.begin.token;
    this.#notUndoable = options.begin.notUndoable;
    this.#file = openSync(options.file, 'ax', PRIVATE);
    this.#copies = options.copies === null ? null : openSync(options.copies, 'ax', PRIVATE);
    this.#add(options.begin);
    this.#flush();
  }

  /** Why it cannot be undone, as known by now. */
  get notUndoable(): string | null {
    return this.#notUndoable;
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  /** What had begun and has not been answered for. */
  get unanswered(): readonly string[] {
    return this.#open?.subjects ?? [];
  }

  /** Before a step. @throws the file system's error: then the step must not run. */
  about(step: Step & { readonly phase: 'about' }): void {
    this.#open = { step: step.stepId, subjects: step.subjects };
    this.#add({ line: 'about', step: step.stepId, subjects: [...step.subjects] });
    if (step.undo.length > 0) this.#keep({ step: step.stepId, phase: 'about', not: [], units: step.undo });
    this.#flush();
  }

  /** After a step. */
  did(step: Step & { readonly phase: 'did' }): void {
    this.#open = null;
    const rest = step.outcomes.filter(item => item.outcome !== 'done');
    const counts = countOutcomes(step.outcomes);
    addCounts(this.#counts, counts);
    this.#add({ line: 'did', step: step.stepId, counts, items: rest.map(plain) });
    const not = rest.filter(item => item.outcome !== 'unknown').flatMap(item => (item.id === null ? [] : [item.id]));
    this.#keep({ step: step.stepId, phase: 'did', not, units: step.undo });
    if (Date.now() - this.#writtenAt >= GATHER_MS) this.#flush();
  }

  /** The last line. Nothing can be written afterwards. */
  end(report: {
    readonly title: string;
    readonly counts: Readonly<Counts>;
    readonly items: readonly ItemOutcome[];
    readonly stopped: boolean;
  }): void {
    const { title, counts, items, stopped } = report;
    const notUndoable = this.#notUndoable ?? (counts.done + counts.unknown === 0 ? t('Nothing was changed.') : null);
    this.#notUndoable = notUndoable;
    const at = new Date().toISOString();
    this.#add({ line: 'end', at, title, counts: { ...counts }, items: items.map(plain), stopped, notUndoable });
    try {
      this.#flush();
    } finally {
      this.close();
    }
  }

  /** Ends without a last line: the entry reads as stopped half-way, which is then the truth. */
  close(): void {
    closeSync(this.#file);
    if (this.#copies !== null) closeSync(this.#copies);
    this.#copies = null;
    this.#options.onEnd();
  }

  #add(line: Line): void {
    this.#lines += `${JSON.stringify(line)}\n`;
  }

  #keep(line: UndoLine): void {
    if (this.#copies === null) return;
    const text = `${JSON.stringify({ step: line.step, phase: line.phase, not: line.not, units: line.units })}\n`;
    this.#savedBytes += Buffer.byteLength(text);
    if (this.#savedBytes <= this.#options.maxBytes) {
      this.#copyLines += text;
      return;
    }
    ftruncateSync(this.#copies, 0);
    closeSync(this.#copies);
    this.#copies = null;
    this.#copyLines = '';
    this.#notUndoable = t('Its exact copies exceeded the {0} that are kept.', formatSize(this.#options.maxBytes));
  }

  /** Copies first: a line that names a step must not stand without what undoes it. */
  #flush(): void {
    if (this.#copies !== null && this.#copyLines !== '') writeAll(this.#copies, this.#copyLines);
    this.#copyLines = '';
    if (this.#lines !== '') writeAll(this.#file, this.#lines);
    this.#lines = '';
    this.#writtenAt = Date.now();
  }
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

const plain = ({ ref, id, outcome, reason }: ItemOutcome) => ({ ref, id, outcome, reason });

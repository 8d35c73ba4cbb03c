/** Writes one entry while an action runs: what a step is about to do stands in the files before the step begins. */
import { closeSync, openSync } from 'node:fs';
import { t } from '@vscode/l10n';
import type { ItemOutcome, Step } from '../../model';
import { formatSize } from '../present/format';
import { CopyFile, writeAll } from './copy-file';
import {
  addCounts,
  type BeginLine,
  type Counts,
  countOutcomes,
  type Line,
  noCounts,
  type UndoLine,
  undoText,
} from './lines';

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

export class EntryWriter {
  readonly token: string;
  readonly #options: WriterOptions;
  readonly #file: number;
  #copies: CopyFile | null;
  #notUndoable: string | null;
  #lines = '';
  #writtenAt = 0;
  readonly #counts = noCounts();
  #unanswered: readonly string[] = [];

  constructor(options: WriterOptions) {
    this.#options = options;
    this.token = options.begin.token;
    this.#notUndoable = options.begin.notUndoable;
    this.#file = openSync(options.file, 'ax', 0o600);
    this.#copies = options.copies === null ? null : new CopyFile(options.copies, options.maxBytes);
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

  /** Subjects of a step that had begun and has not been answered for. */
  get unanswered(): readonly string[] {
    return this.#unanswered;
  }

  /** Before a step. @throws the file system's error: then the step must not run. */
  about(step: Step & { readonly phase: 'about' }): void {
    const { stepId, subjects, undo } = step;
    // Copies first: a line that names a step must not stand without what undoes it.
    if (undo.length > 0) this.#keep({ step: stepId, phase: 'about', not: [], units: undo });
    this.#add({ line: 'about', step: stepId, subjects: [...subjects] });
    this.#flush();
    this.#unanswered = subjects;
  }

  /** After a step. */
  did(step: Step & { readonly phase: 'did' }): void {
    this.#unanswered = [];
    const rest = step.outcomes.filter(item => item.outcome !== 'done');
    const counts = countOutcomes(step.outcomes);
    addCounts(this.#counts, counts);
    this.#add({ line: 'did', step: step.stepId, counts, items: rest.map(plain) });
    const not = rest.filter(item => item.outcome !== 'unknown').flatMap(item => (item.id === null ? [] : [item.id]));
    if (step.undo.length + not.length > 0) this.#keep({ step: step.stepId, phase: 'did', not, units: step.undo });
    if (performance.now() - this.#writtenAt >= GATHER_MS) this.#flush();
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
    this.#copies?.close();
    this.#copies = null;
    this.#options.onEnd();
  }

  #add(line: Line): void {
    this.#lines += `${JSON.stringify(line)}\n`;
  }

  #keep(line: UndoLine): void {
    if (this.#copies === null || this.#copies.add(undoText(line))) return;
    this.#copies.discard();
    this.#copies = null;
    this.#notUndoable = t('Its exact copies exceeded the {0} that are kept.', formatSize(this.#options.maxBytes));
  }

  #flush(): void {
    if (this.#lines !== '') writeAll(this.#file, this.#lines);
    this.#lines = '';
    this.#writtenAt = performance.now();
  }
}

const plain = ({ ref, id, outcome, reason }: ItemOutcome) => ({ ref, id, outcome, reason });

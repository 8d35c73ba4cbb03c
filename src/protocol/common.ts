import type { Outcome, State } from '../model';

/** Texts are made by the host, so that pages need no rules of their own; `title` is the tooltip. */
export interface Text {
  readonly text: string;
  readonly title?: string;
}

export interface ConnectionView {
  readonly id: string;
  readonly name: string;
  readonly production: boolean;
  readonly writable: boolean;
  /** `Read-only`, `writing until 15:10` with the reason as tooltip. */
  readonly access: Text;
}

export interface ActionView {
  readonly id: string;
  readonly title: string;
  readonly icon: string;
  readonly primary: boolean;
  /** null = available; else why not. */
  readonly unavailable: string | null;
}

/** One line above the content, with at most one door. */
export interface BannerView {
  readonly kind: 'info' | 'warning' | 'error' | 'production';
  readonly text: string;
  readonly detail: string | null;
  readonly door: { readonly label: string; readonly method: 'retryLoad' | 'showThere' | 'allowWriting' } | null;
}

export interface JobRowView {
  readonly ref: string;
  readonly id: string | null;
  readonly task: string;
  readonly state: State;
  readonly stateWord: string;
  readonly args: string;
  readonly when: Text | null;
  readonly note: string | null;
}

export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/** What an action led to, shown in place or as a notification. */
export interface ActView {
  /** `Retried 1 job.`; null when the person canceled. */
  readonly text: string | null;
  readonly undo: string | null;
  readonly ref: string | null;
}

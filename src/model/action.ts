import type { UndoUnit } from './change';
import { InspectorError } from './errors';
import type { JobRow } from './job';
import type { Ref } from './ref';
import type { State } from './state';

export type TargetKind = 'job' | 'queue' | 'worker' | 'schedule' | 'installation';

/** What an action is asked to act on: things by their ref or name, or every job that a selector describes. */
export type Target =
  | { readonly kind: 'jobs'; readonly refs: readonly Ref[] }
  | { readonly kind: 'selector'; readonly queue: string | null; readonly state: State; readonly search?: string }
  | { readonly kind: 'queue'; readonly name: string }
  | { readonly kind: 'worker'; readonly name: string }
  | { readonly kind: 'schedule'; readonly id: string }
  | { readonly kind: 'installation' };

/** A text in its two forms. Placeholders: {n} {noun} {queue} {id} {name} {connection}. */
export interface Plural {
  readonly one: string;
  readonly other: string;
}

export interface ActionWords {
  /** The question of a modal or sheet: `Retry {n} failed jobs?`. */
  readonly ask: Plural;
  /** What happens, one or two sentences. */
  readonly detail: string;
  /** The button: `Retry {n} jobs`. */
  readonly button: Plural;
  /** Afterwards: `Retried {n} jobs.`. */
  readonly done: Plural;
}

/** An action as data: menus, palette, confirmations, forms and `inspect perform` come from it. */
export interface ActionDeclaration {
  /** Shared where the meaning is (`retry`), else `<system>.<verb>`. */
  readonly id: string;
  /** Menu and palette title, sentence case, `…` when it asks for more: `Move to queue…`. */
  readonly title: string;
  readonly target: TargetKind;
  /** States of a job in which it makes sense; for actions on jobs only. */
  readonly states?: readonly State[];
  /** Title when it is offered on a whole state of a queue: `Retry all…`; absent = not offered there. */
  readonly bulkTitle?: string;
  readonly effect: 'adds' | 'changes' | 'destroys';
  readonly guarantee: { readonly kind: 'atomic' | 'at-least-once'; readonly words: string };
  /** exact = restored byte for byte; while-waiting = what still waits where we put it; none, with the reason. */
  readonly undo: { readonly kind: 'exact' | 'while-waiting' } | { readonly kind: 'none'; readonly reason: string };
  readonly words: ActionWords;
  /** Codicon name without `$()`. */
  readonly icon: string;
  /** Menu group, as in VS Code: `2_do`, `3_move`, `4_destroy`. */
  readonly group: '2_do' | '3_move' | '4_destroy' | '6_more';
  /** Shown as the button of the job panel or inline in the tree in these states. */
  readonly primaryIn?: readonly State[];
  /** A caution beside the button, e.g. that a waiting worker may still take one. */
  readonly caution?: string;
  /**
   * Form: `values` asks by the schema, `queue` by a quick pick of queues that also takes a new name, `known-queue` by one
   * that does not, `call` is the enqueue form.
   */
  readonly asks?: 'values' | 'queue' | 'known-queue' | 'call';
  readonly parameters?: ParameterSchema;
}

/** The part of JSON Schema that our forms and checks use. */
export interface ParameterSchema {
  readonly type: 'object';
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, ParameterProperty>>;
}

export interface ParameterProperty {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array';
  readonly title: string;
  readonly description?: string;
  readonly items?: { readonly type: 'string' | 'integer' | 'number' };
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean | readonly number[];
  readonly minimum?: number;
  /**
   * How a form asks: `literal` Python literal or JSON, `queue` an existing or new queue, `task` a dotted name,
   * `instant` ISO 8601 or a local time, `duration` seconds or `90s 15m 2h 3d`, `call` literal of arguments.
   */
  readonly format?: 'arguments' | 'keyword-arguments' | 'literal' | 'queue' | 'task' | 'instant' | 'duration' | 'text';
  /** Group of the form: `when`, `options`; absent = always in sight. */
  readonly group?: 'when' | 'options';
}

/** An action on a concrete target: available, or why not. */
export type Offer =
  | { readonly action: ActionDeclaration; readonly available: true }
  | { readonly action: ActionDeclaration; readonly available: false; readonly why: string };

/** The dry run. Changes nothing. */
export interface Plan {
  readonly action: ActionDeclaration;
  readonly targets: readonly Target[];
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Jobs (or queues, workers) that it will touch, as counted now. */
  readonly total: number;
  readonly byQueue: readonly { readonly queue: string; readonly count: number; readonly note: string | null }[];
  /** At most five. */
  readonly sample: readonly JobRow[];
  readonly leftOut: readonly { readonly reason: string; readonly count: number }[];
  readonly undoable: boolean;
  /** Why it cannot be undone, where it cannot. */
  readonly notUndoable: string | null;
  /** Bytes of the exact copies that will be kept for undo. */
  readonly savedBytes: number;
  /** Cautions for this very plan, e.g. `No worker serves reports. The jobs will wait.` */
  readonly cautions: readonly string[];
}

export type Outcome = 'done' | 'gone' | 'refused' | 'failed' | 'unknown';

export interface ItemOutcome {
  readonly ref: Ref | null;
  readonly id: string | null;
  readonly outcome: Outcome;
  readonly reason: string | null;
}

/**
 * What `perform` yields. Each step comes twice: `about` before anything is written (the journal notes it, with what
 * undo needs), `did` afterwards. Whoever consumes the generator stops it with the signal: the step that has begun ends.
 */
export type Step =
  | {
      readonly phase: 'about';
      /** Made beforehand: the broker remembers it, so a lost answer is looked up and never repeated. */
      readonly stepId: string;
      readonly subjects: readonly string[];
      /** Exact copies, known before the step; empty where undo is made of what the step answers. */
      readonly undo: readonly UndoUnit[];
    }
  | {
      readonly phase: 'did';
      readonly stepId: string;
      readonly outcomes: readonly ItemOutcome[];
      /** Replaces the units of `about` that share a subject; units of subjects not done are dropped. */
      readonly undo: readonly UndoUnit[];
      readonly progress: { readonly done: number; readonly total: number };
    };

export interface Report {
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Whatever is not done, and at most the first 1,000 that are. */
  readonly items: readonly ItemOutcome[];
  readonly stopped: boolean;
}

/**
 * Parameters are checked for names before a system reads their values: a misspelled one would be left out in silence.
 * @throws InspectorError `bad-value` with the names that the action takes
 */
export function checkParameterNames(action: ActionDeclaration, parameters: Readonly<Record<string, unknown>>): void {
  const taken = Object.keys(action.parameters?.properties ?? {});
  const [foreign] = Object.keys(parameters).filter(name => !taken.includes(name));
  if (foreign === undefined) return;
  const shown = foreign.slice(0, 60);
  throw new InspectorError(
    'bad-value',
    {
      message: `${action.title.replace(/…$/, '')} takes no parameter "${shown}".`,
      tried: `reading the parameters of ${action.id}`,
      answer: taken.length === 0 ? 'it takes none' : `it takes ${taken.join(', ')}`,
      remedy: 'Leave it out, or write its name as listed.',
    },
    { details: { parameter: shown, parameters: action.parameters ?? null } },
  );
}

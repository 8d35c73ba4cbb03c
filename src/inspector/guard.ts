/** The access guard: who may write now, and what is asked before. Knows no system. */
import { t } from '@vscode/l10n';
import { InspectorError, type Plan } from '../model';
import type { AccessNow, Confirmation, ConnectionProfile, Environment, PerformRequest } from './api';
import { formatSize } from './present/format';

type Ask = Confirmation['ask'];
type Span = 'once' | 'until-revoked' | { readonly minutes: number };

/** What is asked when: declared effect and number × environment. The one table of the product. */
const ASKS: Readonly<
  Record<'change' | 'destroy', Readonly<Record<'one' | 'many', Readonly<Record<'other' | 'production', Ask>>>>>
> = {
  change: { one: { other: 'nothing', production: 'modal' }, many: { other: 'sheet', production: 'sheet-modal' } },
  destroy: { one: { other: 'modal', production: 'typed' }, many: { other: 'sheet-modal', production: 'sheet-typed' } },
};

/** What has to be asked before a plan runs. */
export function confirmation(
  profile: Pick<ConnectionProfile, 'name' | 'environment'>,
  access: AccessNow,
  plan: Plan,
  keptBytes: number,
): Confirmation {
  const many = isMany(plan);
  const asked =
    ASKS[plan.action.effect === 'destroys' ? 'destroy' : 'change'][many ? 'many' : 'one'][
      environmentColumn(profile.environment)
    ];
  const ask = exceedsKept(plan, keptBytes) ? (many ? 'sheet-typed' : 'typed') : asked;
  return { needsWriting: !access.writable, ask, typed: ask.endsWith('typed') ? profile.name : null };
}

/** Many: more than one thing, or what stands for many (a whole queue is emptied or deleted). */
function isMany(plan: Plan): boolean {
  return plan.total > 1 || (plan.action.effect === 'destroys' && plan.targets.some(target => target.kind === 'queue'));
}

const environmentColumn = (environment: Environment) => (environment === 'production' ? 'production' : 'other');

/** True where exact copies would be needed for undo and do not fit what is kept: then it cannot be undone. */
export function exceedsKept(plan: Plan, keptBytes: number): boolean {
  return plan.action.effect === 'destroys' && plan.undoable && plan.savedBytes > keptBytes;
}

/** Why a plan cannot be undone, or null where it can. */
export function notUndoable(plan: Plan, keptBytes: number, keepPayloads: boolean): string | null {
  if (plan.action.undo.kind === 'none') return plan.action.undo.reason;
  if (!plan.undoable) return plan.notUndoable ?? t('This cannot be undone.');
  if (!keepPayloads) return t('Keeping exact copies is switched off for this connection.');
  if (plan.savedBytes > keptBytes)
    return t(
      'This cannot be undone: its exact copies take {0}, and {1} are kept.',
      formatSize(plan.savedBytes),
      formatSize(keptBytes),
    );
  return null;
}

/** @throws InspectorError `read-only` or `not-confirmed` when the plan may not run on this word of the person. */
export function checkGuard(
  profile: ConnectionProfile,
  access: AccessNow,
  needed: Confirmation,
  given: Pick<PerformRequest, 'confirmed' | 'plan'>,
): void {
  if (needed.needsWriting) throw readOnlyError(profile, access);
  if (needed.typed !== null) {
    if (typeof given.confirmed === 'object' && given.confirmed.typed === needed.typed) return;
    throw notConfirmed(t('Confirm with the name of the connection: {0}', needed.typed), needed.typed);
  }
  const shown = given.confirmed !== 'nothing';
  // A sheet is itself the confirmation: whoever hands over its plan has shown it.
  const enough = needed.ask === 'nothing' || shown || (needed.ask === 'sheet' && given.plan !== undefined);
  if (!enough) throw notConfirmed(t('A person has to see and confirm this first.'), null);
}

export function readOnlyError(profile: Pick<ConnectionProfile, 'name'>, access: AccessNow): InspectorError {
  return new InspectorError('read-only', {
    message: t('{0} is read-only. {1}', profile.name, access.reason),
    tried: t('writing to {0}', profile.name),
    answer: access.reason,
    remedy: t('Allow writing on {0} first.', profile.name),
  });
}

function notConfirmed(remedy: string, typed: string | null): InspectorError {
  return new InspectorError(
    'not-confirmed',
    {
      message: t('This was not confirmed, so nothing was changed. {0}', remedy),
      tried: t('running an action that has to be confirmed'),
      answer: t('no confirmation was given that is enough'),
      remedy,
    },
    typed === null ? undefined : { details: { confirm: typed } },
  );
}

/** What persons allowed beyond the profile, per connection; gone when this process ends. */
export class WriteGrants {
  readonly #grants = new Map<string, { readonly span: 'once' | 'until-revoked' } | { readonly until: number }>();
  readonly #denied = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #now: () => number;
  readonly #changed: (id: string) => void;

  /** @param changed called when a time has run out */
  constructor(now: () => number, changed: (id: string) => void) {
    this.#now = now;
    this.#changed = changed;
  }

  allow(id: string, span: Span): void {
    this.revoke(id);
    this.#denied.delete(id);
    if (typeof span === 'string') {
      this.#grants.set(id, { span });
      return;
    }
    const milliseconds = span.minutes * 60_000;
    this.#grants.set(id, { until: this.#now() + milliseconds });
    const timer = setTimeout(() => {
      this.revoke(id);
      this.#changed(id);
    }, milliseconds);
    timer.unref();
    this.#timers.set(id, timer);
  }

  /** Read-only by a person's word, also where the profile would allow writing, until it is allowed again. */
  deny(id: string): void {
    this.revoke(id);
    this.#denied.add(id);
  }

  revoke(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.#grants.delete(id);
  }

  forget(id: string): void {
    this.revoke(id);
    this.#denied.delete(id);
  }

  /** The action that was allowed has run. */
  used(id: string): boolean {
    const grant = this.#grants.get(id);
    if (grant === undefined || !('span' in grant) || grant.span !== 'once') return false;
    this.revoke(id);
    return true;
  }

  /** Access now: what the profile and broker give, with what was allowed on top. */
  apply(id: string, base: AccessNow): AccessNow {
    if (this.#denied.has(id)) return { writable: false, reason: t('Read-only: you made it so.'), until: null };
    const grant = this.#grants.get(id);
    if (grant === undefined || base.writable) return base;
    if ('until' in grant) {
      if (grant.until <= this.#now()) return base;
      return { writable: true, reason: t('You allowed writing for a time.'), until: grant.until };
    }
    const reason =
      grant.span === 'once'
        ? t('You allowed writing for the next action only.')
        : t('You allowed writing until you make it read-only again.');
    return { writable: true, reason, until: null };
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** Puts back what an action took away. Knows no system: it runs the copies of the journal, last step first. */
import { t } from '@vscode/l10n';
import { asInspectorError, InspectorError, type ItemOutcome, isAbort, type UndoUnit } from '../model';
import type { ConnectionProfile, JournalEntry, Receipt, UndoPlan } from './api';
import type { FileJournal } from './journal/journal';
import { countOutcomes, noCounts } from './journal/lines';
import type { EntryWriter } from './journal/writer';
import type { Link } from './ports';
import { fill } from './present/format';

/** Literals inside of `t`, so that translators find them. */
const nounText = ({ noun }: JournalEntry) => noun ?? { one: t('job'), other: t('jobs') };
const askText = () => same(t('Put back {n} {noun}?'));
const buttonText = () => same(t('Put back {n} {noun}'));
const doneText = () => same(t('Put back {n} {noun}.'));
const same = (text: string) => ({ one: text, other: text });

const MAX_ITEMS_DONE = 1_000;
/** Units of one call, adapted so that a call takes about this long. */
const TARGET_MS = 4;
/** What the broker undoes in one call, so that a lost answer leaves no more than this open. */
const LARGEST = 25;

/** Where the broker remembers for ten minutes what a call answered, so that a lost answer is looked up. */
const RECORDS = 'job-queue-inspector:undo:';

/** What undoing would do, in words, and why it cannot be done where it cannot. */
export function undoPlan(entry: JournalEntry, writable: boolean): UndoPlan {
  const n = entry.counts.done + entry.counts.unknown;
  return {
    token: entry.token,
    connection: entry.connection.id,
    total: n,
    ask: fill(askText(), { n, noun: nounText(entry) }),
    detail: t('Each one is put back only where nothing has taken its place and no worker has taken it since.'),
    button: fill(buttonText(), { n, noun: nounText(entry) }),
    notUndoable: entry.notUndoable,
    needsWriting: !writable,
  };
}

export interface UndoRun {
  readonly entry: JournalEntry;
  readonly profile: ConnectionProfile;
  readonly link: Link;
  /** The link of a further broker of the entry's installation, by its role; null where it is not connected. */
  readonly companion?: (role: string) => Link | null;
  readonly journal: FileJournal;
  readonly log?: ((line: string) => void) | undefined;
}

/** @throws InspectorError `changed` when it cannot be undone, or not on this broker */
export async function runUndo(run: UndoRun, signal: AbortSignal): Promise<Receipt> {
  const { entry, journal, link, profile } = run;
  if (entry.notUndoable !== null) throw cannot(entry, entry.notUndoable);
  const { address, installation } = await journal.origin(entry.token);
  if (address !== link.broker.address)
    throw cannot(entry, t('It was done on {0}, and this connection leads to {1}.', address, link.broker.address));
  if (!(await journal.claimUndo(entry.token))) throw cannot(entry, t('It has been undone.'));
  let began = false;
  try {
    const total = { exact: entry.counts.done + entry.counts.unknown };
    const writer = await journal.begin(
      {
        connection: { id: profile.id, name: profile.name },
        address,
        system: entry.system,
        installation,
        action: 'undo',
        noun: nounText(entry),
        title: fill(buttonText(), { n: total.exact, noun: nounText(entry) }),
        where: entry.where,
        total,
        notUndoable: t('What was put back is undone by doing it again.'),
      },
      false,
    );
    began = true;
    const { items, counts, stopped } = await putBack(run, writer, signal);
    const text = fill(doneText(), { n: counts.done, noun: nounText(entry) });
    writer.end({ title: text.replace(/\.$/, ''), counts, items, stopped });
    // Stopped half-way, the rest may be put back later: what is back already refuses by its own guards.
    await journal.endClaim(entry.token, !stopped);
    return { counts, items, stopped, undo: null, notUndoable: writer.notUndoable, text };
  } catch (thrown) {
    await journal.endClaim(entry.token, false);
    if (began) run.log?.(`undo: ${asInspectorError(thrown, 'undoing').message}`);
    throw thrown;
  }
}

async function putBack(run: UndoRun, writer: EntryWriter, signal: AbortSignal) {
  const items: ItemOutcome[] = [];
  const counts = noCounts();
  let size = 10;
  let step = 0;
  for await (const units of run.journal.copies(run.entry.token)) {
    for (let at = 0; at < units.length; ) {
      if (signal.aborted) return { items, counts, stopped: true };
      const part = units.slice(at, endOf(units, at + size));
      const stepId = `${writer.token}-${step++}`;
      writer.about({ phase: 'about', stepId, subjects: part.map(unit => unit.subject), undo: [] });
      const began = performance.now();
      const outcomes = await runPart(run, part, stepId);
      const more = countOutcomes(outcomes);
      for (const outcome of ['done', 'refused', 'unknown'] as const) counts[outcome] += more[outcome];
      for (const item of outcomes) if (item.outcome !== 'done' || items.length < MAX_ITEMS_DONE) items.push(item);
      writer.did({ phase: 'did', stepId, outcomes, undo: [], progress: { done: 0, total: 0 } });
      if (more.unknown > 0) return { items, counts, stopped: true };
      at += part.length;
      const took = performance.now() - began;
      size = Math.max(1, Math.min(LARGEST, Math.round(size * Math.min(2, Math.max(0.25, TARGET_MS / took)))));
    }
  }
  return { items, counts, stopped: false };
}

/** Where a part ends, so that what belongs to one subject stays together. */
function endOf(units: readonly UndoUnit[], wanted: number): number {
  let end = Math.min(wanted, units.length);
  while (end < units.length && units[end]?.subject === units[end - 1]?.subject) end++;
  return end;
}

/** A unit with the item that it belongs to. */
interface Belonging {
  readonly unit: UndoUnit;
  readonly item: string;
}

/**
 * What belongs together: units of one subject on different brokers are steps of one item. A second one on the same broker
 * is another item of the same id, as a task that was delivered twice waits twice.
 */
function belongings(part: readonly UndoUnit[]): Belonging[] {
  const seen = new Map<string, number>();
  return part.map(unit => {
    const place = JSON.stringify([unit.subject, unit.on ?? null]);
    const times = seen.get(place) ?? 0;
    seen.set(place, times + 1);
    return { unit, item: JSON.stringify([unit.subject, times]) };
  });
}

/**
 * A part that has begun is never cut short by an abort: its answer is wanted. Of every item the first unit, then of
 * every one that was done the second (on another broker), and so on: what is refused stops at its own first unit.
 */
async function runPart(run: UndoRun, part: readonly UndoUnit[], record: string): Promise<ItemOutcome[]> {
  const outcomes = new Map<string, ItemOutcome>();
  const isOpen = ({ item }: Belonging) => (outcomes.get(item)?.outcome ?? 'done') === 'done';
  let calls = 0;
  for (let rest: readonly Belonging[] = belongings(part); rest.length > 0; ) {
    const firsts = rest.filter(({ item }, at) => rest.findIndex(other => other.item === item) === at);
    for (const on of new Set(firsts.map(({ unit }) => unit.on))) {
      const here = firsts.filter(({ unit }) => unit.on === on);
      const name = calls++ === 0 ? record : `${record}-${calls}`;
      const answers = await runUnits(
        run,
        here.map(({ unit }) => unit),
        on,
        name,
      );
      for (const [index, { item }] of here.entries()) outcomes.set(item, answers[index]!);
    }
    const taken = new Set(firsts);
    rest = rest.filter(each => !taken.has(each) && isOpen(each));
  }
  return [...outcomes.values()];
}

/** Units of one broker; an outcome for each, in their order. */
async function runUnits(
  run: UndoRun,
  units: readonly UndoUnit[],
  on: string | undefined,
  record: string,
): Promise<ItemOutcome[]> {
  if (units.length === 0) return [];
  const link = on === undefined ? run.link : (run.companion?.(on) ?? null);
  if (link === null) {
    const reason = t('It is to be put back into another broker ({0}), which is not connected.', on ?? '');
    return units.map(({ subject }) => ({ ref: null, id: subject, outcome: 'refused', reason }));
  }
  try {
    const answers = await link.undo(units, `${RECORDS}${record}`, new AbortController().signal);
    return units.map((unit, i) => {
      const answer = answers[i] ?? t('The broker did not answer for it.');
      return {
        ref: null,
        id: unit.subject,
        outcome: answer === true ? 'done' : 'refused',
        reason: answer === true ? null : answer,
      };
    });
  } catch (thrown) {
    const error = asInspectorError(thrown, t('putting back {0}', units[0]?.subject ?? ''));
    const outcome =
      error.code === 'connection-lost' || error.code === 'timeout' || isAbort(error) ? 'unknown' : 'refused';
    return units.map(unit => ({ ref: null, id: unit.subject, outcome, reason: error.message }));
  }
}

function cannot(entry: JournalEntry, reason: string): InspectorError {
  return new InspectorError('changed', {
    message: t('"{0}" cannot be undone. {1}', entry.title, reason),
    tried: t('undoing "{0}"', entry.title),
    answer: reason,
    remedy: t('The journal lists what can still be undone.'),
  });
}

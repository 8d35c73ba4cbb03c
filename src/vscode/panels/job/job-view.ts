/** A job as the page shows it: every text is made here, by pure functions. */
import { t } from '@vscode/l10n';
import type { LiveConnection } from '../../../inspector/api';
import {
  formatDuration,
  formatExact,
  formatFuture,
  formatPast,
  formatSize,
  joined,
  oneLine,
  shortId,
  shortTask,
  stateWord,
} from '../../../inspector/present/format';
import type { Fact, Frame, Installation, Job, JobError, Offer, RenderedValue } from '../../../model';
import type {
  ActionView,
  BannerView,
  ConnectionView,
  ErrorView,
  FactView,
  FrameView,
  JobView,
  ValueView,
} from '../../../protocol';
import { accessWords } from '../../tree/model/connection';
import { clockTime, shownTimeOf, stateTimeText, writtenDue } from '../../tree/model/times';
import type { World } from '../../tree/model/world';
import { argumentRows, callText } from './call';
import { historyView } from './history';
import { shortPlace } from './places';
import { rawViews } from './raw';

/** Where a frame's file is in the open folders; null where it is not. */
export type FramePlaces = ReadonlyMap<string, { readonly shown: string }>;

export interface JobViewParts {
  readonly live: LiveConnection;
  readonly installation: Installation;
  readonly job: Job;
  readonly places: FramePlaces;
  /** Why frames cannot be opened, if they cannot. */
  readonly framesNote: string | null;
  /** Set once the job has left the place it was opened in, or the broker. */
  readonly moved: BannerView | null;
  readonly singleKeys: boolean;
  readonly world: World;
}

export function jobView(parts: JobViewParts): JobView {
  const { live, installation, job, world } = parts;
  const offers = installation.actions({ kind: 'jobs', refs: [job.ref] }, job.state);
  return {
    connection: connectionView(live, world),
    banners: banners(parts),
    title: job.task ?? (job.id === null ? t('A job that cannot be read') : shortId(job.id)),
    state: job.state,
    stateWord: capitalised(stateWord(job, installation.system.facts), world.locale),
    since: sinceText(job, world),
    queue: job.queue,
    id: job.id,
    noun: installation.system.facts.noun.one,
    actions: offers.map(offer => actionView(offer, job)),
    error: job.error === null ? null : errorView(job.error, parts),
    arguments: {
      rows: world.masked ? [] : argumentRows(job),
      namesFrom: null,
      call: world.masked ? `${job.task ?? ''}(•••)` : callText(job),
      problem: argumentsProblem(job),
      unknown: job.args === null && argumentsProblem(job) === null ? (argumentsFact(job)?.note ?? '') : null,
      masked: world.masked,
    },
    result: resultView(job, installation),
    meta: job.meta === null ? null : valueView(job.meta),
    facts: factViews(job, world),
    sources: job.sources,
    problems: job.problems.map(({ part, reason, offset }) =>
      offset === null ? `${part}: ${reason}` : t('{0}: {1} (at byte {2})', part, reason, offset),
    ),
    history: historyView(job, world),
    raw: rawViews(job),
    singleKeys: parts.singleKeys,
  };
}

/** The head of every page: which broker, and what may be done to it. */
export function connectionView(live: LiveConnection, world: World): ConnectionView {
  const { profile, access } = live;
  const words = accessWords(live, world);
  return {
    id: profile.id,
    name: profile.name,
    production: profile.environment === 'production',
    writable: access.writable,
    access: { text: words === '' ? '' : capitalised(words, world.locale), title: access.reason },
  };
}

/** Production, stale, moved: one line each above the content. */
export function connectionBanners(live: LiveConnection, world: World): BannerView[] {
  const { profile, access, state } = live;
  const list: BannerView[] = [];
  if (state.kind === 'lost' || state.kind === 'refused') {
    const read = live.refreshedAt === null ? '' : formatPast(new Date(live.refreshedAt).toISOString(), world.now);
    list.push({
      kind: 'warning',
      text: t('Showing what was read {0}. {1}', read, state.error.message),
      detail: state.error.remedy,
      door: { label: t('Try again'), method: 'retryLoad' },
    });
  } else if (profile.environment === 'production' && !access.writable) {
    list.push({
      kind: 'production',
      text: t('Production, read-only.'),
      detail: t('Nothing changes unless you allow it.'),
      door: { label: t('Allow writing…'), method: 'allowWriting' },
    });
  }
  return list;
}

function banners({ live, moved, world }: JobViewParts): BannerView[] {
  return [...(moved === null ? [] : [moved]), ...connectionBanners(live, world)];
}

function sinceText(job: Job, world: World): JobView['since'] {
  const at = shownTimeOf(job, job.state, world);
  if (at === null) return null;
  const text = job.state === 'scheduled' ? writtenDue(at, world) : stateTimeText(job, job.state, world);
  return text === '' ? null : { text, title: formatExact(at, { locale: world.locale }) };
}

function actionView(offer: Offer, job: Job): ActionView {
  const { action } = offer;
  return {
    id: action.id,
    title: action.title,
    icon: action.icon,
    primary: action.primaryIn?.includes(job.state) === true,
    unavailable: offer.available ? null : offer.why,
  };
}

function errorView(error: JobError, parts: JobViewParts): ErrorView {
  return {
    type: oneLine(error.type),
    message: error.message,
    frames: error.frames.map(frame => frameView(frame, parts.places)),
    note: error.frames.length === 0 ? null : parts.framesNote,
    traceback: error.traceback,
  };
}

function frameView(frame: Frame, places: FramePlaces): FrameView {
  const place = places.get(frame.file);
  const own = place !== undefined || frame.own === true;
  return {
    place: place?.shown ?? shortPlace(frame.file),
    file: frame.file,
    line: frame.line,
    function: frame.function,
    source: frame.source,
    own,
    opens: place !== undefined,
    library: libraryOf(frame.file),
  };
}

/** What foreign frames are folded under: `site-packages/rq`, `python3.11`. */
function libraryOf(file: string): string {
  const installed = /((?:site-packages|dist-packages)[\\/][^\\/]+)/.exec(file)?.[1];
  if (installed !== undefined) return installed.replace(/\.py$/, '').replaceAll('\\', '/');
  return /[\\/](python\d[\d.]*)[\\/]/.exec(file)?.[1] ?? t('other files');
}

function resultView(job: Job, installation: Installation): ValueView {
  if (job.result !== null) return valueView(job.result);
  const note =
    problemOf(job, 'result') ??
    (job.error !== null && job.state !== 'canceled'
      ? t('None: the last attempt failed before it returned.')
      : job.state === 'finished'
        ? t('not recorded by {0}', installation.system.title)
        : job.state === 'canceled'
          ? t('None: it was canceled.')
          : t('None yet.'));
  return { text: null, note, type: '', childCount: 0 };
}

function valueView(value: RenderedValue): ValueView {
  const root = value.outline?.root();
  const note =
    value.cut === undefined
      ? null
      : t(
          '{0} in all. The first {1} characters are shown.',
          formatSize(value.cut.totalBytes),
          value.cut.shownCharacters,
        );
  return { text: value.text, note, type: root?.type ?? '', childCount: root?.childCount ?? 0 };
}

function problemOf(job: Job, part: string): string | null {
  return job.problems.find(problem => problem.part === part)?.reason ?? null;
}

/** The fact that says why a system has not recorded the arguments; it stands in their place. */
function argumentsFact({ args, facts }: Job): Fact | undefined {
  return args === null ? facts.find(({ name, value }) => name === 'Arguments' && value === null) : undefined;
}

function argumentsProblem(job: Job): string | null {
  const problem = problemOf(job, 'args');
  if (problem !== null || job.args !== null || argumentsFact(job) !== undefined) return problem;
  return t('The arguments could not be read.');
}

function factViews(job: Job, world: World): FactView[] {
  const shown = job.facts.filter(fact => fact !== argumentsFact(job));
  return shown.map((fact, index) => factView(fact, index, shown, world));
}

/** Facts stand in blocks: what it is, its times, what it weighs. */
function factView(fact: Fact, index: number, facts: readonly Fact[], world: World): FactView {
  const opens = fact.format === 'instant' || fact.format === 'size';
  const first = facts.findIndex(({ format }) => format === fact.format) === index;
  const value = factText(fact, world);
  const relative = fact.value !== null && fact.format === 'instant' ? relativeTime(fact.value, world) : '';
  // Far away both are the same date, and `tomorrow 10:48` says what stands there already.
  const clock = /\d\d:\d\d$/.exec(relative)?.[0];
  const ago = relative === value.text || (clock !== undefined && value.text.endsWith(clock)) ? '' : relative;
  const note = fact.value === null ? null : joined(ago, fact.note);
  return {
    name: fact.name,
    value,
    note: note === '' ? null : note,
    dim: fact.value === null,
    gap: index > 0 && opens && first,
    code: fact.format === 'code',
  };
}

function factText({ value, format, note }: Fact, world: World): FactView['value'] {
  if (value === null) return { text: note ?? t('not recorded') };
  switch (format) {
    case 'instant':
      return { text: clockTime(value, world), title: formatExact(value, { locale: world.locale }) };
    case 'duration':
      return { text: formatDuration(Number(value)) };
    case 'size':
      return { text: formatSize(Number(value)) };
    default:
      return { text: oneLine(value) };
  }
}

function relativeTime(value: string, world: World): string {
  const options = { locale: world.locale };
  return Date.parse(value) > world.now
    ? formatFuture(value, world.now, options)
    : formatPast(value, world.now, options);
}

function capitalised(word: string, locale: string): string {
  return word.charAt(0).toLocaleUpperCase(locale) + word.slice(1);
}

/** The title of a job's tab. */
export function tabTitle(job: Pick<Job, 'task' | 'id'>): string {
  if (job.task !== null) return shortTask(job.task);
  return job.id === null ? t('Job') : shortId(job.id);
}

import type { JobRow } from '../../../model';
import { NotCheckable } from '../../acting/rules';
import { names, span } from '../../acting/words';
import {
  allAnswered,
  answering,
  asked,
  finding,
  needAsked,
  type Rule,
  startWorker,
  tasks,
  visibilityTimeout,
} from './context';

/** Seconds after the timeout within which a worker that is there delivers again: it looks about every 100 s. */
const SWEEP = 180;
/** Seconds before the question: what was taken later may not have been told. */
const BEFORE = 15;

const refsOf = (rows: readonly JobRow[]) => ({ kind: 'jobs', refs: rows.slice(0, 500).map(({ ref }) => ref) }) as const;
export const named = (rows: readonly { readonly id: string | null }[]) =>
  names(rows.map(({ id }) => id ?? 'without id'));

/** Held for longer than Redis lets a worker hold it: nobody is there who would deliver it again. */
export const heldTooLong: Rule = {
  id: 'celery.held-too-long',
  async check(context) {
    if (context.redis === null) return [];
    const { seconds, sure, evidence } = visibilityTimeout(context);
    const { members, total } = await context.samples.held();
    const late = members.filter(
      ({ heldSince }) => heldSince !== null && context.now - heldSince > (seconds + SWEEP) * 1000,
    );
    if (late.length === 0) return [];
    const first = Math.min(...late.flatMap(({ heldSince }) => heldSince ?? []));
    return [
      finding(context, heldTooLong.id, {
        subject: 'unacked',
        title: `${late.length === members.length && total > members.length ? 'At least ' : ''}${tasks(late.length)} ${late.length === 1 ? 'has' : 'have'} been held for longer than the visibility timeout, the first for ${span(context.now - first)}`,
        label: `${tasks(late.length)} held for too long`,
        severity: 'trouble',
        sure,
        since: new Date(first).toISOString(),
        evidence: [{ what: 'held', value: named(late), source: 'ZRANGE unacked_index 0 -1 WITHSCORES' }, evidence],
        consequence:
          'After that time any worker of this broker would have delivered them again, so none is running or it cannot. They are neither waiting nor running, and stay so.',
        remedies: [
          startWorker(late[0]?.queue ?? 'celery'),
          { text: 'Give them back to their queue now.', action: { id: 'give-back', target: refsOf(late) } },
        ],
        notProblemWhen: 'The workers are set to a longer visibility timeout than is known here.',
      }),
    ];
  },
};

/** In `unacked`, but none of the workers, which have all answered, has it. */
export const heldByNobody: Rule = {
  id: 'celery.held-by-nobody',
  async check(context) {
    if (context.redis === null) return [];
    const askedAt = needAsked(context);
    const { fleet } = context;
    const { members } = await context.samples.held();
    const old = members.filter(({ heldSince }) => heldSince !== null && heldSince < askedAt - BEFORE * 1000);
    if (old.length === 0) return [];
    const there = answering(context);
    const nobody = fleet.heard === 0;
    if (!nobody && !allAnswered(context)) {
      const silent = fleet.silent.length === 0 ? 'not every worker' : names(fleet.silent);
      throw new NotCheckable(`${silent} did not answer`);
    }
    const { seconds, evidence } = visibilityTimeout(context);
    const left = old.filter(
      ({ id, task, heldSince }) =>
        id !== null &&
        // Held back by its rate limit, a worker has it and tells nobody.
        (nobody || task === null || fleet.limited?.has(task) !== true) &&
        !there.has(fleet.held.get(id)?.worker ?? '') &&
        context.now - (heldSince ?? 0) <= (seconds + SWEEP) * 1000,
    );
    if (left.length === 0) return [];
    const next = Math.min(...left.map(({ heldSince }) => (heldSince ?? 0) + seconds * 1000));
    return [
      finding(context, heldByNobody.id, {
        subject: 'unacked',
        title: `${tasks(left.length)} ${left.length === 1 ? 'was' : 'were'} taken by a worker that is gone`,
        label: `${tasks(left.length)} of a worker that is gone`,
        severity: 'trouble',
        sure: nobody,
        since: new Date(Math.min(...left.map(({ heldSince }) => heldSince ?? 0))).toISOString(),
        evidence: [
          { what: 'held', value: named(left), source: 'ZRANGE unacked_index 0 -1 WITHSCORES' },
          {
            what: 'workers that answered',
            value: there.size === 0 ? 'none' : `${names([...there.keys()])}: none of them has it`,
            source: asked('active, reserved, scheduled'),
          },
          evidence,
        ],
        consequence: nobody
          ? 'They stay where they are until a worker starts; it delivers them again once the visibility timeout has passed.'
          : `They run again only when the visibility timeout has passed: the first ${next <= context.now ? 'within minutes' : `in ${span(next - context.now)}`}.`,
        remedies: [
          {
            text: 'Give them back to their queue now. Take care that they have not done half of their work.',
            action: { id: 'give-back', target: refsOf(left) },
          },
        ],
        notProblemWhen: 'A worker holds them back by a rate limit, or has remote control switched off.',
      }),
    ];
  },
};

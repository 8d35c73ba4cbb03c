import type { Command } from '../../../brokers/redis/port';
import type { Finding, State } from '../../../model';
import { queuesWith } from '../../acting/rules';
import { names } from '../../acting/words';
import { arrayOf, nameOf, numberOf, plainOf } from '../../reading/replies';
import { dependenciesKey, jobKey, type Structure } from '../keys';
import { NATIVE_WORD } from '../native';
import { readCall } from '../payload';
import { refOf, structureOf } from '../places';
import { finding, jobs, type Rule, type RuleContext } from './rule';
import { QUEUES } from './running';
import { atLeastText, lookedAt, type Sampled } from './samples';

const STATES: readonly State[] = ['waiting', 'failed', 'scheduled', 'deferred', 'canceled', 'finished', 'running'];

/** Refs that one remedy acts on. */
const REFS = 500;

/** Ids in lists and registries whose job is gone. */
export const goneHashes: Rule = {
  id: 'rq.only-id-left',
  async check(context) {
    const findings: Finding[] = [];
    for (const state of STATES) {
      const structure = structureOf(state)!;
      for (const queue of queuesWith(context, state).slice(0, QUEUES)) {
        const sample = await context.samples.of(structure, queue.name);
        const missing = sample.members.filter(member => isMissing(context, structure, member));
        const gone = missing.length === 0 ? [] : await stillMissing(context, missing);
        if (gone.length === 0) continue;
        findings.push(
          goneFinding(
            context,
            structure,
            state,
            queue.name,
            gone,
            atLeastText(sample),
            lookedAt(sample, `members of ${placeName(structure, queue.name)}`),
          ),
        );
      }
    }
    return findings;
  },
};

/** A finished or failed job that has expired leaves its id until the next cleaning: that is how RQ works. */
function isMissing(context: RuleContext, structure: Structure, { record, score }: Sampled): boolean {
  if (record.exists || record.failure !== null) return false;
  const expires = structure === 'finished' || structure === 'failed' || structure === 'wip';
  return !expires || score === null || !(score >= 0) || score > context.now / 1000 + 30;
}

/** Scheduling writes the id before the job: what is missing is looked at again. */
async function stillMissing({ reading, signal }: RuleContext, members: readonly Sampled[]): Promise<Sampled[]> {
  const replies = await reading.broker.read(
    members.map((member): Command => ['EXISTS', jobKey(member.id)]),
    signal,
  );
  return members.filter((_member, i) => numberOf(replies[i]) === 0);
}

const placeName = (structure: Structure, queue: string): string =>
  structure === 'queue' ? `rq:queue:${queue}` : `rq:${structure}:${queue}`;

function goneFinding(
  context: RuleContext,
  structure: Structure,
  state: State,
  queue: string,
  gone: readonly Sampled[],
  atLeast: string,
  looked: Finding['evidence'],
): Finding {
  const n = gone.length;
  const word = NATIVE_WORD[structure];
  return finding(context, goneHashes.id, {
    subject: `${structure}:${queue}`,
    queue,
    title: `Of ${atLeast}${n === 1 ? '1 ' : `${n} `}${word} ${n === 1 ? 'job' : 'jobs'} in ${queue} only the id is left`,
    label: `${n} ids without job in ${queue}`,
    severity: 'info',
    evidence: [
      { what: 'ids without a job', value: names(gone.map(member => member.id)), source: `EXISTS rq:job:…` },
      {
        what: 'they stand in',
        value: placeName(structure, queue),
        source: `members of ${placeName(structure, queue)}`,
      },
      ...looked,
    ],
    consequence:
      state === 'waiting'
        ? 'The jobs expired or were deleted while they waited. Workers skip their ids; until then they are counted as waiting.'
        : 'The jobs expired or were deleted, and their ids stayed. They are counted and can be neither run nor read.',
    remedies:
      state === 'running'
        ? [{ text: 'A worker’s next cleaning removes them.', action: null }]
        : [
            {
              text: n > REFS ? `Remove the first ${REFS} of these ids.` : 'Remove these ids.',
              action: {
                id: 'delete',
                target: {
                  kind: 'jobs',
                  refs: gone.slice(0, REFS).map(member => refOf({ structure, queue }, member.member)),
                },
              },
            },
          ],
    notProblemWhen: 'Jobs are enqueued with a time to live (ttl) on purpose.',
  });
}

/** Deferred jobs whose dependencies are all gone: nothing will ever release them. */
export const deferredForEver: Rule = {
  id: 'rq.dependency-gone',
  async check(context) {
    const findings: Finding[] = [];
    for (const queue of queuesWith(context, 'deferred').slice(0, QUEUES)) {
      const sample = await context.samples.of('deferred', queue.name);
      const stuck = await stuckOf(
        context,
        sample.members.filter(member => member.record.exists),
      );
      if (stuck.length === 0) continue;
      const n = stuck.length;
      findings.push(
        finding(context, deferredForEver.id, {
          subject: queue.name,
          queue: queue.name,
          title: `${atLeastText(sample)}${n === 1 ? '1 deferred job' : `${n} deferred jobs`} in ${queue.name} ${n === 1 ? 'waits' : 'wait'} for a job that no longer exists`,
          label: `${n} deferred for ever in ${queue.name}`,
          severity: 'trouble',
          evidence: [
            ...stuck.slice(0, 5).map(({ member, dependencies }) => ({
              what: `job ${member.id}`,
              value: `waits for ${names(dependencies)}, gone`,
              source: `SMEMBERS rq:job::${member.id}:dependencies`,
            })),
            ...lookedAt(sample, `ZRANGE rq:deferred:${queue.name}`),
          ],
          consequence:
            'A job is released by the end of the job it depends on. That one was deleted or has expired, so these wait for ever.',
          remedies: [
            {
              text: 'Enqueue a copy of one that should still run.',
              action: {
                id: 'enqueue-copy',
                target: {
                  kind: 'jobs',
                  refs: [refOf({ structure: 'deferred', queue: queue.name }, stuck[0]!.member.member)],
                },
              },
            },
            {
              text: n === 1 ? 'Delete it.' : `Delete ${n > REFS ? `the first ${REFS} of them` : 'them'}.`,
              action: {
                id: 'delete',
                target: {
                  kind: 'jobs',
                  refs: stuck
                    .slice(0, REFS)
                    .map(({ member }) => refOf({ structure: 'deferred', queue: queue.name }, member.member)),
                },
              },
            },
          ],
        }),
      );
    }
    return findings;
  },
};

interface Stuck {
  readonly member: Sampled;
  readonly dependencies: readonly string[];
}

async function stuckOf({ reading, signal }: RuleContext, members: readonly Sampled[]): Promise<Stuck[]> {
  if (members.length === 0) return [];
  const named = await reading.broker.read(
    members.flatMap(({ id }): Command[] => [
      ['SRANDMEMBER', dependenciesKey(id), 50],
      ['HGET', jobKey(id), 'dependency_id'],
    ]),
    signal,
  );
  const wanted = members.map((_member, i) => {
    const set = arrayOf(named[i * 2]).flatMap(reply => nameOf(reply) ?? []);
    const first = nameOf(named[i * 2 + 1]);
    return set.length > 0 ? set : first === null || first === '' ? [] : [first];
  });
  const ids = [...new Set(wanted.flat())];
  if (ids.length === 0) return [];
  const statuses = await reading.broker.read(
    ids.map((id): Command => ['HGET', jobKey(id), 'status']),
    signal,
  );
  const status = new Map(ids.map((id, i) => [id, plainOf(statuses[i])]));
  // RQ ignores missing ones as long as another dependency ends later (rq/job.py, dependencies_are_met).
  return members.flatMap((member, i): Stuck[] => {
    const dependencies = wanted[i]!;
    return dependencies.length > 0 && dependencies.every(id => status.get(id) === null)
      ? [{ member, dependencies }]
      : [];
  });
}

/** Jobs written by the JSON serializer where others are pickled: a worker reads only one of the two. */
export const jsonAmongPickles: Rule = {
  id: 'rq.json-among-pickles',
  async check(context) {
    const seen: { queue: string; json: string[]; pickle: number; looked: Finding['evidence']; structure: Structure }[] =
      [];
    for (const state of ['waiting', 'failed', 'scheduled'] as const) {
      const structure = structureOf(state)!;
      for (const queue of queuesWith(context, state).slice(0, QUEUES)) {
        const sample = await context.samples.of(structure, queue.name);
        const kinds = sample.members.map(({ record }) =>
          record.data === null ? 'unknown' : readCall(record.data).serializer.kind,
        );
        seen.push({
          queue: queue.name,
          structure,
          json: sample.members.filter((_member, i) => kinds[i] === 'json').map(member => member.id),
          pickle: kinds.filter(kind => kind === 'pickle').length,
          looked: lookedAt(sample, `members of ${placeName(structure, queue.name)}`),
        });
      }
    }
    if (!seen.some(({ pickle }) => pickle > 0)) return [];
    const queues = [...new Set(seen.filter(({ json }) => json.length > 0).map(({ queue }) => queue))];
    return queues.map(queue => {
      const here = seen.filter(each => each.queue === queue);
      const ids = here.flatMap(({ json }) => json);
      const pickled = here.reduce((sum, { pickle }) => sum + pickle, 0);
      return finding(context, jsonAmongPickles.id, {
        subject: queue,
        queue,
        title: `${jobs(ids.length)} in ${queue} ${ids.length === 1 ? 'needs' : 'need'} a worker with the JSON serializer`,
        label: `${jobs(ids.length)} in ${queue} in JSON`,
        severity: pickled > 0 ? 'trouble' : 'warning',
        sure: pickled > 0,
        evidence: [
          { what: 'jobs in JSON', value: names(ids), source: 'HGET rq:job:… data' },
          { what: 'pickled jobs in the same queue', value: String(pickled), source: 'HGET rq:job:… data' },
          { what: 'serializer of the workers', value: 'not recorded by RQ', source: '–' },
          ...here.flatMap(({ looked }) => looked),
        ],
        consequence:
          'A worker started without the JSON serializer cannot read these jobs: they fail as soon as it takes them. One with it cannot read the pickled ones.',
        remedies: [
          {
            text: 'Serve the JSON jobs with a worker of their own, in a queue of their own.',
            action: null,
            code: { language: 'shellscript', text: `rq worker --serializer rq.serializers.JSONSerializer ${queue}` },
          },
        ],
        notProblemWhen: 'The queue’s workers all use the JSON serializer, and other queues are pickled.',
      });
    });
  },
};

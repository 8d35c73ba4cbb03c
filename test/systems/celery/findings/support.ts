/** What the tests of Celery's rules share: a broker with real Celery on it, asked and diagnosed. */
import type { Redis } from 'ioredis';
import { type ConnectedRedis, connectRedis } from '../../../../src/brokers/redis/connect';
import {
  type Companions,
  type Diagnosis,
  type Finding,
  type Installation,
  isFinding,
  isNotChecked,
  type Surroundings,
} from '../../../../src/model';
import { celery } from '../../../../src/systems/celery';
import { type CeleryApp, clientOf, type TestRedis, waitFor } from '../../../support';
import { nothingKnown } from '../../../support/surroundings';

export const signal = new AbortController().signal;

export interface Diagnosed {
  readonly findings: readonly Finding[];
  /** Findings of a rule, without `celery.` in front. */
  of(rule: string): readonly Finding[];
  /** Why a rule could not look; undefined where it could. */
  notChecked(rule: string): string | undefined;
  /** Rules with findings, sorted, each once. */
  readonly rules: readonly string[];
}

export interface Site extends Disposable {
  readonly app: CeleryApp;
  readonly client: Redis;
  readonly installation: Installation;
  ask(): Promise<void>;
  diagnose(surroundings?: Surroundings): Promise<Diagnosed>;
  /**
   * Asks and diagnoses until just these rules find something: on a busy machine a worker may take longer than its two
   * seconds to tell its settings or versions, and is asked again.
   */
  settled(rules: readonly string[], surroundings?: Surroundings): Promise<Diagnosed>;
}

/** What every finding keeps to, whatever its rule. */
export function wellFormed(finding: Finding, { declarations }: Installation): void {
  const faults: string[] = [];
  if (finding.label.length > 40) faults.push('its label is longer than 40 characters');
  if (finding.evidence.length === 0) faults.push('it has no evidence');
  if (finding.evidence.some(({ what, source }) => what === '' || source === '')) faults.push('evidence without words');
  if (finding.remedies.length === 0) faults.push('it has no remedy');
  if (finding.consequence.split(/(?<=[.!?]) /).length > 3) faults.push('its consequence has more than three sentences');
  for (const { action } of finding.remedies) {
    if (action === null) continue;
    const kind = action.target.kind === 'jobs' || action.target.kind === 'selector' ? 'job' : action.target.kind;
    if (!declarations.some(({ id, target }) => id === action.id && target === kind))
      faults.push(`there is no action ${action.id} for a ${kind}`);
  }
  if (faults.length > 0) throw new Error(`${finding.rule}: ${faults.join('; ')}\n${JSON.stringify(finding, null, 2)}`);
}

/** Celery in one database of a Redis, results in the one behind it. Its own channels, keys and nothing else. */
export async function siteOn(
  redis: TestRedis,
  db: number,
  conf: Readonly<Record<string, unknown>> = {},
  { generation = 'celery-newest', results = true, surroundings = nothingKnown } = {},
): Promise<Site> {
  const urlOf = (number: number) => redis.url.replace(/\/\d+$/, `/${number}`);
  const broker = await connectRedis({ url: urlOf(db) }, signal);
  const opened = new Map<string, ConnectedRedis>();
  const open = async (url: string) => {
    const known = opened.get(url) ?? (await connectRedis({ url }, signal));
    opened.set(url, known);
    return known;
  };
  const companions: Companions = {
    open: (_role, url) => open(url),
    database: number => open(urlOf(number)),
    otherDatabases: async () => [],
    surroundings,
  };
  const options = results ? { results: urlOf(db + 1) } : {};
  const client = clientOf(redis, db);
  const app: CeleryApp = {
    generation,
    broker: urlOf(db),
    ...(results ? { backend: urlOf(db + 1) } : {}),
    conf: { result_extended: true, ...conf },
  };
  let installation: Installation | undefined;
  const found = async () => {
    installation ??= (await celery.detect(broker, options, signal, companions))[0];
    if (installation === undefined) throw new Error('No Celery was found.');
    return installation;
  };
  const site: Site = {
    app,
    client,
    get installation() {
      if (installation === undefined) throw new Error('Nobody has looked yet.');
      return installation;
    },
    async ask() {
      for await (const _answer of (await found()).ask?.(signal) ?? []);
    },
    async diagnose(where = surroundings) {
      const there = await found();
      for await (const _looked of there.complete?.(signal) ?? []);
      const overview = await there.overview(signal);
      const all: Diagnosis[] = [];
      for await (const one of there.diagnose({ connection: 'shop-test', overview, surroundings: where }, signal))
        all.push(one);
      const findings = all.filter(isFinding);
      for (const each of findings) wellFormed(each, there);
      return {
        findings,
        of: rule => findings.filter(each => each.rule === `celery.${rule}`),
        notChecked: rule => all.filter(isNotChecked).find(each => each.rule === `celery.${rule}`)?.reason,
        rules: [...new Set(findings.map(({ rule }) => rule.replace('celery.', '')))].sort(),
      };
    },
    async settled(rules, where) {
      let last: Diagnosed | undefined;
      await waitFor(
        async () => {
          await site.ask();
          last = await site.diagnose(where);
          return last.rules.join() === rules.join();
        },
        {
          timeout: 30_000,
          what: `findings of just ${rules.join(', ') || 'no rule'}`,
          explain: () => JSON.stringify(last?.findings, null, 2),
        },
      );
      if (last === undefined) throw new Error('Nobody has looked.');
      return last;
    },
    [Symbol.dispose]() {
      broker.close();
      for (const each of opened.values()) each.close();
      client.disconnect();
    },
  };
  return site;
}

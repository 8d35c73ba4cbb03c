import type { BrokerCandidate } from '../model';
import { type ComposeFacts, interpolate, type Variables } from './compose';
import { linesOf } from './files';
import { moveUrl, splitUrl, URLS } from './urls';

export const ENVIRONMENT_FILES = ['.env', '.env.*', '*.env'];
/** Modules in which people write where their broker is. */
export const SETTINGS_FILES = [
  'settings*.py',
  'config*.py',
  'celery*.py',
  'rq*.py',
  '*_settings.py',
  'dramatiq*.py',
  'huey*.py',
];

export interface NamedFile {
  readonly path: string;
  readonly text: string;
}

interface Mention {
  readonly name: string;
  readonly url: string;
  readonly file: string;
  readonly line: number;
}

/**
 * Brokers that files name, each once: services that publish one first, then URLs of environment files, compose
 * environments and settings modules. A host that is the name of a service leads to where that service is published.
 */
export function findCandidates(
  services: readonly ComposeFacts[],
  environmentFiles: readonly NamedFile[],
  settingsFiles: readonly NamedFile[],
): BrokerCandidate[] {
  const mentions = [
    ...environmentFiles.flatMap(file => urlsOfVariables(environmentOf(file), file.path)),
    ...services.flatMap(service => urlsOfVariables(service.environment, service.file)),
    ...settingsFiles.flatMap(urlsOfSettings),
  ];
  const byUrl = new Map<string, BrokerCandidate>();
  for (const candidate of [...services.flatMap(published), ...mentions.map(mention => mentioned(mention, services))]) {
    if (candidate === null) continue;
    const known = byUrl.get(candidate.url);
    if (known === undefined) byUrl.set(candidate.url, candidate);
    else if (known.password === null && candidate.password !== null)
      byUrl.set(candidate.url, { ...known, password: candidate.password });
  }
  return [...byUrl.values()];
}

const BROKER_IMAGES = [
  {
    image: /(^|[/-])(redis|valkey|keydb|dragonfly)/i,
    target: 6379,
    of: (place: string, { password }: ComposeFacts) => ({ url: `redis://${place}/0`, password }),
  },
  { image: /(^|\/)rabbitmq/i, target: 5672, of: rabbitOf },
];

/** The user, password and virtual host that the images (the official one, Bitnami's) make when they first start. */
function rabbitOf(place: string, { environment }: ComposeFacts): { url: string; password: string | null } {
  const given = (names: RegExp) => environment.find(({ name }) => names.test(name))?.value || null;
  const user = given(/^RABBITMQ_(DEFAULT_USER|USERNAME)$/);
  const vhost = given(/^RABBITMQ_(DEFAULT_)?VHOST$/);
  return {
    url: `amqp://${user === null ? '' : `${encodeURIComponent(user)}@`}${place}/${vhost === null || vhost === '/' ? '' : encodeURIComponent(vhost)}`,
    password: given(/^RABBITMQ_(DEFAULT_PASS|PASSWORD)$/),
  };
}

function published(service: ComposeFacts): BrokerCandidate[] {
  return service.ports.flatMap(port => {
    // A service that is built here has no image to know it by; then the port must do.
    const kind = BROKER_IMAGES.find(
      ({ image, target }) => port.target === target && (service.image === null || image.test(service.image)),
    );
    if (kind === undefined) return [];
    return [
      {
        ...kind.of(`${port.host}:${port.published}`, service),
        label: service.service,
        detail: `${service.file}:${service.line} publishes it as ${port.published}.`,
        file: service.file,
        line: service.line,
      },
    ];
  });
}

function mentioned(mention: Mention, services: readonly ComposeFacts[]): BrokerCandidate | null {
  const { url, password, host, port } = splitUrl(mention.url);
  // A part that only the running program knows.
  if (/[{}$]|%\(/.test(url)) return null;
  const at = `${mention.file}:${mention.line}`;
  const rest = { label: mention.name, file: mention.file, line: mention.line };
  const service = host === null ? undefined : services.find(one => one.service === host || one.aliases.includes(host));
  const open = service?.ports.find(one => one.target === port);
  if (service === undefined || open === undefined) return { ...rest, url, password, detail: `${at} names it.` };
  return {
    ...rest,
    url: moveUrl(url, open.host, open.published),
    password: password ?? service.password,
    detail: `${at} names ${host}:${port}. ${service.file}:${service.line} publishes it as ${open.published}.`,
  };
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/** Variables of a `.env` file: `NAME=value`, `export NAME="value"`; later ones may use earlier ones. */
export function environmentOf(file: NamedFile): Variable[] {
  const known = new Map<string, string>();
  const variables: Variable[] = [];
  for (const [index, line] of linesOf(file.text).entries()) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(.*?))\s*(?:\s#.*)?$/.exec(
      line,
    );
    const name = match?.[1];
    if (name === undefined) continue;
    const value = match?.[3] ?? interpolate((match?.[2] ?? match?.[4] ?? '').trim(), known);
    known.set(name, value);
    variables.push({ name, value, line: index + 1 });
  }
  return variables;
}

export function variablesOf(file: NamedFile | null): Variables {
  return new Map(file === null ? [] : environmentOf(file).map(({ name, value }) => [name, value]));
}

function urlsOfVariables(variables: readonly Variable[], file: string): Mention[] {
  const urls = variables.flatMap(({ name, value, line }) =>
    [...value.matchAll(URLS)].map(([url]) => ({ name, url, file, line })),
  );
  return [...urls, ...assembled(variables, file)];
}

/**
 * REDIS_HOST with REDIS_PORT, REDIS_DB and REDIS_PASSWORD, RABBITMQ_HOST with RABBITMQ_PORT, _USER, _PASSWORD and _VHOST
 * (also with another name before them).
 */
function assembled(variables: readonly Variable[], file: string): Mention[] {
  return [...assembledRedis(variables, file), ...assembledRabbit(variables, file)];
}

function assembledRabbit(variables: readonly Variable[], file: string): Mention[] {
  return variables.flatMap(({ name, value, line }) => {
    const prefix = /^(\w*(?:RABBIT(?:MQ)?|AMQP)_)HOST(?:NAME)?$/i.exec(name)?.[1];
    if (prefix === undefined || !/^[\w.-]+$/.test(value)) return [];
    const of = (suffixes: RegExp) =>
      variables.find(one => one.name.startsWith(prefix) && suffixes.test(one.name.slice(prefix.length)))?.value ?? '';
    const port = of(/^PORT$/i) || '5672';
    if (!/^\d{1,5}$/.test(port)) return [];
    const [user, password, vhost] = [
      of(/^(DEFAULT_)?USER(NAME)?$/i),
      of(/^(DEFAULT_)?PASS(WORD)?$/i),
      of(/^(DEFAULT_)?V(IRTUAL_)?HOST$/i),
    ];
    const login = `${encodeURIComponent(user)}${password === '' ? '' : `:${encodeURIComponent(password)}`}`;
    const path = vhost === '/' ? '' : encodeURIComponent(vhost);
    return [{ name, url: `amqp://${login === '' ? '' : `${login}@`}${value}:${port}/${path}`, file, line }];
  });
}

function assembledRedis(variables: readonly Variable[], file: string): Mention[] {
  return variables.flatMap(({ name, value, line }) => {
    const prefix = /^(\w*REDIS_)HOST$/i.exec(name)?.[1];
    if (prefix === undefined || !/^[\w.-]+$/.test(value)) return [];
    const of = (suffixes: RegExp) =>
      variables.find(one => one.name.startsWith(prefix) && suffixes.test(one.name.slice(prefix.length)))?.value;
    const password = of(/^PASS(WORD)?$/i);
    const port = of(/^PORT$/i) ?? '6379';
    const database = of(/^(DB|DATABASE)$/i) ?? '0';
    if (!/^\d{1,5}$/.test(port) || !/^\d{1,3}$/.test(database)) return [];
    const user = password ? `:${encodeURIComponent(password)}@` : '';
    return [{ name, url: `redis://${user}${value}:${port}/${database}`, file, line }];
  });
}

/** `NAME = "redis://…"`, also as a default (`os.environ.get("NAME", "redis://…")`) and in dictionaries. */
function urlsOfSettings(file: NamedFile): Mention[] {
  const variables: Variable[] = [];
  const mentions: Mention[] = [];
  for (const [index, line] of linesOf(file.text).entries()) {
    if (/^\s*#/.test(line)) continue;
    const constant = /^\s*([A-Z_]\w*)\s*=\s*(?:(?:["'])([^"']*)["']|(\d+))\s*(?:#.*)?$/.exec(line);
    if (constant?.[1] !== undefined)
      variables.push({ name: constant[1], value: constant[2] ?? constant[3] ?? '', line: index + 1 });
    for (const { 0: url, index: start } of line.matchAll(URLS)) {
      // The nearest name before it that looks like a setting.
      const name =
        line
          .slice(0, start)
          .match(/\b[A-Z][A-Z\d_]+\b/g)
          ?.at(-1) ?? 'URL';
      mentions.push({ name, url, file: file.path, line: index + 1 });
    }
  }
  return [...mentions, ...assembled(variables, file.path)];
}

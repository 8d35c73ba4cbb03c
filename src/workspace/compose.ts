import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { ComposeService } from '../model';
import { shellWords } from './dockerfile';
import { LIMITS } from './files';

export const COMPOSE_FILES = ['compose*.yml', 'compose*.yaml', 'docker-compose*.yml', 'docker-compose*.yaml'];

/** A service with what else of it names a broker. */
export interface ComposeFacts extends ComposeService {
  readonly environment: readonly { readonly name: string; readonly value: string; readonly line: number }[];
  /** From `command: redis-server --requirepass …`. */
  readonly password: string | null;
  /** Where its image is built: the folder and the Dockerfile in it, as written; null where it is not built here. */
  readonly build: { readonly context: string; readonly dockerfile: string } | null;
  /** `init: true`: Docker puts an init before everything that the container runs. */
  readonly init: boolean;
  /** What the container runs instead of what its image says; a text is cut into words as Compose does. */
  readonly entrypoint: readonly string[] | null;
  readonly command: readonly string[] | null;
}

/** Values that `${NAME}` takes: those of `.env` beside the compose file. */
export type Variables = ReadonlyMap<string, string>;

/**
 * Services of one compose file (Compose Specification), in the file's order; none where it cannot be read. `line` is
 * where the port is published, or where the service begins.
 */
export function parseCompose(text: string, file: string, variables: Variables): ComposeFacts[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' });
  const source: Source = {
    anchors: anchorsOf(document),
    variables,
    lineOf: node => lines.linePos(node?.range?.[0] ?? 0).line,
  };
  const services = isMap(document.contents) ? fieldOf(document.contents, 'services', source) : undefined;
  if (!isMap(services)) return [];
  const facts: ComposeFacts[] = [];
  for (const { key, value } of services.items) {
    const map = resolved(value, source);
    if (!isScalar(key) || !isMap(map)) continue;
    const textOf = (name: string) => scalarText(fieldOf(map, name, source), source);
    const ports = itemsOf(fieldOf(map, 'ports', source), source).flatMap(item =>
      portsOf(item, source).map(port => ({ ...port, line: source.lineOf(item) })),
    );
    facts.push({
      file,
      line: ports[0]?.line ?? source.lineOf(key),
      service: String(key.value),
      image: textOf('image'),
      aliases: [...new Set([textOf('container_name'), textOf('hostname'), ...aliasesOf(map, source)].filter(isText))],
      ports: ports.map(({ host, published, target }) => ({ host, published, target })),
      environment: environmentOf(fieldOf(map, 'environment', source), source),
      password: passwordOf(fieldOf(map, 'command', source), source),
      build: buildOf(fieldOf(map, 'build', source), source),
      init: /^(true|yes|on)$/i.test(textOf('init') ?? ''),
      entrypoint: wordsOf(fieldOf(map, 'entrypoint', source), source),
      command: wordsOf(fieldOf(map, 'command', source), source),
    });
  }
  return facts;
}

/** What the parts of a document need to know of the whole. */
interface Source {
  /** What `*name` stands for; yaml's own look-up goes through the document each time. */
  readonly anchors: ReadonlyMap<string, Node>;
  readonly variables: Variables;
  lineOf(node: Node | null | undefined): number;
}

/** A file could merge maps that merge maps, without end. */
const MERGES = { deep: 3, wide: 10 } as const;

/** A field of a map: its own, or one of the maps that it merges (`<<: *common`). */
function fieldOf(map: YAMLMap, name: string, source: Source, depth = 0): unknown {
  const own = map.get(name, true);
  if (own !== undefined) return resolved(own, source);
  if (depth >= MERGES.deep) return undefined;
  const merged = map.items
    .filter(({ key }) => isScalar(key) && key.value === '<<')
    .map(({ value }) => resolved(value, source));
  for (const other of merged
    .flatMap(value => (isSeq(value) ? value.items.map(item => resolved(item, source)) : [value]))
    .slice(0, MERGES.wide)) {
    const found = isMap(other) ? fieldOf(other, name, source, depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function resolved(node: unknown, { anchors }: Source): unknown {
  return isAlias(node) ? anchors.get(node.source) : node;
}

function anchorsOf(document: Document): Map<string, Node> {
  const anchors = new Map<string, Node>();
  visit(document, {
    Node: (_key, node) => {
      if (!isAlias(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return anchors;
}

/** `${X:-default}`, `${X-default}`, `${X:?error}`, `${X}`, `$X`, `$$`; what nothing sets is empty, as Compose does. */
export function interpolate(text: string, variables: Variables): string {
  return text.replaceAll(
    /\$(?:\$|\{(\w+)(?:(:?[-?+])((?:[^{}]|\{[^{}]*\})*))?\}|(\w+))/g,
    (whole, braced, operator, word, plain) => {
      if (whole === '$$') return '$';
      const value = variables.get(braced ?? plain);
      const isSet = value !== undefined && (value !== '' || !String(operator ?? '').startsWith(':'));
      if (operator?.endsWith('+') === true) return isSet ? interpolate(word, variables) : '';
      if (isSet) return value;
      return operator?.endsWith('-') === true ? interpolate(word, variables) : '';
    },
  );
}

const isText = (value: string | null): value is string => value !== null && value !== '';

function scalarText(node: unknown, { variables }: Source): string | null {
  if (!isScalar(node) || node.value === null) return null;
  // The source keeps what YAML would take for a number: 0600, 1e3.
  const text = node.source ?? String(node.value);
  return text.length > LIMITS.line ? null : interpolate(text, variables);
}

function itemsOf(node: unknown, source: Source): Node[] {
  return isSeq(node) ? node.items.map(item => resolved(item, source) as Node) : [];
}

interface Port {
  readonly host: string;
  readonly published: number;
  readonly target: number;
}

function portsOf(item: Node, source: Source): Port[] {
  if (isMap(item)) {
    const field = (name: string) => scalarText(fieldOf(item, name, source), source) ?? '';
    if (/^udp$/i.test(field('protocol'))) return [];
    return paired(hostOf(field('host_ip')), field('published'), field('target'));
  }
  const text = scalarText(item, source);
  const match = /^(?:(?:\[([^\]]*)\]|([^:]*(?=:[^:]*:))):)?(?:([\d-]*):)?([\d-]+)(?:\/(\w+))?$/.exec(
    text?.trim() ?? '',
  );
  if (match === null || /^udp$/i.test(match[5] ?? '')) return [];
  return paired(hostOf(match[1] ?? match[2] ?? ''), match[3] ?? '', match[4] ?? '');
}

/** Ranges are published in step; a port without a published one gets any, which no file can tell. */
function paired(host: string, published: string, target: string): Port[] {
  const [outside, inside] = [range(published), range(target)];
  if (outside.length === 0 || outside.length !== inside.length) return [];
  return outside.map((port, index) => ({ host, published: port, target: inside[index] ?? port }));
}

function range(text: string): number[] {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return [];
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  if (first < 1 || last > 65_535 || last < first || last - first > 100) return [];
  return Array.from({ length: last - first + 1 }, (_value, index) => first + index);
}

const hostOf = (ip: string) => (ip === '' || ip === '0.0.0.0' || ip === '::' ? 'localhost' : ip);

function aliasesOf(service: YAMLMap, source: Source): string[] {
  const networks = fieldOf(service, 'networks', source);
  if (!isMap(networks)) return [];
  return networks.items.flatMap(({ value }) => {
    const network = resolved(value, source);
    if (!isMap(network)) return [];
    return itemsOf(fieldOf(network, 'aliases', source), source).map(alias => scalarText(alias, source) ?? '');
  });
}

function environmentOf(node: unknown, source: Source) {
  if (isMap(node))
    return node.items.flatMap(({ key, value }) => {
      const text = scalarText(resolved(value, source), source);
      return isScalar(key) && text !== null ? [{ name: String(key.value), value: text, line: source.lineOf(key) }] : [];
    });
  return itemsOf(node, source).flatMap(item => {
    const text = scalarText(item, source) ?? '';
    const equals = text.indexOf('=');
    return equals < 1
      ? []
      : [{ name: text.slice(0, equals), value: text.slice(equals + 1), line: source.lineOf(item) }];
  });
}

function buildOf(node: unknown, source: Source): ComposeFacts['build'] {
  if (!isMap(node)) {
    const context = scalarText(node, source);
    return context === null ? null : { context, dockerfile: 'Dockerfile' };
  }
  const field = (name: string) => scalarText(fieldOf(node, name, source), source);
  return { context: field('context') ?? '.', dockerfile: field('dockerfile') ?? 'Dockerfile' };
}

function wordsOf(node: unknown, source: Source): string[] | null {
  if (isSeq(node)) return itemsOf(node, source).map(item => scalarText(item, source) ?? '');
  const text = scalarText(node, source);
  return text === null ? null : shellWords(text);
}

function passwordOf(command: unknown, source: Source): string | null {
  const words = wordsOf(command, source) ?? [];
  const index = words.indexOf('--requirepass');
  return index < 0 ? null : words[index + 1]?.replaceAll(/^["']|["']$/g, '') || null;
}

import { isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { ComposeService } from '../model';

export const COMPOSE_FILES = ['compose*.yml', 'compose*.yaml', 'docker-compose*.yml', 'docker-compose*.yaml'];

/** A service with what else of it names a broker. */
export interface ComposeFacts extends ComposeService {
  readonly environment: readonly { readonly name: string; readonly value: string; readonly line: number }[];
  /** From `command: redis-server --requirepass …`. */
  readonly password: string | null;
}

/** Values that `${NAME}` takes: those of `.env` beside the compose file. */
export type Variables = ReadonlyMap<string, string>;

/**
 * Services of one compose file (Compose Specification), in the file's order; none where it cannot be read. `line` is
 * where the port is published, or where the service begins.
 */
export function parseCompose(text: string, file: string, variables: Variables): ComposeFacts[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true, logLevel: 'silent' });
  const services = isMap(document.contents) ? document.contents.get('services') : undefined;
  if (!isMap(services)) return [];
  const lineOf = (node: Node | null | undefined) => lines.linePos(node?.range?.[0] ?? 0).line;
  const facts: ComposeFacts[] = [];
  for (const pair of services.items) {
    if (!isPair(pair) || !isScalar(pair.key) || !isMap(pair.value)) continue;
    const service = String(pair.key.value);
    const map: YAMLMap = pair.value;
    const textOf = (name: string) => scalarText(map.get(name, true), variables);
    const ports = itemsOf(map.get('ports', true)).flatMap(item =>
      portsOf(item, variables).map(port => ({ ...port, line: lineOf(item) })),
    );
    facts.push({
      file,
      line: ports[0]?.line ?? lineOf(pair.key),
      service,
      image: textOf('image'),
      aliases: [...new Set([textOf('container_name'), textOf('hostname'), ...aliasesOf(map)].filter(isText))],
      ports: ports.map(({ host, published, target }) => ({ host, published, target })),
      environment: environmentOf(map.get('environment', true), variables, lineOf),
      password: passwordOf(map.get('command', true), variables),
    });
  }
  return facts;
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

function scalarText(node: unknown, variables: Variables): string | null {
  if (!isScalar(node) || node.value === null) return null;
  // The source keeps what YAML would take for a number: 0600, 1e3.
  return interpolate(node.source ?? String(node.value), variables);
}

function itemsOf(node: unknown): Node[] {
  return isSeq(node) ? (node.items as Node[]) : [];
}

interface Port {
  readonly host: string;
  readonly published: number;
  readonly target: number;
}

function portsOf(item: Node, variables: Variables): Port[] {
  if (isMap(item)) {
    const field = (name: string) => scalarText(item.get(name, true), variables) ?? '';
    if (/^udp$/i.test(field('protocol'))) return [];
    return paired(hostOf(field('host_ip')), field('published'), field('target'));
  }
  const text = scalarText(item, variables);
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

function aliasesOf(service: YAMLMap): string[] {
  const networks = service.get('networks');
  if (!isMap(networks)) return [];
  return networks.items.flatMap(pair =>
    isPair(pair) && isMap(pair.value)
      ? itemsOf(pair.value.get('aliases', true)).flatMap(alias => (isScalar(alias) ? [String(alias.value)] : []))
      : [],
  );
}

function environmentOf(node: unknown, variables: Variables, lineOf: (node: Node | null | undefined) => number) {
  if (isMap(node))
    return node.items.flatMap(pair => {
      const value = isPair(pair) ? scalarText(pair.value, variables) : null;
      return isScalar(pair.key) && value !== null
        ? [{ name: String(pair.key.value), value, line: lineOf(pair.key) }]
        : [];
    });
  return itemsOf(node).flatMap(item => {
    const text = scalarText(item, variables) ?? '';
    const equals = text.indexOf('=');
    return equals < 1 ? [] : [{ name: text.slice(0, equals), value: text.slice(equals + 1), line: lineOf(item) }];
  });
}

function passwordOf(command: unknown, variables: Variables): string | null {
  const words = isSeq(command)
    ? itemsOf(command).map(item => scalarText(item, variables) ?? '')
    : (scalarText(command, variables) ?? '').split(/\s+/);
  const index = words.indexOf('--requirepass');
  return index < 0 ? null : words[index + 1]?.replaceAll(/^["']|["']$/g, '') || null;
}

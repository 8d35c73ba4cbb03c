/** The tables of docs/inspect.md that are made of the code: options of systems, actions, their parameters. */
import type { ActionDeclaration, ParameterProperty } from '../../src/model';
import { systems } from '../../src/systems';
import { rabbitHandlers, redisHandlers } from '../../src/systems/celery/act/handlers';
import { handlers as rqHandlers } from '../../src/systems/rq/act/handlers';

/** A value for each option, as a person would write it. */
const EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  celery: {
    results: 'redis://cache:6379/1',
    resultPrefix: 'shop-results-',
    prefix: 'shop-',
    queues: ['mail', 'reports'],
    prioritySteps: [0, 5, 9],
    visibilityTimeout: 43_200,
    controlExchange: 'shop-control',
    eventExchange: 'shop-events',
    ask: true,
    hear: false,
    redbeat: 'redis://cache:6379/2',
    redbeatPrefix: 'shop:beat:',
    peek: true,
    management: 'https://rabbit.example.com:15671',
  },
};

interface Acting {
  readonly title: string;
  /** Brokers that the system lives on, with what can be done on each. */
  readonly on: readonly { readonly broker: string; readonly declarations: readonly ActionDeclaration[] }[];
}

const declared = (handlers: readonly { readonly declaration: ActionDeclaration }[]) =>
  handlers.map(({ declaration }) => declaration);

const ACTING: readonly Acting[] = [
  { title: 'RQ', on: [{ broker: 'Redis', declarations: declared(rqHandlers) }] },
  {
    title: 'Celery',
    on: [
      { broker: 'Redis', declarations: declared(redisHandlers) },
      { broker: 'RabbitMQ', declarations: declared(rabbitHandlers) },
    ],
  },
];

/** Name of a part of docs/inspect.md → its text. @throws Error where an option has no example */
export function referenceParts(): Readonly<Record<string, string>> {
  return {
    options: optionTable(),
    actions: ACTING.map(actionTable).join('\n\n'),
    parameters: ACTING.map(parameterTable).join('\n\n'),
  };
}

/** A document with its parts replaced; each stands between `<!-- name -->` and `<!-- /name -->`. */
export function withParts(document: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [before, rest] = cut(text, `<!-- ${name} -->\n`);
    const [, after] = cut(rest, `<!-- /${name} -->`);
    return `${before}<!-- ${name} -->\n${part}\n<!-- /${name} -->${after}`;
  }, document);
}

function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`The document has no ${mark.trim()}.`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function optionTable(): string {
  const rows = systems.flatMap(({ id, title, options }) =>
    Object.entries(options?.properties ?? {}).map(([name, property]) => {
      const example = EXAMPLES[id]?.[name];
      if (example === undefined) throw new Error(`The option ${name} of ${title} has no example.`);
      return [title, code(name), meaning(property), code(JSON.stringify({ [name]: example }))];
    }),
  );
  return table(['system', 'option', 'meaning', 'example'], rows);
}

function actionTable({ title, on }: Acting): string {
  const rows = new Map<string, Row>();
  for (const { broker, declarations } of on) {
    for (const declaration of declarations) {
      const cells = [code(declaration.id), declaration.title.replace(/…$/, ''), ...said(declaration)];
      const key = JSON.stringify(cells);
      const row = rows.get(key) ?? { cells, targets: new Map<string, string[]>() };
      const target = targetOf(declaration);
      row.targets.set(target, [...(row.targets.get(target) ?? []), broker]);
      rows.set(key, row);
    }
  }
  return table(
    [title, 'title', 'on', 'parameters', 'effect', 'undo'],
    [...rows.values()].map(({ cells: [id = '', name = '', ...rest], targets }) => [
      id,
      name,
      [...targets].map(([target, brokers]) => target + only(brokers, on.length)).join('; '),
      ...rest,
    ]),
  );
}

interface Row {
  readonly cells: readonly string[];
  /** What it acts on → the brokers where it does. */
  readonly targets: Map<string, string[]>;
}

const only = (brokers: readonly string[], all: number) => (brokers.length === all ? '' : ` (${brokers.join()})`);

/** `job: failed canceled`; other targets have no state. */
const targetOf = ({ target, states = [] }: ActionDeclaration) =>
  states.length === 0 ? target : `${target}: ${states.join(' ')}`;

function said({ parameters, effect, undo }: ActionDeclaration): string[] {
  const names = Object.keys(parameters?.properties ?? {});
  return [names.map(code).join(' ') || '–', effect, undo.kind === 'none' ? 'no' : undo.kind.replace('-', ' ')];
}

function parameterTable({ title, on }: Acting): string {
  const rows = new Map<string, { readonly name: string; readonly meaning: string; readonly of: Set<string> }>();
  for (const { declarations } of on) {
    for (const { id, target, parameters } of declarations) {
      for (const [name, property] of Object.entries(parameters?.properties ?? {})) {
        const text = meaning(property);
        const key = JSON.stringify([name, text]);
        const row = rows.get(key) ?? { name, meaning: text, of: new Set<string>() };
        if (parameters?.required?.includes(name) === true) row.of.add(`**${id}**${needy(id, target, name, on)}`);
        else row.of.add(id);
        rows.set(key, row);
      }
    }
  }
  return table(
    [`${title}: parameter`, 'of', 'meaning'],
    [...rows.values()].map(({ name, of, meaning: text }) => [code(name), withoutLesser([...of]).join(', '), text]),
  );
}

/** ` on the installation`, where the action can do without the parameter elsewhere. */
function needy(id: string, target: string, name: string, on: Acting['on']): string {
  const elsewhere = on.flatMap(({ declarations }) =>
    declarations.filter(other => other.id === id && other.target !== target && other.parameters !== undefined),
  );
  return elsewhere.some(({ parameters }) => parameters?.required?.includes(name) !== true) ? ` on the ${target}` : '';
}

/** `enqueue` is not named again where it is needed on every target. */
const withoutLesser = (ids: readonly string[]) => ids.filter(id => id.startsWith('**') || !ids.includes(`**${id}**`));

function meaning({
  title,
  description,
  format,
  type,
  items,
  enum: values,
  default: otherwise,
}: ParameterProperty): string {
  const kind = format === undefined || format === 'text' ? type : format;
  return [
    `${title} (${items === undefined ? kind : `list of ${items.type}s`})`,
    ...(description === undefined ? [] : [description.replace(/\.$/, '')]),
    ...(values === undefined ? [] : [values.map(code).join(' ')]),
    ...(otherwise === undefined ? [] : [`${code(JSON.stringify(otherwise))} unless told`]),
  ].join('. ');
}

const code = (text: string) => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

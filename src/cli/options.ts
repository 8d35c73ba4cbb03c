import type { ParameterProperty, QueueSystem } from '../model';
import { badRequest } from './request';

type Options = Readonly<Record<string, unknown>>;
type Known = Pick<QueueSystem, 'id' | 'options'>;

/**
 * Options for one system stand under its id, or alone: then they go to the system asked for, or to every one that knows
 * them.
 * @throws InspectorError `bad-request` for a name that none of them knows, and for a value of another type
 */
export function optionsOf(
  options: Options | undefined,
  system: string | undefined,
  systems: readonly Known[],
): Readonly<Record<string, Options>> {
  if (options === undefined) return {};
  const entries = Object.entries(options);
  const bySystem = entries.flatMap(([key, value]) => {
    const known = systems.find(({ id }) => id === key);
    return known !== undefined && isObject(value) ? [{ known, own: value }] : [];
  });
  if (bySystem.length === entries.length) {
    for (const { known, own } of bySystem) check(own, [known]);
    return Object.fromEntries(bySystem.map(({ known, own }) => [known.id, own]));
  }
  // A system that there is none of is said where it is looked for.
  const meant = system === undefined ? systems : systems.filter(({ id }) => id === system);
  if (meant.length > 0) check(options, meant);
  const own = meant.map(known => [known.id, pick(options, known)] as const);
  return Object.fromEntries(own.filter(([, picked]) => Object.keys(picked).length > 0));
}

function check(options: Options, systems: readonly Known[]): void {
  for (const [name, value] of Object.entries(options)) {
    const property = systems.map(known => propertiesOf(known)[name]).find(found => found !== undefined);
    if (property === undefined) throw unknownOption(name, systems);
    if (!fits(property, value)) throw wrongValue(name, property);
  }
}

const propertiesOf = ({ options }: Known): Readonly<Record<string, ParameterProperty>> => options?.properties ?? {};

function pick(options: Options, known: Known): Options {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(propertiesOf(known), name)));
}

/** A list may be given as one text with commas. */
function fits({ type }: ParameterProperty, value: unknown): boolean {
  if (type === 'integer') return Number.isSafeInteger(value);
  if (type === 'array') return Array.isArray(value) || typeof value === 'string';
  return typeof value === type;
}

function unknownOption(name: string, systems: readonly Known[]) {
  const lists = systems.flatMap(known => {
    const names = Object.keys(propertiesOf(known));
    return names.length === 0 ? [] : [`those of ${known.id} are ${names.join(', ')}`];
  });
  const answer = lists.length === 0 ? `${systems.map(({ id }) => id).join(', ')} takes no options` : lists.join('; ');
  return badRequest(`There is no option "${name.slice(0, 60)}".`, answer, 'Leave it out, or write its name as listed.');
}

const WORDS: Readonly<Record<ParameterProperty['type'], string>> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
};

function wrongValue(name: string, property: ParameterProperty) {
  const wanted = `it should be ${WORDS[property.type]}`;
  return badRequest(`The option "${name}" cannot be read: ${wanted}.`, wanted, property.description ?? property.title);
}

const isObject = (value: unknown): value is Options =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

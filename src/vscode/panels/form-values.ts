/** What a form holds, and the parameters of an action that it stands for. */
import * as v from 'valibot';
import type { ParameterProperty, ParameterSchema } from '../../model';
import type { FormValues } from '../../protocol';

/** Values of a form as a page sends them. */
export const formValuesSchema: v.GenericSchema<unknown, FormValues> = v.record(
  v.string(),
  v.nullable(v.union([v.string(), v.number(), v.boolean()])),
);

/** Fields that were left empty are left out; texts become what the schema declares. */
export function parametersOf(values: FormValues, schema: ParameterSchema): Record<string, unknown> {
  const given = Object.entries(schema.properties).flatMap(([name, property]) => {
    const value = parameterOf(values[name], property);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}

function parameterOf(value: FormValues[string] | undefined, property: ParameterProperty): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value !== 'string') return value;
  if (property.format !== undefined && property.type === 'string') return value;
  if ((property.type === 'integer' || property.type === 'number') && property.format === undefined) {
    const n = Number(value);
    return Number.isFinite(n) ? n : value;
  }
  if (property.type === 'array') {
    return value.split(',').flatMap(part => {
      const item = part.trim();
      if (item === '') return [];
      return [property.items?.type === 'string' || Number.isNaN(Number(item)) ? item : Number(item)];
    });
  }
  return value;
}

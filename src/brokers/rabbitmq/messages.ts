/** Messages between the driver's form and ours, and the form in which they are kept for undo. */
import { InspectorError, type SavedMessage } from '../../model';
import type { Message } from './driver';
import { RAW } from './frames';
import type { Publication, RabbitMessage, RabbitProperties } from './port';
import { readTable, type Table, tableProblem, writeTable } from './table';

/** Properties other than the headers, under the driver's names, which are ours. `userId` is not ours to give. */
const TEXTS = [
  ...(['contentType', 'contentEncoding', 'correlationId', 'replyTo', 'expiration', 'messageId', 'type'] as const),
  'appId',
] as const;
const NUMBERS = ['deliveryMode', 'priority', 'timestamp'] as const;

export function messageOf({ fields, properties, content }: Message): RabbitMessage {
  const headers = headersOf(properties.headers);
  const problem = tableProblem(headers);
  return {
    exchange: String(fields.exchange ?? ''),
    routingKey: String(fields.routingKey ?? ''),
    redelivered: fields.redelivered === true,
    properties: pick(properties, headers),
    body: content,
    ...(problem === null ? {} : { headersProblem: problem }),
  };
}

function headersOf(given: unknown): Table | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const raw = (given as Readonly<Record<string, unknown>>)[RAW];
  return raw instanceof Uint8Array ? readTable(raw) : undefined;
}

function pick(given: Readonly<Record<string, unknown>> | object, headers: Table | undefined): RabbitProperties {
  const from = given as Readonly<Record<string, unknown>>;
  const picked: Record<string, unknown> = headers === undefined ? {} : { headers };
  for (const name of TEXTS) if (typeof from[name] === 'string') picked[name] = from[name];
  for (const name of NUMBERS) if (typeof from[name] === 'number') picked[name] = from[name];
  return picked;
}

/** Properties as the driver takes them: the headers as bytes, which frames.ts puts in their place. */
export function driverProperties(properties: RabbitProperties): Record<string, unknown> {
  const { headers, ...rest } = properties;
  return headers === undefined ? { ...rest } : { ...rest, headers: { [RAW]: Buffer.from(writeTable(headers)) } };
}

/**
 * A message as it is kept for undo: `openSaved` gives it back with the very bytes of its headers.
 * @throws InspectorError `bad-value` where its headers could not be read whole
 */
export function saveMessage(message: Pick<RabbitMessage, 'properties' | 'body'>): SavedMessage {
  const { headers, ...rest } = message.properties;
  const table = headers === undefined ? {} : { table: base64(writeTable(headers)) };
  return { properties: { ...rest, ...table }, body: base64(message.body) };
}

/** @throws InspectorError `bad-value` for what is no saved message */
export function openSaved(saved: SavedMessage): Pick<Publication, 'properties' | 'body'> {
  const { table } = saved.properties;
  if (typeof saved.body !== 'string' || (table !== undefined && typeof table !== 'string'))
    throw new InspectorError('bad-value', {
      message: 'The saved copy of this message cannot be read.',
      tried: 'reading a saved message',
      answer: 'it is not in the form in which it was written',
      remedy: 'The journal may have been changed by hand. Nothing was published.',
    });
  const headers = table === undefined ? undefined : readTable(Buffer.from(table, 'base64'));
  return { properties: pick(saved.properties, headers), body: Buffer.from(saved.body, 'base64') };
}

/** Headers that brokers add when they dead-letter, count or copy; on a message published anew they would be untrue. */
const OF_THE_BROKER = /^(?:x-death|x-(?:first|last)-death-\w+|x-delivery-count|x-acquired-count|CC|BCC)$/;

/** The same headers without what brokers add. The very same object where there is nothing to take away. */
function withoutBrokerHeaders(headers: Table): Table {
  const names = Object.keys(headers);
  if (!names.some(name => OF_THE_BROKER.test(name))) return headers;
  return Object.fromEntries(names.filter(name => !OF_THE_BROKER.test(name)).map(name => [name, headers[name]]));
}

/** The message published anew to a queue, over the default exchange: same properties, same body. */
export function republication(message: Pick<RabbitMessage, 'properties' | 'body'>, queue: string): Publication {
  const { headers, ...rest } = message.properties;
  const properties = headers === undefined ? rest : { ...rest, headers: withoutBrokerHeaders(headers) };
  return { routingKey: queue, properties, body: message.body };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

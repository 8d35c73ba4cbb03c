import { inflate } from '../../../../codecs/envelope/inflate';
import type { RawEntry, RawPart } from '../../../../model';
import { jobKey, resultsKey } from '../../keys';
import type { Reading } from '../reading';
import type { Field, Fields, Whole } from './whole';

/** Bytes of a value that are shown. */
const SHOWN = 64 * 1024;
/** Bytes of a value that are inflated to say what is inside. */
const LOOKED = 1024 * 1024;

/** The keys of a job as they stand on the broker, each with the command that shows the same. */
export function rawParts(
  { broker }: Reading,
  id: string,
  whole: Whole,
  ttl: { readonly hash: number | null; readonly results: number | null },
): RawPart[] {
  const parts: RawPart[] = [];
  if (whole.fields.size > 0 || whole.failure !== null) {
    parts.push({
      name: `rq:job:${id}`,
      type: whole.failure === null ? 'hash' : 'not a hash',
      ttlSeconds: ttl.hash,
      entries: entriesOf(whole.fields, describe),
      command: broker.cli(['HGETALL', jobKey(id)]),
    });
  }
  if (whole.results.length > 0) {
    parts.push({
      name: `rq:results:${id}`,
      type: 'stream',
      ttlSeconds: ttl.results,
      entries: whole.results.flatMap(entry =>
        entriesOf(entry.fields, describeResult).map(field => ({ ...field, name: `${entry.id} ${field.name}` })),
      ),
      command: broker.cli(['XREVRANGE', resultsKey(id), '+', '-']),
    });
  }
  return parts;
}

function entriesOf(fields: Fields, decoded: (name: string, field: Field) => string | null): RawEntry[] {
  return [...fields].map(([name, field]) => ({
    name,
    bytes: field.bytes.subarray(0, SHOWN),
    totalBytes: field.length,
    decoded: decoded(name, field),
  }));
}

/** Fields that hold what a serializer made, or a compressed text. */
function describe(name: string, { bytes, length }: Field): string | null {
  if (!['data', 'meta', 'result', 'exc_info'].includes(name) || length === 0) return null;
  if (bytes.length < length) return 'only its beginning was read';
  return contents(bytes, name === 'exc_info');
}

function describeResult(name: string, { bytes, length }: Field): string | null {
  if (name !== 'return_value' && name !== 'exc_string') return null;
  if (bytes.length < length) return 'only its beginning was read';
  const inside = contents(Buffer.from(bytes.toString('latin1'), 'base64'), name === 'exc_string');
  return `base64, ${inside}`;
}

function contents(bytes: Buffer, text: boolean): string {
  const inflated = inflate(bytes, LOOKED);
  const body = inflated.kind === 'inflated' ? inflated.bytes : bytes;
  const outside = inflated.kind === 'not-zlib' ? [] : ['zlib'];
  if (inflated.kind === 'broken') return `zlib, ${inflated.reason}`;
  if (text) return [...outside, `${body.length} bytes of text`].join(', ');
  const first = body[0];
  if (first === 0x80) return [...outside, `pickle protocol ${body[1] ?? 0}`].join(', ');
  if (first === 0x5b || first === 0x7b) return [...outside, 'JSON'].join(', ');
  return [...outside, `${body.length} bytes`].join(', ');
}

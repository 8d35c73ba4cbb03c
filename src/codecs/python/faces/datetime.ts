import { isKind, type PyCall, type PyNode } from '../value';
import type { Face, FaceTable, JsonSink, JsonValue, ReprSink } from './face';
import { asInt, asText } from './forms';

/**
 * `datetime`: the C implementation (CPython `Modules/_datetimemodule.c`) pickles the fields packed into 10, 4 or 6 bytes,
 * with `fold` in the top bit of the month (datetime) or hour (time); Python 2 writes the same bytes as a str.
 */

interface Packed {
  readonly source: Uint8Array;
  readonly start: number;
}

/** The packed fields, if the node has just this many. */
function packed(node: PyNode | undefined, length: number): Packed | undefined {
  if (typeof node === 'string') {
    return node.length === length ? { source: Buffer.from(node, 'latin1'), start: 0 } : undefined;
  }
  if (node === undefined || !(isKind(node, 'bytes') || isKind(node, 'str2'))) return undefined;
  return node.length === length ? node : undefined;
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** Hour, minute, second, microsecond from packed bytes; undefined when no time of day. */
function timeFields({ source, start }: Packed, at: number): [number, number, number, number] | undefined {
  const i = start + at;
  const hour = source[i]! & 0x7f;
  const minute = source[i + 1]!;
  const second = source[i + 2]!;
  const micro = (source[i + 3]! << 16) | (source[i + 4]! << 8) | source[i + 5]!;
  return hour < 24 && minute < 60 && second < 60 && micro < 1_000_000 ? [hour, minute, second, micro] : undefined;
}

function dateFields({ source, start }: Packed): [number, number, number] | undefined {
  const year = (source[start]! << 8) | source[start + 1]!;
  const month = source[start + 2]! & 0x7f;
  const day = source[start + 3]!;
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31
    ? [year, month, day]
    : undefined;
}

/** Seconds and microseconds as repr has them: left out when zero. */
function secondsText(second: number, micro: number): string {
  if (micro > 0) return `, ${second}, ${micro}`;
  return second > 0 ? `, ${second}` : '';
}

function writeZone(out: ReprSink, tz: PyNode | undefined): void {
  if (tz === undefined || tz === null) return;
  out.raw(', tzinfo=');
  out.node(tz);
}

const datetime: Face = {
  write(call, out) {
    const bytes = call.args.length <= 2 && call.state === undefined ? packed(call.args[0], 10) : undefined;
    if (bytes === undefined) return false;
    const date = dateFields(bytes);
    const time = timeFields(bytes, 4);
    if (date === undefined || time === undefined) return false;
    const [hour, minute, second, micro] = time;
    out.raw(`datetime.datetime(${date[0]}, ${date[1]}, ${date[2]}, ${hour}, ${minute}${secondsText(second, micro)}`);
    if (bytes.source[bytes.start + 2]! > 0x7f) out.raw(', fold=1');
    writeZone(out, call.args[1]);
    out.raw(')');
    return true;
  },
  json(call, out) {
    const iso = isoDatetime(call);
    const bytes = packed(call.args[0], 10);
    if (iso === undefined || bytes === undefined) return undefined;
    const tag: { [key: string]: JsonValue } = { $datetime: iso };
    if (bytes.source[bytes.start + 2]! > 0x7f) tag['fold'] = 1;
    addZone(tag, call.args[1], out);
    return tag;
  },
  contents: call => (call.args.length > 1 ? [{ label: 'tzinfo', node: call.args[1]! }] : []),
};

/**
 * A datetime as ISO 8601, with its offset from UTC where the bytes tell it, or undefined when the node is none.
 * Zones known by name alone (zoneinfo, dateutil files) leave the time without an offset.
 */
export function isoDatetime(node: PyNode): string | undefined {
  if (!isKind(node, 'call') || node.className !== 'datetime.datetime') return undefined;
  const bytes = packed(node.args[0], 10);
  const date = bytes === undefined ? undefined : dateFields(bytes);
  const time = bytes === undefined ? undefined : timeFields(bytes, 4);
  if (date === undefined || time === undefined) return undefined;
  return `${isoDate(date)}T${isoTime(time)}${offsetText(node.args[1])}`;
}

const isoDate = ([year, month, day]: [number, number, number]): string => `${pad(year, 4)}-${pad(month)}-${pad(day)}`;

function isoTime([hour, minute, second, micro]: [number, number, number, number]): string {
  return `${pad(hour)}:${pad(minute)}:${pad(second)}${micro > 0 ? `.${pad(micro, 6)}` : ''}`;
}

/** `+02:00`, or '' where there is no offset or none that the bytes tell. */
function offsetText(tz: PyNode | undefined): string {
  const seconds = tz === undefined ? undefined : offsetSeconds(tz);
  if (seconds === undefined) return '';
  const size = Math.abs(seconds);
  const rest = size % 60;
  const text = `${pad(Math.floor(size / 3600))}:${pad(Math.floor((size % 3600) / 60))}`;
  return `${seconds < 0 ? '-' : '+'}${text}${rest > 0 ? `:${pad(Math.floor(rest))}` : ''}`;
}

/** Seconds east of UTC of a tzinfo object with a fixed offset; pytz tells the offset that held at that time. */
export function offsetSeconds(tz: PyNode): number | undefined {
  if (!isKind(tz, 'call')) return undefined;
  switch (tz.className) {
    case 'datetime.timezone':
      return tz.args[0] === undefined ? undefined : timedeltaSeconds(tz.args[0]);
    case 'pytz._UTC':
    case 'dateutil.tz.tz.tzutc':
      return 0;
    case 'pytz._p':
      return asInt(tz.args[1]);
    case 'pytz.FixedOffset': {
      const minutes = asInt(tz.args[0]);
      return minutes === undefined ? undefined : minutes * 60;
    }
    case 'zoneinfo.ZoneInfo._unpickle':
      return tz.args[0] === 'UTC' ? 0 : undefined;
    default:
      return undefined;
  }
}

/** A timedelta in seconds, or undefined when the node is none. */
export function timedeltaSeconds(node: PyNode): number | undefined {
  if (!isKind(node, 'call') || node.className !== 'datetime.timedelta') return undefined;
  const fields = deltaFields(node);
  return fields === undefined ? undefined : fields[0] * 86_400 + fields[1] + fields[2] / 1e6;
}

function addZone(tag: { [key: string]: JsonValue }, tz: PyNode | undefined, out: JsonSink): void {
  if (tz === undefined || tz === null) return;
  const name = isKind(tz, 'call') && (tz.className === 'zoneinfo.ZoneInfo._unpickle' || tz.className === 'pytz._p');
  const key = name && isKind(tz, 'call') ? asText(tz.args[0]) : undefined;
  if (key !== undefined) tag['zone'] = key;
  else if (offsetSeconds(tz) === undefined) tag['zone'] = out.node(tz);
}

const date: Face = {
  write(call, out) {
    const bytes = call.args.length === 1 && call.state === undefined ? packed(call.args[0], 4) : undefined;
    const fields = bytes === undefined ? undefined : dateFields(bytes);
    if (fields === undefined) return false;
    out.raw(`datetime.date(${fields.join(', ')})`);
    return true;
  },
  json(call) {
    const bytes = packed(call.args[0], 4);
    const fields = bytes === undefined ? undefined : dateFields(bytes);
    return fields === undefined ? undefined : { $date: isoDate(fields) };
  },
  contents: () => [],
};

const time: Face = {
  write(call, out) {
    const bytes = call.args.length <= 2 && call.state === undefined ? packed(call.args[0], 6) : undefined;
    const fields = bytes === undefined ? undefined : timeFields(bytes, 0);
    if (bytes === undefined || fields === undefined) return false;
    const [hour, minute, second, micro] = fields;
    out.raw(`datetime.time(${hour}, ${minute}${secondsText(second, micro)}`);
    // CPython's time has its keywords the other way round than its datetime.
    writeZone(out, call.args[1]);
    out.raw(bytes.source[bytes.start]! > 0x7f ? ', fold=1)' : ')');
    return true;
  },
  json(call, out) {
    const bytes = packed(call.args[0], 6);
    const fields = bytes === undefined ? undefined : timeFields(bytes, 0);
    if (bytes === undefined || fields === undefined) return undefined;
    const tag: { [key: string]: JsonValue } = { $time: `${isoTime(fields)}${offsetText(call.args[1])}` };
    if (bytes.source[bytes.start]! > 0x7f) tag['fold'] = 1;
    addZone(tag, call.args[1], out);
    return tag;
  },
  contents: call => (call.args.length > 1 ? [{ label: 'tzinfo', node: call.args[1]! }] : []),
};

/** Days, seconds, microseconds. */
function deltaFields(call: PyCall): [number, number, number] | undefined {
  const days = asInt(call.args[0]);
  const seconds = asInt(call.args[1]);
  const micros = asInt(call.args[2]);
  if (call.args.length !== 3 || days === undefined || seconds === undefined || micros === undefined) return undefined;
  return seconds >= 0 && seconds < 86_400 && micros >= 0 && micros < 1_000_000 ? [days, seconds, micros] : undefined;
}

const timedelta: Face = {
  write(call, out) {
    const fields = deltaFields(call);
    if (fields === undefined || call.state !== undefined) return false;
    const parts = ['days', 'seconds', 'microseconds'].flatMap((name, i) =>
      fields[i] === 0 ? [] : [`${name}=${fields[i]}`],
    );
    out.raw(`datetime.timedelta(${parts.length === 0 ? '0' : parts.join(', ')})`);
    return true;
  },
  json(call) {
    const fields = deltaFields(call);
    return fields === undefined
      ? undefined
      : { $timedelta: { days: fields[0], seconds: fields[1], microseconds: fields[2] } };
  },
  contents: () => [],
};

const timezone: Face = {
  write(call, out) {
    const [offset, name] = call.args;
    if (offset === undefined || timedeltaSeconds(offset) === undefined || call.args.length > 2) return false;
    if (timedeltaSeconds(offset) === 0 && call.args.length === 1) {
      out.raw('datetime.timezone.utc');
      return true;
    }
    out.raw('datetime.timezone(');
    out.node(offset);
    if (name !== undefined) {
      out.raw(', ');
      out.node(name);
    }
    out.raw(')');
    return true;
  },
  contents: () => [],
};

export const DATETIME_FACES: FaceTable = {
  'datetime.datetime': datetime,
  'datetime.date': date,
  'datetime.time': time,
  'datetime.timedelta': timedelta,
  'datetime.timezone': timezone,
};

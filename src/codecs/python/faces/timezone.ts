import { isKind, type PyCall } from '../value';
import { timedeltaSeconds } from './datetime';
import type { Face, FaceTable, ReprSink } from './face';
import { asInt, asText, attribute } from './forms';

/** Time zones: zoneinfo (Python 3.9 and later), pytz and dateutil in the forms of all their releases since 2015. */

function face(write: (call: PyCall, out: ReprSink) => boolean): Face {
  return { write, contents: () => [] };
}

/** `getattr(ZoneInfo, '_unpickle')(key, from_cache)`; `zoneinfo/_zoneinfo.py` and `_zoneinfo.c`. */
const zoneInfo = face((call, out) => {
  const [key] = call.args;
  if (typeof key !== 'string') return false;
  out.raw('zoneinfo.ZoneInfo(key=');
  out.node(key);
  out.raw(')');
  return true;
});

/** pytz `tzinfo.py`: `_p(zone[, utcoffset, dst, tzname])`, seconds; the last three only of zones that change. */
const pytzZone = face((call, out) => {
  const [zone, offset, dst, name] = call.args;
  if (typeof zone !== 'string') return false;
  if (call.args.length === 1) {
    out.raw(`<StaticTzInfo '${zone}'>`);
    return true;
  }
  const seconds = asInt(offset);
  const summer = asInt(dst);
  if (seconds === undefined || summer === undefined || typeof name !== 'string') return false;
  out.raw(`<DstTzInfo '${zone}' ${name}${deltaText(seconds)} ${summer === 0 ? 'STD' : 'DST'}>`);
  return true;
});

/** `str(timedelta)`, `-1 day, 20:00:00` for four hours west, with a plus before what lies east. */
function deltaText(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = `${Math.floor(rest / 3600)}:${two(Math.floor((rest % 3600) / 60))}:${two(rest % 60)}`;
  return days === 0 ? `+${clock}` : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}`;
}

const pytzFixed = face((call, out) => {
  const minutes = asInt(call.args[0]);
  if (minutes === undefined) return false;
  out.raw(`pytz.FixedOffset(${minutes})`);
  return true;
});

const plain = (text: string): Face =>
  face((_, out) => {
    out.raw(text);
    return true;
  });

/** dateutil `tz/tz.py`, `tzoffset.__repr__`: the name only where there is one; the offset in whole seconds. */
const tzOffset = face((call, out) => {
  // Without state, as `tzoffset(name, offset)`; protocols 0 and 1 have the base class' value among the arguments.
  const stated = call.state !== undefined;
  const name = stated ? attribute(call, '_name') : call.args[0];
  const offset = stated ? attribute(call, '_offset') : call.args[1];
  if (offset === undefined) return false;
  const seconds = timedeltaSeconds(offset) ?? asInt(offset);
  if (seconds === undefined) return false;
  out.raw('tzoffset(');
  out.node(name ?? null);
  out.raw(`, ${Math.trunc(seconds)})`);
  return true;
});

/** `tzfile(None, filename)` followed by the whole table of transitions as state. */
const tzFile = face((call, out) => {
  const name = asText(attribute(call, '_filename')) ?? asText(call.args[1]) ?? asText(call.args[0]);
  if (name === undefined) return false;
  out.raw('tzfile(');
  out.node(name);
  out.raw(')');
  return true;
});

/** dateutil 4: `_unpickle(cls, file object, filename, table)`. */
const tzFile4 = face((call, out) => {
  const name = asText(call.args[2]);
  if (name === undefined) return false;
  out.raw('tzfile(');
  out.node(name);
  out.raw(')');
  return true;
});

const tzStr = face((call, out) => {
  const text = attribute(call, '_s') ?? call.args[0];
  if (text === undefined || (typeof text !== 'string' && !isKind(text, 'bytes'))) return false;
  out.raw('tzstr(');
  out.node(text);
  out.raw(')');
  return true;
});

const RELATIVE = ['years', 'months', 'days', 'leapdays', 'hours', 'minutes', 'seconds', 'microseconds'] as const;
const ABSOLUTE = ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond'] as const;

/** dateutil `relativedelta.py`, `__repr__`: what is relative with its sign, by `%+g`. One with a weekday shows its form. */
const relativeDelta = face((call, out) => {
  if (call.args.length > 0 || (attribute(call, 'weekday') ?? null) !== null) return false;
  const parts: string[] = [];
  for (const name of RELATIVE) {
    const value = asInt(attribute(call, name));
    // From a million on `%g` rounds.
    if (value === undefined || Math.abs(value) >= 1_000_000) return false;
    if (value !== 0) parts.push(`${name}=${value > 0 ? '+' : ''}${value}`);
  }
  for (const name of ABSOLUTE) {
    const value = attribute(call, name) ?? null;
    if (value === null) continue;
    const given = asInt(value);
    if (given === undefined) return false;
    parts.push(`${name}=${given}`);
  }
  out.raw(`relativedelta(${parts.join(', ')})`);
  return true;
});

export const TIMEZONE_FACES: FaceTable = {
  'zoneinfo.ZoneInfo._unpickle': zoneInfo,
  'backports.zoneinfo.ZoneInfo._unpickle': zoneInfo,
  'pytz._UTC': plain('<UTC>'),
  'pytz._p': pytzZone,
  'pytz.FixedOffset': pytzFixed,
  'pytz._FixedOffset': pytzFixed,
  'dateutil.tz.tz.tzutc': plain('tzutc()'),
  'dateutil.tz.tz.tzlocal': plain('tzlocal()'),
  'dateutil.tz.tz.tzoffset': tzOffset,
  'dateutil.tz.tz.tzfile': tzFile,
  'dateutil.tz.tz.tzstr': tzStr,
  'dateutil.tz.tz.tzrange': plain('tzrange(...)'),
  'dateutil.relativedelta.relativedelta': relativeDelta,
  'dateutil.tz._tzfile._unpickle': tzFile4,
  // dateutil before 2.7 had one module.
  'dateutil.tz.tzutc': plain('tzutc()'),
  'dateutil.tz.tzlocal': plain('tzlocal()'),
  'dateutil.tz.tzoffset': tzOffset,
  'dateutil.tz.tzfile': tzFile,
  'dateutil.tz.tzstr': tzStr,
  'dateutil.tz.tzrange': plain('tzrange(...)'),
};

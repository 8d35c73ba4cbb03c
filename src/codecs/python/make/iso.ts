import type { PyCall, PyNode } from '../value';
import { ValueRefused } from './call';
import {
  type DateFields,
  dateNode,
  datetimeNode,
  type TimeFields,
  timeNode,
  timezoneNode,
  zoneInfoNode,
} from './dates';

/** What ISO 8601 text lacks: the second of two equal wall times, and a zone known by its name. */
export interface IsoExtras {
  readonly fold?: 0 | 1;
  readonly zone?: string;
}

const DATE = String.raw`(\d{4})-(\d\d)-(\d\d)`;
const TIME = String.raw`(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?(Z|[+-]\d\d:?\d\d(?::\d\d(?:\.\d{1,6})?)?)?`;
const DATETIME_TEXT = new RegExp(`^${DATE}(?:[T ]${TIME})?$`);
const DATE_TEXT = new RegExp(`^${DATE}(?:[T ]00:00(?::00)?)?$`);
const TIME_TEXT = new RegExp(`^${TIME}$`);

/** What `datetime.isoformat()` writes, also with `Z`, a space for the `T`, or a date alone. Throws ValueRefused. */
export function datetimeFromIso(text: string, extras: IsoExtras = {}): PyCall {
  const match = DATETIME_TEXT.exec(text) ?? refuse(text, 'datetime', '2026-01-02T03:04:05+00:00');
  return datetimeNode(dateOf(match), timeOf(match, 4, extras), zoneOf(match[8], extras));
}

/** What `date.isoformat()` writes. Throws ValueRefused. */
export function dateFromIso(text: string): PyCall {
  return dateNode(dateOf(DATE_TEXT.exec(text) ?? refuse(text, 'date', '2026-01-02')));
}

/** What `time.isoformat()` writes. Throws ValueRefused. */
export function timeFromIso(text: string, extras: IsoExtras = {}): PyCall {
  const match = TIME_TEXT.exec(text) ?? refuse(text, 'time', '03:04:05');
  return timeNode(timeOf(match, 1, extras), zoneOf(match[5], extras));
}

function refuse(text: string, what: string, example: string): never {
  throw new ValueRefused(`${JSON.stringify(text.slice(0, 40))} is no ${what}: it reads like ${example}`);
}

function dateOf(match: RegExpExecArray): DateFields {
  return { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
}

function timeOf(match: RegExpExecArray, at: number, extras: IsoExtras): TimeFields {
  return {
    hour: Number(match[at] ?? 0),
    minute: Number(match[at + 1] ?? 0),
    second: Number(match[at + 2] ?? 0),
    microsecond: Number((match[at + 3] ?? '').padEnd(6, '0')),
    fold: extras.fold ?? 0,
  };
}

function zoneOf(offset: string | undefined, extras: IsoExtras): PyNode {
  if (extras.zone !== undefined) {
    return zoneInfoNode(extras.zone);
  }
  if (offset === undefined) {
    return null;
  }
  const [hours = '0', minutes = '0', seconds = '0', fraction = ''] =
    /^[+-](\d\d):?(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/.exec(offset)?.slice(1) ?? [];
  const us =
    (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds ?? 0)) * 1_000_000n +
    BigInt((fraction ?? '').padEnd(6, '0'));
  return timezoneNode(offset.startsWith('-') ? -us : us);
}

/** What a name that is no Python literal was probably meant to be. */
const NAMES: Readonly<Record<string, string>> = {
  true: 'true is JSON’s; Python writes True',
  false: 'false is JSON’s; Python writes False',
  null: 'null is JSON’s; Python writes None',
  undefined: 'undefined is JavaScript’s; Python writes None',
  none: 'none is no name in Python; it writes None',
  TRUE: 'Python writes True',
  FALSE: 'Python writes False',
  NULL: 'Python writes None',
  nan: "nan has no literal in Python; write float('nan')",
  NaN: "NaN is JSON’s; in Python write float('nan')",
  inf: "inf has no literal in Python; write float('inf')",
  Infinity: "Infinity is JSON’s; in Python write float('inf')",
  lambda: 'a lambda is code; only values can be written here',
  not: 'only values can be written here, no expressions',
};

/** Why a name cannot stand where a value is expected. */
export function hintForName(name: string): string {
  return (
    (Object.hasOwn(NAMES, name) ? NAMES[name] : undefined) ??
    `${short(name)} is a name, and names of your code are not known here: write a value, and text in quotes ('${short(name)}')`
  );
}

/** Why a call cannot stand here. */
export function hintForCall(name: string): string {
  return `${short(name)}(…) is none of the types that can be written here: datetime, date, time, timedelta, timezone, ZoneInfo, Decimal, Fraction, UUID, set, frozenset, bytearray, complex, float, OrderedDict, deque, Counter, range, PurePosixPath`;
}

function short(name: string): string {
  return name.length > 60 ? `${name.slice(0, 59)}…` : name;
}

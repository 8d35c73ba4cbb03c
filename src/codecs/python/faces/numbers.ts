import { complexText } from '../number-text';
import { isKind, type PyCall, type PyNode } from '../value';
import type { Face, FaceTable } from './face';
import { asBigInt, asText, attribute } from './forms';

/** A real number as `complex()` takes it. */
function asNumber(node: PyNode | undefined): number | undefined {
  if (node !== undefined && isKind(node, 'float')) return node.value;
  return typeof node === 'number' ? node : undefined;
}

const complex: Face = {
  write(call, out) {
    const real = asNumber(call.args[0]);
    const imaginary = asNumber(call.args[1]);
    if (real === undefined || imaginary === undefined || call.args.length !== 2) return false;
    out.raw(complexText(real, imaginary));
    return true;
  },
  json: (call, out) =>
    asNumber(call.args[0]) === undefined || asNumber(call.args[1]) === undefined
      ? undefined
      : { $complex: [out.node(call.args[0]!), out.node(call.args[1]!)] },
  contents: () => [],
};

const decimal: Face = {
  write(call, out) {
    const text = decimalText(call);
    if (text === undefined) return false;
    out.raw(`Decimal('${text}')`);
    return true;
  },
  json(call) {
    const text = decimalText(call);
    return text === undefined ? undefined : { $decimal: text };
  },
  contents: () => [],
};

/** The digits, if they are ones that `str(Decimal)` writes. */
function decimalText(call: PyCall): string | undefined {
  const text = asText(call.args[0]);
  if (text === undefined || call.args.length !== 1 || call.state !== undefined) return undefined;
  return /^-?(?:[0-9]+(?:\.[0-9]+)?(?:E[+-][0-9]+)?|Infinity|s?NaN[0-9]*)$/.test(text) ? text : undefined;
}

const fraction: Face = {
  write(call, out) {
    const parts = fractionParts(call);
    if (parts === undefined) return false;
    out.raw(`Fraction(${parts[0]}, ${parts[1]})`);
    return true;
  },
  json(call) {
    const parts = fractionParts(call);
    return parts === undefined ? undefined : { $fraction: `${parts[0]}/${parts[1]}` };
  },
  contents: () => [],
};

/** Two ints since Python 3.11; the text `1/3`, or `2`, before. */
function fractionParts(call: PyCall): [string, string] | undefined {
  const [first, second] = call.args;
  const text = asText(first);
  if (text !== undefined && call.args.length === 1) {
    const match = /^(-?[0-9]{1,4300})(?:\/([0-9]{1,4300}))?$/.exec(text);
    return match === null ? undefined : [match[1]!, match[2] ?? '1'];
  }
  const numerator = asBigInt(first);
  const denominator = asBigInt(second);
  if (call.args.length !== 2 || numerator === undefined || denominator === undefined) return undefined;
  const limit = 1n << 16_384n;
  if (numerator > limit || numerator < -limit || denominator > limit || denominator <= 0n) return undefined;
  return [String(numerator), String(denominator)];
}

const uuid: Face = {
  write(call, out) {
    const text = uuidText(call);
    if (text === undefined) return false;
    out.raw(`UUID('${text}')`);
    return true;
  },
  json(call) {
    const text = uuidText(call);
    return text === undefined ? undefined : { $uuid: text };
  },
  contents: () => [],
};

/** `uuid.UUID`: state `{'int': n[, 'is_safe': n]}` from Python 2.5 to 3.14. */
function uuidText(call: PyCall): string | undefined {
  const value = asBigInt(attribute(call, 'int'));
  if (value === undefined || value < 0n || value >= 1n << 128n || call.args.length > 0) return undefined;
  return value
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const NUMBER_FACES: FaceTable = {
  'builtins.complex': complex,
  'decimal.Decimal': decimal,
  '_decimal.Decimal': decimal,
  '_pydecimal.Decimal': decimal,
  'cdecimal.Decimal': decimal,
  'fractions.Fraction': fraction,
  'uuid.UUID': uuid,
};

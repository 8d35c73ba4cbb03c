import type { PyCall } from '../value';
import type { Face, FaceTable } from './face';
import { asBigInt, asText, lastName } from './forms';

/** `ipaddress`: an address pickles as its number (as text where it has a scope), networks and interfaces as text. */

function addressText(call: PyCall): string | undefined {
  const [value] = call.args;
  const text = asText(value);
  if (call.args.length !== 1 || call.state !== undefined) return undefined;
  if (text !== undefined) return /^[0-9a-fA-F:.]+(?:%[\w.-]+)?(?:\/\d+)?$/.test(text) ? text : undefined;
  const number = asBigInt(value);
  if (number === undefined || number < 0n) return undefined;
  if (lastName(call.className!).startsWith('IPv4')) {
    if (number > 0xffff_ffffn) return undefined;
    const n = Number(number);
    return [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.');
  }
  return number < 1n << 128n ? ipv6Text(number) : undefined;
}

/** Eight groups, the longest run of zero groups (of two or more, the first of equals) as `::`. */
function ipv6Text(value: bigint): string {
  const groups = value
    .toString(16)
    .padStart(32, '0')
    .match(/.{4}/g)!
    .map(group => Number.parseInt(group, 16).toString(16));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === '0') end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
  }
  if (start < 0) return groups.join(':');
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

const address: Face = {
  write(call, out) {
    const text = addressText(call);
    if (text === undefined) return false;
    out.raw(`${lastName(call.className!)}('${text}')`);
    return true;
  },
  json(call) {
    const text = addressText(call);
    return text === undefined ? undefined : { $ip: text };
  },
  contents: () => [],
};

export const NETWORK_FACES: FaceTable = Object.fromEntries(
  ['Address', 'Interface', 'Network'].flatMap(kind => [
    [`ipaddress.IPv4${kind}`, address],
    [`ipaddress.IPv6${kind}`, address],
  ]),
);

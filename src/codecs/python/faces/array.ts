import { quoteText } from '../quote';
import { intNode, isKind, type PyCall, PyFloat, type PyNode } from '../value';
import type { Face, FaceTable } from './face';
import { asInt, asItems, asText } from './forms';

/**
 * `array.array`: type code and a list of items below protocol 3, `_array_reconstructor(cls, typecode, machine format,
 * bytes)` from there on (CPython `Modules/arraymodule.c`, `enum machine_format_code`).
 */

type Read = (view: DataView, at: number, little: boolean) => PyNode;

/** Width and reader by machine format code, little-endian; big-endian is the code after it, but for single bytes. */
const FORMATS: ReadonlyMap<number, readonly [width: number, read: Read]> = new Map([
  [0, [1, (view, at) => view.getUint8(at)]],
  [1, [1, (view, at) => view.getInt8(at)]],
  [2, [2, (view, at, little) => view.getUint16(at, little)]],
  [4, [2, (view, at, little) => view.getInt16(at, little)]],
  [6, [4, (view, at, little) => view.getUint32(at, little)]],
  [8, [4, (view, at, little) => view.getInt32(at, little)]],
  [10, [8, (view, at, little) => intNode(view.getBigUint64(at, little))]],
  [12, [8, (view, at, little) => intNode(view.getBigInt64(at, little))]],
  [14, [4, (view, at, little) => new PyFloat(view.getFloat32(at, little))]],
  [16, [8, (view, at, little) => new PyFloat(view.getFloat64(at, little))]],
]);

/** More items than anybody reads; a larger array shows its form. */
const MAX_ITEMS = 100_000;

function items(call: PyCall): { code: string; items: readonly PyNode[] } | undefined {
  if (call.className === 'array.array') {
    const code = asText(call.args[0]);
    const given = call.args.length === 2 ? asItems(call.args[1]) : undefined;
    return code === undefined || given === undefined || code === 'u' ? undefined : { code, items: given };
  }
  const code = asText(call.args[1]);
  const format = asInt(call.args[2]);
  const bytes = call.args[3];
  if (code === undefined || format === undefined || bytes === undefined || !isKind(bytes, 'bytes')) return undefined;
  const [width, read] = FORMATS.get(format <= 1 ? format : format & ~1) ?? [];
  if (width === undefined || read === undefined || bytes.length % width !== 0 || bytes.length > MAX_ITEMS * width)
    return undefined;
  const view = new DataView(bytes.source.buffer, bytes.source.byteOffset + bytes.start, bytes.length);
  const read1 = (_: unknown, i: number): PyNode => read(view, i * width, format % 2 === 0);
  return { code, items: Array.from({ length: bytes.length / width }, read1) };
}

/** Arrays of characters print as text: type code `u`, and `w` from Python 3.13 on; UTF-16 or UTF-32 on the wire. */
function characters(call: PyCall): { code: string; text: string } | undefined {
  const [code, format, bytes] = call.className === 'array.array' ? call.args : call.args.slice(1);
  if (code !== 'u' && code !== 'w') return undefined;
  if (call.className === 'array.array') {
    const letters = call.args.length === 2 ? asItems(format) : undefined;
    const text = letters?.map(asText).map(letter => letter ?? '\ud800');
    // Lone surrogates side by side would become one character.
    return text?.every(letter => letter.isWellFormed()) ? { code, text: text.join('') } : undefined;
  }
  const kind = asInt(format);
  if (kind === undefined || kind < 18 || kind > 21 || bytes === undefined || !isKind(bytes, 'bytes')) return undefined;
  const width = kind < 20 ? 2 : 4;
  if (bytes.length % width !== 0 || bytes.length > MAX_ITEMS * width) return undefined;
  const view = new DataView(bytes.source.buffer, bytes.source.byteOffset + bytes.start, bytes.length);
  let text = '';
  for (let at = 0; at < bytes.length; at += width) {
    const point = width === 2 ? view.getUint16(at, kind % 2 === 0) : view.getUint32(at, kind % 2 === 0);
    if (point > 0x10ffff || (width === 4 && point >> 11 === 0x1b)) return undefined;
    text += width === 2 ? String.fromCharCode(point) : String.fromCodePoint(point);
  }
  return { code, text };
}

const array: Face = {
  write(call, out) {
    const letters = characters(call);
    if (letters !== undefined) {
      out.raw(`array('${letters.code}'${letters.text === '' ? '' : `, ${quoteText(letters.text)}`})`);
      return true;
    }
    const found = items(call);
    if (found === undefined) return false;
    out.raw(`array('${found.code}'`);
    if (found.items.length > 0) {
      out.raw(', [');
      out.list(found.items);
      out.raw(']');
    }
    out.raw(')');
    return true;
  },
};

export const ARRAY_FACES: FaceTable = { 'array.array': array, 'array._array_reconstructor': array };

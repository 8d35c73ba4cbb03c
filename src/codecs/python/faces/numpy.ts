import { floatText } from '../number-text';
import { intNode, isKind, type PyBytes, PyFloat, type PyNode } from '../value';
import type { Face, FaceTable } from './face';
import { asItems, asText } from './forms';

/**
 * Scalars of numpy: `scalar(dtype, bytes)` (numpy/_core/src/multiarray/scalartypes.c.src, gentype_reduce; the module is
 * `numpy.core` before 2.0). Numbers and booleans alone: the rest, and arrays, keep their inert form.
 */

type Read = (view: DataView, little: boolean) => PyNode;

/** By the dtype's name without its byte order: numpy's own name, width, reader. */
const SCALARS: ReadonlyMap<string, readonly [name: string, width: number, read: Read]> = new Map([
  ['b1', ['bool', 1, view => view.getUint8(0) !== 0]],
  ['i1', ['int8', 1, view => view.getInt8(0)]],
  ['i2', ['int16', 2, (view, little) => view.getInt16(0, little)]],
  ['i4', ['int32', 4, (view, little) => view.getInt32(0, little)]],
  ['i8', ['int64', 8, (view, little) => intNode(view.getBigInt64(0, little))]],
  ['u1', ['uint8', 1, view => view.getUint8(0)]],
  ['u2', ['uint16', 2, (view, little) => view.getUint16(0, little)]],
  ['u4', ['uint32', 4, (view, little) => view.getUint32(0, little)]],
  ['u8', ['uint64', 8, (view, little) => intNode(view.getBigUint64(0, little))]],
  ['f4', ['float32', 4, (view, little) => new PyFloat(shortest32(view.getFloat32(0, little)))]],
  ['f8', ['float64', 8, (view, little) => new PyFloat(view.getFloat64(0, little))]],
]);

/**
 * The number with the fewest digits that is this one in 32 bits: 1.1, not 1.100000023841858. From where on numpy writes
 * an exponent depends on its version (1e16, or 1e6 in 2.4), which no pickle tells: it is written as for 64 bits.
 */
function shortest32(value: number): number {
  for (let digits = 1; digits <= 9 && value !== 0; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** numpy 2 prints `np.int64(7)` and `np.True_`, numpy 1 printed `7` and `True`. */
function scalarFace(named: boolean): Face {
  return {
    write(call, out) {
      const [dtype, bytes] = call.args;
      if (call.args.length !== 2 || call.state !== undefined || dtype === undefined || bytes === undefined)
        return false;
      if (!isKind(dtype, 'call') || dtype.className !== 'numpy.dtype' || !isKind(bytes, 'bytes')) return false;
      const scalar = SCALARS.get(asText(dtype.args[0]) ?? '');
      const order = asItems(dtype.state)?.[1];
      if (scalar === undefined || scalar[1] !== bytes.length || (order !== '<' && order !== '>' && order !== '|'))
        return false;
      const [name, , read] = scalar;
      const value = read(viewOf(bytes), order !== '>');
      if (!named) out.node(value);
      else if (typeof value === 'boolean') out.raw(value ? 'np.True_' : 'np.False_');
      else out.raw(`np.${name}(${isKind(value, 'float') ? floatText(value.value) : String(value)})`);
      return true;
    },
    contents: () => [],
  };
}

const viewOf = ({ source, start, length }: PyBytes): DataView =>
  new DataView(source.buffer, source.byteOffset + start, length);

export const NUMPY_FACES: FaceTable = {
  'numpy._core.multiarray.scalar': scalarFace(true),
  'numpy.core.multiarray.scalar': scalarFace(false),
};

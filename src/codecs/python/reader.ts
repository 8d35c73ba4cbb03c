import { readLegacyOpcode } from './legacy';
import { COST, DEFAULT_PICKLE_LIMITS, type PickleLimits } from './limits';
import { PickleMachine, type PickleNote } from './machine';
import { float64, longNode } from './numbers';
import { OP } from './opcodes';
import { reduceNode } from './spelling';
import { isAsciiSpan, latin1Text, str2Node, utf8Text } from './text';
import {
  PyByteArray,
  PyBytes,
  PyCall,
  PyDict,
  PyFloat,
  PyFrozenSet,
  PyList,
  type PyNode,
  PySet,
  PyTuple,
} from './value';

/** A pickle that was read. */
export interface PickleDocument {
  readonly root: PyNode;
  /** As PROTO declares it; 0 for the protocols 0 and 1, which declare nothing. */
  readonly protocol: number;
  /** Offset after STOP; bytes behind it are no part of the pickle. */
  readonly end: number;
  /** Whether it holds strings as only Python 2 writes them. */
  readonly python2: boolean;
  /** Things a person should know: dangerous names, bytes behind the end … At most 100. */
  readonly notes: readonly PickleNote[];
}

/**
 * Reads one pickle of any protocol from 0 to 5. Runs nothing of it: what Python would call becomes an inert `PyCall`.
 *
 * @param bytes the pickle; nodes for bytes are views of it, so it must not be changed afterwards
 * @throws PickleError with offset, opcode and reason: cut short, no pickle, or beyond a limit
 */
export function readPickle(bytes: Uint8Array, limits: PickleLimits = DEFAULT_PICKLE_LIMITS): PickleDocument {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const machine = new PickleMachine(buffer, limits);
  const root = run(machine);
  const { pos: end, protocol, python2, notes } = machine;
  if (end < buffer.length) {
    notes.push({
      kind: 'trailing-bytes',
      text: `${buffer.length - end} bytes follow the end of the pickle`,
      offset: end,
    });
  }
  return { root, protocol, end, python2, notes };
}

/** The main loop; opcodes that no pickler writes since Python 2.3 are carried out in `legacy.ts`. */
function run(m: PickleMachine): PyNode {
  const { bytes, end, stack } = m;
  for (let count = m.limits.opcodes; count > 0; count--) {
    const at = m.pos;
    m.opStart = at;
    if (at >= end) m.fail('comes before STOP');
    if (m.left < COST.stackSlot * stack.length) m.spend(m.limits.memory);
    const op = bytes[at]!;
    m.pos = at + 1;
    switch (op) {
      case OP.SHORT_BINUNICODE:
        m.need(1);
        m.pos = at + 2;
        pushText(m, bytes[at + 1]!);
        break;
      case OP.MEMOIZE:
        m.memoize();
        break;
      case OP.BINGET:
        m.need(1);
        m.pos = at + 2;
        m.getMemo(bytes[at + 1]!);
        break;
      case OP.BINPUT:
        m.need(1);
        m.pos = at + 2;
        m.putMemo(bytes[at + 1]!);
        break;
      case OP.BININT1:
        m.need(1);
        m.pos = at + 2;
        stack[m.sp++] = bytes[at + 1]!;
        break;
      case OP.BININT2:
        m.need(2);
        m.pos = at + 3;
        stack[m.sp++] = bytes[at + 1]! | (bytes[at + 2]! << 8);
        break;
      case OP.BININT:
        stack[m.sp++] = uint32(m) | 0;
        break;
      case OP.BINFLOAT:
        m.need(8);
        m.pos = at + 9;
        m.left -= COST.float;
        stack[m.sp++] = new PyFloat(float64(bytes, at + 1));
        break;
      case OP.NONE:
        stack[m.sp++] = null;
        break;
      case OP.NEWTRUE:
        stack[m.sp++] = true;
        break;
      case OP.NEWFALSE:
        stack[m.sp++] = false;
        break;
      case OP.MARK:
        m.mark();
        break;
      case OP.EMPTY_TUPLE:
        pushTuple(m, 0);
        break;
      case OP.TUPLE1:
        pushTuple(m, 1);
        break;
      case OP.TUPLE2:
        pushTuple(m, 2);
        break;
      case OP.TUPLE3:
        pushTuple(m, 3);
        break;
      case OP.TUPLE:
        m.left -= COST.tuple;
        m.push(new PyTuple(m.popItems()));
        break;
      case OP.EMPTY_LIST:
        m.left -= COST.list;
        stack[m.sp++] = new PyList();
        break;
      case OP.EMPTY_DICT:
        m.left -= COST.dict;
        stack[m.sp++] = new PyDict();
        break;
      case OP.EMPTY_SET:
        m.left -= COST.set;
        stack[m.sp++] = new PySet();
        break;
      case OP.APPEND: {
        const item = m.pop();
        const target = m.top();
        stack[m.sp] = item;
        m.extend(target, stack, m.sp, m.sp + 1);
        break;
      }
      case OP.APPENDS: {
        const from = m.popMark();
        const to = m.sp;
        m.sp = from;
        m.extend(m.top(), stack, from, to);
        break;
      }
      case OP.SETITEM:
        m.pop();
        m.pop();
        m.setItems(m.top(), stack, m.sp, m.sp + 2);
        break;
      case OP.SETITEMS: {
        const from = m.popMark();
        const to = m.sp;
        m.sp = from;
        m.setItems(m.top(), stack, from, to);
        break;
      }
      case OP.ADDITEMS: {
        const items = m.popItems();
        addItems(m, m.top(), items);
        break;
      }
      case OP.FROZENSET: {
        const items = m.popItems();
        m.spend(COST.set);
        m.push(m.addMembers(new PyFrozenSet(), items));
        break;
      }
      case OP.BINUNICODE:
        pushText(m, uint32(m));
        break;
      case OP.BINUNICODE8:
        pushText(m, uint64(m));
        break;
      case OP.SHORT_BINBYTES:
        m.need(1);
        m.pos = at + 2;
        m.push(takeBytes(m, bytes[at + 1]!));
        break;
      case OP.BINBYTES:
        m.push(takeBytes(m, uint32(m)));
        break;
      case OP.BINBYTES8:
        m.push(takeBytes(m, uint64(m)));
        break;
      case OP.BYTEARRAY8: {
        const span = takeBytes(m, uint64(m));
        m.push(new PyByteArray(span.source, span.start, span.end));
        break;
      }
      case OP.LONG1:
        m.need(1);
        m.pos = at + 2;
        pushLong(m, bytes[at + 1]!);
        break;
      case OP.LONG4:
        pushLong(m, int32Length(m));
        break;
      case OP.STACK_GLOBAL: {
        const qualname = m.pop();
        const module = m.pop();
        if (typeof qualname !== 'string' || typeof module !== 'string') m.fail('needs two strings');
        m.pushGlobal(module, qualname);
        break;
      }
      case OP.GLOBAL: {
        const module = utf8Line(m);
        m.pushGlobal(module, utf8Line(m));
        break;
      }
      case OP.REDUCE: {
        const args = m.argumentsOf(m.pop());
        m.push(reduceNode(m, m.pop(), args));
        break;
      }
      case OP.NEWOBJ: {
        const args = m.argumentsOf(m.pop());
        m.pushCall(new PyCall('newobj', m.pop(), args));
        break;
      }
      case OP.NEWOBJ_EX: {
        const kwargs = m.pop();
        const args = m.argumentsOf(m.pop());
        if (!(kwargs instanceof PyDict)) m.fail('has keyword arguments that are no dict');
        m.pushCall(new PyCall('newobj_ex', m.pop(), args, kwargs));
        break;
      }
      case OP.BUILD:
        m.build(m.pop());
        break;
      case OP.LONG_BINGET:
        m.getMemo(uint32(m));
        break;
      case OP.LONG_BINPUT:
        m.putMemo(uint32(m));
        break;
      case OP.BINSTRING:
        pushStr2(m, int32Length(m));
        break;
      case OP.SHORT_BINSTRING:
        m.need(1);
        m.pos = at + 2;
        pushStr2(m, bytes[at + 1]!);
        break;
      case OP.PROTO:
        m.need(1);
        if (bytes[at + 1]! > 5) m.fail(`declares protocol ${bytes[at + 1]!}; 5 is the highest there is`);
        m.protocol = bytes[at + 1]!;
        m.pos = at + 2;
        break;
      case OP.FRAME:
        // Only a hint for reading files in pieces; CPython too merely checks that so many bytes are there.
        m.need(uint64(m));
        break;
      case OP.STOP:
        return m.pop();
      default:
        readLegacyOpcode(m, op);
    }
  }
  return m.fail(`is beyond the limit of ${m.limits.opcodes} opcodes`);
}

function uint32(m: PickleMachine): number {
  m.need(4);
  const { bytes, pos } = m;
  m.pos = pos + 4;
  return (bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24)) >>> 0;
}

/** A length of eight bytes. Above 2^53 it is not exact, but then it is beyond any input. */
function uint64(m: PickleMachine): number {
  const low = uint32(m);
  return low + uint32(m) * 0x1_0000_0000;
}

/** LONG4 and BINSTRING have a signed length. */
function int32Length(m: PickleMachine): number {
  const length = uint32(m) | 0;
  if (length < 0) m.fail(`has the negative length ${length}`);
  return length;
}

function pushText(m: PickleMachine, length: number): void {
  m.need(length);
  const start = m.pos;
  const stop = start + length;
  m.pos = stop;
  m.left -= COST.string + length;
  if (m.left < 0) m.spend(0);
  if (isAsciiSpan(m.bytes, start, stop)) {
    m.stack[m.sp++] = latin1Text(m.bytes, start, stop);
    return;
  }
  // Two bytes a character, and as much again inside of Node while it decodes.
  m.spend(2 * length);
  const text = utf8Text(m.bytes, start, stop);
  if (text === undefined) m.fail('holds text that is not UTF-8');
  if (typeof text === 'object') m.spend(4 * length);
  m.stack[m.sp++] = text;
}

function pushStr2(m: PickleMachine, length: number): void {
  m.need(length);
  m.python2 = true;
  m.spend(COST.bytes + length);
  m.push(str2Node(m.bytes, m.pos, m.pos + length));
  m.pos += length;
}

function takeBytes(m: PickleMachine, length: number): PyBytes {
  m.need(length);
  m.left -= COST.bytes;
  const start = m.pos;
  m.pos = start + length;
  return new PyBytes(m.bytes, start, start + length);
}

function pushLong(m: PickleMachine, length: number): void {
  m.need(length);
  // The number, and on the way there its bytes turned round and their hexadecimal digits.
  m.spend(COST.bigint + (length > 6 ? 6 * length : 0));
  m.push(longNode(m.bytes, m.pos, m.pos + length));
  m.pos += length;
}

function pushTuple(m: PickleMachine, length: 0 | 1 | 2 | 3): void {
  const { stack } = m;
  const from = m.sp - length;
  if (from < m.fence) m.fail('finds the stack empty');
  m.left -= COST.tuple + COST.item * length;
  const items: PyNode[] =
    length === 1
      ? [stack[from]!]
      : length === 2
        ? [stack[from]!, stack[from + 1]!]
        : length === 3
          ? [stack[from]!, stack[from + 1]!, stack[from + 2]!]
          : [];
  m.sp = from;
  stack[m.sp++] = new PyTuple(items);
}

function addItems(m: PickleMachine, target: PyNode, items: readonly PyNode[]): void {
  if (target instanceof PySet) {
    m.addMembers(target, items);
  } else if (target instanceof PyCall) {
    m.extend(target, items, 0, items.length);
  } else {
    m.fail('adds to something that is no set');
  }
}

/** A line of GLOBAL: UTF-8 in Python 3. */
function utf8Line(m: PickleMachine): string {
  const line = m.line();
  return /[\x80-\xff]/.test(line) ? Buffer.from(line, 'latin1').toString('utf8') : line;
}

import { COST } from './limits';
import type { PickleMachine } from './machine';
import { textFloat, textInt } from './numbers';
import { OP } from './opcodes';
import { rawUnicodeEscape, str2Node, unquoteStr2 } from './text';
import { PyBuffer, PyCall, PyDict, PyExtension, PyFloat, PyList, PyPersistent } from './value';

/**
 * Carries out one of the opcodes that today's picklers do not write: the text opcodes of protocol 0, Python 2 instances,
 * and what refers to things outside of the pickle.
 */
export function readLegacyOpcode(m: PickleMachine, op: number): void {
  switch (op) {
    case OP.POP:
      // POP also takes a MARK, when that is what lies on top.
      if (m.sp === m.fence && m.marks.length > 0) m.popMark();
      else m.pop();
      return;
    case OP.POP_MARK:
      m.sp = m.popMark();
      return;
    case OP.DUP:
      m.push(m.top());
      return;
    case OP.INT:
    case OP.LONG: {
      const line = m.line();
      const value = textInt(op === OP.LONG && line.endsWith('L') ? line.slice(0, -1) : line);
      if (value === undefined) m.fail('is no int');
      // I00 and I01 are False and True, L00 is a number.
      m.push(op === OP.LONG && typeof value === 'boolean' ? Number(value) : value);
      return;
    }
    case OP.FLOAT: {
      const value = textFloat(m.line());
      if (value === undefined) m.fail('is no float');
      m.spend(COST.float);
      m.push(new PyFloat(value));
      return;
    }
    case OP.STRING: {
      const text = unquoteStr2(m.line());
      if (text === undefined) m.fail('has quotes or escapes that do not match');
      m.python2 = true;
      m.spend(COST.string + COST.bytes + 3 * text.length);
      const bytes = Buffer.from(text, 'latin1');
      m.push(str2Node(bytes, 0, bytes.length));
      return;
    }
    case OP.UNICODE: {
      const line = m.line();
      m.spend(COST.string + 12 * (line.includes('\\') ? line.length : 0));
      const text = rawUnicodeEscape(line);
      if (text === undefined) m.fail('has an escape that is no code point');
      m.push(text);
      return;
    }
    case OP.GET:
      m.getMemo(memoIndex(m));
      return;
    case OP.PUT:
      m.putMemo(memoIndex(m));
      return;
    case OP.LIST: {
      m.spend(COST.list);
      m.push(new PyList(m.popItems()));
      return;
    }
    case OP.DICT: {
      const from = m.popMark();
      const to = m.sp;
      m.sp = from;
      m.spend(COST.dict);
      const dict = new PyDict();
      m.setItems(dict, m.stack, from, to);
      m.push(dict);
      return;
    }
    case OP.INST: {
      const module = m.line();
      const qualname = m.line();
      const args = m.popItems();
      m.pushGlobal(module, qualname);
      m.pushCall(new PyCall('inst', m.pop(), args));
      return;
    }
    case OP.OBJ: {
      const [cls, ...args] = m.popItems();
      if (cls === undefined) m.fail('has no class');
      m.left -= COST.item * args.length;
      m.pushCall(new PyCall('inst', cls, args));
      return;
    }
    case OP.PERSID: {
      const id = m.line();
      m.note('persistent-id', `refers to an object kept elsewhere: ${id.slice(0, 100)}`);
      m.spend(COST.call);
      m.push(new PyPersistent(id));
      return;
    }
    case OP.BINPERSID:
      m.note('persistent-id', 'refers to an object kept elsewhere');
      m.spend(COST.call);
      m.push(new PyPersistent(m.pop()));
      return;
    case OP.EXT1:
      pushExtension(m, 1);
      return;
    case OP.EXT2:
      pushExtension(m, 2);
      return;
    case OP.EXT4:
      pushExtension(m, 4);
      return;
    case OP.NEXT_BUFFER:
      m.note('out-of-band', 'refers to a buffer that is kept beside the pickle');
      m.spend(COST.call);
      m.push(new PyBuffer(m.buffers++, false));
      return;
    case OP.READONLY_BUFFER: {
      const buffer = m.top();
      if (!(buffer instanceof PyBuffer)) m.fail('needs a buffer');
      m.pop();
      m.push(new PyBuffer(buffer.index, true));
      return;
    }
    default:
      m.fail('is no pickle opcode');
  }
}

function memoIndex(m: PickleMachine): number {
  const line = m.line();
  if (!/^\s*\+?[0-9]{1,15}\s*$/.test(line)) m.fail('needs the number of a memo entry');
  return Number(line);
}

function pushExtension(m: PickleMachine, width: 1 | 2 | 4): void {
  m.need(width);
  const code = width === 4 ? m.bytes.readInt32LE(m.pos) : m.bytes.readUIntLE(m.pos, width);
  if (code <= 0) m.fail(`has the extension code ${code}; they begin at 1`);
  m.pos += width;
  m.note('extension', `refers to number ${code} of the application's copyreg extension registry`);
  m.spend(COST.call);
  m.push(new PyExtension(code));
}

import { OP, type OpcodeAt, scanOpcodes } from '../opcodes';
import { PatchError } from './error';
import { type FrameSpan, Shape, type Slot } from './shape';

/** Opcodes walked; what job queues store has some thousands. */
const MAX_OPCODES = 2_000_000;

interface Entry {
  readonly shape: Shape;
  /** Where the first opcode begins that had to do with it. */
  readonly start: number;
}

export interface Walked {
  readonly root: Slot;
  readonly frames: readonly FrameSpan[];
  /** As PROTO says; 0 where there is none. */
  readonly protocol: number;
}

/** Walks a pickle with a stack of shapes in place of values. Throws PatchError where it is none. */
export function walk(bytes: Uint8Array): Walked {
  return new Walker(bytes).run();
}

class Walker {
  private readonly bytes: Buffer;
  private readonly stack: Entry[] = [];
  /** Height of the stack at each MARK, and the offset of the MARK. */
  private readonly marks: { readonly height: number; readonly start: number }[] = [];
  private readonly memo = new Map<number, Shape>();
  private readonly frames: FrameSpan[] = [];
  private protocol = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  run(): Walked {
    let left = MAX_OPCODES;
    for (const op of scanOpcodes(this.bytes)) {
      if (--left < 0) {
        throw new PatchError(`the pickle has more than ${MAX_OPCODES} opcodes`);
      }
      if (op.opcode.byte === OP.STOP) {
        const { shape } = this.pop();
        return { root: { shape, insertAt: op.offset }, frames: this.frames, protocol: this.protocol };
      }
      this.step(op);
    }
    throw new PatchError('the bytes are no whole pickle: no STOP was reached');
  }

  private step(op: OpcodeAt): void {
    switch (op.opcode.byte) {
      case OP.PROTO:
        this.protocol = this.bytes[op.argument] ?? 0;
        break;
      case OP.FRAME:
        this.frame(op);
        break;
      case OP.MARK:
        this.marks.push({ height: this.stack.length, start: op.offset });
        break;
      case OP.POP:
        if (this.marks.at(-1)?.height === this.stack.length) {
          this.marks.pop();
        } else {
          this.pop();
        }
        break;
      case OP.POP_MARK:
        this.popMark(op.offset);
        break;
      case OP.DUP:
        this.top().shape.references++;
        this.stack.push({ shape: this.top().shape, start: op.offset });
        break;
      case OP.READONLY_BUFFER:
        break;
      default:
        if (!this.memoOpcode(op) && !this.building(op) && !this.calling(op)) {
          this.push(op, 'atom');
        }
    }
  }

  private frame(op: OpcodeAt): void {
    const length = Number(this.bytes.readBigUInt64LE(op.argument));
    const end = op.end + length;
    if (end > this.bytes.length || op.end < (this.frames.at(-1)?.end ?? 0)) {
      throw new PatchError(`the FRAME at byte ${op.offset} has a length that is not true`);
    }
    this.frames.push({ length: op.argument, start: op.end, end });
  }

  private memoOpcode(op: OpcodeAt): boolean {
    const { argument } = op;
    switch (op.opcode.byte) {
      case OP.MEMOIZE:
        this.memo.set(this.memo.size, this.top().shape);
        return true;
      case OP.PUT:
        this.memo.set(this.decimal(op), this.top().shape);
        return true;
      case OP.BINPUT:
        this.memo.set(this.bytes.readUInt8(argument), this.top().shape);
        return true;
      case OP.LONG_BINPUT:
        this.memo.set(this.bytes.readUInt32LE(argument), this.top().shape);
        return true;
      case OP.GET:
        this.recall(op, this.decimal(op));
        return true;
      case OP.BINGET:
        this.recall(op, this.bytes.readUInt8(argument));
        return true;
      case OP.LONG_BINGET:
        this.recall(op, this.bytes.readUInt32LE(argument));
        return true;
      default:
        return false;
    }
  }

  private decimal(op: OpcodeAt): number {
    return Number(this.bytes.toString('latin1', op.argument, op.end - 1));
  }

  private recall(op: OpcodeAt, index: number): void {
    const shape = this.memo.get(index);
    if (shape === undefined) {
      throw new PatchError(`byte ${op.offset} asks for memo entry ${index}, which is empty`);
    }
    shape.references++;
    this.stack.push({ shape, start: op.offset });
  }

  /** Containers: made empty and filled, or made of what lies on the stack. */
  private building(op: OpcodeAt): boolean {
    switch (op.opcode.byte) {
      case OP.EMPTY_LIST:
        this.push(op, 'list');
        return true;
      case OP.EMPTY_DICT:
        this.push(op, 'dict');
        return true;
      case OP.EMPTY_TUPLE:
        this.push(op, 'tuple');
        return true;
      case OP.EMPTY_SET:
        this.push(op, 'other');
        return true;
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3: {
        const count = op.opcode.byte - OP.TUPLE1 + 1;
        const parts = this.popMany(count);
        this.made(op, 'tuple', parts[0]?.start ?? op.offset).items.push(...slots(parts, op.offset));
        return true;
      }
      case OP.TUPLE:
      case OP.LIST:
      case OP.DICT:
      case OP.FROZENSET:
        this.fromMark(op);
        return true;
      case OP.APPEND:
        this.append(this.popMany(1), op.offset);
        return true;
      case OP.APPENDS:
        this.append(this.popMark(op.offset).parts, op.offset);
        return true;
      case OP.SETITEM:
        this.setItems(this.popMany(2), op.offset);
        return true;
      case OP.SETITEMS:
        this.setItems(this.popMark(op.offset).parts, op.offset);
        return true;
      case OP.ADDITEMS:
        this.popMark(op.offset);
        return true;
      default:
        return false;
    }
  }

  private fromMark(op: OpcodeAt): void {
    const { parts, start } = this.popMark(op.offset);
    switch (op.opcode.byte) {
      case OP.DICT:
        this.made(op, 'dict', start);
        this.setItems(parts, op.offset);
        break;
      case OP.FROZENSET:
        this.made(op, 'other', start);
        break;
      default:
        this.made(op, op.opcode.byte === OP.TUPLE ? 'tuple' : 'list', start);
        this.append(parts, op.offset);
    }
  }

  private calling(op: OpcodeAt): boolean {
    switch (op.opcode.byte) {
      case OP.STACK_GLOBAL:
        this.made(op, 'other', this.popMany(2)[0]?.start ?? op.offset);
        return true;
      case OP.REDUCE:
      case OP.NEWOBJ:
        this.called(op, this.popMany(2));
        return true;
      case OP.NEWOBJ_EX:
        this.called(op, this.popMany(3));
        return true;
      case OP.OBJ:
      case OP.INST:
        this.made(op, 'object', this.popMark(op.offset).start);
        return true;
      case OP.BUILD: {
        const [state] = slots(this.popMany(1), op.offset);
        this.top().shape.state = state;
        return true;
      }
      case OP.BINPERSID:
        this.made(op, 'other', this.pop().start);
        return true;
      default:
        return false;
    }
  }

  private called(op: OpcodeAt, parts: readonly Entry[]): void {
    this.made(op, 'object', parts[0]?.start ?? op.offset).args = slots(parts, op.offset)[1];
  }

  private append(parts: readonly Entry[], offset: number): void {
    const { items } = this.top().shape;
    for (const slot of slots(parts, offset)) {
      items.push(slot);
    }
  }

  private setItems(parts: readonly Entry[], offset: number): void {
    const { entries } = this.top().shape;
    const all = slots(parts, offset);
    for (let at = 0; at + 1 < all.length; at += 2) {
      entries.push({ key: (all[at] as Slot).shape, slot: all[at + 1] as Slot });
    }
  }

  private push(op: OpcodeAt, kind: Shape['kind']): void {
    this.stack.push({ shape: new Shape(kind, op.offset, op.end), start: op.offset });
  }

  private made(op: OpcodeAt, kind: Shape['kind'], start: number): Shape {
    const shape = new Shape(kind, start, op.end);
    this.stack.push({ shape, start });
    return shape;
  }

  private top(): Entry {
    return this.stack.at(-1) ?? this.underflow();
  }

  private pop(): Entry {
    return this.stack.pop() ?? this.underflow();
  }

  private popMany(count: number): Entry[] {
    if (this.stack.length < count) {
      this.underflow();
    }
    return this.stack.splice(this.stack.length - count, count);
  }

  private popMark(offset: number): { parts: Entry[]; start: number } {
    const mark = this.marks.pop();
    if (mark === undefined || mark.height > this.stack.length) {
      throw new PatchError(`byte ${offset} needs a MARK, and there is none`);
    }
    return { parts: this.stack.splice(mark.height), start: mark.start };
  }

  private underflow(): never {
    throw new PatchError('the bytes are no pickle: an opcode takes more from the stack than lies there');
  }
}

/** Each part is complete where the next one begins, the last where the opcode that takes them all stands. */
function slots(parts: readonly Entry[], offset: number): Slot[] {
  return parts.map(({ shape }, index) => ({ shape, insertAt: parts[index + 1]?.start ?? offset }));
}

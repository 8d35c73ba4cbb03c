import { OP } from '../opcodes';
import { isHeapNode, type PyCall, PyDict, PyGlobal, type PyHeapNode, type PyNode, PyTuple } from '../value';
import { Atoms, type WriteProtocol } from './atoms';
import { PickleWriteError } from './error';
import { sharedNodes } from './shared';

export { PickleWriteError } from './error';

/** Written out values when nothing may be shared: a few doublings would fill the memory otherwise. */
const MAX_UNSHARED_NODES = 1_000_000;

/** A step still to do: a node to write, or an opcode with what belongs to it. */
type Step = { readonly node: PyNode } | { readonly run: () => void };

/** Writes with a stack of its own, so that no nesting is too deep. */
export class PickleWriter {
  private readonly atoms: Atoms;
  private readonly useMemo: boolean;
  private readonly protocol: WriteProtocol;
  private readonly memo = new Map<PyHeapNode, number>();
  /** Containers being written out where nothing may be shared: meeting one again is a cycle. */
  private readonly open = new Set<PyHeapNode>();
  private shared: ReadonlySet<PyHeapNode> = new Set();
  private readonly steps: Step[] = [];
  private written = 0;

  constructor(protocol: WriteProtocol, memo: 'memo' | 'no memo') {
    this.protocol = protocol;
    this.useMemo = memo === 'memo';
    this.atoms = new Atoms(protocol);
  }

  pickle(node: PyNode): Buffer {
    this.atoms.sink.byte(OP.PROTO);
    this.atoms.sink.byte(this.protocol);
    this.write(node);
    this.atoms.sink.byte(OP.STOP);
    return this.atoms.sink.take();
  }

  opcodes(node: PyNode): Buffer {
    this.write(node);
    return this.atoms.sink.take();
  }

  private write(root: PyNode): void {
    if (this.useMemo) {
      this.shared = sharedNodes(root);
    }
    this.steps.push({ node: root });
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      if ('run' in step) {
        step.run();
      } else {
        this.writeNode(step.node);
      }
    }
  }

  private writeNode(node: PyNode): void {
    if (!isHeapNode(node)) {
      this.atoms.plain(node);
      return;
    }
    if (this.atoms.heap(node)) {
      return;
    }
    const known = this.memo.get(node);
    if (known !== undefined) {
      this.atoms.get(known);
      return;
    }
    if (!this.useMemo) {
      this.enter(node);
    }
    this.writeContainer(node);
  }

  private enter(node: PyHeapNode): void {
    if (this.open.has(node)) {
      throw new PickleWriteError('a value that holds itself cannot be put into an existing pickle');
    }
    if (++this.written > MAX_UNSHARED_NODES) {
      throw new PickleWriteError(`more than ${MAX_UNSHARED_NODES} containers cannot be put into an existing pickle`);
    }
    this.open.add(node);
    this.steps.push({ run: () => this.open.delete(node) });
  }

  private writeContainer(node: PyHeapNode): void {
    switch (node.kind) {
      case 'bytearray':
        this.atoms.bytearray(node.data);
        this.remember(node);
        break;
      case 'tuple':
        this.tuple(node);
        break;
      case 'list':
        this.op(OP.EMPTY_LIST);
        this.remember(node);
        this.filled(node.items, OP.APPENDS);
        break;
      case 'dict':
        this.op(OP.EMPTY_DICT);
        this.remember(node);
        this.filled(interleaved(node), OP.SETITEMS);
        break;
      case 'set':
        this.set(node);
        break;
      case 'frozenset':
        this.frozenset(node);
        break;
      case 'call':
        this.call(node);
        break;
      case 'persid':
        this.later([{ node: node.id }], () => this.op(OP.BINPERSID));
        break;
      default:
        throw new PickleWriteError(`a ${node.kind} cannot be written: what it refers to is not part of the pickle`);
    }
  }

  /** MARK, the parts, an opcode that adds them all to what lies below; nothing where there are none. */
  private filled(parts: readonly PyNode[], opcode: number): void {
    if (parts.length > 0) {
      this.op(OP.MARK);
      this.later(parts.map(asStep), () => this.op(opcode));
    }
  }

  /** Writes the parts in order and then goes on. */
  private later(parts: readonly Step[], then: () => void): void {
    this.steps.push({ run: then });
    for (let index = parts.length - 1; index >= 0; index--) {
      this.steps.push(parts[index] as Step);
    }
  }

  private tuple(node: PyTuple): void {
    const { length } = node.items;
    if (length === 0) {
      this.op(OP.EMPTY_TUPLE);
      return;
    }
    const small = length <= 3 ? [OP.TUPLE1, OP.TUPLE2, OP.TUPLE3][length - 1] : undefined;
    if (small === undefined) {
      this.op(OP.MARK);
    }
    this.later(node.items.map(asStep), () => {
      const known = this.memo.get(node);
      if (known === undefined) {
        this.op(small ?? OP.TUPLE);
        this.remember(node);
        return;
      }
      // The tuple holds itself by way of its items and was finished further in: drop them, take that one.
      if (small === undefined) {
        this.op(OP.POP_MARK);
      } else {
        node.items.forEach(() => {
          this.op(OP.POP);
        });
      }
      this.atoms.get(known);
    });
  }

  private set(node: PyHeapNode & { kind: 'set' }): void {
    if (this.protocol === 4) {
      this.op(OP.EMPTY_SET);
      this.remember(node);
      this.filled(node.items, OP.ADDITEMS);
    } else {
      this.madeOfList('set', node);
    }
  }

  private frozenset(node: PyHeapNode & { kind: 'frozenset' }): void {
    if (this.protocol === 4) {
      this.op(OP.MARK);
      this.later(node.items.map(asStep), () => {
        const known = this.memo.get(node);
        if (known === undefined) {
          this.op(OP.FROZENSET);
          this.remember(node);
        } else {
          this.op(OP.POP_MARK);
          this.atoms.get(known);
        }
      });
    } else {
      this.madeOfList('frozenset', node);
    }
  }

  /** Protocol 2 has no opcode for sets: `set([…])`. */
  private madeOfList(name: string, node: PyHeapNode & { kind: 'set' | 'frozenset' }): void {
    this.atoms.global(new PyGlobal('builtins', name));
    this.op(OP.EMPTY_LIST);
    if (node.items.length > 0) {
      this.op(OP.MARK);
    }
    this.later(node.items.map(asStep), () => {
      const known = this.memo.get(node);
      if (node.items.length > 0) {
        this.op(OP.APPENDS);
      }
      if (known === undefined) {
        this.op(OP.TUPLE1);
        this.op(OP.REDUCE);
        this.remember(node);
      } else {
        this.op(OP.POP);
        this.op(OP.POP);
        this.atoms.get(known);
      }
    });
  }

  private call(node: PyCall): void {
    const args = new PyTuple([...node.args]);
    const made = (): void => this.finishCall(node);
    switch (node.how) {
      case 'reduce':
        this.later([{ node: node.callable }, { node: args }], () => this.finish(OP.REDUCE, made));
        break;
      case 'newobj':
        this.later([{ node: node.callable }, { node: args }], () => this.finish(OP.NEWOBJ, made));
        break;
      case 'newobj_ex':
        if (this.protocol < 4) {
          throw new PickleWriteError('an object made with keyword arguments needs protocol 4');
        }
        this.later([{ node: node.callable }, { node: args }, { node: node.kwargs ?? new PyDict() }], () =>
          this.finish(OP.NEWOBJ_EX, made),
        );
        break;
      case 'inst':
        this.op(OP.MARK);
        this.later([node.callable, ...node.args].map(asStep), () => this.finish(OP.OBJ, made));
        break;
      case 'build':
        this.later([{ node: node.callable }], made);
        break;
    }
  }

  private finish(opcode: number, made: () => void): void {
    this.op(opcode);
    made();
  }

  /** What comes after the object is made: memo, items, state, in the order of CPython's `save_reduce`. */
  private finishCall(node: PyCall): void {
    this.remember(node);
    const { state } = node;
    if (state !== undefined) {
      this.steps.push({ run: () => this.op(OP.BUILD) }, { node: state });
    }
    const { dictItems, listItems } = node;
    if (dictItems !== undefined) {
      this.steps.push({ run: () => this.filled(interleaved(dictItems), OP.SETITEMS) });
    }
    if (listItems !== undefined) {
      this.steps.push({ run: () => this.filled(listItems, OP.APPENDS) });
    }
  }

  private remember(node: PyHeapNode): void {
    if (this.shared.has(node) && !this.memo.has(node)) {
      this.atoms.put(this.memo.size);
      this.memo.set(node, this.memo.size);
    }
  }

  private op(opcode: number): void {
    this.atoms.sink.byte(opcode);
  }
}

function asStep(node: PyNode): Step {
  return { node };
}

function interleaved(dict: PyDict): PyNode[] {
  const parts: PyNode[] = [];
  for (const [key, value] of dict.entries()) {
    parts.push(key, value);
  }
  return parts;
}

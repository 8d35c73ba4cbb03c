import type { PyNode } from './value';
import type { WriteProtocol } from './write/atoms';
import { PickleWriter } from './write/writer';

export { PickleWriteError } from './write/writer';

export interface PickleWriteOptions {
  /** 2 for Python 2 workers and kombu ≤ 4, 4 for everything since Python 3.4. */
  readonly protocol: 2 | 4;
}

/**
 * A value as a pickle in its smallest standard form: no FRAME, memo entries only for what is shared or cyclic. Read by
 * every Python (protocol 2) or every Python since 3.4 (protocol 4), and so by every generation of RQ, Huey, Celery and
 * APScheduler. Throws PickleWriteError for the few nodes that stand for nothing a pickle of its own can hold.
 */
export function writePickle(node: PyNode, options: PickleWriteOptions): Buffer {
  const writer = new PickleWriter(options.protocol, 'memo');
  return writer.pickle(node);
}

/**
 * The opcodes that push a value, without PROTO and STOP and without any memo entry, to be put into an existing pickle.
 * Protocol 3 differs from 2 in names and bytes. What is shared is written out each time; a cycle throws PickleWriteError.
 */
export function writeValueOpcodes(node: PyNode, options: { readonly protocol: WriteProtocol }): Buffer {
  const writer = new PickleWriter(options.protocol, 'no memo');
  return writer.opcodes(node);
}

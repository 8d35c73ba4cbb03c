import { opcodeOf } from './opcodes';

/** Bytes that are no pickle this reader can read, with the place where reading ended. */
export class PickleError extends Error {
  override readonly name = 'PickleError';
  /** Byte offset of the opcode that could not be carried out. */
  readonly offset: number;
  /** That opcode's byte, or undefined at the end of the input. */
  readonly opcode: number | undefined;
  /** What is wrong, as the end of a sentence: `is cut short`, `needs a MARK`. */
  readonly reason: string;
  /** Protocol the pickle declared; 0 where it declared none. */
  readonly protocol: number;

  constructor(reason: string, offset: number, opcode: number | undefined, protocol: number) {
    super(`pickle protocol ${protocol}, ${describeOpcode(opcode)} at byte ${offset} ${reason}`);
    this.reason = reason;
    this.offset = offset;
    this.opcode = opcode;
    this.protocol = protocol;
  }
}

function describeOpcode(byte: number | undefined): string {
  if (byte === undefined) return 'the end';
  const hex = `0x${byte.toString(16).padStart(2, '0')}`;
  const opcode = opcodeOf(byte);
  return opcode === undefined ? `byte ${hex}` : `opcode ${hex} (${opcode.name})`;
}

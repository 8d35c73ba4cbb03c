import { PyCall, PyFloat, PyGlobal, type PyNode } from '../value';

/** `module.qualname(*args)` as the pickler writes an object that reduces to a call. */
export function reduced(module: string, qualname: string, args: readonly PyNode[]): PyCall {
  return new PyCall('reduce', new PyGlobal(module, qualname), args);
}

/** Python's `complex(real, imag)`. */
export function complexNode(real: number, imaginary: number): PyCall {
  return reduced('builtins', 'complex', [new PyFloat(real), new PyFloat(imaginary)]);
}

/** An object that stands for a wrong value: its message goes to the person. */
export class ValueRefused extends Error {
  override readonly name = 'ValueRefused';
}

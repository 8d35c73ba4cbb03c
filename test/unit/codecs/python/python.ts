import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The folder of these tests' Python scripts and recorded pickles. */
export const HERE = import.meta.dirname;

/** Runs a script of this folder with the machine's Python; `PYTHON` in the environment names another one. */
export function runPython(script: string, ...args: readonly string[]): Promise<Buffer> {
  const python = process.env['PYTHON'] ?? 'python3';
  const env = { ...process.env, PYTHONHASHSEED: '0', PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(python, [join(HERE, script), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', chunk => output.push(chunk));
  child.stderr.on('data', chunk => errors.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => {
      if (code === 0) resolve(Buffer.concat(output));
      else
        reject(
          new Error(`${python} ${script} ended with code ${code}: ${Buffer.concat(errors).toString().slice(-2000)}`),
        );
    });
  });
}

/** One value as Python wrote it. */
export interface Sample {
  readonly label: string;
  readonly protocol: number;
  /** Its repr, UTF-8 with surrogates as Python's `surrogatepass` has them; `\0inert` where only reading is checked. */
  readonly repr: Buffer;
  readonly pickle: Buffer;
}

/** The records of corpus.py: four parts each, every part behind its length. */
export function* samplesOf(stream: Buffer): Generator<Sample> {
  let at = 0;
  const next = (): Buffer => {
    const length = stream.readUInt32LE(at);
    at += 4 + length;
    return stream.subarray(at - length, at);
  };
  while (at < stream.length) {
    yield { label: next().toString(), protocol: next()[0]!, repr: next(), pickle: next() };
  }
}

/** A text as UTF-8 in which surrogates are encoded one by one, to be compared with Python's. */
export function surrogatePass(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts: Buffer[] = [];
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const lone = point >= 0xd800 && point <= 0xdfff;
    parts.push(
      lone
        ? Buffer.from([0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)])
        : Buffer.from(character),
    );
  }
  return Buffer.concat(parts);
}

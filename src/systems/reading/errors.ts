import { parseTraceback } from '../../codecs/traceback';
import type { Frame, JobError } from '../../model';

/** A traceback as people read it. `fallback` names the exception where the text does not. */
export function jobErrorOf(text: string, fallback: string): JobError {
  const parsed = parseTraceback(text);
  const frames: Frame[] = parsed.frames.map(frame => ({
    file: frame.file,
    line: frame.line,
    function: frame.function,
    source: frame.source,
    own: isOwn(frame.file),
  }));
  return { type: parsed.type ?? fallback, message: parsed.message, traceback: parsed.original, frames };
}

/** Libraries stand in site-packages or dist-packages, the standard library in lib/pythonX.Y; `<string>` tells nothing. */
function isOwn(file: string): boolean | null {
  if (file.startsWith('<')) return null;
  return !/[\\/](?:site-packages|dist-packages)[\\/]|[\\/]lib(?:64)?[\\/]python\d(?:\.\d+)?[\\/]|[\\/]Lib[\\/](?!.*[\\/]Scripts)/.test(
    file,
  );
}

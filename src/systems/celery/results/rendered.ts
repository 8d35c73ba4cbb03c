import type { PyNode } from '../../../codecs/python';
import type { RenderedValue } from '../../../model';
import { rendered } from '../../reading/values';

/** A value to show, made when somebody first looks at it: of a list of results nobody looks at most. */
export function renderedLater(node: PyNode, totalBytes: number): RenderedValue {
  let made: RenderedValue | null = null;
  const value = () => {
    made ??= rendered(node, totalBytes);
    return made;
  };
  return {
    get text() {
      return value().text;
    },
    get json() {
      return value().json;
    },
    get cut() {
      return value().cut;
    },
    get outline() {
      return value().outline;
    },
  } as RenderedValue;
}

import { type PyNode, renderRepr, toTaggedJson, treeAt, treeChildren, treeRoot } from '../../codecs/python';
import type { Outline, OutlineNode, RenderedValue } from '../../model';

/** Characters of a value's text; a panel unfolds the rest by its outline. */
const SHOWN = 64 * 1024;
/** What the tagged JSON may hold. */
const JSON_LIMITS = { maxNodes: 50_000, maxText: 2_000_000 } as const;

/** A value as text, as JSON and as a tree. `totalBytes`: size of what it was decoded from. */
export function rendered(node: PyNode, totalBytes: number): RenderedValue {
  const { text, cut } = renderRepr(node, { max: SHOWN });
  return {
    text,
    json: toTaggedJson(node, JSON_LIMITS),
    ...(cut ? { cut: { shownCharacters: text.length, totalBytes } } : {}),
    outline: outlineOf(node),
  };
}

function outlineOf(node: PyNode): Outline {
  const lineOf = (item: ReturnType<typeof treeRoot>): OutlineNode => ({
    path: item.path,
    label: item.label,
    type: item.type,
    text: item.text,
    childCount: item.children,
  });
  return {
    root: () => lineOf(treeRoot(node)),
    children: (path, from, count) => {
      const item = treeAt(node, path);
      return item === undefined ? [] : treeChildren(item, from, count).map(lineOf);
    },
  };
}

/** An object of JSON: neither null nor a list. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

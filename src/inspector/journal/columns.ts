/**
 * Many units that differ in a few values only, as columns: a step that moves a hundred jobs repeats the same keys,
 * fields and reasons a hundred times, and its copies would be four times as large.
 */
import type { UndoUnit } from '../../model';

type Leaf = string | number | boolean | null;
type Tree = Leaf | readonly Tree[] | { readonly [key: string]: Tree };

/** Units of one shape: the first whole, of the others what differs. */
export interface Group {
  readonly first: UndoUnit;
  readonly count: number;
  /** Position among the leaves of the first, then the leaf of every unit; or the number of an equal column before. */
  readonly columns: readonly (readonly [position: number, values: readonly Leaf[] | number])[];
}

/** Puts neighbours of the same shape together; the order stays. */
export function toGroups(units: readonly UndoUnit[]): Group[] {
  const groups: Group[] = [];
  for (let from = 0; from < units.length; ) {
    const first = units[from]!;
    const rows: Leaf[][] = [];
    let end = from;
    for (; end < units.length; end++) {
      const row: Leaf[] = [];
      if (!collect(first as unknown as Tree, units[end] as unknown as Tree, row)) break;
      rows.push(row);
    }
    groups.push({ first, count: rows.length, columns: columnsOf(rows) });
    from = end;
  }
  return groups;
}

/** @throws Error for what is no group of ours */
export function fromGroups(groups: readonly Group[]): UndoUnit[] {
  return groups.flatMap(({ first, count, columns }) => {
    const values = new Map<number, readonly Leaf[]>();
    const known: (readonly Leaf[])[] = [];
    for (const [position, column] of columns) {
      const filled = typeof column === 'number' ? known[column] : column;
      if (filled?.length !== count) throw new Error('a column is missing, or is too short');
      known.push(filled);
      values.set(position, filled);
    }
    return Array.from({ length: count }, (_, index) => {
      let position = 0;
      const leafOf = (leaf: Leaf): Leaf => {
        const column = values.get(position++);
        return column === undefined ? leaf : (column[index] ?? null);
      };
      return rebuild(first as unknown as Tree, leafOf) as unknown as UndoUnit;
    });
  });
}

/** Collects the leaves of a tree, as long as it has the shape of the first. */
function collect(first: Tree, tree: Tree, leaves: Leaf[]): boolean {
  if (typeof first !== 'object' || first === null) {
    if (typeof tree === 'object' && tree !== null) return false;
    leaves.push(tree as Leaf);
    return true;
  }
  if (typeof tree !== 'object' || tree === null) return false;
  if (Array.isArray(first)) {
    if (!Array.isArray(tree) || tree.length !== first.length) return false;
    for (let i = 0; i < first.length; i++) if (!collect(first[i], tree[i], leaves)) return false;
    return true;
  }
  return !Array.isArray(tree) && collectFields(first as Fields, tree as Fields, leaves);
}

type Fields = { readonly [key: string]: Tree };

function collectFields(first: Fields, tree: Fields, leaves: Leaf[]): boolean {
  let more = 0;
  for (const key in first) {
    const value = tree[key];
    if (value === undefined || !collect(first[key]!, value, leaves)) return false;
    more++;
  }
  for (const _ in tree) more--;
  return more === 0;
}

function columnsOf(rows: readonly (readonly Leaf[])[]): [number, Leaf[] | number][] {
  const columns: [number, Leaf[] | number][] = [];
  const different: Leaf[][] = [];
  const indexes: number[] = [];
  const [first] = rows;
  for (let position = 0; first !== undefined && position < first.length; position++) {
    if (rows.every(row => row[position] === first[position])) continue;
    const column = rows.map(row => row[position]!);
    const equal = different.findIndex(other => other.every((value, i) => value === column[i]));
    if (equal === -1) {
      different.push(column);
      indexes.push(columns.length);
    }
    columns.push([position, equal === -1 ? column : indexes[equal]!]);
  }
  return columns;
}

function rebuild(tree: Tree, leafOf: (leaf: Leaf) => Leaf): Tree {
  if (typeof tree !== 'object' || tree === null) return leafOf(tree);
  if (Array.isArray(tree)) return tree.map(item => rebuild(item, leafOf));
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, rebuild(value, leafOf)]));
}

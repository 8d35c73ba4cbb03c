/** Where a frame's file may lie inside a folder: what the person mapped, the folder itself, then ever shorter ends. */

/**
 * Paths relative to the folder, likeliest first; none of them leaves it.
 * @param file as the traceback has it: the path on the worker's machine
 * @param mappings `{"/app": "${workspaceFolder}"}`: a folder of the worker → one in here
 */
export function candidatePaths(
  file: string,
  folder: string,
  mappings: Readonly<Record<string, string>>,
): readonly string[] {
  const path = normalised(file);
  const root = normalised(folder);
  const found: string[] = [];
  for (const [from, to] of Object.entries(mappings)) {
    const rest = below(path, normalised(from));
    const target = normalised(to.replace(FOLDER_VARIABLE, root));
    const inside = target === root ? '' : below(target, root);
    if (rest !== null && inside !== null) found.push([inside, rest].filter(part => part !== '').join('/'));
  }
  const own = below(path, root);
  if (own !== null) found.push(own);
  const parts = path.replace(/^([a-z]:)?\//i, '').split('/');
  for (let skip = 0; skip < parts.length - 1 && skip < LONGEST; skip++) found.push(parts.slice(skip).join('/'));
  return [...new Set(found)].filter(isInside);
}

/** As VS Code's own settings write it. */
const FOLDER_VARIABLE = '$' + '{workspaceFolder}';

/** Folders that a path may stand under on the worker's machine. */
const LONGEST = 12;

function normalised(path: string): string {
  return path.replaceAll('\\', '/').replace(/\/+$/, '');
}

function below(path: string, folder: string): string | null {
  return folder !== '' && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : null;
}

function isInside(path: string): boolean {
  return (
    path !== '' && !path.startsWith('/') && !path.split('/').some(part => part === '..' || part === '.' || part === '')
  );
}

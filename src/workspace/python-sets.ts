import type { PythonSet, Requirement } from '../model';
import { DOCKER_FILES, parseDockerfile } from './dockerfile';
import { type FolderFiles, folderOf, matcher, resolveInside } from './files';
import { type ConditionalRequirement, parseRequirements, REQUIREMENT_FILES, thatApply } from './requirements';
import { PROJECT_FILES, parseProject } from './toml';

export const PYTHON_FILES = [...DOCKER_FILES, ...REQUIREMENT_FILES, ...PROJECT_FILES];

/** Requirement files that include each other in a ring, or in very many steps, are read only so deep. */
const MOST_INCLUDES = 20;

/**
 * What each image, project or requirements file installs. A requirements file that an image or another file includes
 * is part of that one and no set of its own.
 */
export async function readPythonSets(files: FolderFiles, signal: AbortSignal): Promise<PythonSet[]> {
  const paths = await files.list([...PYTHON_FILES, 'requirements*', '*.txt'], signal);
  const used = new Set<string>();
  const sets: PythonSet[] = [];
  const named = (patterns: readonly string[]) => {
    const matches = matcher(patterns);
    return paths.filter(path => matches(path.split('/').at(-1) ?? ''));
  };
  for (const path of named(DOCKER_FILES)) sets.push(...(await imagesOf(path, files, used, signal)));
  for (const path of named(PROJECT_FILES)) {
    const text = await files.read(path, signal);
    if (text === null) continue;
    const { python, requirements } = parseProject(text, path);
    if (requirements.length === 0) continue;
    sets.push({
      file: path,
      python: python === null ? null : { ...python, file: path },
      requirements: thatApply(requirements, python?.version ?? null),
    });
  }
  const inFolders = paths.filter(path => /(^|\/)requirements\/[^/]+\.(txt|in)$/.test(path));
  const lists = [...new Set([...named(REQUIREMENT_FILES), ...inFolders])];
  const whole = new Map<string, Requirement[]>();
  for (const path of lists) whole.set(path, thatApply(await withIncludes(path, files, used, signal), null));
  for (const [path, requirements] of whole)
    if (!used.has(path) && requirements.length > 0) sets.push({ file: path, python: null, requirements });
  return sets;
}

async function imagesOf(
  path: string,
  files: FolderFiles,
  used: Set<string>,
  signal: AbortSignal,
): Promise<PythonSet[]> {
  const text = await files.read(path, signal);
  if (text === null) return [];
  const sets: PythonSet[] = [];
  for (const stage of parseDockerfile(text, path)) {
    const included: ConditionalRequirement[] = [];
    for (const places of stage.includes)
      for (const place of places) {
        if ((await files.read(place, signal)) === null) continue;
        used.add(place);
        included.push(...(await withIncludes(place, files, used, signal)));
        break;
      }
    const direct = new Set(stage.requirements.map(requirement => requirement.name));
    const all = [...included.filter(requirement => !direct.has(requirement.name)), ...stage.requirements];
    const { python } = stage;
    if (all.length > 0)
      sets.push({
        file: path,
        python: python === null ? null : { ...python, file: path },
        requirements: thatApply(all, python?.version ?? null),
      });
  }
  return sets;
}

/** A requirements file with what it includes, each file once; every included path is noted in `used`. */
async function withIncludes(
  path: string,
  files: FolderFiles,
  used: Set<string>,
  signal: AbortSignal,
): Promise<ConditionalRequirement[]> {
  const seen = new Set([path]);
  const waiting = [path];
  const requirements: ConditionalRequirement[] = [];
  for (let next = waiting.shift(); next !== undefined && seen.size <= MOST_INCLUDES; next = waiting.shift()) {
    const text = await files.read(next, signal);
    if (text === null) continue;
    const parsed = parseRequirements(text, next);
    requirements.push(...parsed.requirements);
    for (const include of parsed.includes) {
      const inside = resolveInside(folderOf(next), include);
      if (inside === null || seen.has(inside)) continue;
      seen.add(inside);
      used.add(inside);
      waiting.push(inside);
    }
  }
  return requirements;
}

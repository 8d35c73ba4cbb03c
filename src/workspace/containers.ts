import type { ContainerStart, SupervisedProgram } from '../model';
import type { ComposeFacts } from './compose';
import { DOCKER_FILES, instructionsOf } from './dockerfile';
import { type FolderFiles, folderOf, resolveInside } from './files';
import { commandLines, nameOf, simpleCommands, withoutPrefixes } from './shell';
import { readScript, startOf } from './starts';

/** ENTRYPOINT or CMD, as words; the shell form is what Docker makes of it. */
interface Part {
  readonly words: readonly string[];
  readonly text: string;
  readonly line: number;
  readonly shell: boolean;
}

interface Image {
  readonly file: string;
  readonly entrypoint: Part | null;
  readonly command: Part | null;
}

const INITS =
  /^(tini|dumb-init|docker-init|catatonit|init|systemd|s6-svscan|s6-overlay|runsvdir|runit|my_init|pid1|yelp-init)(-static)?$/;

/** How containers of the folder that run Celery start: Dockerfiles, and services of compose files that build them. */
export async function readContainers(
  files: FolderFiles,
  services: readonly ComposeFacts[],
  supervised: readonly SupervisedProgram[],
  signal: AbortSignal,
): Promise<ContainerStart[]> {
  const starts: ContainerStart[] = [];
  for (const path of await files.list(DOCKER_FILES, signal)) {
    const text = await files.read(path, signal);
    if (text === null) continue;
    const image = imageOf(path, text);
    const users = services.filter(service => buildPath(service) === path);
    for (const service of users.length === 0 ? [null] : users) {
      const start = await startIn(image, service, files, supervised, signal);
      if (start !== null) starts.push(start);
    }
  }
  return starts;
}

function buildPath({ build, file }: ComposeFacts): string | null {
  if (build === null) return null;
  const context = resolveInside(folderOf(file), build.context);
  return context === null ? null : resolveInside(context, build.dockerfile);
}

/** ENTRYPOINT and CMD of the last stage, with those of the stage it is built on. */
function imageOf(file: string, text: string): Image {
  const stages = new Map<string, Image>();
  let current: Image = { file, entrypoint: null, command: null };
  let name = '';
  for (const { name: instruction, words, text: raw, line } of instructionsOf(text)) {
    if (instruction === 'FROM') {
      stages.set(name, current);
      const plain = words.map(word => word.text).filter(word => !word.startsWith('--'));
      current = stages.get(plain[0]?.toLowerCase() ?? '') ?? { file, entrypoint: null, command: null };
      name = /^as$/i.test(plain[1] ?? '') ? (plain[2]?.toLowerCase() ?? '') : '';
    } else if (instruction === 'ENTRYPOINT' || instruction === 'CMD') {
      const shell = !/^\s*\[/.test(raw);
      const part: Part = {
        words: shell ? ['/bin/sh', '-c', raw] : execForm(raw),
        text: `${instruction} ${raw}`,
        line,
        shell,
      };
      // A CMD that stands before an ENTRYPOINT of the same stage counts all the same.
      current = instruction === 'ENTRYPOINT' ? { ...current, entrypoint: part } : { ...current, command: part };
    }
  }
  return current;
}

/** `["supervisord", "-n"]`: JSON, by Docker's rules. */
function execForm(text: string): string[] {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) ? words.filter(word => typeof word === 'string') : [];
  } catch {
    // Docker takes what is no JSON for the shell form.
    return ['/bin/sh', '-c', text];
  }
}

async function startIn(
  image: Image,
  service: ComposeFacts | null,
  files: FolderFiles,
  supervised: readonly SupervisedProgram[],
  signal: AbortSignal,
): Promise<ContainerStart | null> {
  const entrypoint = service?.entrypoint ?? image.entrypoint?.words ?? [];
  // An entrypoint of the service takes the image's command away.
  const command = service?.command ?? (service?.entrypoint == null ? image.command?.words : null) ?? [];
  // What is given to an entrypoint in shell form is lost.
  const words =
    image.entrypoint?.shell === true && service?.entrypoint == null ? entrypoint : [...entrypoint, ...command];
  if (words.length === 0) return null;
  const own = service !== null && (service.entrypoint !== null || service.command !== null);
  const part = image.command ?? image.entrypoint;
  const place = own
    ? {
        file: service.file,
        line: service.line,
        text: `command: ${(service.command ?? service.entrypoint ?? []).join(' ')}`,
      }
    : { file: image.file, line: part?.line ?? 1, text: part?.text ?? '' };
  const judged = await judge(words, image.file, place, files, supervised, signal);
  if (judged === null) return null;
  const { celery, ...rest } = judged;
  const first = service?.init === true ? { first: 'docker-init', is: 'init' as const, sure: true } : rest;
  return { service: service?.service ?? null, ...place, ...first, celery };
}

type Judged = Pick<ContainerStart, 'first' | 'is' | 'sure' | 'celery'>;

/** What becomes process 1; null where Celery has no part in it. */
async function judge(
  words: readonly string[],
  from: string,
  place: Pick<ContainerStart, 'file' | 'line' | 'text'>,
  files: FolderFiles,
  supervised: readonly SupervisedProgram[],
  signal: AbortSignal,
  depth = 0,
): Promise<Judged | null> {
  const plain = withoutPrefixes(words);
  const name = nameOf(plain[0]);
  const again = (rest: readonly string[]) => judge(rest, from, place, files, supervised, signal, depth + 1);
  if (depth > 4) return null;
  if (INITS.test(name)) {
    const rest = plain
      .slice(1)
      .filter((word, index, all) => !word.startsWith('-') || all.slice(0, index).includes('--'));
    const inside = await again(rest);
    return inside === null ? null : { ...inside, first: name, is: 'init', sure: true };
  }
  if (name === 'supervisord') {
    const program = supervised[0];
    if (program === undefined) return null;
    const celery = { file: program.file, line: program.line, text: `[program:${program.name}] ${program.command}` };
    return { first: name, is: 'other', sure: true, celery };
  }
  const script = await readScript(plain.find(word => !/^(ba|da|a)?sh$/.test(nameOf(word))) ?? '', from, files, signal);
  if (script !== null && !plain.includes('-c')) {
    const inScript = await throughScript(script, plain, again);
    if (inScript !== null) return inScript;
  }
  const inline = /^(ba|da|a)?sh$/.test(name) && plain[1] === '-c' ? (plain[2] ?? '') : null;
  if (inline !== null) {
    const commands = simpleCommands(inline);
    const last = commands.at(-1) ?? [];
    const inside = await again(last);
    if (inside === null) return null;
    if (last[0] === 'exec') return inside;
    // Newer shells replace themselves by the only command that they are given.
    return { first: name, is: 'other', sure: commands.length > 1, celery: inside.celery };
  }
  const start = await startOf({ words: plain, file: from, line: place.line, text: place.text }, files, signal);
  if (start === null) return null;
  const celery = start.at.file === from ? place : start.at;
  if (start.wrapper === null) return { first: 'celery', is: 'celery', sure: true, celery };
  return { first: start.wrapper.name, is: 'other', sure: start.wrapper.sure, celery };
}

/** What a script that is process 1 replaces itself by; itself where it does not. */
async function throughScript(
  { path, text }: { readonly path: string; readonly text: string },
  words: readonly string[],
  again: (rest: readonly string[]) => Promise<Judged | null>,
): Promise<Judged | null> {
  const lines = commandLines(text);
  const handsOver = lines.findLast(line => simpleCommands(line.text).some(command => command[0] === 'exec'));
  const command = handsOver === undefined ? undefined : simpleCommands(handsOver.text).find(each => each[0] === 'exec');
  const at = words.findIndex(word => nameOf(word) === nameOf(path));
  const given = words.slice(at + 1);
  if (command !== undefined) {
    const rest = command.slice(1).flatMap(word => (/^\$[@*]$/.test(word) ? given : [word]));
    const inside = await again(rest);
    if (inside !== null) return inside;
  }
  const named = lines.find(line => /\bcelery\b.*\b(worker|beat)\b/.test(line.text) && !line.text.startsWith('exec '));
  const supervises = named ?? lines.find(line => /\bsupervisord\b/.test(line.text));
  if (supervises === undefined || command !== undefined) return null;
  const first = /^#!.*?(\w+)\s*$/m.exec(text.split('\n', 1)[0] ?? '')?.[1] ?? 'sh';
  return {
    first: `${first} ${path}`,
    is: 'other',
    sure: true,
    celery: { file: path, line: supervises.line, text: supervises.text },
  };
}

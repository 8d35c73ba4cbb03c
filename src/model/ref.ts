import { InspectorError } from './errors';

/**
 * Identity of a job: the system and installation that own it, the structure it stands in, and a locator made by the
 * system. People read and search the id, which may repeat or be missing; programs use the ref. It is stable while the
 * job stays in its place. The broker is not part of the text: a ref is always used together with a connection.
 */
export interface RefParts {
  readonly system: string;
  /** Key of the installation on its broker (namespace, prefix, app name); '' for the only one. */
  readonly installation: string;
  /** The structure, in the system's own words, e.g. `failed:default`. */
  readonly place: string;
  readonly locator: string;
}

export type Ref = string;

const encode = (part: string) => encodeURIComponent(part.toWellFormed());

export function makeRef(parts: RefParts): Ref {
  return [parts.system, parts.installation, parts.place, parts.locator].map(encode).join('/');
}

/** @throws InspectorError `bad-request` when the text is no ref. */
export function parseRef(ref: Ref): RefParts {
  const parts = ref.split('/');
  try {
    const [system, installation, place, locator] = parts.map(decodeURIComponent);
    if (parts.length === 4 && system && installation !== undefined && place !== undefined && locator !== undefined) {
      return { system, installation, place, locator };
    }
  } catch {
    // A wrong percent sign: reported below like any other text that is no ref.
  }
  throw new InspectorError('bad-request', {
    message: `"${ref.slice(0, 200)}" is no job reference.`,
    tried: 'reading the reference of a job',
    answer: 'it does not have the four parts system/installation/place/locator',
    remedy: 'Use the ref that a row or a job carries, or the id of the job.',
  });
}

/** True where the text has the outer form of a ref; an id with three slashes has it too, so try the ref first. */
export function looksLikeRef(text: string): boolean {
  return /^[a-z][\w-]*(?:\/[^/]*){3}$/.test(text);
}

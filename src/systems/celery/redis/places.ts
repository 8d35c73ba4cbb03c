import { InspectorError, makeRef, parseRef, type Ref } from '../../../model';
import { goneOrForeign } from '../errors';
import { hashOf } from './shown';

/** Where a ref leads on a Redis. */
export type Located =
  | {
      readonly kind: 'list';
      readonly queue: string;
      readonly step: number;
      readonly hash: string;
      /** Which of elements with the same bytes, 1 = the next to run. */
      readonly nth: number;
      /** '' where the message has none. */
      readonly id: string;
    }
  | { readonly kind: 'unacked'; readonly tag: string };

export interface ListPlace {
  readonly queue: string;
  readonly step: number;
}

/** Ref of a waiting message: place `waiting:3:reports`, locator `<hash>.<n-th of equals>.<id>`. */
export function waitingRef(installation: string, list: ListPlace, hash: string, nth: number, id: string | null): Ref {
  // Rows come list by list, and all that stands in front of their locators is the same.
  if (last.step !== list.step || last.queue !== list.queue || last.installation !== installation) {
    const { step, queue } = list;
    const place = `waiting:${step}:${queue}`;
    last = { step, queue, installation, head: makeRef({ system: 'celery', installation, place, locator: '' }) };
  }
  const end = id === null || SAFE.test(id) ? (id ?? '') : encodeURIComponent(id.toWellFormed());
  return `${last.head}${hash}.${nth}.${end}`;
}

const SAFE = /^[\w.-]*$/;
let last = { step: -1, queue: '', installation: '', head: '' };

/** Ref of a held message: place `unacked`, locator the delivery tag. */
export function unackedRef(installation: string, tag: string): Ref {
  return makeRef({ system: 'celery', installation, place: 'unacked', locator: tag });
}

const WAITING = /^waiting:(\d{1,3}):([\s\S]+)$/;
const LOCATOR = /^([0-9a-f]{32})\.(\d{1,9})\.([\s\S]*)$/;

/** @throws InspectorError `bad-request` where the ref is none of a message on Redis */
export function locate(ref: Ref): Located {
  const { system, place, locator } = parseRef(ref);
  if (system === 'celery' && place === 'unacked') return { kind: 'unacked', tag: locator };
  const where = system === 'celery' ? WAITING.exec(place) : null;
  const what = where === null ? null : LOCATOR.exec(locator);
  // A locator that names no hash leads nowhere: such a message cannot be there.
  if (where !== null && what === null) throw goneOrForeign(ref);
  if (where === null || what === null) {
    throw new InspectorError('bad-request', {
      message: `"${ref.slice(0, 200)}" is no reference of a Celery task on Redis.`,
      tried: 'reading the reference of a task',
      answer: `its system is "${system.slice(0, 40)}" and its place "${place.slice(0, 100)}"`,
      remedy: 'Use the ref that a row or a task carries, or the id of the task.',
    });
  }
  const [, step = '0', queue = ''] = where;
  const [, hash = '', nth = '1', id = ''] = what;
  return { kind: 'list', queue, step: Number(step), hash, nth: Number(nth), id };
}

export { hashOf };

import type { ActionDeclaration } from '../../../../model';
import * as shared from '../../../acting/declare';
import { GONE_AT_RESTART, none, TOLD } from './guarantees';
import { autoscaleParameters, rateParameters, sizeParameters, timeLimitParameters } from './parameters';

/** Remote control of workers. Their texts are shown literally. */
export const stopWorker = shared.stopWorker({
  guarantee: {
    kind: 'at-least-once',
    words: 'The worker is told by a message that is not kept: it ends if it hears it.',
  },
  detail: 'It ends after its current tasks and gives back what it has not begun.',
});

interface Control {
  readonly id: string;
  readonly title: string;
  readonly ask: string;
  readonly detail: string;
  readonly button: string;
  readonly done: string;
  readonly undo: string;
  readonly icon: string;
  readonly parameters?: ActionDeclaration['parameters'];
}

/** Remote control of workers: of one, or of all of an installation. */
function control({ id, title, ask, detail, button, done, undo, icon, parameters }: Control): ActionDeclaration {
  return {
    id,
    title,
    target: 'worker',
    effect: 'changes',
    guarantee: TOLD,
    undo: none(undo),
    words: {
      ask: { one: `${ask} {name}?`, other: `${ask} {n} workers?` },
      detail,
      button: { one: button, other: button },
      done: { one: done, other: done },
    },
    icon,
    group: '6_more',
    ...(parameters === undefined ? {} : { asks: 'values' as const, parameters }),
  };
}

/** The same for every worker of the installation. */
export const everywhere = (declaration: ActionDeclaration): ActionDeclaration => ({
  ...declaration,
  target: 'installation',
  words: {
    ...declaration.words,
    ask: { one: declaration.words.ask.other, other: declaration.words.ask.other },
  },
});

export const poolGrow = control({
  id: 'celery.pool-grow',
  title: 'Grow pool…',
  ask: 'Grow the pool of',
  detail: `It gets more processes and takes more tasks at a time. ${GONE_AT_RESTART}`,
  button: 'Grow pool',
  done: 'The worker grows its pool.',
  undo: '“Shrink pool” takes it back.',
  icon: 'add',
  parameters: sizeParameters,
});

export const poolShrink = control({
  id: 'celery.pool-shrink',
  title: 'Shrink pool…',
  ask: 'Shrink the pool of',
  detail: `It gets fewer processes; those that are busy stay, and it says so. ${GONE_AT_RESTART}`,
  button: 'Shrink pool',
  done: 'The worker shrinks its pool.',
  undo: '“Grow pool” takes it back.',
  icon: 'remove',
  parameters: sizeParameters,
});

export const autoscale = control({
  id: 'celery.autoscale',
  title: 'Autoscale…',
  ask: 'Change the bounds of the pool of',
  detail: `Only workers that were started with --autoscale can. ${GONE_AT_RESTART}`,
  button: 'Autoscale',
  done: 'The bounds of the pool have been changed.',
  undo: 'Set the old bounds to take it back.',
  icon: 'arrow-both',
  parameters: autoscaleParameters,
});

export const enableEvents = control({
  id: 'celery.enable-events',
  title: 'Enable events',
  ask: 'Enable events of',
  detail: `It sends an event at every step of a task: more traffic on the broker. ${GONE_AT_RESTART}`,
  button: 'Enable events',
  done: 'Events are on.',
  undo: '“Disable events” takes it back.',
  icon: 'broadcast',
});

export const disableEvents = control({
  id: 'celery.disable-events',
  title: 'Disable events',
  ask: 'Disable events of',
  detail: `It sends no more events; other monitors that rely on them see nothing either. ${GONE_AT_RESTART}`,
  button: 'Disable events',
  done: 'Events are off.',
  undo: '“Enable events” takes it back.',
  icon: 'circle-slash',
});

export const rateLimit = control({
  id: 'celery.rate-limit',
  title: 'Rate limit…',
  ask: 'Change the rate limit on',
  detail: `Tasks of this name start no faster than that, on each worker by itself. ${GONE_AT_RESTART}`,
  button: 'Set rate limit',
  done: 'The rate limit has been changed.',
  undo: 'Set the old limit to take it back.',
  icon: 'dashboard',
  parameters: rateParameters,
});

export const timeLimit = control({
  id: 'celery.time-limit',
  title: 'Time limit…',
  ask: 'Change the time limits on',
  detail: `They hold for tasks of this name that begin from now on. ${GONE_AT_RESTART}`,
  button: 'Set time limits',
  done: 'The time limits have been changed.',
  undo: 'Set the old limits to take it back.',
  icon: 'watch',
  parameters: timeLimitParameters,
});

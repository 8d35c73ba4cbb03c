import { t } from '@vscode/l10n';
import { cutText, oneLine } from '../../../inspector/present/format';
import { childId } from './ids';
import type { Click, Icon, InstallationAddress, NodeId, Row } from './row';

export interface Note {
  readonly label: string;
  readonly description?: string;
  readonly icon?: Icon;
  readonly click?: Click;
  /** The whole of it, for the tooltip. */
  readonly detail?: string;
}

/** A row that says something instead of standing for something: failures and emptiness are rows, not pop-ups. */
export function noteRow(parent: NodeId, connection: string, name: string, note: Note): Row {
  const description = note.description ?? '';
  return {
    id: childId(parent, 'note', name),
    subject: { kind: 'note', connection },
    label: note.label,
    description,
    icon: note.icon ?? null,
    children: 'none',
    context: ';note;',
    spoken: description === '' ? note.label : `${note.label}, ${description}`,
    ...(note.click === undefined ? {} : { click: note.click }),
    ...(note.detail === undefined ? {} : { detail: note.detail }),
  };
}

/** `Schedules could not be read` and the server's words; a click shows the log. */
export function errorRow(parent: NodeId, connection: string, name: string, label: string, answer: string): Row {
  return noteRow(parent, connection, name, {
    label,
    description: cutText(oneLine(answer), 120),
    detail: answer,
    icon: { id: 'error', tint: 'failed' },
    click: 'show-log',
  });
}

/** A RabbitMQ whose management API does not answer: a click asks where it is. */
export function managementRow(parent: NodeId, connection: string, reason: string): Row {
  return noteRow(parent, connection, 'management', {
    label: t('Management API: not reached'),
    description: cutText(oneLine(reason), 120),
    detail: `${reason}\n${t('Click to say where it is.')}`,
    icon: { id: 'error', tint: 'failed' },
    click: 'set-management',
  });
}

/** A thing that the system does not write down: an answer, not an error. The reason stands in the tooltip. */
export function notRecordedRow(
  parent: NodeId,
  at: InstallationAddress,
  name: string,
  label: string,
  why: NotRecorded,
): Row {
  const row = noteRow(parent, at.connection, name, {
    label,
    description: t('not recorded by {0}', why.system),
    icon: { id: 'circle-slash' },
    detail: why.reason,
  });
  return { ...row, spoken: `${row.spoken}. ${oneLine(why.reason)}` };
}

export interface NotRecorded {
  /** Title of the system. */
  readonly system: string;
  readonly reason: string;
}

/** Where nothing is, it says of what. */
export function emptyRow(parent: NodeId, connection: string, label: string): Row {
  return noteRow(parent, connection, 'empty', { label });
}

/** The row that asks for more of a list. */
export function moreRow(list: NodeId, shown: string, total: string, next: number): Row {
  const label = t('Show {0} more', next);
  const description = total === '' ? shown : t('{0} of {1}', shown, total);
  return {
    id: childId(list, 'more'),
    subject: { kind: 'more', list },
    label,
    description,
    icon: { id: 'ellipsis' },
    children: 'none',
    context: ';more;',
    spoken: total === '' ? label : t('Show {0} more, {1} of {2} shown', next, shown, total),
    click: 'show-more',
  };
}

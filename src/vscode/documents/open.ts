import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { shortId } from '../../inspector/present/format';
import { InspectorError, type Job } from '../../model';
import type { DocumentPart } from '../../protocol';
import { type App, installationAt, type JobAddress } from '../app';
import { SCHEME } from './provider';
import { type DocumentText, documentText } from './text';

const READ_LIMIT_MS = 30_000;

/** Opens a job, or a part of one, as a read-only document: find, copy and diff are then the editor's own. */
export async function openJobDocument(app: App, address: JobAddress, part: DocumentPart, known?: Job): Promise<void> {
  const job = known ?? (await readJob(app, address));
  const made = documentText(job, part);
  const uri = documentUri(app, address, job, part, made);
  app.documents.put(uri, made.text);
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
}

/** A job, or a part of one, as text. */
export async function jobText(app: App, address: JobAddress, part: DocumentPart): Promise<string> {
  return documentText(await readJob(app, address), part).text;
}

/** @throws InspectorError `gone` */
export function readJob(app: App, { at, ref }: JobAddress, signal?: AbortSignal): Promise<Job> {
  const found = installationAt(app.inspector, at);
  if (found === null) {
    throw new InspectorError('connection-lost', {
      message: t('The broker of this job is not connected.'),
      tried: 'reading a job',
      answer: 'its connection or installation is not there',
      remedy: t('Connect to the broker again.'),
    });
  }
  return found.installation.job(ref, signal ?? AbortSignal.timeout(READ_LIMIT_MS));
}

function documentUri(app: App, { at, ref }: JobAddress, job: Job, part: DocumentPart, made: DocumentText): vscode.Uri {
  const connection = app.inspector.connection(at.connection)?.profile.name ?? at.connection;
  const name = `${job.id === null ? 'job' : shortId(job.id)}${part === 'job' ? '' : `-${part}`}.${made.extension}`;
  return vscode.Uri.from({
    scheme: SCHEME,
    path: `/${connection}/${name.replaceAll('/', '_')}`,
    query: JSON.stringify([at.connection, at.system, at.key, ref, part]),
  });
}

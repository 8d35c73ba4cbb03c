/** A job, or a part of one, as the text of a read-only document. */
import { formatSize } from '../../inspector/present/format';
import type { Job, RawEntry } from '../../model';
import type { DocumentPart } from '../../protocol';
import { hexDump, printable } from '../panels/job/bytes';
import { callText } from '../panels/job/call';

export interface DocumentText {
  readonly text: string;
  /** Extension of the document's name, from which VS Code takes its language. */
  readonly extension: 'json' | 'py' | 'txt';
}

/** @param part what is asked for; parts that the job does not have are said to be missing */
export function documentText(job: Job, part: DocumentPart): DocumentText {
  switch (part) {
    case 'job':
      return { text: `${JSON.stringify(withoutViews(job), null, 2)}\n`, extension: 'json' };
    case 'arguments':
      return { text: `${callText(job)}\n`, extension: 'py' };
    case 'traceback':
      return { text: job.error === null ? 'No error is recorded.\n' : `${job.error.traceback}\n`, extension: 'txt' };
    case 'result':
      return { text: `${job.result?.text ?? 'No result is recorded.'}\n`, extension: 'py' };
    case 'meta':
      return { text: `${job.meta?.text ?? 'No meta data is recorded.'}\n`, extension: 'py' };
    case 'raw':
      return { text: rawText(job), extension: 'txt' };
  }
}

function rawText(job: Job): string {
  return job.raw
    .map(part => {
      const entries = part.entries.map(entry => entryText(entry)).join('\n\n');
      const command = part.command === null ? '' : `$ ${part.command}\n`;
      return `${part.name} (${part.type})\n${command}\n${entries}\n`;
    })
    .join('\n\n');
}

function entryText(entry: RawEntry): string {
  const head = `${entry.name}  ${formatSize(entry.totalBytes)}${entry.decoded === null ? '' : `  ${entry.decoded}`}`;
  return `${head}\n${printable(entry.bytes) ?? hexDump(entry.bytes)}`;
}

/** The job as data: what only panels use is left out, bytes are base64. */
function withoutViews(job: Job): unknown {
  return JSON.parse(
    JSON.stringify(job, (key, value: unknown) => {
      if (key === 'outline' || key === 'enqueueParameters') return undefined;
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
    }),
  );
}

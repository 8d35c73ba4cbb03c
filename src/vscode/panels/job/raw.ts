/** The page *Raw* of a job: every key that was read, with its bytes. */
import { t } from '@vscode/l10n';
import { formatDuration, formatSize } from '../../../inspector/present/format';
import type { Job, RawPart } from '../../../model';
import type { RawView } from '../../../protocol';
import { hexDump, printable } from './bytes';

/** Bytes of one entry that the page gets; the document shows all that was read. */
const SHOWN_BYTES = 16_384;

export function rawViews(job: Job): RawView[] {
  return job.raw.map(part => ({
    name: part.name,
    type: part.type,
    ttl: ttlText(part),
    command: part.command,
    entries: part.entries.map(entry => {
      const shown = entry.bytes.subarray(0, SHOWN_BYTES);
      return {
        name: entry.name,
        size: formatSize(entry.totalBytes),
        decoded: entry.decoded,
        text: printable(shown),
        hex: hexDump(shown),
        shown: entry.totalBytes > shown.length ? formatSize(shown.length) : null,
      };
    }),
  }));
}

function ttlText({ ttlSeconds }: RawPart): string {
  if (ttlSeconds === undefined) return '';
  return ttlSeconds === null ? t('does not expire') : t('expires in {0}', formatDuration(ttlSeconds));
}

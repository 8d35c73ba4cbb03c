import { type FolderFiles, matcher } from '../../../src/workspace/files';

/** A folder that exists only in a test. */
export function filesOf(files: Readonly<Record<string, string>>): FolderFiles {
  return {
    list: async names => {
      const matches = matcher(names);
      return Object.keys(files)
        .filter(path => matches(path.split('/').at(-1) ?? ''))
        .sort();
    },
    read: async path => files[path] ?? null,
    bytes: async path => {
      const bytes = files[path] === undefined ? null : Buffer.from(files[path]);
      return bytes && { path, bytes, size: bytes.length, modifiedAt: '2026-12-01T10:00:00.000Z' };
    },
  };
}

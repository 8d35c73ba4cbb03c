/** Long paths of libraries by what follows `site-packages/`, others by their last three parts. */
export function shortPlace(file: string): string {
  const library = /(?:site-packages|dist-packages)[\\/](.+)$/.exec(file)?.[1];
  if (library !== undefined) return library;
  const parts = file.split(/[\\/]/);
  return parts.length > 4 ? `…/${parts.slice(-3).join('/')}` : file;
}

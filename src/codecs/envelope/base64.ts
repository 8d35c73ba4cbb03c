export type Base64Variant = 'standard' | 'url-safe';

export interface DecodedBase64 {
  readonly bytes: Buffer;
  readonly variant: Base64Variant;
  readonly padded: boolean;
  readonly hadWhitespace: boolean;
}

/**
 * Base64 in any of its spellings: standard or url-safe alphabet, padded or not, with line ends or none. Undefined where
 * the text is none: a character of neither alphabet, both alphabets mixed, or a length that no bytes give.
 */
export function decodeBase64(text: string): DecodedBase64 | undefined {
  const compact = text.replace(/[ \t\r\n]+/g, '');
  const body = compact.replace(/={1,2}$/, '');
  const padding = compact.length - body.length;
  if (body === '' || body.length % 4 === 1 || (padding > 0 && compact.length % 4 !== 0)) {
    return undefined;
  }
  const isStandard = /^[A-Za-z0-9+/]*$/.test(body);
  if (!isStandard && !/^[A-Za-z0-9_-]*$/.test(body)) {
    return undefined;
  }
  return {
    bytes: Buffer.from(body, isStandard ? 'base64' : 'base64url'),
    variant: isStandard ? 'standard' : 'url-safe',
    padded: padding > 0,
    hadWhitespace: compact.length !== text.length,
  };
}

import { readFile } from 'node:fs/promises';
import { InspectorError } from '../../model';

export interface TlsOptions {
  /** PEM text, or the path of a PEM file; the same for the other two. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** The name that the server's certificate holds, where it is not the host of the URL. */
  readonly serverName?: string;
}

/** What is told to Node's TLS, with the contents of the files. */
export interface TlsSettings {
  readonly verify: boolean;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/**
 * Reads the files of TLS; null where the URL speaks none.
 * @throws InspectorError `tls` for a file that cannot be read or is no PEM
 */
export async function tlsSettings(
  tls: TlsOptions,
  address: { readonly tls: boolean; readonly verify: boolean },
): Promise<TlsSettings | null> {
  if (!address.tls) return null;
  const [ca, certificate, key] = await Promise.all([
    pem(tls.ca, 'CA'),
    pem(tls.certificate, 'client certificate'),
    pem(tls.key, 'key of the client certificate'),
  ]);
  return {
    verify: address.verify,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
  };
}

/** As `tls.connect`, an HTTPS agent and the drivers take them. */
export function nodeTlsOptions(tls: TlsSettings) {
  return {
    rejectUnauthorized: tls.verify,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

async function pem(value: string | undefined, what: string): Promise<string | undefined> {
  if (value === undefined || value === '' || value.includes('-----BEGIN')) return value || undefined;
  let text: string;
  try {
    text = await readFile(value, 'utf8');
  } catch (thrown) {
    throw new InspectorError('tls', {
      message: `The ${what} could not be read from ${value}.`,
      tried: `reading ${value}`,
      answer: thrown instanceof Error ? thrown.message : String(thrown),
      remedy: 'Correct the path of the PEM file.',
    });
  }
  if (text.includes('-----BEGIN')) return text;
  throw new InspectorError('tls', {
    message: `${value} is no PEM file, so it cannot be the ${what}.`,
    tried: `reading ${value}`,
    answer: 'it holds no line -----BEGIN …-----',
    remedy: 'Convert it to PEM (openssl can), or name another file.',
  });
}

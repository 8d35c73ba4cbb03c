/** Words for what goes wrong on the way to any broker: names, networks, TLS, losses. Each broker adds its own. */
import { asInspectorError, type ErrorCode, InspectorError } from '../../model';

export type Words = readonly [code: ErrorCode, message: string, remedy: string];

/** What a message needs to know of the place: `localhost:6379`, and whether TLS was spoken. */
export interface Place {
  readonly node: string;
  readonly tls: boolean;
}

/** What the remedies of one kind of broker say. */
export interface BrokerWords {
  /** `Redis` */
  readonly name: string;
  /** Where nothing answered in time and no TLS was spoken. */
  readonly timeout: string;
  /** Where the server speaks no TLS, and where it speaks nothing else. */
  readonly plain: string;
  readonly secure: string;
  /** What its driver or a look at the port says where the server speaks TLS to one who does not. */
  readonly speaksTls: RegExp;
}

/** What a code of Node (or, without one, the whole text) means while connecting; undefined for all that is not the network. */
export function networkWords(
  code: string,
  { node, tls }: Place,
  milliseconds: number,
  broker: BrokerWords,
): Words | undefined {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return [
        'unresolved',
        `Could not connect to ${node}. The name does not resolve on this machine.`,
        'Check the name. One that only a container network knows needs the address that its service publishes here.',
      ];
    case 'ECONNREFUSED':
      return [
        'unreachable',
        `Connection refused by ${node}. Nothing listens there. Is the container running?`,
        `Start the ${broker.name}, or correct host and port.`,
      ];
    // amqplib throws the second with no code, the client of Redis gives the third.
    case 'ETIMEDOUT':
    case 'connect ETIMEDOUT':
    case 'TIMEOUT':
      return [
        'timeout',
        `Timed out after ${seconds(milliseconds)} connecting to ${node}.`,
        tls
          ? 'Check host and port, a firewall in between, and whether this port speaks TLS at all.'
          : `Check host and port, ${broker.timeout}.`,
      ];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return ['unreachable', `No way leads to ${node}.`, 'Check the network, the VPN, and the address.'];
    default:
      return undefined;
  }
}

/** What a code or a text of OpenSSL or Node's TLS means; undefined for all that is not TLS. */
export function tlsWords(code: string, text: string, { node }: Place, broker: BrokerWords): Words | undefined {
  if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code))
    return [
      'tls',
      `The certificate of ${node} is signed by an authority that this machine does not know.`,
      "Give the authority's certificate (CA) of this server.",
    ];
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return ['tls', `The certificate of ${node} is not valid now.`, 'Renew it, or set the clocks right.'];
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return [
      'tls',
      `The certificate of ${node} is for another name.`,
      'Use the name that the certificate holds as host or as server name.',
    ];
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN/i.test(code + text))
    return [
      'tls',
      `${node} wants a client certificate that it accepts.`,
      'Give a client certificate and its key, signed by an authority that the server knows.',
    ];
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|SPEAKS_PLAIN/i.test(code + text.replaceAll(' ', '_')))
    return ['tls', `${node} does not speak TLS.`, broker.plain];
  if (broker.speaksTls.test(text)) return ['tls', `${node} speaks TLS.`, broker.secure];
  if (/^ERR_(SSL|OSSL|TLS)|^EPROTO$/.test(code) || /no start line|PEM/i.test(text))
    return ['tls', `TLS with ${node} failed.`, 'Check the CA, the client certificate, its key, and the server name.'];
  return undefined;
}

/** A loss that nobody asked for; `outcome` says what became of what was tried. */
export function connectionLost(
  node: string,
  cause: Error | undefined,
  tried: string,
  outcome: string,
  said = cause?.message ?? '',
): InspectorError {
  return new InspectorError(
    'connection-lost',
    {
      message: `The connection to ${node} was lost. ${outcome}`,
      tried,
      answer: said === '' ? 'the server closed it' : said,
      remedy: 'It is opened again by itself; look again then.',
    },
    cause === undefined ? undefined : { cause },
  );
}

/** The person, or whoever holds the signal, did not want it any more; whatever reason the signal carries. */
export const aborted = (tried: string) => asInspectorError(new DOMException('It was canceled.', 'AbortError'), tried);

/** A time limit to show: `300 ms`, `1.5 s`. */
export const seconds = (milliseconds: number) =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${Math.round(milliseconds / 100) / 10} s`;

/** Node tries every address of a name and then throws them together. */
export function innermost(thrown: unknown): Error {
  if (thrown instanceof AggregateError && thrown.errors[0] instanceof Error) return thrown.errors[0];
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** `ECONNREFUSED` and the like; empty where there is none. */
export const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

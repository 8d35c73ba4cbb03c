import { asInspectorError, type ErrorCode, InspectorError } from '../../model';

/** What a message needs to know of the place. */
export interface Place {
  /** `localhost:5672` */
  readonly node: string;
  readonly vhost: string;
  readonly username: string;
  readonly tls: boolean;
}

type Words = readonly [code: ErrorCode, message: string, remedy: string];

/** A thrown error of the network, of TLS or of the handshake, while connecting, as one clear InspectorError. */
export function connectFailure(thrown: unknown, place: Place, milliseconds: number): InspectorError {
  const error = innermost(thrown);
  const code = codeOf(error);
  const answer = code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
  const [kind, message, remedy] =
    networkWords(code || error.message, place, milliseconds) ??
    tlsWords(code, error.message, place) ??
    handshakeWords(error.message, place);
  return new InspectorError(kind, { message, tried: `connecting to ${place.node}`, answer, remedy }, { cause: thrown });
}

function networkWords(code: string, { node, tls }: Place, milliseconds: number): Words | undefined {
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
        'Start the RabbitMQ, or correct host and port.',
      ];
    case 'ETIMEDOUT':
    case 'connect ETIMEDOUT':
      return [
        'timeout',
        `Timed out after ${seconds(milliseconds)} connecting to ${node}.`,
        tls
          ? 'Check host and port, a firewall in between, and whether this port speaks TLS at all.'
          : 'Check host and port, whether a firewall or VPN stands in between, and whether a RabbitMQ listens there.',
      ];
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
      return ['unreachable', `No way leads to ${node}.`, 'Check the network, the VPN, and the address.'];
    default:
      return undefined;
  }
}

function tlsWords(code: string, text: string, { node, tls }: Place): Words | undefined {
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
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/i.test(code + text.replaceAll(' ', '_')))
    return ['tls', `${node} does not speak TLS.`, 'Use amqp:// instead of amqps://; the usual port of it is 5672.'];
  if (text === SPEAKS_TLS)
    return ['tls', `${node} speaks TLS.`, 'Use amqps:// instead of amqp://; the usual port of it is 5671.'];
  if (/^ERR_(SSL|OSSL|TLS)|^EPROTO$/.test(code) || /no start line|PEM/i.test(text))
    return ['tls', `TLS with ${node} failed.`, 'Check the CA, the client certificate, its key, and the server name.'];
  // TLS 1.3: the server looks at the client's certificate when the client thinks that all is well, and hangs up.
  if (tls && /ECONNRESET|Socket closed abruptly/.test(`${code} ${text}`))
    return [
      'tls',
      `${node} ended the connection after the TLS handshake.`,
      'Most servers that do so want a client certificate. Give one with its key, or check that a RabbitMQ listens there.',
    ];
  return undefined;
}

/** What probe.ts found where the driver only knew that it was not what it expected. */
export const SPEAKS_TLS = 'the port answers with TLS';
export const IS_REDIS = 'the port answers as a Redis does';
export const IS_HTTP = 'the port answers with HTTP';

function handshakeWords(text: string, { node, vhost, username }: Place): Words {
  if (/ACCESS_REFUSED|\b403\b|user ID/i.test(text)) {
    // RabbitMQ lets guest in from its own machine only, and answers everybody else as to a wrong password.
    const guest =
      username === 'guest'
        ? ' The user guest may only come from the machine of the RabbitMQ itself unless allowed.'
        : '';
    return [
      'unauthorized',
      `ACCESS_REFUSED: this RabbitMQ does not accept the user ${username} or the password.`,
      `Enter them again.${guest}`,
    ];
  }
  if (/vhost .* not found|no such vhost/i.test(text))
    return [
      'no-such-database',
      `This RabbitMQ has no virtual host ${vhost}.`,
      'Correct the path of the URL. The virtual host / is written %2F, or as no path at all.',
    ];
  if (/access to vhost .* refused/i.test(text))
    return [
      'forbidden',
      `The user ${username} may not enter the virtual host ${vhost}.`,
      `Ask for permissions in it (rabbitmqctl set_permissions -p ${vhost} ${username} …), or connect as another user.`,
    ];
  if (/vhost .* is down|INTERNAL_ERROR/i.test(text))
    return ['broker-error', `This RabbitMQ could not open the virtual host ${vhost}.`, 'Its log says why.'];
  if (/connection limit|NOT_ALLOWED/i.test(text))
    return ['forbidden', `This RabbitMQ does not allow this connection: ${text.slice(0, 200)}`, 'Its log says more.'];
  if (text === IS_REDIS)
    return ['not-a-broker', `${node} is a Redis, not a RabbitMQ.`, 'Use redis:// for it, or correct the port.'];
  if (text === IS_HTTP)
    return [
      'not-a-broker',
      `${node} answers, but with HTTP. It may be the management API of a RabbitMQ.`,
      'The AMQP port is 5672 unless its configuration says otherwise.',
    ];
  if (
    /Expected Connection|Invalid (?:frame|protocol)|Frame size|exceeds maxFrameSize|SASL mechanism|Unexpected/i.test(
      text,
    )
  )
    return [
      'not-a-broker',
      `${node} answers, but it is not a RabbitMQ.`,
      'Correct the port. The AMQP port is 5672 unless its configuration says otherwise.',
    ];
  return [
    'unreachable',
    `${node} closed the connection at once.`,
    'Check that a RabbitMQ listens there, and whether it speaks TLS (amqps://).',
  ];
}

/** An error of a channel: the server closed it with a code, or the driver refused to write. */
export function channelFailure(thrown: unknown, tried: string, place: Place): InspectorError {
  if (thrown instanceof InspectorError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  // `Operation failed: QueueDeclare; 404 (NOT-FOUND) with message "NOT_FOUND - no queue 'x' in vhost '/'"`
  const answer = /with message "(.*)"$/s.exec(text)?.[1] ?? text;
  const number = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const [code, message, remedy] = channelWords(number, answer, place);
  return new InspectorError(code, { message, tried, answer: answer.slice(0, 500), remedy }, { cause: thrown });
}

function channelWords(code: unknown, answer: string, { vhost, username }: Place): Words {
  const name = /(?:queue|exchange) '([^']*)'/.exec(answer)?.[1] ?? '';
  switch (code) {
    case 404:
      return /exchange '/.test(answer)
        ? [
            'gone',
            `There is no exchange ${name} in the virtual host ${vhost}.`,
            'Look again: it may have been deleted.',
          ]
        : ['gone', `There is no queue ${name} in the virtual host ${vhost}.`, 'Look again: it may have been deleted.'];
    case 403: {
      // Since 3.13 the server says which: `ACCESS_REFUSED - read access to queue 'x' …`.
      const right = /^ACCESS_REFUSED - (?:(\w+) )?access to /.exec(answer);
      const missing =
        right === null
          ? 'may not do this'
          : right[1] === undefined
            ? `lacks a permission for ${name}`
            : `has no ${right[1]} permission for ${name}`;
      return [
        'forbidden',
        `The user ${username} ${missing}. Nothing was changed.`,
        'Ask for that permission (rabbitmqctl set_permissions), or connect as another user.',
      ];
    }
    case 405:
      return /single active consumer|basic\.get/i.test(answer)
        ? [
            'unsupported',
            'A quorum queue with a single active consumer lets nobody look at its messages.',
            'Its consumer alone gets them.',
          ]
        : [
            'forbidden',
            `The queue ${name} belongs to another connection alone (exclusive).`,
            'Only that connection may use it.',
          ];
    case 406:
      return ['changed', `RabbitMQ refused: ${answer.slice(0, 200)}`, 'Look again, then decide anew.'];
    case 540:
      return [
        'unsupported',
        `This kind of queue cannot do that: ${answer.slice(0, 200)}`,
        'A stream is read differently.',
      ];
  }
  return [
    'broker-error',
    `RabbitMQ refused: ${answer.slice(0, 200)}`,
    'The words are the server’s own; its log may explain them.',
  ];
}

export function connectionLost(node: string, cause: Error | undefined, tried: string, outcome: string): InspectorError {
  const said = /with message "(.*)"$/s.exec(cause?.message ?? '')?.[1];
  return new InspectorError(
    'connection-lost',
    {
      message: `The connection to ${node} was lost. ${outcome}`,
      tried,
      answer: said ?? (cause === undefined || cause.message === '' ? 'the server closed it' : cause.message),
      remedy: 'It is opened again by itself; look again then.',
    },
    cause === undefined ? undefined : { cause },
  );
}

export function timedOut(tried: string, milliseconds: number, node: string): InspectorError {
  return new InspectorError('timeout', {
    message: `${node} did not answer within ${seconds(milliseconds)}.`,
    tried,
    answer: 'no answer came',
    remedy: 'Try again. A RabbitMQ that is short of memory or disk makes everybody wait.',
  });
}

/** The person, or whoever holds the signal, did not want it any more; whatever reason the signal carries. */
export const aborted = (tried: string) => asInspectorError(new DOMException('It was canceled.', 'AbortError'), tried);

export const seconds = (milliseconds: number) =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${Math.round(milliseconds / 100) / 10} s`;

/** Node tries every address of a name and then throws them together. */
function innermost(thrown: unknown): Error {
  if (thrown instanceof AggregateError && thrown.errors[0] instanceof Error) return thrown.errors[0];
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

import { InspectorError } from '../../model';
import {
  type BrokerWords,
  codeOf,
  innermost,
  connectionLost as lost,
  networkWords,
  type Place,
  seconds,
  tlsWords,
  type Words,
} from '../common/failures';

/** What a message needs to know of the place. */
export interface RabbitPlace extends Place {
  readonly vhost: string;
  readonly username: string;
}

/** What probe.ts found where the driver only knew that it was not what it expected. */
export const SPEAKS_TLS = 'the port answers with TLS';
export const IS_REDIS = 'the port answers as a Redis does';
export const IS_HTTP = 'the port answers with HTTP';

const RABBITMQ: BrokerWords = {
  name: 'RabbitMQ',
  timeout: 'whether a firewall or VPN stands in between, and whether a RabbitMQ listens there',
  plain: 'Use amqp:// instead of amqps://; the usual port of it is 5672.',
  secure: 'Use amqps:// instead of amqp://; the usual port of it is 5671.',
  speaksTls: new RegExp(`^${SPEAKS_TLS}$`),
};

/** A thrown error of the network, of TLS or of the handshake, while connecting, as one clear InspectorError. */
export function connectFailure(thrown: unknown, place: RabbitPlace, milliseconds: number): InspectorError {
  const error = innermost(thrown);
  const code = codeOf(error);
  const answer = code === '' || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
  const [kind, message, remedy] =
    networkWords(code || error.message, place, milliseconds, RABBITMQ) ??
    tlsWords(code, error.message, place, RABBITMQ) ??
    hangUpWords(code, error.message, place) ??
    handshakeWords(error.message, place);
  return new InspectorError(kind, { message, tried: `connecting to ${place.node}`, answer, remedy }, { cause: thrown });
}

/** TLS 1.3: the server looks at the client's certificate when the client thinks that all is well, and hangs up. */
function hangUpWords(code: string, text: string, { node, tls }: Place): Words | undefined {
  if (tls && /ECONNRESET|Socket closed abruptly/.test(`${code} ${text}`))
    return [
      'tls',
      `${node} ended the connection after the TLS handshake.`,
      'Most servers that do so want a client certificate. Give one with its key, or check that a RabbitMQ listens there.',
    ];
  return undefined;
}

function handshakeWords(text: string, { node, vhost, username }: RabbitPlace): Words {
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
export function channelFailure(thrown: unknown, tried: string, place: RabbitPlace): InspectorError {
  if (thrown instanceof InspectorError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  // `Operation failed: QueueDeclare; 404 (NOT-FOUND) with message "NOT_FOUND - no queue 'x' in vhost '/'"`
  const answer = /with message "(.*)"$/s.exec(text)?.[1] ?? text;
  const number = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const [code, message, remedy] = channelWords(number, answer, place);
  return new InspectorError(code, { message, tried, answer: answer.slice(0, 500), remedy }, { cause: thrown });
}

function channelWords(code: unknown, answer: string, { vhost, username }: RabbitPlace): Words {
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

/** A loss that nobody asked for; the server's own last words, where it said some. */
export function connectionLost(node: string, cause: Error | undefined, tried: string, outcome: string): InspectorError {
  return lost(node, cause, tried, outcome, /with message "(.*)"$/s.exec(cause?.message ?? '')?.[1]);
}

/** No answer to one question over AMQP. */
export function timedOut(tried: string, milliseconds: number, node: string): InspectorError {
  return new InspectorError('timeout', {
    message: `${node} did not answer within ${seconds(milliseconds)}.`,
    tried,
    answer: 'no answer came',
    remedy: 'Try again. A RabbitMQ that is short of memory or disk makes everybody wait.',
  });
}

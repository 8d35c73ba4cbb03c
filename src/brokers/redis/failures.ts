import { InspectorError } from '../../model';
import {
  type BrokerWords,
  codeOf,
  innermost,
  networkWords,
  type Place,
  tlsWords,
  type Words,
} from '../common/failures';

const REDIS: BrokerWords = {
  name: 'Redis',
  timeout: 'and whether a firewall or VPN stands in between',
  plain: 'Use redis:// instead of rediss://.',
  secure: 'Use rediss:// instead of redis://.',
  // A TLS record (alert, handshake) instead of a reply.
  speaksTls: /Unknown RESP type (21|22) |^SPEAKS_TLS/,
};

/** A thrown error of the network or of TLS, while connecting, as one clear InspectorError. */
export function connectFailure(thrown: unknown, place: Place, milliseconds: number): InspectorError {
  const error = innermost(thrown);
  const code = codeOf(error);
  const answer = code === '' ? error.message : `${code}: ${error.message}`;
  const [kind, message, remedy] =
    networkWords(code, place, milliseconds, REDIS) ??
    socketWords(code, place) ??
    tlsWords(code, error.message, place, REDIS) ??
    strangeWords(error.message, place);
  return new InspectorError(kind, { message, tried: `connecting to ${place.node}`, answer, remedy }, { cause: thrown });
}

/** Of a unix socket. */
function socketWords(code: string, { node }: Place): Words | undefined {
  switch (code) {
    case 'ENOENT':
    case 'ENOTSOCK':
      return [
        'unreachable',
        `There is no socket at ${node}.`,
        'Start the Redis, or correct the path (unixsocket in its configuration).',
      ];
    case 'EACCES':
    case 'EPERM':
      return [
        'forbidden',
        `This user may not open ${node}.`,
        'The owner of the socket decides (unixsocketperm in the configuration of Redis).',
      ];
    default:
      return undefined;
  }
}

function strangeWords(text: string, { node, tls }: Place): Words {
  const refusal = /Last error: (?:\w*Error: )?([A-Z]+ .*)$/s.exec(text)?.[1];
  if (refusal !== undefined) return replyWords(refusal);
  if (/Unknown RESP type|Command queue state error|Protocol error/i.test(text))
    return [
      'not-a-broker',
      `${node} answers, but it is not a Redis.`,
      'Correct the port. The Redis port is 6379 unless its configuration says otherwise.',
    ];
  if (tls)
    return [
      'tls',
      `${node} ended the TLS handshake.`,
      'Check the client certificate, or use redis:// if it speaks no TLS.',
    ];
  return [
    'unreachable',
    `${node} closed the connection at once.`,
    'Check that a Redis listens there, and whether it speaks TLS (rediss://).',
  ];
}

/** What a server's error reply means; `needs` names the command where NOPERM does not. */
export function replyWords(reply: string): Words {
  // Inside scripts the code stands behind the place: `ERR Error running script …: -OOM command not allowed …`.
  const code =
    /(?:^|[\s:-])(NOAUTH|WRONGPASS|NOPERM|LOADING|READONLY|OOM|MISCONF|DENIED|BUSY|MASTERDOWN|MOVED|ASK|CROSSSLOT|CLUSTERDOWN|WRONGTYPE)\s/.exec(
      `${reply} `,
    )?.[1];
  switch (code) {
    case 'NOAUTH':
      return [
        'unauthorized',
        'NOAUTH: this Redis wants a password.',
        'Enter the password, and the user if it has users (ACL).',
      ];
    case 'WRONGPASS':
      return ['unauthorized', 'WRONGPASS: this Redis does not accept the user or the password.', 'Enter them again.'];
    case 'NOPERM':
      return [
        'forbidden',
        `This user may not ${forbiddenIn(reply)} (ACL).`,
        'Ask for that permission, or connect as another user.',
      ];
    case 'LOADING':
      return [
        'loading',
        'LOADING: this Redis is still reading its data from disk.',
        'Wait until it has loaded; large data takes minutes.',
      ];
    case 'READONLY':
      return [
        'replica',
        'READONLY: this Redis is a replica and takes no changes.',
        'Connect to its master, or through its sentinels.',
      ];
    case 'OOM':
      return [
        'out-of-memory',
        'OOM: this Redis is full and takes nothing more. Nothing was changed.',
        'Free memory or raise maxmemory; deleting still works.',
      ];
    case 'MISCONF':
      return [
        'broker-error',
        'MISCONF: this Redis refuses changes because it cannot save to disk.',
        'Look into its log; usually the disk is full.',
      ];
    case 'DENIED':
      return [
        'forbidden',
        'This Redis is in protected mode: it has no password and speaks to its own machine only.',
        'Set a password on the server, or connect from its machine.',
      ];
    case 'BUSY':
      return [
        'broker-error',
        'BUSY: this Redis is running a script of somebody else and answers nobody.',
        'Wait, or end the script on the server with SCRIPT KILL.',
      ];
    case 'MASTERDOWN':
      return [
        'replica',
        'MASTERDOWN: this replica has lost its master and gives no data.',
        'Connect to the new master, or through the sentinels.',
      ];
    case 'MOVED':
    case 'ASK':
    case 'CROSSSLOT':
    case 'CLUSTERDOWN':
      return [
        'unsupported',
        'This is a Redis Cluster, and the keys lie on several of its nodes.',
        'Use a Redis that is no cluster, or keys with one hash tag.',
      ];
    case 'WRONGTYPE':
      return [
        'broker-error',
        'A key is of another kind than the job queue would have it. Nothing was changed.',
        'Look at the key with TYPE.',
      ];
  }
  if (/invalid password|wrong number of arguments for 'auth'/i.test(reply))
    return [
      'unauthorized',
      'This Redis does not accept the user or the password.',
      'Enter them again. Redis before 6.0 knows no users, only a password.',
    ];
  if (/DB index is out of range|invalid DB index|SELECT is not allowed in cluster mode/i.test(reply))
    return [
      'no-such-database',
      'This Redis has no such database.',
      'Use a lower number; 16 databases, 0 to 15, are usual.',
    ];
  if (/max number of clients/i.test(reply))
    return ['unreachable', 'This Redis has no connection to spare.', 'Close other clients, or raise maxclients.'];
  if (/unknown command|unknown subcommand/i.test(reply))
    return [
      'unsupported',
      `This server does not know the command ${commandIn(reply)}.`,
      'It is older than the command, or the command has been renamed.',
    ];
  return [
    'broker-error',
    `Redis refused: ${reply.slice(0, 200)}`,
    'The words are the server’s own; its documentation explains them.',
  ];
}

/** A refusal of the server as InspectorError. `tried` is a phrase: `retrying jobs`. */
export function replyError(reply: string, tried: string, details?: Record<string, unknown>): InspectorError {
  const [code, message, remedy] = replyWords(reply);
  return new InspectorError(
    code,
    { message, tried, answer: reply.slice(0, 500), remedy },
    details === undefined ? undefined : { details },
  );
}

/** The command that a NOPERM or an unknown-command reply names, in capitals. */
export function commandIn(reply: string): string {
  return (/(?:run the|unknown command[^'`]*|subcommand) ?['`]([\w.|]+)['`]/i.exec(reply)?.[1] ?? '').toUpperCase();
}

function forbiddenIn(reply: string): string {
  const command = commandIn(reply);
  if (command !== '') return `run ${command.replace('|', ' ')}`;
  const key = /access the '(.*?)' key/.exec(reply)?.[1];
  return key === undefined ? 'touch one of these keys' : `touch the key ${key}`;
}

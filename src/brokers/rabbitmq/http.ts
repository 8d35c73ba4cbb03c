/** Requests to the management API: JSON over HTTP(S) with a login, a time limit and a bound on size. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { InspectorError } from '../../model';
import { aborted, seconds } from '../common/failures';
import { nodeTlsOptions, type TlsSettings } from '../common/tls';
import type { Counting } from './driver';

export interface HttpOptions {
  /** Without user and password: `http://localhost:15672`; a path before /api is kept. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly tls: TlsSettings | null;
  readonly timeoutMs: number;
}

/** An answer beyond this is not read: 5,000 queues with all columns are 10 MB. */
const LARGEST = 64 * 1024 * 1024;

export class Http {
  readonly url: string;
  readonly #options: HttpOptions;
  readonly #meter: Counting;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #secure: boolean;

  constructor(options: HttpOptions, meter: Counting) {
    this.url = options.url.replace(/\/+$/, '');
    this.#options = options;
    this.#meter = meter;
    this.#secure = this.url.startsWith('https:');
    const kept = { keepAlive: true, maxSockets: 4 };
    const { tls } = options;
    this.#agent = this.#secure
      ? new HttpsAgent({
          ...kept,
          ...nodeTlsOptions(tls ?? { verify: true }),
        })
      : new HttpAgent(kept);
  }

  /**
   * The JSON behind a path that begins with `/api/`.
   * @throws InspectorError `unauthorized forbidden gone timeout unreachable aborted not-a-broker broker-error`
   */
  async get(path: string, tried: string, signal: AbortSignal): Promise<unknown> {
    const text = await this.send('GET', path, undefined, tried, signal);
    try {
      return JSON.parse(text);
    } catch {
      throw this.#failure('not-a-broker', 'It answers, but not as the management API does.', tried, text.slice(0, 100));
    }
  }

  async send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body: unknown,
    tried: string,
    signal: AbortSignal,
  ): Promise<string> {
    if (signal.aborted) throw aborted(tried);
    this.#meter.requests++;
    const { username, password, timeoutMs } = this.#options;
    const time = AbortSignal.timeout(timeoutMs);
    const both = AbortSignal.any([signal, time]);
    const text = body === undefined ? '' : JSON.stringify(body);
    const login = Buffer.from(`${username}:${password}`).toString('base64');
    try {
      const [status, answer] = await new Promise<readonly [number, string]>((resolve, reject) => {
        const options = {
          method,
          agent: this.#agent,
          signal: both,
          headers: {
            authorization: `Basic ${login}`,
            accept: 'application/json',
            ...(text === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          },
        };
        const sent = (this.#secure ? httpsRequest : httpRequest)(`${this.url}${path}`, options, response =>
          collect(response).then(whole => resolve([response.statusCode ?? 0, whole]), reject),
        );
        sent.on('error', reject);
        sent.end(text);
      });
      if (status >= 200 && status < 300) return answer;
      throw this.#refusal(status, answer, tried);
    } catch (thrown) {
      if (thrown instanceof InspectorError) throw thrown;
      if (signal.aborted) throw aborted(tried);
      if (time.aborted)
        throw this.#failure('timeout', `It did not answer within ${seconds(timeoutMs)}.`, tried, 'no answer came');
      const error = thrown instanceof AggregateError ? (thrown.errors[0] as Error) : (thrown as Error);
      const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
      throw this.#failure('unreachable', networkText(code), tried, error.message || code);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #refusal(status: number, answer: string, tried: string): InspectorError {
    const { username } = this.#options;
    const reason = reasonIn(answer) || `status ${status}`;
    // 401 carries `not_authorised` both for a wrong password and for a user without the tag `management`.
    if (status === 401 && /not.*management/i.test(reason))
      return this.#failure('forbidden', `The user ${username} has no tag management.`, tried, reason);
    if (status === 401)
      return this.#failure('unauthorized', `It does not accept the user ${username} or the password.`, tried, reason);
    if (status === 403) return this.#failure('forbidden', `The user ${username} may not see this.`, tried, reason);
    if (status === 404) return this.#failure('gone', 'There is no such thing there.', tried, reason);
    return this.#failure('broker-error', `It answered with status ${status}.`, tried, reason);
  }

  #failure(code: ConstructorParameters<typeof InspectorError>[0], what: string, tried: string, answer: string) {
    const where = new URL(this.url).host;
    return new InspectorError(code, {
      message: `The management API at ${where}: ${what}`,
      tried: `${tried} (${this.url})`,
      answer: answer.slice(0, 300),
      remedy: REMEDIES[code] ?? 'Check the management URL of this connection.',
    });
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  unauthorized: 'Enter user and password again, or those of a user of the management API.',
  forbidden:
    'Give the user the tag management (rabbitmqctl set_user_tags), or use another user for the management API.',
  gone: 'Look again: it may have been deleted.',
  timeout: 'Try again; a busy RabbitMQ answers late.',
  unreachable: 'Switch the plug-in rabbitmq_management on, or correct the management URL of this connection.',
};

function networkText(code: string): string {
  if (code === 'ECONNREFUSED') return 'Nothing listens there.';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'The name does not resolve on this machine.';
  if (/CERT|SELF_SIGNED|ISSUER/.test(code)) return 'Its certificate is not one that this machine accepts.';
  if (/SSL|EPROTO/.test(code)) return 'It does not speak TLS.';
  return 'It does not answer.';
}

function reasonIn(answer: string): string {
  try {
    const parsed = JSON.parse(answer) as { readonly reason?: unknown };
    return typeof parsed.reason === 'string' ? parsed.reason : '';
  } catch {
    return '';
  }
}

async function collect(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) {
      response.destroy();
      throw new Error('the answer is larger than 64 MiB');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

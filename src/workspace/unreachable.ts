import { type ComposeService, InspectorError, type Surroundings } from '../model';
import { moveUrl, splitUrl } from './urls';

/** Another address that may be the one that was meant. In `details.alternatives` of the error. */
export interface Alternative {
  /** Without password. */
  readonly url: string;
  /** `compose.yml:12 publishes that service as localhost:6379.` */
  readonly why: string;
}

/**
 * The same failure with what the compose files of the folder know about it: a host that is the name of a service is
 * reached where that service is published, and so is one that is published on another port than was tried.
 */
export async function explainUnreachable(
  error: InspectorError,
  url: string,
  surroundings: Pick<Surroundings, 'composeServices'>,
  signal: AbortSignal,
): Promise<InspectorError> {
  if (!['unresolved', 'unreachable', 'timeout'].includes(error.code)) return error;
  const tried = splitUrl(url);
  if (tried.host === null || tried.port === null) return error;
  const { host, port } = { host: tried.host, port: tried.port };
  const services = await surroundings.composeServices(signal);
  const named = services.filter(service => service.service === host || service.aliases.includes(host));
  const alternatives = uniqueByUrl([
    ...named.flatMap(service => published(service, port, tried.url, `publishes that service as`)),
    ...services
      .filter(service => !named.includes(service) && isLocal(host))
      .flatMap(service => published(service, port, tried.url, `publishes ${service.service} as`)),
  ]).filter(alternative => alternative.url !== tried.url);
  const [first] = alternatives;
  if (first !== undefined) {
    const place = splitUrl(first.url);
    return extended(
      error,
      first.why.replace(/^(.*):\d+ /, '$1 '),
      `Use ${place.host}:${place.port} instead.`,
      alternatives,
    );
  }
  const hidden = named[0];
  if (hidden === undefined) return error;
  const at = `${hidden.file}:${hidden.line}`;
  return extended(
    error,
    `${hidden.file} has that service, but publishes no port of it.`,
    `Publish it: add "${port}:${port}" to the ports of ${hidden.service} (${at}), or connect from inside its network.`,
    [],
  );
}

const isLocal = (host: string) => /^(localhost|127(\.\d{1,3}){3}|::1|0\.0\.0\.0)$/i.test(host);

function published(service: ComposeService, port: number, url: string, words: string): Alternative[] {
  return service.ports
    .filter(one => one.target === port)
    .map(one => ({
      url: moveUrl(url, one.host, one.published),
      why: `${service.file}:${service.line} ${words} ${one.host}:${one.published}.`,
    }));
}

function uniqueByUrl(alternatives: readonly Alternative[]): Alternative[] {
  return [...new Map(alternatives.map(alternative => [alternative.url, alternative])).values()];
}

function extended(
  error: InspectorError,
  more: string,
  remedy: string,
  alternatives: readonly Alternative[],
): InspectorError {
  return new InspectorError(
    error.code,
    { message: `${error.message} ${more}`, tried: error.tried, answer: error.answer, remedy },
    { cause: error.cause, details: { ...error.details, alternatives } },
  );
}

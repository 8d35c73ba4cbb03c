/** The management API of one virtual host. Source: RabbitMQ 3.10 `/api/index.html`, answers of 3.10.8. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Http } from './http';
import type {
  ManagedBinding,
  ManagedConnection,
  ManagedConsumer,
  ManagedExchange,
  ManagedQueue,
  Management,
  ManagementPage,
  Paged,
} from './port';

/** How often a node that tells no process is asked again, and milliseconds between (statistics come every 5 s). */
const YOUNG_TRIES = 13;
const YOUNG_PAUSE = 500;

/** Pages beyond this are refused by the server. */
const LARGEST_PAGE = 500;

/** What is asked for of each queue: a fifth of all that there is. */
const QUEUE_COLUMNS = [
  ...['name', 'type', 'durable', 'auto_delete', 'exclusive', 'arguments', 'state', 'policy'],
  ...['effective_policy_definition', 'messages_ready', 'messages_unacknowledged', 'consumers'],
  ...['head_message_timestamp', 'message_stats.publish_details.rate', 'message_stats.ack_details.rate'],
  'message_stats.deliver_get_details.rate',
].join(',');

/** What the server tells of the node that answers. */
export interface NodeFacts {
  readonly node: string | null;
  readonly version: string | null;
  readonly product: string | null;
  /** Of the Erlang process; null where this user may not know it (tag `monitoring`). */
  readonly pid: number | null;
}

export class ManagementApi implements Management {
  readonly url: string;
  readonly #http: Http;
  readonly #vhost: string;

  constructor(http: Http, vhost: string) {
    this.#http = http;
    this.url = http.url;
    this.#vhost = encodeURIComponent(vhost);
  }

  /**
   * Sees whether this user may look into this virtual host, and what node answers.
   * @throws InspectorError as `Http.get` does
   */
  async facts(signal: AbortSignal): Promise<NodeFacts> {
    const tried = 'reading the management API';
    const columns = 'node,rabbitmq_version,product_name';
    const [overview] = await Promise.all([
      this.#http.get(`/api/overview?columns=${columns}`, tried, signal),
      this.#http.get(`/api/queues/${this.#vhost}?page=1&page_size=1&columns=name`, tried, signal),
    ]);
    const { node, rabbitmq_version, product_name } = record(overview);
    const name = text(node);
    return {
      node: name,
      version: text(rabbitmq_version),
      product: text(product_name),
      pid: name === null ? null : await this.#pidOf(name, signal),
    };
  }

  async queues({ page, size, name }: ManagementPage, signal: AbortSignal): Promise<Paged<ManagedQueue>> {
    const query = new URLSearchParams({
      page: String(page),
      page_size: String(Math.min(size, LARGEST_PAGE)),
      sort: 'name',
      columns: QUEUE_COLUMNS,
      ...(name === undefined || name === '' ? {} : { name, use_regex: 'false' }),
    });
    const answer = record(await this.#http.get(`/api/queues/${this.#vhost}?${query}`, 'listing queues', signal));
    return {
      items: records(answer['items']).map(queueOf),
      pages: number(answer['page_count']) ?? 1,
      total: number(answer['filtered_count']) ?? number(answer['total_count']) ?? 0,
    };
  }

  /** In one request: with 5,000 queues ten pages take five times as long, since the server sorts all for each of them. */
  /** `classic`, `quorum`, `stream`; null where there is no such queue. @throws InspectorError as `Http.get` does */
  async typeOf(queue: string, signal: AbortSignal): Promise<string | null> {
    const path = `/api/queues/${this.#vhost}/${encodeURIComponent(queue)}?columns=type`;
    return text(record(await this.#http.get(path, `reading the kind of ${queue}`, signal))['type']);
  }

  async *allQueues(signal: AbortSignal): AsyncGenerator<readonly ManagedQueue[], void, void> {
    const path = `/api/queues/${this.#vhost}?columns=${QUEUE_COLUMNS}`;
    const all = records(await this.#http.get(path, 'listing queues', signal));
    // Made part by part: whoever reads them may let other work run in between.
    for (let from = 0; from < all.length; from += LARGEST_PAGE) yield all.slice(from, from + LARGEST_PAGE).map(queueOf);
  }

  async exchanges(signal: AbortSignal): Promise<readonly ManagedExchange[]> {
    const path = `/api/exchanges/${this.#vhost}?columns=name,type,durable,internal`;
    return records(await this.#http.get(path, 'listing exchanges', signal)).map(each => ({
      name: text(each['name']) ?? '',
      type: text(each['type']) ?? '',
      durable: each['durable'] === true,
      internal: each['internal'] === true,
    }));
  }

  async bindings(signal: AbortSignal): Promise<readonly ManagedBinding[]> {
    const path = `/api/bindings/${this.#vhost}?columns=source,destination,destination_type,routing_key`;
    return records(await this.#http.get(path, 'listing bindings', signal)).map(each => ({
      source: text(each['source']) ?? '',
      destination: text(each['destination']) ?? '',
      destinationType: each['destination_type'] === 'exchange' ? 'exchange' : 'queue',
      routingKey: text(each['routing_key']) ?? '',
    }));
  }

  async consumers(signal: AbortSignal): Promise<readonly ManagedConsumer[]> {
    const answer = await this.#http.get(`/api/consumers/${this.#vhost}`, 'listing consumers', signal);
    return records(answer).map(each => {
      const channel = record(each['channel_details']);
      return {
        queue: text(record(each['queue'])['name']) ?? '',
        tag: text(each['consumer_tag']) ?? '',
        prefetch: number(each['prefetch_count']) ?? 0,
        ackRequired: each['ack_required'] === true,
        active: each['active'] !== false,
        connection: text(channel['connection_name']) ?? '',
        peerHost: text(channel['peer_host']),
      };
    });
  }

  async connections(signal: AbortSignal): Promise<readonly ManagedConnection[]> {
    const path = `/api/vhosts/${this.#vhost}/connections`;
    return records(await this.#http.get(path, 'listing connections', signal)).map(each => {
      const client = record(each['client_properties']);
      return {
        name: text(each['name']) ?? '',
        user: text(each['user']) ?? '',
        state: text(each['state']),
        product: text(client['product']),
        productVersion: text(client['version']) ?? text(client['product_version']),
        peerHost: text(each['peer_host']),
        peerPort: number(each['peer_port']),
        connectedAt: number(each['connected_at']),
        heartbeatSeconds: number(each['timeout']),
      };
    });
  }

  close(): void {
    this.#http.close();
  }

  async #pidOf(node: string, signal: AbortSignal): Promise<number | null> {
    try {
      const path = `/api/nodes/${encodeURIComponent(node)}?columns=os_pid`;
      for (let tries = 1; ; tries++) {
        const pid = Number(record(await this.#http.get(path, 'reading the node', signal))['os_pid']);
        if (Number.isSafeInteger(pid) && pid > 0) return pid;
        // A node that has just started tells it with its first statistics.
        if (tries === YOUNG_TRIES) return null;
        await sleep(YOUNG_PAUSE, undefined, { signal });
      }
    } catch (thrown) {
      // The tag `monitoring` is needed for it; everything else works without.
      if (signal.aborted) throw thrown;
      return null;
    }
  }
}

function queueOf(each: Readonly<Record<string, unknown>>): ManagedQueue {
  const stats = record(each['message_stats']);
  const rate = (name: string) => number(record(stats[name])['rate']);
  return {
    name: text(each['name']) ?? '',
    type: text(each['type']) ?? text(record(each['arguments'])['x-queue-type']) ?? 'classic',
    durable: each['durable'] === true,
    autoDelete: each['auto_delete'] === true,
    exclusive: each['exclusive'] === true,
    arguments: record(each['arguments']),
    ready: number(each['messages_ready']),
    unacked: number(each['messages_unacknowledged']),
    consumers: number(each['consumers']),
    state: text(each['state']),
    policy: text(each['policy']),
    effectivePolicy: record(each['effective_policy_definition']),
    headTimestamp: number(each['head_message_timestamp']),
    rates: { publish: rate('publish_details'), deliver: rate('deliver_get_details'), ack: rate('ack_details') },
  };
}

/** An empty object comes as an empty list at times: Erlang writes both alike. */
function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function records(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;

import { decodeBase64 } from '../../../codecs/envelope';
import { callText, PyDict, type PyNode, PyTuple } from '../../../codecs/python';
import type { Problem, RenderedValue } from '../../../model';
import { rendered } from '../../reading/values';
import type { TaskMessage, TaskSignature } from '../types';
import { type Serializer, serializerOf, type Unpacked, unpack, unpackNow } from './body';
import { quickCallText } from './quick';
import { dictOfNode, instantOfValue, itemsOfNode, numberOfNode, signatureOf, signaturesOf } from './values';

/** A message in its parts, as either kind of broker gives them. */
export interface MessageParts {
  readonly headers: Readonly<Record<string, unknown>>;
  /** In kombu's names: `correlation_id`, `reply_to`, `priority`, `delivery_tag`, `expiration` … */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Compression still on; as text of an envelope, base64 where that says so: it is taken off when it is asked for. */
  readonly body: Uint8Array | { readonly text: string; readonly base64: boolean };
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  readonly exchange: string | null;
  readonly routingKey: string | null;
  readonly redelivered: boolean;
  /** What stands for the arguments where the body was left out. */
  readonly leftOut?: string;
  /** No message at all: nothing in it is to be read. */
  readonly broken?: boolean;
}

/** What the body says, of either protocol. */
interface Call {
  readonly args: PyNode;
  readonly kwargs: PyNode;
  /** Protocol 1: the whole body; protocol 2: `{callbacks, errbacks, chain, chord}`. */
  readonly more: PyDict;
  readonly protocol: 1 | 2;
}

/** Characters of a call in a row. */
const ROW = 160;
/** Bodies longer than this are decoded only when somebody opens the task. */
const DECODED_IN_ROWS = 16 * 1024;

/** A task message that decodes its body once, and only when something of it is asked for. */
export class Message implements TaskMessage {
  readonly parts: MessageParts;
  /** The element of the list as it stands, where there is one. */
  readonly element: Uint8Array | undefined;
  readonly #problems: Problem[];
  #body: Uint8Array | undefined;
  #unpacked: Unpacked | null | undefined;
  #call: Call | null | undefined;

  constructor(parts: MessageParts, problems: readonly Problem[], element?: Uint8Array) {
    this.parts = parts;
    this.element = element;
    this.#problems = [...problems];
  }

  /** Decodes the body, whatever that takes. */
  async open(): Promise<void> {
    if (this.#skipped || this.#unpacked) return;
    this.#unpacked = await unpack(this.#packed);
    this.#call = undefined;
    this.#noteProblem();
  }

  /** Adds what its reader found wrong. */
  note(problem: Problem): void {
    this.#problems.push(problem);
  }

  get #skipped(): boolean {
    return this.parts.leftOut !== undefined || this.parts.broken === true;
  }

  get #packed() {
    return { body: this.body, contentType: this.contentType, compression: this.compression };
  }

  #noteProblem(): void {
    const problem = this.#unpacked?.problem;
    if (problem) this.#problems.push(problem);
  }

  /** The body; null where it was left out or is still to be opened. */
  get unpacked(): Unpacked | null {
    if (this.#skipped) return null;
    if (this.#unpacked === undefined) {
      this.#unpacked = unpackNow(this.#packed);
      this.#noteProblem();
    }
    return this.#unpacked;
  }

  /** Arguments and what follows, by the protocol that the body has. */
  get call(): Call | null {
    if (this.#call !== undefined) return this.#call;
    const unpacked = this.unpacked;
    if (unpacked === null) return null;
    this.#call = unpacked.found ? this.#callOf(unpacked.value) : null;
    return this.#call;
  }

  #callOf(value: PyNode): Call | null {
    const dict = dictOfNode(value);
    if (dict !== null) {
      if (dict.get('task') === undefined && dict.get('args') === undefined && this.#header('task') === undefined) {
        this.#problems.push({ part: 'task', reason: 'The body names no task.', offset: null });
      }
      return { args: dict.get('args') ?? EMPTY, kwargs: dict.get('kwargs') ?? new PyDict(), more: dict, protocol: 1 };
    }
    const items = itemsOfNode(value);
    if (items.length < 2 || items.length > 3) {
      const reason = 'The body is no call of Celery: it is neither a dict nor [args, kwargs, embed].';
      this.#problems.push({ part: 'args', reason, offset: null });
      return null;
    }
    const more = dictOfNode(items[2]) ?? new PyDict();
    return { args: items[0] ?? EMPTY, kwargs: items[1] ?? new PyDict(), more, protocol: 2 };
  }

  /** celery/worker/strategy.py: headers win where they name the task; else the body does. */
  #header(name: string): unknown {
    return Object.hasOwn(this.parts.headers, name) ? this.parts.headers[name] : undefined;
  }

  #told(name: string): unknown {
    if (this.#inHeaders) return this.#header(name);
    const node = this.call?.more.get(name);
    return typeof node === 'string' || typeof node === 'number' ? node : (numberOfNode(node) ?? undefined);
  }

  get #inHeaders(): boolean {
    return typeof this.#header('task') === 'string';
  }

  get protocol(): 1 | 2 | null {
    if (this.parts.broken === true) return null;
    if (this.#inHeaders) return 2;
    return this.call === null ? null : this.call.protocol;
  }

  get id(): string | null {
    return text(this.#told('id')) ?? text(this.parts.properties['correlation_id']);
  }

  get task(): string | null {
    return text(this.#told('task'));
  }

  get shadow(): string | null {
    return text(this.#told('shadow'));
  }

  get args(): RenderedValue | null {
    const { call } = this;
    return call === null ? null : rendered(call.args, this.body.length);
  }

  get kwargs(): RenderedValue | null {
    const { call } = this;
    return call === null ? null : rendered(call.kwargs, this.body.length);
  }

  get callText(): string | null {
    if (this.parts.broken === true) return null;
    const quick = this.#quickText();
    if (quick !== null) return quick;
    const short = this.body.length <= DECODED_IN_ROWS;
    if (this.parts.leftOut === undefined && short && this.call !== null)
      return callText(this.call.args, this.call.kwargs, ROW);
    const repr = this.#reprText();
    if (repr !== null) return repr.length <= ROW ? repr : `${repr.slice(0, ROW - 1).toWellFormed()}…`;
    if (this.parts.leftOut !== undefined) return this.parts.leftOut;
    return short ? null : `(… ${Math.round(this.body.length / 1024)} kB)`;
  }

  /** Of the usual call: plain values in a body of JSON. */
  #quickText(): string | null {
    const plain = this.contentType === 'application/json' && this.compression === null && this.#inHeaders;
    if (!plain || this.#skipped || this.#unpacked !== undefined || this.body.length > DECODED_IN_ROWS) return null;
    // What is no ASCII is left to those who decode it.
    return quickCallText(Buffer.from(this.body.buffer, this.body.byteOffset, this.body.length).toString('latin1'), ROW);
  }

  /** The call as the body has it, up to so many characters; null where it was not read. */
  wholeCall(characters: number): string | null {
    const { call } = this;
    return call === null ? null : callText(call.args, call.kwargs, characters);
  }

  /** The reprs that the sender wrote for people to read, cut after about 1,000 characters (celery/app/amqp.py). */
  #reprText(): string | null {
    const args = text(this.#header('argsrepr'));
    const kwargs = text(this.#header('kwargsrepr'));
    if (args === null && kwargs === null) return null;
    // A list where the caller gave one.
    const inner = (args ?? '()').replace(/^[([]|,?[)\]]$/g, '');
    const named = kwargs === null || kwargs === '{}' ? '' : `**${kwargs}`;
    return `(${[inner, named].filter(part => part !== '').join(', ')})`;
  }

  get eta(): string | null {
    return instantOfValue(this.#told('eta'));
  }

  get expires(): string | null {
    return instantOfValue(this.#told('expires'));
  }

  get retries(): number | null {
    return number(this.#told('retries'));
  }

  get timeLimit(): readonly [number | null, number | null] {
    const limits = this.#inHeaders
      ? this.#header('timelimit')
      : itemsOfNode(this.call?.more.get('timelimit')).map(item => numberOfNode(item));
    return Array.isArray(limits) ? [number(limits[0]), number(limits[1])] : [null, null];
  }

  get rootId(): string | null {
    return text(this.#told('root_id'));
  }

  get parentId(): string | null {
    return text(this.#told('parent_id'));
  }

  get groupId(): string | null {
    return text(this.#told('group')) ?? text(this.#told('taskset'));
  }

  get groupIndex(): number | null {
    return number(this.#told('group_index'));
  }

  /** The last element of the list runs next (celery/app/trace.py, `_chain.pop()`). */
  get chain(): readonly TaskSignature[] {
    return signaturesOf(this.call?.more.get('chain')).reverse();
  }

  get chord(): TaskSignature | null {
    return signatureOf(this.call?.more.get('chord'));
  }

  get callbacks(): readonly TaskSignature[] {
    return signaturesOf(this.call?.more.get('callbacks'));
  }

  get errbacks(): readonly TaskSignature[] {
    return signaturesOf(this.call?.more.get('errbacks'));
  }

  get origin(): string | null {
    return text(this.#header('origin'));
  }

  get ignoresResult(): boolean {
    return this.#header('ignore_result') === true;
  }

  get priority(): number | null {
    return number(this.parts.properties['priority']);
  }

  get redelivered(): boolean {
    return this.parts.redelivered;
  }

  get exchange(): string | null {
    return this.parts.exchange;
  }

  get routingKey(): string | null {
    return this.parts.routingKey;
  }

  /** When it was sent, where its producer set a `timestamp` (unix seconds): Celery itself sets none. */
  get sentAt(): string | null {
    return instantOfValue(number(this.parts.properties['timestamp']));
  }

  get replyTo(): string | null {
    return text(this.parts.properties['reply_to']);
  }

  get deliveryTag(): string | null {
    return text(this.parts.properties['delivery_tag']);
  }

  get contentType(): string | null {
    return this.parts.contentType;
  }

  get contentEncoding(): string | null {
    return this.parts.contentEncoding;
  }

  get compression(): string | null {
    return text(this.#header('compression'));
  }

  get serializer(): Serializer {
    return this.unpacked?.serializer ?? serializerOf(this.contentType, this.body);
  }

  get headers(): Readonly<Record<string, unknown>> {
    return this.parts.headers;
  }

  get body(): Uint8Array {
    this.#body ??= this.#bodyOf();
    return this.#body;
  }

  #bodyOf(): Uint8Array {
    const { body } = this.parts;
    if (!('text' in body)) return body;
    const { text: content, base64 } = body;
    if (!base64) return Buffer.from(content);
    const bytes = Buffer.from(content, 'base64');
    // What is no base64 is passed over, and then there are fewer bytes than there should be.
    if (content.length % 4 === 0 && bytes.length === (content.length / 4) * 3 - paddingOf(content)) return bytes;
    const decoded = decodeBase64(content)?.bytes;
    if (decoded !== undefined) return decoded;
    const reason = 'The body of the message is no base64, though it says so.';
    this.#problems.push({ part: 'body', reason, offset: null });
    return Buffer.from(content);
  }

  /** Of what was decoded so far: those of the body come once it was. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }
}

const paddingOf = (base64: string): number => (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);
const EMPTY = new PyTuple([]);
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

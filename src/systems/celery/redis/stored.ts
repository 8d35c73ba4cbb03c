import type { RawPart } from '../../../model';
import { unackedIndexKey, unackedKey } from '../keys';
import type { Message } from '../message/message';
import type { StoredElement } from '../parts';
import type { StoredMessage } from '../types';
import { HELD_WORD } from './held';
import type { Reading } from './reading';
import { WAITING_WORD } from './rows';

/** Bytes of an element that are shown. */
const SHOWN = 64 * 1024;
/** Unix milliseconds of the year 9999: what a broken index has beyond is no time. */
const LATEST = 253_402_300_799_000;

/** An element as the whole view of a task shows it, its body decoded. */
export async function storedMessage({ broker, prefix }: Reading, element: StoredElement): Promise<StoredMessage> {
  const message = element.message as Message;
  await message.open();
  const { kind, bytes, key, queue, tag, score, ref } = element;
  const shown = { bytes: bytes.subarray(0, SHOWN), totalBytes: bytes.length };
  const body = { name: 'body', bytes: message.body.subarray(0, SHOWN), totalBytes: message.body.length };
  const entries = [
    { name: kind === 'list' ? 'element' : 'message', ...shown, decoded: 'JSON' },
    ...(message.body.length === 0 ? [] : [{ ...body, decoded: message.unpacked?.layers ?? null }]),
  ];
  const name = String(key);
  if (kind === 'list') {
    const raw: RawPart = {
      name,
      type: 'element of a list',
      entries,
      command: broker.cli(['LRANGE', key, '-50', '-1']),
    };
    return {
      ref,
      state: 'waiting',
      nativeState: WAITING_WORD,
      queue,
      message,
      heldSince: null,
      raw: [raw],
      sources: [`LRANGE ${name}`],
    };
  }
  const raw: RawPart = {
    name: `${name} ${tag?.toString() ?? ''}`,
    type: 'field of a hash',
    entries,
    command: broker.cli(['HGET', unackedKey(prefix), tag ?? '']),
  };
  const since = score === null ? Number.NaN : Number(score) * 1000;
  return {
    ref,
    state: 'taken',
    nativeState: HELD_WORD,
    queue,
    message,
    heldSince: Math.abs(since) < LATEST ? since : null,
    raw: [raw],
    sources: [`HGET ${name}`, `ZSCORE ${String(unackedIndexKey(prefix))}`],
  };
}

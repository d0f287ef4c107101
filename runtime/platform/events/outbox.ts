/**
 * How what a transaction emits lies in the outbox (`promised_events`): a row for each run of one topic, so that a row is paid for once
 * and not for every event.
 */
import { ShopError } from '../errors.ts';
import type { NewEvent, NewId } from '../ports.ts';

/** With its payload as JSON. */
export type WrittenEvent = NewEvent & { readonly payload: string };

/** A row's own columns; its time and its tenant come from the server and the transaction. */
export interface OutboxRow {
  /** Of its first event. */
  readonly id: string;
  readonly topic: string;
  /** JSON: `[[id, type, key, payload, trace?], …]`. */
  readonly events: string;
  readonly size: number;
}

/** One event of a row. */
export type PromisedEvent = readonly [
  id: string,
  type: string,
  key: string,
  payload: unknown,
  trace?: string | null,
];

/** Characters of a row, so that it lies in a page of the table and not beside it. A larger event has a row to itself. */
const ROW_LENGTH = 7_000;

/** Of an event's payload as JSON: what every carrier of events takes, Kafka with its defaults among them. */
const MOST_BYTES = 512 * 1024;

/** @throws ShopError `too_large`; `invalid_input` for text that PostgreSQL cannot keep: U+0000, or half of a surrogate pair */
export function written(event: NewEvent): WrittenEvent {
  const payload = JSON.stringify(event.payload);
  // Shorter in characters than a third of that, it cannot be longer in bytes.
  const bytes = payload.length <= MOST_BYTES / 3 ? 0 : Buffer.byteLength(payload);
  if (bytes > MOST_BYTES)
    throw new ShopError(
      'too_large',
      `An event ${event.type} has ${bytes} bytes; ${MOST_BYTES} are allowed.`,
      {
        remedy: 'Put what is large into the blob store and its key into the event.',
      },
    );
  checkText(event.key, event.type);
  if (PERHAPS_UNFIT.test(payload))
    JSON.parse(payload, (name, part: unknown) => {
      checkText(name, event.type);
      if (typeof part === 'string') checkText(part, event.type);
    });
  return { ...event, payload };
}

/** As JSON writes them; a text that speaks of such an escape looks the same. */
const PERHAPS_UNFIT = /\\u(?:0000|d[89a-f])/;

function checkText(text: string, type: string): void {
  if (text.isWellFormed() && !text.includes('\0')) return;
  throw new ShopError('invalid_input', `An event ${type} holds text that cannot be stored.`, {
    remedy: 'Take out U+0000, and characters that were cut in half.',
  });
}

/** In the order of the events, which is that of their ids. */
export function rowsOf(events: readonly WrittenEvent[], newId: NewId): readonly OutboxRow[] {
  const rows: OutboxRow[] = [];
  let open: { id: string; topic: string; parts: string[]; length: number } | undefined;
  const close = (): void => {
    if (open === undefined) return;
    const { id, topic, parts } = open;
    rows.push({ id, topic, events: `[${parts.join()}]`, size: parts.length });
  };
  for (const { topic, type, key, payload, trace } of events) {
    const id = newId('evt');
    const cause = trace === undefined ? '' : `,${JSON.stringify(trace)}`;
    const part = `["${id}",${JSON.stringify(type)},${JSON.stringify(key)},${payload}${cause}]`;
    if (open?.topic !== topic || open.length + part.length > ROW_LENGTH) {
      close();
      open = { id, topic, parts: [], length: 0 };
    }
    open.parts.push(part);
    open.length += part.length;
  }
  close();
  return rows;
}

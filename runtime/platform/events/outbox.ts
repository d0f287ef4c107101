/**
 * How what a transaction emits lies in the outbox (`promised_events`): a row for each run of one topic, so that a row is paid for once
 * and not for every event.
 */
import { ShopError } from '../errors.ts';
import { isKept } from '../kept.ts';
import type { NewEvent, NewId } from '../ports.ts';

/** With its payload as JSON. */
export type WrittenEvent = NewEvent & { readonly payload: string };

/** A row's own columns; its time and its tenant come from the server and the transaction. */
export interface OutboxRow {
  /** Of its first event. */
  readonly id: string;
  readonly topic: string;
  /** JSON: a list of `PromisedEvent`, each on a line of its own, for `linesOf`. */
  readonly events: string;
  readonly size: number;
}

/** One event of a row. Its key stands first, for `keyOf`. */
export interface PromisedEvent {
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly trace?: string;
}

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
  if (isKept(text)) return;
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
    rows.push({ id, topic, events: OPENING + parts.join(BETWEEN) + CLOSING, size: parts.length });
  };
  for (const { topic, type, key, payload, trace } of events) {
    const id = newId('evt');
    const cause = trace === undefined ? '' : `,"trace":${JSON.stringify(trace)}`;
    const part = `{"key":${JSON.stringify(key)},"id":"${id}","type":${JSON.stringify(type)},"data":${payload}${cause}}`;
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

/** JSON has no line break but between its parts, and JSON.stringify puts none there. */
const OPENING = '[\n';
const BETWEEN = ',\n';
const CLOSING = '\n]';

/** The events of a row's text, each as JSON. Nothing is parsed, unless somebody has laid the text out anew, a restored backup for example. */
export function linesOf(events: string): readonly string[] {
  if (events.startsWith(`${OPENING}{`) && events.endsWith(CLOSING))
    return events.slice(OPENING.length, -CLOSING.length).split(BETWEEN);
  const list: readonly PromisedEvent[] = JSON.parse(events);
  return list.map(({ key, id, type, data, trace }) => JSON.stringify({ key, id, type, data, trace }));
}

/** The key of a line, and what follows it there. */
export function keyOf(line: string): { readonly key: string; readonly rest: string } {
  KEY.lastIndex = 0;
  const text = KEY.exec(line)?.[1] ?? '';
  const key: string = text.includes('\\') ? JSON.parse(`"${text}"`) : text;
  return { key, rest: line.slice(KEY.lastIndex) };
}

const KEY = /\{"key":"((?:[^"\\]|\\.)*)"/y;

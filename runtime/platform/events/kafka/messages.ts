/**
 * How an event looks in Kafka: the payload is the value, as JSON; id, type, tenant and place are headers, with W3C `traceparent`
 * where there is one; the record's time is when it happened. The key names the tenant too, so that a tenant's events of a key
 * keep one partition and its order.
 */
import { Partitioners, type PartitionMetadata } from 'kafkajs';
import type { StoredEvent } from '../../ports.ts';
import { isTenantId } from '../../tenant-id.ts';
import type { PromisedEvent } from '../outbox.ts';

/** A message ready to be sent. Headers and value are text; kafkajs encodes them. */
export interface Outgoing {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly timestamp: string;
  /** Absent: Kafka's rule, by the key. */
  readonly partition?: number;
}

/** A row of the outbox whose events have their places. */
export interface PlacedRow {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly id: string;
  readonly topic: string;
  readonly events: readonly PromisedEvent[];
  /** Of the first event. */
  readonly place: number;
  /** How many partitions the topic had when the places were given; null: nobody has looked yet. */
  readonly partitions: number | null;
}

/** What kafkajs hands out, as far as it matters here. */
export interface Incoming {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  readonly timestamp: string;
  readonly offset: string;
}

/** @param topic as Kafka calls it, with the scope */
export function toMessages(
  tenant: string,
  row: PlacedRow & { readonly partitions: number },
  topic: string,
): readonly Outgoing[] {
  const timestamp = String(Math.floor(row.at / 1_000));
  return row.events.map(([id, type, eventKey, payload, trace], index) => {
    const key = `${tenant}/${eventKey}`;
    const place = String(row.place + index);
    return {
      topic,
      key,
      value: JSON.stringify(payload),
      headers: trace ? { id, type, tenant, place, traceparent: trace } : { id, type, tenant, place },
      timestamp,
      partition: partitionOf(topic, key, row.partitions),
    };
  });
}

/** By Kafka's own rule, among as many partitions as there were when the event got its place: a repetition goes where the first went. */
function partitionOf(topic: string, key: string, partitions: number): number {
  const partitionMetadata = (IMAGINED[partitions] ??= Array.from({ length: partitions }, imagined));
  return byKey({ topic, partitionMetadata, message: { key, value: null } });
}

const byKey = Partitioners.DefaultPartitioner();
/** By count: the rule looks at nothing else of them. */
const IMAGINED: PartitionMetadata[][] = [];

function imagined(_: unknown, partitionId: number): PartitionMetadata {
  return { partitionId, leader: 0, isr: [], replicas: [], partitionErrorCode: 0 };
}

/** An event with its place. */
export interface Placed {
  readonly event: StoredEvent;
  readonly place: number;
}

/** The event of a message, or why it is none. @param topic as domains call it, without the scope */
export function toEvent(topic: string, message: Incoming): Placed | { readonly poison: string } {
  const id = headerOf(message, 'id');
  const type = headerOf(message, 'type');
  const tenant = headerOf(message, 'tenant');
  const place = Number(headerOf(message, 'place'));
  if (id === undefined || type === undefined || tenant === undefined || !Number.isSafeInteger(place))
    return { poison: 'It lacks one of the headers id, type, tenant and place.' };
  if (!isTenantId(tenant)) return { poison: 'Its header tenant is no tenant’s id.' };
  const key = message.key?.toString() ?? '';
  if (!key.startsWith(`${tenant}/`)) return { poison: 'Its key does not begin with its tenant.' };
  if (message.value === null) return { poison: 'It has no value.' };
  let payload: unknown;
  try {
    payload = JSON.parse(message.value.toString());
  } catch (error) {
    return { poison: `Its value is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const trace = headerOf(message, 'traceparent');
  const event: StoredEvent = {
    id,
    tenant,
    topic,
    type,
    key: key.slice(tenant.length + 1),
    payload,
    occurredAt: new Date(Number(message.timestamp)),
    ...(trace === undefined ? {} : { trace }),
  };
  return { event, place };
}

/** What nobody can make sense of, as it came, for people to look at. */
export function toDeadMessage(
  message: Incoming,
  from: { readonly topic: string; readonly partition: number; readonly consumer: string },
  deadTopic: string,
  reason: string,
): Outgoing {
  return {
    topic: deadTopic,
    key: message.key?.toString() ?? '',
    value: JSON.stringify({
      consumer: from.consumer,
      attempts: 0,
      error: reason,
      message: {
        topic: from.topic,
        partition: from.partition,
        offset: message.offset,
        headers: Object.fromEntries(
          Object.keys(message.headers ?? {}).map((name) => [name, headerOf(message, name) ?? '']),
        ),
        value: message.value?.toString('base64') ?? null,
      },
    }),
    headers: { reason: 'poison' },
    timestamp: message.timestamp,
  };
}

/** Bytes of a message on the wire, at most: what the record adds to its parts is counted generously. */
export function sizeOf({ key, value, headers }: Outgoing): number {
  let size = 64 + Buffer.byteLength(value) + key.length * 3;
  for (const name in headers) size += 8 + name.length + (headers[name]?.length ?? 0) * 3;
  return size;
}

function headerOf({ headers }: Incoming, name: string): string | undefined {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? undefined : first.toString();
}

/**
 * How an event looks in Kafka: a JSON object with its id, type, place and data, and its W3C `traceparent` as `trace` where there is one; the
 * record's time is when it happened. The key names the tenant too, so that a tenant's events of a key keep one partition and its order.
 * There are no headers: kafkajs pays for each as for a record of its own.
 */
import { Partitioners, type PartitionMetadata } from 'kafkajs';
import type { StoredEvent, TenantId } from '../../ports.ts';
import { isTenantId } from '../../tenant-id.ts';
import { keyOf, linesOf } from '../outbox.ts';

/** A message ready to be sent. */
export interface Outgoing {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
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
  /** As the outbox has them. @see linesOf */
  readonly events: string;
  /** Of the first event. */
  readonly place: number;
  /** How many partitions the topic had when the places were given. */
  readonly partitions: number;
}

/** By what a topic's events are spread over its partitions. */
export type Spread = 'tenant' | 'key';

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
  row: PlacedRow,
  topic: string,
  spread: Spread,
): readonly Outgoing[] {
  const timestamp = String(Math.floor(row.at / 1_000));
  const ofTenant = spread === 'tenant' ? partitionOf(topic, tenant, row.partitions) : undefined;
  return linesOf(row.events).map((line, index) => {
    const { key: own, rest } = keyOf(line);
    const key = `${tenant}/${own}`;
    return {
      topic,
      key,
      value: `{"place":${row.place + index}${rest}`,
      timestamp,
      partition: ofTenant ?? partitionOf(topic, key, row.partitions),
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

/**
 * The event of a message, or why it is none.
 * @param topic as domains call it, without the scope
 * @param known a tenant's id that has been checked: that of the message before, most likely
 */
export function toEvent(
  topic: string,
  message: Incoming,
  known?: TenantId,
): Placed | { readonly poison: string } {
  const whole = message.key?.toString() ?? '';
  const slash = whole.indexOf('/');
  const tenant = whole.slice(0, Math.max(slash, 0));
  if (tenant !== known && !isTenantId(tenant))
    return { poison: 'Its key does not begin with a tenant’s id.' };
  if (message.value === null) return { poison: 'It has no value.' };
  let value: unknown;
  try {
    value = JSON.parse(message.value.toString());
  } catch (error) {
    return { poison: `Its value is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!isTold(value)) return { poison: 'Its value lacks one of id, type, place and data.' };
  const event = {
    id: value.id,
    tenant,
    topic,
    type: value.type,
    key: whole.slice(slash + 1),
    payload: value.data,
    occurredAt: new Date(Number(message.timestamp)),
  };
  return { event: value.trace === undefined ? event : { ...event, trace: value.trace }, place: value.place };
}

interface Told {
  readonly place: number;
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly trace?: string;
}

function isTold(value: unknown): value is Told {
  if (typeof value !== 'object' || value === null) return false;
  if (!('id' in value && 'type' in value && 'place' in value && 'data' in value)) return false;
  if ('trace' in value && typeof value.trace !== 'string') return false;
  return typeof value.id === 'string' && typeof value.type === 'string' && Number.isSafeInteger(value.place);
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
export function sizeOf({ key, value }: Outgoing): number {
  return 96 + Buffer.byteLength(value) + key.length * 3;
}

function headerOf({ headers }: Incoming, name: string): string | undefined {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? undefined : first.toString();
}

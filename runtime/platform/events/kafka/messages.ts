/**
 * How an event looks in Kafka: the payload is the value, as JSON; id, type and tenant are headers, with W3C `traceparent`
 * where there is one; the record's time is when it happened. The key names the tenant too, so that a tenant's events of a key
 * keep one partition and its order.
 */
import type { StoredEvent } from '../../ports.ts';
import { isTenantId } from '../../tenant-id.ts';

/** A message ready to be sent. Headers and value are text; kafkajs encodes them. */
export interface Outgoing {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly timestamp: string;
}

/** A row of the outbox. */
export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly type: string;
  readonly key: string;
  /** JSON as the database writes it: nobody parses it between here and the consumer. */
  readonly payload: string;
  readonly trace: string | null;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What kafkajs hands out, as far as it matters here. */
export interface Incoming {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  readonly timestamp: string;
  readonly offset: string;
}

/** @param topicName the scope's name of a topic */
export function toMessage(tenant: string, row: OutboxRow, topicName: (topic: string) => string): Outgoing {
  const { id, type } = row;
  return {
    topic: topicName(row.topic),
    key: `${tenant}/${row.key}`,
    value: row.payload,
    headers: row.trace === null ? { id, type, tenant } : { id, type, tenant, traceparent: row.trace },
    timestamp: String(row.at),
  };
}

/** The event of a message, or why it is none. @param topic as domains call it, without the scope */
export function toEvent(topic: string, message: Incoming): StoredEvent | { readonly poison: string } {
  const id = headerOf(message, 'id');
  const type = headerOf(message, 'type');
  const tenant = headerOf(message, 'tenant');
  if (id === undefined || type === undefined || tenant === undefined)
    return { poison: 'It lacks one of the headers id, type and tenant.' };
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
  return {
    id,
    tenant,
    topic,
    type,
    key: key.slice(tenant.length + 1),
    payload,
    occurredAt: new Date(Number(message.timestamp)),
    ...(trace === undefined ? {} : { trace }),
  };
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

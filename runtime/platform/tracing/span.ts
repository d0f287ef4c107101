/**
 * A span as it is kept until it is sent: data only, because there are several for each request. What it says of the work is a fixed
 * vocabulary (OpenTelemetry's semantic conventions, and `shopmind.*`): names of routes, tables and tenants, never what people wrote.
 */
import { randomFillSync } from 'node:crypto';

/** As OTLP counts them. */
export const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
export type SpanKind = keyof typeof KIND;

export type AttributeValue = string | number | boolean;
export type Attributes = Record<string, AttributeValue>;

export interface Link {
  readonly traceId: string;
  readonly spanId: string;
}

export interface Span {
  readonly traceId: string;
  /** Empty until somebody needs it: most spans are never sent. */
  id: string;
  /** Of its parent in another process, or of one that told us in writing; empty: none. */
  readonly remoteParentId: string;
  /** Its parent in this process. */
  readonly parent: Span | undefined;
  name: string;
  readonly kind: SpanKind;
  /** Milliseconds of the monotonic clock. */
  readonly begunAt: number;
  /** 0 while it lasts. */
  endedAt: number;
  readonly attributes: Attributes;
  readonly links: readonly Link[];
  /** Whether its trace is recorded. */
  readonly isSampled: boolean;
  /** Whether it will be sent: all of a recorded trace, and of others what failed and what led there. */
  isKept: boolean;
  isFailed: boolean;
}

export function idOf(span: Span): string {
  if (span.id === '') span.id = randomHex(8);
  return span.id;
}

export function newTraceId(): string {
  return randomHex(16);
}

const pool = Buffer.alloc(4_096);
let used = pool.length;

/** Random bytes come from a larger draw: one system call serves many ids. */
function randomHex(bytes: 8 | 16): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/**
 * An OTLP/HTTP receiver for tests. It judges every body by the published descriptors (`otlp/`), as protobuf.js reads them: a field that
 * is misnamed, misplaced or of another type does not survive being written as protobuf and read again.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadFileDescriptorSetFromBuffer, type MethodDefinition } from '@grpc/proto-loader';

/** A span as it was received. */
export interface SeenSpan {
  readonly service: string;
  readonly traceId: string;
  readonly id: string;
  /** Empty: none. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly isFailed: boolean;
  readonly isSampled: boolean;
  readonly begun: bigint;
  readonly ended: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

export interface TraceReceiver {
  readonly url: string;
  readonly spans: readonly SeenSpan[];
  /** What was wrong with bodies that came: nothing, if all is well. */
  readonly faults: readonly string[];
  /** Requests so far. */
  readonly requests: number;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<TraceReceiver> {
  const spans: SeenSpan[] = [];
  const faults: string[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      requests += 1;
      try {
        assert.equal(`${request.method} ${request.url}`, 'POST /v1/traces');
        assert.equal(request.headers['content-type'], 'application/json');
        spans.push(...spansIn(Buffer.concat(parts).toString('utf8')));
      } catch (error) {
        faults.push(error instanceof Error ? error.message : String(error));
        response.statusCode = 400;
      }
      response.setHeader('content-type', 'application/json');
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    faults,
    get requests() {
      return requests;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const descriptors = readFileSync(new URL('otlp/trace.binpb', import.meta.url));
const loaded = loadFileDescriptorSetFromBuffer(descriptors, { longs: String });
const service = loaded['opentelemetry.proto.collector.trace.v1.TraceService'] as Record<
  string,
  MethodDefinition<object, object>
>; // a service, as its name says

/** @throws AssertionError that says what is wrong with the body */
export function spansIn(body: string): SeenSpan[] {
  const sent: unknown = JSON.parse(body);
  const method = service['Export'];
  assert.ok(method);
  const read = method.requestDeserialize(method.requestSerialize(toMessage(sent) as object));
  assert.deepEqual(toJson(read), sent, 'every field is one of OTLP’s, in its place and of its type');
  const { resourceSpans } = sent as ExportRequest; // as the descriptors say
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => seen(span, attributesOf(resource.attributes)))),
  );
}

function seen(span: WireSpan, resource: SeenSpan['attributes']): SeenSpan {
  const { traceId, spanId, parentSpanId, name, links = [] } = span;
  assert.match(traceId, /^(?!0{32})[0-9a-f]{32}$/);
  assert.match(spanId, /^(?!0{16})[0-9a-f]{16}$/);
  assert.match(parentSpanId, /^(?:|(?!0{16})[0-9a-f]{16})$/);
  assert.notEqual(name, '');
  const begun = BigInt(span.startTimeUnixNano);
  const ended = BigInt(span.endTimeUnixNano);
  assert.ok(ended >= begun, 'a span ends after it has begun');
  const kind = KINDS[span.kind];
  assert.ok(kind !== undefined, `a kind ${span.kind}`);
  return {
    service: String(resource['service.name']),
    traceId,
    id: spanId,
    parentId: parentSpanId,
    name,
    kind,
    isFailed: span.status?.code === 2,
    isSampled: (span.flags & 1) === 1,
    begun,
    ended,
    attributes: attributesOf(span.attributes),
    links,
  };
}

const KINDS = [undefined, 'internal', 'server', 'client', 'producer', 'consumer'] as const;

function attributesOf(list: readonly WireAttribute[] = []): SeenSpan['attributes'] {
  assert.equal(new Set(list.map(({ key }) => key)).size, list.length, 'each attribute is told once');
  return Object.fromEntries(
    list.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? value.doubleValue ?? Number(value.intValue),
    ]),
  );
}

/** OTLP's JSON has ids in hexadecimal, where protobuf's own would have base64. Fields are named as in every JSON of protobuf. */
const IDS: ReadonlySet<string> = new Set(['traceId', 'spanId', 'parentSpanId']);

function toMessage(value: unknown, key = ''): unknown {
  if (IDS.has(key)) return Buffer.from(String(value), 'hex');
  if (Array.isArray(value)) return value.map((each) => toMessage(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      toMessage(part, name),
    ]),
  );
}

function toJson(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      toJson(part),
    ]),
  );
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes?: readonly WireAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[];
  }[];
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly WireAttribute[];
  readonly links?: SeenSpan['links'];
  readonly status?: { readonly code: number };
  readonly flags: number;
}

interface WireAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly boolValue?: boolean;
    readonly intValue?: string;
    readonly doubleValue?: number;
  };
}

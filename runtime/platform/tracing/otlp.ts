/** Spans as OTLP/HTTP wants them in JSON (opentelemetry-proto 1.x): ids in hexadecimal, 64-bit integers as text, kinds as numbers. Pure. */
import { idOf, KIND, type Attributes, type AttributeValue, type Span } from './span.ts';

const SCOPE = { name: 'shopmind' };
const FAILED = { code: 2 };

/**
 * The body of one export.
 * @param epoch milliseconds since 1970 at which the monotonic clock was 0
 */
export function exportRequest(
  spans: readonly Span[],
  resource: Readonly<Record<string, string | undefined>>,
  epoch: number,
): string {
  const attributes = Object.entries(resource).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: { stringValue: value } }],
  );
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes },
        scopeSpans: [{ scope: SCOPE, spans: spans.map((span) => encode(span, epoch)) }],
      },
    ],
  });
}

function encode(span: Span, epoch: number): object {
  const { traceId, parent, remoteParentId, name, kind, begunAt, endedAt, links } = span;
  const attributes = attributesOf(span.attributes);
  return {
    traceId,
    spanId: idOf(span),
    parentSpanId: parent === undefined ? remoteParentId : idOf(parent),
    name,
    kind: KIND[kind],
    startTimeUnixNano: nanoseconds(epoch + begunAt),
    endTimeUnixNano: nanoseconds(epoch + endedAt),
    ...(attributes.length === 0 ? {} : { attributes }),
    ...(links.length === 0 ? {} : { links }),
    ...(span.isFailed ? { status: FAILED } : {}),
    flags: span.isSampled ? 1 : 0,
  };
}

function attributesOf(attributes: Attributes): object[] {
  const list: object[] = [];
  for (const key in attributes) list.push({ key, value: valueOf(attributes[key] ?? '') });
  return list;
}

function valueOf(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** As text: a double does not hold so many. Whole milliseconds and six digits behind them. */
function nanoseconds(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const rest = Math.floor((milliseconds - whole) * 1_000_000);
  return `${whole}${String(rest).padStart(6, '0')}`;
}

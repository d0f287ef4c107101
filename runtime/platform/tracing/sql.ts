/**
 * The sql port, shown in traces: a span for each statement and for each transaction, after OpenTelemetry's conventions for databases.
 * Of a statement its operation and first table are told, never its text or values. Events and tasks take along where they come from.
 */
import type { NewEvent, NewTask, Transaction } from '../ports.ts';
import type { PostgresSql, WorkerTransaction } from '../sql/postgres.ts';
import type { Statement } from '../sql/wire.ts';
import type { Attributes, Span } from './span.ts';
import type { SpanOptions, Tracer } from './tracer.ts';

const SYSTEM = 'postgresql';
/** Statements that a transaction's span names. */
const MOST_NAMED = 12;

/** What lies below is as it was, background work included. */
export function traceSql(sql: PostgresSql, tracer: Tracer): PostgresSql {
  if (!tracer.isOn) return sql;
  return {
    ...sql,
    query: (tenant, text, values, options) =>
      tracer.run(summaryOf(text), about(tenant, summaryOf(text)), () =>
        sql.query(tenant, text, values, options),
      ),
    queries(tenant, statements, { emit = [], ...options } = {}) {
      const summary = summariesOf(statements).join('; ');
      return tracer.run(summary, about(tenant, summary), () =>
        sql.queries(tenant, statements, { ...options, emit: emit.map((event) => emitted(event, tracer)) }),
      );
    },
    batch(tenant, statements) {
      const summary = summariesOf(statements).join('; ');
      return tracer.run(summary, about(tenant, summary), () => sql.batch(tenant, statements));
    },
    transaction(tenant, work) {
      return tracer.run('transaction', about(tenant, ''), (span) =>
        sql.transaction(tenant, (tx) => traceTransaction(tx, tracer, span, work)),
      );
    },
  };
}

/** A transaction that is begun elsewhere, as the sql port shows its own. */
export function traceHandling<T>(
  tx: Transaction,
  tenant: string,
  tracer: Tracer,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  if (!tracer.isOn) return work(tx);
  const span = tracer.begin('transaction', about(tenant, ''));
  const known: string[] = [];
  const tell = (error?: unknown): void => {
    tracer.set(span, 'db.query.summary', known.join('; '));
    tracer.end(span, error);
  };
  return work(telling(tx, tracer, known)).then(
    (value) => {
      tell();
      return value;
    },
    (error: unknown) => {
      tell(error);
      throw error;
    },
  );
}

async function traceTransaction<T>(
  tx: WorkerTransaction,
  tracer: Tracer,
  span: Span,
  work: (tx: WorkerTransaction) => Promise<T>,
): Promise<T> {
  const known: string[] = [];
  const told = telling(tx, tracer, known);
  try {
    return await work({
      ...told,
      batch(statements) {
        known.push(...summariesOf(statements).slice(0, MOST_NAMED - known.length));
        return tx.batch(statements);
      },
    });
  } finally {
    tracer.set(span, 'db.query.summary', known.join('; '));
  }
}

/** @param known is added to: what statements there were */
function telling(tx: Transaction, tracer: Tracer, known: string[]): Transaction {
  return {
    query(text, values) {
      if (known.length < MOST_NAMED) known.push(summaryOf(text));
      return tx.query(text, values);
    },
    atEnd(text, values) {
      if (known.length < MOST_NAMED) known.push(summaryOf(text));
      tx.atEnd(text, values);
    },
    emit: (...events) => tx.emit(...events.map((event) => emitted(event, tracer))),
    enqueue: (...tasks) => tx.enqueue(...tasks.map((task) => enqueued(task, tracer))),
  };
}

/** Where the event is made is what its consumers go on from. */
function emitted(event: NewEvent, tracer: Tracer): NewEvent {
  if (event.trace !== undefined) return event;
  const span = tracer.begin(`send ${event.topic}`, {
    kind: 'producer',
    attributes: {
      'messaging.system': 'shopmind.events',
      'messaging.operation.type': 'send',
      'messaging.destination.name': event.topic,
      'shopmind.event': event.type,
    },
  });
  tracer.end(span);
  return { ...event, trace: tracer.traceparentOf(span) };
}

/** What waits for a time is the beginning of something: a trace that is looked at has an end. */
function enqueued(task: NewTask, tracer: Tracer): NewTask {
  const trace = task.runAt === undefined ? tracer.here() : undefined;
  return trace === undefined || task.trace !== undefined ? task : { ...task, trace };
}

function about(tenant: string, summary: string): SpanOptions {
  const attributes: Attributes = { 'db.system.name': SYSTEM, 'shopmind.tenant': tenant };
  if (summary !== '') attributes['db.query.summary'] = summary;
  return { kind: 'client', attributes };
}

function summariesOf(statements: readonly Statement[]): string[] {
  return statements.map(({ text }) => summaryOf(text));
}

/** Statements are written in the code, but for lists: these have some hundred forms. */
const summaries = new Map<string, string>();
const MOST_KEPT = 2_000;

/** Behind "into" or a word that reads; a function's name is none. */
const TABLE = /\b(?:into\s+([a-z_][\w.]*)|(?:from|update|join)\s+(?:only\s+)?([a-z_][\w.]*)\b(?!\s*\())/i;

/** `SELECT products`: what is done, to which table first. */
export function summaryOf(text: string): string {
  const known = summaries.get(text);
  if (known !== undefined) return known;
  const words = text.replaceAll(/--[^\n]*|'(?:[^']|'')*'/g, ' ');
  const operation =
    /\b(select|insert|update|delete|lock|truncate|copy)\b/i.exec(withoutNamed(words))?.[1]?.toUpperCase() ??
    'SQL';
  const [, written, read] = TABLE.exec(words) ?? [];
  const table = written ?? read;
  const summary = table === undefined ? operation : `${operation} ${table.toLowerCase()}`;
  if (summaries.size < MOST_KEPT) summaries.set(text, summary);
  return summary;
}

/** The statement that follows `with … as (…)`. */
function withoutNamed(text: string): string {
  if (!/^\s*with\b/i.test(text)) return text;
  let depth = 0;
  let plain = '';
  for (const letter of text) {
    if (letter === '(') depth += 1;
    if (depth === 0) plain += letter;
    if (letter === ')') depth -= 1;
  }
  return plain;
}

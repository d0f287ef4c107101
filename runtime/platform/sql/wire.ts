/**
 * Several statements in one write and one flush: Parse/Bind/Execute for each, one Sync at the end.
 * Statements are prepared once per connection and text; their row shapes are remembered, so repeats skip Parse and Describe.
 */
import type { Duplex } from 'node:stream';
import type { ClientBase, Submittable } from 'pg';
import type { SqlResult, SqlValue } from '../ports.ts';
import { createMessages, type Messages } from './messages.ts';
import { encode, parserOf, type Parse } from './values.ts';

export interface Statement {
  readonly text: string;
  readonly values?: readonly SqlValue[];
  /** Texts that carry a value (SET LOCAL) would fill the cache: they are parsed each time. */
  readonly once?: boolean;
}

export interface WireResult extends SqlResult<Record<string, unknown>> {
  /** The first word of the command tag: COMMIT in an aborted transaction answers ROLLBACK. */
  readonly command: string;
}

/** A pooled connection with what it has prepared. */
export interface Wire {
  readonly client: ClientBase;
  readonly prepared: Map<string, Prepared>;
  /** Names are never used twice on one connection. */
  nextName: number;
  /** Whether a statement that was prepared is there the next time: behind some poolers it is not. */
  readonly prepares: boolean;
}

interface Prepared {
  readonly name: string;
  columns: readonly Column[];
}

interface Column {
  readonly name: string;
  readonly parse: Parse;
}

/** A statement failed: `index` says which. The transaction it ran in is aborted and must be rolled back. */
export class PipelineFailure extends Error {
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.index = index;
  }
}

export function createWire(client: ClientBase, prepares = true): Wire {
  return { client, prepared: new Map(), nextName: 0, prepares };
}

/**
 * Sends all statements in one write and resolves with all results.
 * Rejects with PipelineFailure on the first that failed; the server skips the rest.
 */
export function pipeline(
  wire: Wire,
  statements: readonly Statement[],
  timeoutMilliseconds: number,
): Promise<WireResult[]> {
  return new Promise((resolve, reject) => {
    const exchange = new Exchange(wire, statements, timeoutMilliseconds, resolve, reject);
    wire.client.query(exchange);
  });
}

/** Beyond this many texts a connection stops remembering: someone builds SQL from data. */
const MOST_PREPARED = 256;
const NO_COLUMNS: readonly Column[] = [];
const NO_VALUES: readonly never[] = [];

interface Step {
  readonly text: string;
  readonly entry: Prepared | undefined;
  readonly isNew: boolean;
  columns: readonly Column[];
  rows: Record<string, unknown>[];
  rowCount: number;
  command: string;
}

/** pg calls these methods by name as the server's messages arrive. */
class Exchange implements Submittable {
  readonly #wire: Wire;
  readonly #statements: readonly Statement[];
  readonly #resolve: (results: WireResult[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #steps: Step[] = [];
  readonly #watchdog: NodeJS.Timeout;
  #at = 0;
  #failure: unknown;

  constructor(
    wire: Wire,
    statements: readonly Statement[],
    timeoutMilliseconds: number,
    resolve: (results: WireResult[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.#wire = wire;
    this.#statements = statements;
    this.#resolve = resolve;
    this.#reject = reject;
    // The server ends slow statements itself; this is for a server that does not answer at all.
    this.#watchdog = setTimeout(
      () => streamOf(wire).destroy(new Error('Connection terminated: no answer')),
      timeoutMilliseconds,
    );
  }

  submit(): Error | null {
    const messages = createMessages();
    try {
      for (const statement of this.#statements) this.#write(messages, statement);
    } catch (error) {
      // A value that cannot be sent: nothing was, so what this exchange would have prepared is not.
      clearTimeout(this.#watchdog);
      for (const step of this.#steps) if (step.isNew) this.#wire.prepared.delete(step.text);
      return error instanceof Error ? error : new Error(String(error));
    }
    messages.sync();
    streamOf(this.#wire).write(messages.take());
    return null;
  }

  #write(messages: Messages, statement: Statement): void {
    const { prepared } = this.#wire;
    const { text } = statement;
    const values = statement.values === undefined ? NO_VALUES : statement.values.map(encode);
    const known = prepared.get(text);
    const entry =
      known ??
      (statement.once || !this.#wire.prepares || prepared.size >= MOST_PREPARED
        ? undefined
        : { name: `s${this.#wire.nextName++}`, columns: NO_COLUMNS });
    const isNew = known === undefined && entry !== undefined;
    if (isNew) prepared.set(text, entry);
    const step = { text, entry, isNew, columns: NO_COLUMNS, rows: [], rowCount: 0, command: '' };
    this.#steps.push(step);
    if (known === undefined) messages.parse(entry?.name ?? '', text);
    messages.bind(entry?.name ?? '', values);
    // A text that appears twice in its first pipeline is described once; the second reads the first one's columns.
    if (known === undefined && !statement.once) messages.describe();
    messages.execute();
  }

  handleRowDescription(message: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    const step = this.#steps[this.#at];
    if (step === undefined) return;
    step.columns = message.fields.map((field) => ({ name: field.name, parse: parserOf(field.dataTypeID) }));
    if (step.entry) step.entry.columns = step.columns;
  }

  handleDataRow(message: { fields: readonly (string | null)[] }): void {
    const step = this.#steps[this.#at];
    if (step === undefined || this.#failure !== undefined) return;
    const columns = step.entry?.columns ?? step.columns;
    const row: Record<string, unknown> = {};
    try {
      for (let index = 0; index < columns.length; index++) {
        const column = columns[index];
        const text = message.fields[index];
        if (column) row[column.name] = text === null || text === undefined ? null : column.parse(text);
      }
    } catch (error) {
      this.#failure = error;
      return;
    }
    step.rows.push(row);
  }

  handleCommandComplete(message: { text: string }): void {
    const step = this.#steps[this.#at++];
    if (step === undefined) return;
    const words = message.text.split(' ');
    step.command = words[0] ?? '';
    step.rowCount = words.length > 1 ? Number(words.at(-1)) : 0;
  }

  handleEmptyQuery(): void {
    this.#at++;
  }

  handleReadyForQuery(): void {
    clearTimeout(this.#watchdog);
    if (this.#failure !== undefined) this.#reject(new PipelineFailure(this.#at, this.#failure));
    else this.#resolve(this.#steps);
  }

  handleError(error: unknown): void {
    clearTimeout(this.#watchdog);
    this.#forgetUnparsed();
    this.#reject(new PipelineFailure(this.#at, error));
  }

  /** Statements up to the failed one were parsed; the rest were skipped, and the failed one may be either. */
  #forgetUnparsed(): void {
    for (const step of this.#steps.slice(this.#at)) {
      if (step.isNew) this.#wire.prepared.delete(step.text);
    }
    const failed = this.#steps[this.#at];
    if (!failed?.isNew || !failed.entry) return;
    const stream = streamOf(this.#wire);
    if (!stream.writable) return;
    const messages = createMessages(32);
    messages.close(failed.entry.name);
    stream.write(messages.take());
  }
}

/** The socket below a client: pg exposes it, its types do not. */
export function streamOf(wire: Pick<Wire, 'client'>): Duplex {
  const client = wire.client as unknown as { connection: { stream: Duplex } }; // see above
  return client.connection.stream;
}

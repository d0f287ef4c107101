/**
 * Several statements in one write and one flush: Parse/Bind/Execute for each, one Sync at the end.
 * Statements are prepared once per connection and text; their row shapes are remembered, so repeats skip Parse and Describe.
 */
import type { Duplex } from 'node:stream';
import type { ClientBase, Submittable } from 'pg';
import type { SqlResult, SqlValue } from '../ports.ts';
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

export function createWire(client: ClientBase): Wire {
  return { client, prepared: new Map(), nextName: 0 };
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
const LATEST_PORTAL = { type: 'P', name: '' } as const;
const NO_COLUMNS: readonly Column[] = [];

/** The part of pg's Connection that its types describe with obsolete parameters. */
interface Connection {
  readonly stream: Duplex;
  parse(message: { name: string; text: string }): void;
  bind(message: { statement: string; values: readonly (string | Buffer | null)[] }): void;
  describe(message: { type: 'P'; name: string }): void;
  execute(message: undefined): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
}

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

  submit(connection: unknown): Error | null {
    const wire = connection as Connection; // pg hands over its Connection; its published type is older than its code
    let steps: { statement: Statement; values: (string | Buffer | null)[] }[];
    try {
      steps = this.#statements.map((statement) => ({
        statement,
        values: (statement.values ?? []).map(encode),
      }));
    } catch (error) {
      clearTimeout(this.#watchdog);
      return error instanceof Error ? error : new Error(String(error));
    }
    wire.stream.cork();
    try {
      for (const { statement, values } of steps) this.#send(wire, statement, values);
      wire.sync();
    } finally {
      wire.stream.uncork();
    }
    return null;
  }

  #send(connection: Connection, statement: Statement, values: (string | Buffer | null)[]): void {
    const { prepared } = this.#wire;
    const { text } = statement;
    const known = prepared.get(text);
    const entry =
      known ??
      (statement.once || prepared.size >= MOST_PREPARED
        ? undefined
        : { name: `s${this.#wire.nextName++}`, columns: NO_COLUMNS });
    const isNew = known === undefined && entry !== undefined;
    if (isNew) prepared.set(text, entry);
    if (known === undefined) connection.parse({ name: entry?.name ?? '', text });
    connection.bind({ statement: entry?.name ?? '', values });
    // A text that appears twice in its first pipeline is described once; the second reads the first one's columns.
    if (known === undefined && !statement.once) connection.describe(LATEST_PORTAL);
    connection.execute(undefined);
    this.#steps.push({ text, entry, isNew, columns: NO_COLUMNS, rows: [], rowCount: 0, command: '' });
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

  handleError(error: unknown, connection: unknown): void {
    clearTimeout(this.#watchdog);
    this.#forgetUnparsed(connection);
    this.#reject(new PipelineFailure(this.#at, error));
  }

  /** Statements up to the failed one were parsed; the rest were skipped, and the failed one may be either. */
  #forgetUnparsed(connection: unknown): void {
    for (const step of this.#steps.slice(this.#at)) {
      if (step.isNew) this.#wire.prepared.delete(step.text);
    }
    const failed = this.#steps[this.#at];
    if (failed?.isNew && failed.entry && connection) {
      const wire = connection as Connection; // as in submit
      if (wire.stream.writable) wire.close({ type: 'S', name: failed.entry.name });
    }
  }
}

/** The socket below a client: pg exposes it, its types do not. */
export function streamOf(wire: Wire): Duplex {
  const client = wire.client as unknown as { connection: { stream: Duplex } }; // see above
  return client.connection.stream;
}

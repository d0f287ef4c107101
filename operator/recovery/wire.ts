/**
 * Commands of PostgreSQL that answer with a copy instead of rows: `pg` hands each message to the object that submitted the command, and
 * has the connection beside, which its types leave out.
 */
import type pg from 'pg';

export interface Connection {
  readonly stream: {
    readonly writableNeedDrain: boolean;
    pause(): void;
    resume(): void;
    once(event: 'drain', listener: () => void): void;
  };
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  sendCopyFail(why: string): void;
  endCopyFrom(): void;
  once(event: 'copyDone', listener: () => void): void;
}

export interface Command {
  readonly text: string;
  readonly onRow?: (fields: readonly (string | null)[]) => void;
  /** The server waits for data: `COPY … FROM STDIN`. */
  readonly onCopyIn?: () => void;
  /** @returns an error that ends the connection */
  readonly onCopyData?: (message: Buffer) => Error | undefined;
}

/** `pg` names it in its documentation of submittables. */
export function connectionOf(client: pg.Client): Connection {
  return (client as unknown as { readonly connection: Connection }).connection;
}

/** Resolves when the server is ready for the next command. */
export function submit(client: pg.Client, { text, onRow, onCopyIn, onCopyData }: Command): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query({
      submit: (connection: pg.Connection) => void connection.query(text),
      handleRowDescription: () => undefined,
      handleDataRow: ({ fields }: { fields: readonly (string | null)[] }) => onRow?.(fields),
      handleCommandComplete: () => undefined,
      handleCopyInResponse: () => onCopyIn?.(),
      handleCopyData({ chunk }: { chunk: Buffer }) {
        const problem = onCopyData?.(chunk);
        if (problem === undefined) return;
        reject(problem);
        void client.end();
      },
      handleReadyForQuery: () => resolve(),
      handleError: (error: Error) => reject(error),
    });
  });
}

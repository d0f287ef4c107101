/**
 * Lends connections of one server, and takes them back in no state: whatever a failure left is rolled back, or the connection is
 * dropped.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool, type ClientBase, type ClientConfig, type PoolClient } from 'pg';
import { isConnectionLoss, isStalePlan, toShopError } from './failures.ts';
import { createWire, pipeline, PipelineFailure, type Statement, type Wire, type WireResult } from './wire.ts';

export interface LenderOptions {
  readonly connections: number;
  /** Waiting for a free or new connection, a restarting server included. */
  readonly connectTimeoutMilliseconds: number;
  /** Longest time until an answer; the server ends slow statements before. */
  readonly answerMilliseconds: number;
  /** Whether the server keeps what is prepared for as long as the connection. Default true. */
  readonly prepares?: boolean;
}

export interface Lender {
  /** Sends all statements in one write. @throws PipelineFailure */
  send(wire: Wire, statements: readonly Statement[]): Promise<WireResult[]>;
  /** @throws ShopError `unavailable` when there is no connection; whatever `use` throws */
  withWire<T>(use: (wire: Wire) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Opens nothing until it is used. */
export function createLender(connection: ClientConfig, options: LenderOptions): Lender {
  const pool = new Pool({
    ...connection,
    max: options.connections,
    connectionTimeoutMillis: options.connectTimeoutMilliseconds,
    // A server process per idle connection costs more memory than opening one again costs time.
    idleTimeoutMillis: 5_000,
  });
  const wires = new WeakMap<ClientBase, Wire>();
  // A connection that breaks while idle is dropped by the pool; the next use opens another.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    wires.set(client, createWire(client, options.prepares));
  });

  const send = (wire: Wire, statements: readonly Statement[]): Promise<WireResult[]> =>
    pipeline(wire, statements, options.answerMilliseconds);

  /** Connecting has no effect, so it may be tried until the time is up: a server that restarts is waited for. */
  async function acquire(): Promise<PoolClient> {
    const deadline = Date.now() + options.connectTimeoutMilliseconds;
    for (let pause = 20; ; pause = Math.min(pause * 2, 400)) {
      try {
        return await pool.connect();
      } catch (error) {
        if (!isConnectionLoss(error) || Date.now() + pause > deadline) throw toShopError(error);
        await sleep(pause);
      }
    }
  }

  async function rollBack(wire: Wire, reason: unknown): Promise<Error | undefined> {
    const cause = reason instanceof PipelineFailure ? reason.cause : reason;
    if (isStalePlan(cause)) return new Error('Its prepared statements are stale.');
    if (reason instanceof PipelineFailure && isConnectionLoss(cause))
      return new Error('The connection is gone.');
    try {
      await send(wire, [ROLLBACK]);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  return {
    send,
    async withWire(use) {
      const client = await acquire();
      const wire = wires.get(client);
      if (!wire) throw new Error('The pool lent a connection that it never opened.');
      let broken: Error | undefined;
      try {
        return await use(wire);
      } catch (error) {
        broken = await rollBack(wire, error);
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

const ROLLBACK: Statement = { text: 'ROLLBACK' };

/**
 * The connection pool to one Pod, taken out of undici alone: its index loads fetch, caches and WebSockets, which cost
 * every start 50 ms and 13 MB and are not used here.
 */
import { createRequire } from 'node:module';
import type { Pool as UndiciPool } from 'undici';

// The deep path has no declaration of its own; it is the very class the index exports.
const Pool = createRequire(import.meta.url)('undici/lib/dispatcher/pool.js') as typeof UndiciPool;

export type { Pool } from 'undici';

/** @param address `ip:port` @param connections at most, at the same time */
export const openPool = (address: string, connectMs: number, connections: number): UndiciPool =>
  new Pool(`http://${address}`, { connections, keepAliveTimeout: 30_000, connect: { timeout: connectMs } });

/**
 * Ports for servers of tests. They lie below those that the kernel gives to whoever asks for any (ip(7), ip_local_port_range): of
 * these, one that was free a moment ago may be another test's by the time a server has started.
 */
import { createServer } from 'node:net';

/** Those 10,000 above, where a node of Redis has its bus, are nobody's either. */
const LOWEST = 12_000;
/** Processes that run at the same time have different shares, but for those whose pids are a multiple of this apart. */
const SHARES = 160;
const SHARE = 60;

const first = LOWEST + (process.pid % SHARES) * SHARE;
let next = Math.floor(Math.random() * SHARE);

/** A port of 127.0.0.1 nobody listens on at the moment; none is given twice before all others of this process's share were. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < SHARE; tried += 1) {
    next = (next + 1) % SHARE;
    const port = first + next;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${first} to ${first + SHARE - 1} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    // Taken, or not ours to take.
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

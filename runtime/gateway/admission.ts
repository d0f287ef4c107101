/**
 * Who is let in when connections become few: as long as half of them are free, everybody; then an address that has its share already
 * is told to come again, so that one machine cannot keep the others out.
 */
import type { Socket } from 'node:net';
import { networkOf } from '../platform/network.ts';

export interface AdmissionOptions {
  /** Connections that there may be at once. */
  readonly most: number;
  /** Balancers in front bring everybody, and are not counted. */
  readonly isTrusted: (address: string) => boolean;
  /** Answers a request that was not looked at, and ends the connection. */
  readonly refuse: (socket: Socket) => void;
}

/** Of all connections: what is free for everybody, what one address may have after that, and from when on nobody is told why. */
const SHARES = { everybodys: 1 / 2, ofOne: 1 / 8, answered: 3 / 4 } as const;
/** In which who is refused has to say what it wants, and to read the answer. */
const PATIENCE_MS = 1_000;

/** @returns whether a connection is let in; what is not has been seen to */
export function createAdmission({ most, isTrusted, refuse }: AdmissionOptions): (socket: Socket) => boolean {
  const ofAddress = new Map<string, number>();
  let all = 0;

  function isTooMany(address: string): boolean {
    return (
      all > most * SHARES.everybodys && (ofAddress.get(address) ?? 0) >= Math.max(1, most * SHARES.ofOne)
    );
  }

  function turnAway(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (all > most * SHARES.answered) return void socket.destroy();
    const patience = setTimeout(() => socket.destroy(), PATIENCE_MS).unref();
    // Only now: an answer to what was not asked yet is lost when the question comes to a closed connection.
    socket.once('data', () => refuse(socket)).once('end', () => socket.destroy());
    socket.once('close', () => clearTimeout(patience));
  }

  return (socket) => {
    all += 1;
    socket.once('close', () => (all -= 1));
    const peer = socket.remoteAddress ?? '';
    if (isTrusted(peer)) return true;
    const address = networkOf(peer);
    if (isTooMany(address)) {
      turnAway(socket);
      return false;
    }
    ofAddress.set(address, (ofAddress.get(address) ?? 0) + 1);
    socket.once('close', () => {
      const left = (ofAddress.get(address) ?? 1) - 1;
      if (left === 0) ofAddress.delete(address);
      else ofAddress.set(address, left);
    });
    return true;
  };
}

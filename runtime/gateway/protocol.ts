/**
 * What a connection speaks is told by its first three letters: HTTP/2 with prior knowledge begins with `PRI`, which is no method of
 * HTTP/1 (RFC 9113, 3.4). One port serves both, so that a shop has one address.
 */
import type { Socket } from 'node:net';

const PREFACE = Buffer.from('PRI');

/**
 * Calls one of both with the socket, once it is known which, as if nothing of it had been read.
 * @param patience milliseconds in which it has to be said; the connection is cut otherwise
 */
export function byFirstWords(
  patience: number,
  http1: (socket: Socket) => void,
  http2: (socket: Socket) => void,
): (socket: Socket) => void {
  return (socket) => {
    let begun: Buffer = Buffer.alloc(0);
    const cut = (): void => void socket.destroy();

    const look = (): void => {
      const more = socket.read() as Buffer | null; // without an encoding a socket reads Buffers
      if (more === null) return;
      begun = begun.length === 0 ? more : Buffer.concat([begun, more]);
      const compared = Math.min(begun.length, PREFACE.length);
      const isPreface = begun.subarray(0, compared).equals(PREFACE.subarray(0, compared));
      if (isPreface && compared < PREFACE.length) return;
      socket.setTimeout(0);
      socket.off('readable', look).off('timeout', cut).off('error', cut).off('end', cut);
      socket.unshift(begun);
      // A client of HTTP/1 may end its half and wait for the answer. One of HTTP/2 that does has gone: its calls would wait for it.
      if (isPreface) socket.allowHalfOpen = false;
      (isPreface ? http2 : http1)(socket);
    };

    socket.setTimeout(patience);
    socket.on('readable', look).on('timeout', cut).on('error', cut).on('end', cut);
  };
}

/**
 * HTTP/2 to one Pod: as many connections as its calls need, each shared by as many as the Pod takes at once.
 */
import {
  connect,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2';

export interface Link {
  /**
   * A call under way, of which nothing has been answered yet.
   * @throws Unreachable when the Pod has heard nothing of the call
   */
  open(headers: OutgoingHttpHeaders): Promise<ClientHttp2Stream>;
  /** Takes no more calls, and lets those under way come to their end. */
  close(): void;
}

/** Another Pod may be asked the same. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

interface Connection {
  readonly session: ClientHttp2Session;
  readonly ready: Promise<void>;
  /** Calls that have it, those still to be sent among them. */
  calls: number;
}

/** Of Pods that have not said yet how many calls they take at once: what ours do. */
const MOST_CALLS = 100;
/** A connection without calls is closed after so long. */
const IDLE_MS = 30_000;

/** @param address `ip:port` */
export function openLink(address: string, connectMs: number): Link {
  const connections = new Set<Connection>();
  let isClosed = false;

  function connectionWithRoom(): Connection {
    for (const connection of connections) {
      const { session, calls } = connection;
      const most = session.remoteSettings?.maxConcurrentStreams ?? MOST_CALLS;
      if (!session.closed && !session.destroyed && calls < Math.min(most, MOST_CALLS)) return connection;
    }
    return another();
  }

  function another(): Connection {
    const session = connect(`http://${address}`, {
      settings: { enablePush: false, maxHeaderListSize: 16_384 },
      maxSessionMemory: 16,
    });
    const ready = connected(session, connectMs);
    // Whoever waits for it is told as well.
    ready.catch(() => undefined);
    const connection: Connection = { session, ready, calls: 0 };
    connections.add(connection);
    session.once('close', () => connections.delete(connection));
    // Its calls are told what broke it.
    session.on('error', () => undefined);
    session.setTimeout(IDLE_MS, () => {
      if (connection.calls === 0) session.close();
    });
    // What says that it is about to end takes no more calls.
    session.once('goaway', () => session.close());
    return connection;
  }

  return {
    async open(headers) {
      if (isClosed) throw new Unreachable(`${address} takes no more calls.`);
      const connection = connectionWithRoom();
      const { session, ready } = connection;
      connection.calls += 1;
      const gone = (): void => void (connection.calls -= 1);
      try {
        await ready;
        if (session.closed) throw new Unreachable(`${address} has just ended the connection.`);
        return session.request(headers).once('close', gone);
      } catch (error) {
        gone();
        throw error;
      }
    },
    close() {
      isClosed = true;
      for (const { session } of connections) session.close();
    },
  };
}

function connected(session: ClientHttp2Session, withinMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => session.destroy(new Unreachable('not in time')), withinMs);
    session.once('connect', () => {
      clearTimeout(timer);
      resolve();
    });
    const failed = (cause?: Error): void => {
      clearTimeout(timer);
      reject(new Unreachable('The Pod cannot be reached.', { cause }));
    };
    session.once('error', failed).once('close', failed);
  });
}

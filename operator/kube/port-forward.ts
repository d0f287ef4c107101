/**
 * A port of a Pod through the API server, over a WebSocket: what `kubectl port-forward` does, one connection each.
 * Protocol `v4.channel.k8s.io`: every message begins with its channel, 0 for bytes and 1 for an error, and the first message of
 * each channel is the port, two bytes, low one first.
 */
import { Duplex } from 'node:stream';
import type { WebSocket as Socket } from 'undici';
import type { Connection } from './kubeconfig.ts';
import { KubeError } from './errors.ts';
import { pathOf } from './paths.ts';
import { pods } from './resources.ts';
import type { Ref } from './types.ts';

const DATA = 0;
const ERROR = 1;
const PORT_BYTES = 2;
/** Written but not yet sent: above this the writer waits. */
const HIGH_WATER = 1024 * 1024;

/**
 * One connection to `port` of the Pod. The stream ends when the Pod's side does, and fails with what the node says.
 * @throws KubeError when the server refuses or does not speak WebSockets
 */
export async function openPodPort(connection: Connection, pod: Ref, port: number): Promise<Duplex> {
  // Loaded for this alone: nothing else of the client needs it.
  const { Agent, WebSocket } = await import('undici');
  const { server, tls } = connection;
  const authorization = await connection.authorization();
  const dispatcher = new Agent({ connect: tls });
  const prefix = server.pathname === '/' ? '' : server.pathname.replace(/\/$/, '');
  const url = new URL(prefix + pathOf(pods, pod, 'portforward', { ports: String(port) }), server);
  url.protocol = server.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(url, {
    protocols: ['v4.channel.k8s.io'],
    dispatcher,
    ...(authorization === undefined ? {} : { headers: { authorization } }),
  });
  socket.binaryType = 'arraybuffer';
  const stream = duplexOver(socket, () => void dispatcher.close());
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(refused(pod, port, server)), { once: true });
    socket.addEventListener('close', () => reject(refused(pod, port, server)), { once: true });
  }).catch((error: unknown) => {
    stream.on('error', () => undefined);
    stream.destroy();
    throw error;
  });
  return stream;
}

function duplexOver(socket: Socket, onClose: () => void): Duplex {
  const greeted = new Set<number>();
  const stream = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      const message = Buffer.allocUnsafe(chunk.length + 1);
      message[0] = DATA;
      chunk.copy(message, 1);
      socket.send(message);
      drained(socket, done);
    },
    final(done) {
      // The protocol has no half-close: what was sent must leave before the connection goes.
      drained(
        socket,
        () => {
          socket.close();
          done();
        },
        0,
      );
    },
    destroy(error, done) {
      socket.close();
      onClose();
      done(error);
    },
  });
  socket.addEventListener('message', ({ data }) => {
    const message = Buffer.from(data as ArrayBuffer);
    const channel = message[0] ?? DATA;
    const body = message.subarray(1);
    if (!greeted.has(channel) && body.length === PORT_BYTES) greeted.add(channel);
    else if (channel === ERROR) stream.destroy(new Error(body.toString('utf8').trim()));
    else if (channel === DATA) stream.push(body);
  });
  socket.addEventListener('close', () => stream.push(null));
  return stream;
}

/** WebSockets tell how much waits, not when it has gone. */
function drained(socket: Socket, then: () => void, mark = HIGH_WATER): void {
  if (socket.bufferedAmount <= mark || socket.readyState !== socket.OPEN) return then();
  setTimeout(() => drained(socket, then, mark), 5);
}

/** The browser-shaped API hides the answer's status: the remedy names what it usually is. */
function refused(pod: Ref, port: number, server: URL): KubeError {
  return new KubeError({
    code: 0,
    reason: 'Unreachable',
    message: `port ${port} of Pod ${pod.namespace}/${pod.name} cannot be forwarded through ${server.origin}`,
    remedy: `Allow "get" and "create" on pods/portforward; check with: kubectl auth can-i create pods/portforward -n ${pod.namespace}`,
  });
}

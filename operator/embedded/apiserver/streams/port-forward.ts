/** `kubectl port-forward`: connections to a Pod's ports through the API server. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { at, text, type KubeObject } from '../objects.ts';
import { serveSpdy, type Stream } from './spdy.ts';

const PROTOCOL = 'portforward.k8s.io';
export const SPDY = 'SPDY/3.1';

/** What the client asked to be upgraded to; undefined when that is something else. */
export const isPortForward = (upgrade: string | undefined, protocols: string | undefined): boolean =>
  upgrade?.toUpperCase() === SPDY && (protocols ?? '').includes(PROTOCOL);

/** Takes the connection over and serves it until the client leaves. */
export async function servePortForward(socket: Duplex, pod: KubeObject): Promise<void> {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${SPDY}\r\nX-Stream-Protocol-Version: ${PROTOCOL}\r\n\r\n`,
  );
  const address = text(at(pod, 'status', 'podIP'));
  /** Every connection is a pair of streams, which the client opens one after the other. */
  const errors = new Map<string, Stream>();
  await serveSpdy(socket, (stream) => {
    const id = stream.headers.get('requestid') ?? '';
    if (stream.headers.get('streamtype') === 'error') {
      errors.set(id, stream);
      return;
    }
    const failure = errors.get(id);
    errors.delete(id);
    forward(stream, failure, address, Number(stream.headers.get('port')));
  });
}

function forward(data: Stream, failure: Stream | undefined, address: string, port: number): void {
  const target = connect({ host: address, port });
  target.on('data', (part: Buffer) => data.write(part));
  target.on('error', (error) =>
    failure?.write(`error forwarding port ${port} to pod, address ${address}: ${error.message}`),
  );
  target.on('close', () => {
    data.end();
    failure?.end();
  });
  data.onData = (part) => {
    if (part === null) target.end();
    else if (!target.destroyed) target.write(part);
  };
}

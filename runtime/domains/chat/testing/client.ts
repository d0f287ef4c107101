/**
 * A client as a page would be one: says hello, joins, sends under names of its own, and comes back with the last message it has
 * whenever its connection is gone. What it shows is kept as the tests look at it.
 */
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { PROTOCOL } from '../schemas.ts';

export interface Told {
  readonly t: string;
  readonly [field: string]: unknown;
}

export interface Shown {
  readonly seq: number;
  readonly from: string;
  readonly cid: string | null;
  readonly kind: string;
  readonly text: string;
}

export interface TestSocket {
  readonly socket: WebSocket;
  /** Everything it was told, in order. */
  readonly told: readonly Told[];
  say(message: object): void;
  /** The next thing it is told that fits, from what it was told since the last `hear`. */
  hear(t: string | readonly string[], fits?: (told: Told) => boolean): Promise<Told>;
  /** The code it was closed with. */
  readonly closed: Promise<number>;
  close(): void;
}

export interface SocketOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocol?: string;
  readonly origin?: string;
}

/** Resolves once it is open; rejects with the status it was refused with. */
export function openSocket(port: number, host: string, options: SocketOptions = {}): Promise<TestSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/chat/socket`, options.protocol ?? PROTOCOL, {
    perMessageDeflate: false,
    headers: { host, ...options.headers },
    ...(options.origin === undefined ? {} : { origin: options.origin }),
  });
  const told: Told[] = [];
  const waiting = new Set<() => void>();
  let seen = 0;
  socket.on('message', (data) => {
    // Frames of ours are JSON objects with a `t`; a test that meets another fails there.
    told.push(JSON.parse((data as Buffer).toString()) as Told);
    for (const look of waiting) look();
  });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  const test: TestSocket = {
    socket,
    told,
    closed,
    say: (message) => socket.send(JSON.stringify(message)),
    hear(t, fits = () => true) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`was not told ${String(t)}; instead: ${JSON.stringify(told.slice(-5))}`));
        }, 30_000);
        const look = (): void => {
          const at = told.findIndex(
            (each, index) => index >= seen && [t].flat().includes(each.t) && fits(each),
          );
          const found = told[at];
          if (found === undefined) return;
          seen = at + 1;
          waiting.delete(look);
          clearTimeout(late);
          resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
    close: () => socket.close(),
  };
  return new Promise((resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      reject(Object.assign(new Error(`refused: ${response.statusCode}`), { status: response.statusCode }));
    });
    socket.on('error', (error) => reject(error));
    socket.once('open', () => resolve(test));
  });
}

export interface Resuming {
  readonly shown: readonly Shown[];
  /** Client ids that were acknowledged, and with what. */
  readonly acked: ReadonlyMap<string, number>;
  /** What was sent and is not acknowledged. */
  readonly pending: ReadonlyMap<string, string>;
  send(text: string): string;
  /** Cuts the connection as a lost network would. */
  drop(): void;
  stop(): void;
  /** What it must never be told: a message out of turn. */
  readonly faults: readonly string[];
}

export interface ResumingOptions {
  /** Asked at each attempt: the process may have come up elsewhere. */
  readonly port: () => number;
  readonly host: string;
  readonly room: string;
  readonly hello: object;
  readonly retryMs?: number;
}

/** What is sent and not acknowledged yet, at most. */
const WINDOW = 15;

/** Goes on until `stop`, whatever happens to its connection. */
export function resume(options: ResumingOptions): Resuming {
  const { retryMs = 20 } = options;
  const shown: Shown[] = [];
  const acked = new Map<string, number>();
  const pending = new Map<string, string>();
  const faults: string[] = [];
  let last = 0;
  let socket: WebSocket | undefined;
  let isJoined = false;
  let isStopped = false;

  const sendNow = (cid: string, text: string): void => {
    if (isJoined) socket?.send(JSON.stringify({ t: 'send', room: options.room, cid, text }));
  };
  /** A few at a time: what waited while there was nobody would be a flood. */
  const sendPending = (): void => {
    for (const [cid, text] of [...pending].slice(0, WINDOW)) sendNow(cid, text);
  };

  const hear = (told: Told): void => {
    if (told.t === 'welcome') socket?.send(JSON.stringify({ t: 'join', room: options.room, after: last }));
    if (told.t === 'joined') {
      if (told['from'] !== last + 1) faults.push(`joined from ${String(told['from'])} after ${last}`);
      isJoined = true;
      sendPending();
    }
    if (told.t === 'message') {
      const message = told as unknown as Shown; // as the definition says
      if (message.seq !== last + 1) faults.push(`message ${message.seq} after ${last}`);
      last = message.seq;
      shown.push(message);
    }
    if (told.t === 'ack') {
      const cid = String(told['cid']);
      const seq = Number(told['seq']);
      if ((acked.get(cid) ?? seq) !== seq) faults.push(`${cid} was acknowledged as two messages`);
      acked.set(cid, seq);
      pending.delete(cid);
    }
    if (told.t === 'refused') refused(told);
  };

  /** What the moment refused is said again in a moment; who said too much at once waits for the next round of all that is pending. */
  const refused = (told: Told): void => {
    const code = String(told['code']);
    if (code === 'rate_limited') return;
    if (code !== 'unavailable' && code !== 'timeout') faults.push(`refused: ${JSON.stringify(told)}`);
    const cid = String(told['cid']);
    setTimeout(() => {
      const text = pending.get(cid);
      if (text !== undefined) sendNow(cid, text);
    }, retryMs);
  };

  const again = (): void => {
    isJoined = false;
    if (!isStopped) setTimeout(open, retryMs);
  };

  function open(): void {
    if (isStopped) return;
    const opened = new WebSocket(`ws://127.0.0.1:${options.port()}/api/chat/socket`, PROTOCOL, {
      perMessageDeflate: false,
      headers: { host: options.host },
    });
    socket = opened;
    opened.on('open', () => opened.send(JSON.stringify({ t: 'hello', ...options.hello })));
    opened.on('message', (data) => hear(JSON.parse((data as Buffer).toString()) as Told)); // as above
    opened.on('error', () => undefined); // `close` follows
    opened.once('close', again);
  }
  open();
  const repeating = setInterval(sendPending, 1_000);

  return {
    shown,
    acked,
    pending,
    faults,
    send(text) {
      const cid = randomUUID();
      pending.set(cid, text);
      if (pending.size <= WINDOW) sendNow(cid, text);
      return cid;
    },
    drop: () => socket?.terminate(),
    stop() {
      isStopped = true;
      clearInterval(repeating);
      socket?.terminate();
    },
  };
}

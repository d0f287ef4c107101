/**
 * One client's WebSocket as the domain sees it. A class, because there are tens of thousands of them: methods are shared, nothing is
 * closed over, and no connection has a timer of its own (`wheel.ts` looks after all).
 */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { SocketDefinition } from '../../platform/definition.ts';
import type { Caller, SocketConnection, SocketHandler, SocketMessage } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Tenant } from '../../platform/ports.ts';
import { refusalOf } from '../../platform/sockets/refusal.ts';
import { isRecord } from '../records.ts';

/** Its client reads more slowly than is written to it. It may come again at once and resume. */
export const TOO_SLOW = 4001;
/** Whoever it was is not signed in any more. */
export const SIGNED_OUT = 4002;

/** What all connections of one path share. */
export interface Endpoint {
  readonly domain: string;
  readonly definition: SocketDefinition;
  readonly handler: SocketHandler;
  readonly identify: (
    tenant: Tenant,
    host: string,
    audience: 'shopper' | 'merchant',
    token: string,
    again: boolean,
  ) => Promise<Caller>;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Something that is no ShopError. */
  readonly onBug: (connection: Connection, error: unknown) => void;
  readonly onHeard: (outcome: 'taken' | 'refused') => void;
  /** It has said by what it comes in. */
  readonly onProven: (connection: Connection) => void;
  readonly onClosed: (connection: Connection, code: number) => void;
}

/** ws's own, which leads back to its connection. */
export class ClientSocket extends WebSocket {
  declare connection: Connection;
}

const PING = Buffer.from([0x89, 0]);
/** How many messages may wait for the one that is handled before its client is no longer listened to. */
const MOST_WAITING = 32;

export class Connection implements SocketConnection {
  readonly tenant: Tenant;
  readonly host: string;
  caller: Caller;
  state: unknown;
  /** How its caller proved who it is; asked again now and then. */
  proof: { readonly audience: 'shopper' | 'merchant'; readonly token: string } | undefined;
  /** Whether anything came since the wheel passed last. */
  isHeard = true;
  /** How often the wheel has passed. */
  turns = 0;
  readonly #endpoint: Endpoint;
  readonly #client: ClientSocket;
  readonly #socket: Socket;
  /** When its bucket of messages is full again. */
  #fullAt = 0;
  #refusals = 0;
  #isBusy = false;
  #waiting: SocketMessage[] | undefined;

  constructor(
    endpoint: Endpoint,
    client: ClientSocket,
    socket: Socket,
    tenant: Tenant,
    host: string,
    caller: Caller,
  ) {
    this.#endpoint = endpoint;
    this.#client = client;
    this.#socket = socket;
    this.tenant = tenant;
    this.host = host;
    this.caller = caller;
    client.connection = this;
    client.on('message', onMessage).on('pong', onPong).on('close', onClose).on('error', onError);
  }

  get isOpen(): boolean {
    return this.#client.readyState === WebSocket.OPEN;
  }

  write(frames: Buffer): void {
    if (this.#client.readyState !== WebSocket.OPEN) return;
    // Beside ws, which writes nothing in parts here: frames are whole, whoever writes them.
    this.#socket.write(frames);
    if (this.#socket.writableLength > this.#endpoint.definition.limits.waitingBytes)
      this.close(TOO_SLOW, 'too slow: come again and resume');
  }

  close(code: number, reason: string): void {
    this.#client.close(code, reason);
  }

  terminate(): void {
    this.#client.terminate();
  }

  ping(): void {
    if (this.isOpen) this.#socket.write(PING);
  }

  flushed(): Promise<void> {
    // Called in turn with what was written before, or with an error once the socket is gone: nothing waits then either.
    return new Promise((resolve) => this.#socket.write('', () => resolve()));
  }

  async identify(audience: 'shopper' | 'merchant', token: string): Promise<Caller> {
    const caller = await this.#endpoint.identify(this.tenant, this.host, audience, token, false);
    this.caller = caller;
    this.prove({ audience, token });
    return caller;
  }

  prove(proof: NonNullable<Connection['proof']>): void {
    this.proof = proof;
    this.#endpoint.onProven(this);
  }

  /** Who would come in now by what they came in by. @throws ShopError as whoever is refused */
  async identifyAgain(): Promise<Caller> {
    if (this.proof === undefined) return this.caller;
    const { audience, token } = this.proof;
    return this.#endpoint.identify(this.tenant, this.host, audience, token, true);
  }

  take(data: Buffer, isBinary: boolean): void {
    this.isHeard = true;
    if (isBinary) return this.close(1003, 'messages are texts');
    if (!this.#mayTalk()) {
      this.#endpoint.onHeard('refused');
      return;
    }
    const message = this.#parse(data);
    if (message === undefined) return;
    this.#endpoint.onHeard('taken');
    if (this.#isBusy) {
      (this.#waiting ??= []).push(message);
      if (this.#waiting.length === MOST_WAITING) this.#client.pause();
      return;
    }
    this.#handle(message);
  }

  ended(code: number): void {
    this.#waiting = undefined;
    this.#endpoint.onClosed(this, code);
    this.#endpoint.handler.closed(this);
  }

  /** One message at a time: what is handled at once leaves no promise behind. */
  #handle(message: SocketMessage): void {
    try {
      const handling = this.#endpoint.handler.heard(this, message);
      if (handling === undefined) return;
      this.#isBusy = true;
      handling
        .catch((error: unknown) => this.#tell(error, cidOf(message)))
        .finally(() => {
          this.#isBusy = false;
          this.#next();
        });
    } catch (error) {
      this.#tell(error, cidOf(message));
    }
  }

  #next(): void {
    while (!this.#isBusy) {
      const message = this.#waiting?.shift();
      if (message === undefined) {
        this.#waiting = undefined;
        break;
      }
      this.#handle(message);
    }
    if (this.#client.isPaused && (this.#waiting?.length ?? 0) < MOST_WAITING / 2) this.#client.resume();
  }

  /** A bucket of `burst` messages that fills by `perSecond`; who goes on while it is empty is sent away. */
  #mayTalk(): boolean {
    const { burst, perSecond } = this.#endpoint.definition.limits;
    const now = this.#endpoint.now();
    const interval = 1_000 / perSecond;
    const next = Math.max(this.#fullAt, now) + interval;
    if (next - now <= burst * interval) {
      this.#fullAt = next;
      this.#refusals = 0;
      return true;
    }
    this.#refusals += 1;
    if (this.#refusals > burst) this.close(1008, 'too many messages');
    else
      this.#tell(
        new ShopError('rate_limited', `More than ${perSecond} messages a second.`, {
          remedy: 'Send what was refused again, more slowly.',
          retryAfterSeconds: 1,
        }),
      );
    return false;
  }

  #parse(data: Buffer): SocketMessage | undefined {
    let json: unknown;
    try {
      json = JSON.parse(data.toString('utf8'));
    } catch {
      return this.#tell(new ShopError('invalid_input', 'The message is not JSON.'));
    }
    const t = isRecord(json) ? json['t'] : undefined;
    const { hears } = this.#endpoint.definition;
    const schema = typeof t === 'string' && Object.hasOwn(hears, t) ? hears[t] : undefined;
    if (schema === undefined)
      return this.#tell(
        new ShopError('invalid_input', `t: is none of ${Object.keys(hears).join(', ')}`, {
          remedy: 'Name the message’s kind in t.',
        }),
        cidOf(json),
      );
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data as SocketMessage; // the schema's own `t` is what it was found by
    const [issue] = parsed.error.issues;
    return this.#tell(
      new ShopError('invalid_input', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`),
      cidOf(json),
    );
  }

  #tell(error: unknown, cid?: string): undefined {
    if (!(error instanceof ShopError)) this.#endpoint.onBug(this, error);
    this.write(refusalOf(error, cid));
    return undefined;
  }
}

// One function of each for all connections; ws calls them with itself as `this`.

function onMessage(this: WebSocket, data: unknown, isBinary: boolean): void {
  // Both hold as long as nobody changes `binaryType` and only `ClientSocket`s are made.
  (this as ClientSocket).connection.take(data as Buffer, isBinary);
}

function onPong(this: WebSocket): void {
  (this as ClientSocket).connection.isHeard = true; // as above
}

function onClose(this: WebSocket, code: number): void {
  (this as ClientSocket).connection.ended(code); // as above
}

/** A client that broke the protocol or went away without a word: `close` follows. */
function onError(): void {}

function cidOf(message: unknown): string | undefined {
  const cid = isRecord(message) ? message['cid'] : undefined;
  return typeof cid === 'string' && cid.length <= 64 ? cid : undefined;
}

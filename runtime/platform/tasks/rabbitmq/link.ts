/**
 * The connection to RabbitMQ: opened when it is needed, opened again whenever it breaks, with a channel that sends and confirms and
 * one that receives.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ChannelModel, type ConfirmChannel, type ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import { parseAddress } from '../../address/index.ts';
import { ShopError } from '../../errors.ts';

export interface Delivery {
  readonly queue: string;
  readonly body: Buffer;
  /** It is dealt with. */
  done(): void;
  /** Somebody else shall have it, at once. */
  giveBack(): void;
  /** Nobody can use it: to the dead letters. */
  reject(): void;
  /** The way back is closed: the broker gives it to somebody else. */
  isLost(): boolean;
}

export interface Publication {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
}

export interface Link {
  /** Resolves when the broker has all of them, on disk where it has one. @throws ShopError `unavailable`: perhaps it has some */
  publish(publications: readonly Publication[]): Promise<void>;
  /** Receives from a queue as long as the link is open. */
  consume(queue: string): void;
  /** Receives nothing more; what was received can still be dealt with. */
  rest(): Promise<void>;
  close(): Promise<void>;
}

export interface LinkOptions {
  /** `amqp://user:password@host:port/vhost`, or `amqps://…`. */
  readonly address: string;
  readonly log: Logger;
  /** Messages of one queue that are dealt with at once: quorum queues know no limit for several. */
  readonly prefetch: number;
  readonly received: (delivery: Delivery) => void;
}

const PORT = { amqp: 5_672, amqps: 5_671 } as const;
/** A broker that says nothing for twice as long is gone. */
const HEARTBEAT_SECONDS = 5;
const CONFIRM_MS = 15_000;

interface Open {
  readonly connection: ChannelModel;
  readonly sending: ConfirmChannel;
  /** Tags of those who receive, by queue. */
  readonly consumers: Map<string, string>;
}

export function createLink({ address, log, prefetch, received }: LinkOptions): Link {
  const target = targetOf(address);
  const queues = new Set<string>();
  let open: Promise<Open> | undefined;
  /** What `open` has come to, as long as it stands. */
  let present: Open | undefined;
  const ended = new WeakSet<ConfirmChannel>();
  let resting = false;
  let closed = false;

  function opened(): Promise<Open> {
    open ??= connectOnce().catch((error: unknown) => {
      open = undefined;
      throw new ShopError('unavailable', 'RabbitMQ cannot be reached.', { cause: error });
    });
    return open;
  }

  async function connectOnce(): Promise<Open> {
    const connection = await connect(target, { timeout: 5_000 });
    // What breaks is told by `close`, which comes afterwards.
    connection.on('error', (error: unknown) => log.debug({ err: error }, 'the connection to RabbitMQ broke'));
    try {
      const sending = await connection.createConfirmChannel();
      sending.on('error', (error: unknown) => log.warn({ err: error }, 'RabbitMQ refused'));
      sending.on('close', () => {
        ended.add(sending);
        void end(connection);
      });
      await sending.prefetch(prefetch);
      const mine: Open = { connection, sending, consumers: new Map() };
      if (!resting) for (const queue of queues) await receive(mine, queue);
      connection.on('close', () => lost(mine));
      present = mine;
      return mine;
    } catch (error) {
      // Or it would stay open with nobody who knows of it, and receive.
      void end(connection);
      throw error;
    }
  }

  async function receive({ sending, consumers }: Open, queue: string): Promise<void> {
    if (consumers.has(queue)) return;
    consumers.set(queue, '');
    const { consumerTag } = await sending.consume(queue, (message) => {
      // The broker took the queue away; the operator will make it again.
      if (message === null) return void sending.close().catch(() => undefined);
      received(deliveryOf(sending, queue, message));
    });
    consumers.set(queue, consumerTag);
  }

  function deliveryOf(channel: ConfirmChannel, queue: string, message: ConsumeMessage): Delivery {
    const tell = (what: () => void): void => {
      try {
        what();
      } catch (error) {
        // The channel is closed: the broker gives the message to somebody else, who finds what became of it.
        log.debug({ err: error, queue }, 'a message could not be settled');
      }
    };
    return {
      queue,
      body: message.content,
      done: () => tell(() => channel.ack(message)),
      giveBack: () => tell(() => channel.nack(message, false, true)),
      reject: () => tell(() => channel.nack(message, false, false)),
      isLost: () => ended.has(channel),
    };
  }

  function lost(broken: Open): void {
    // One of before: another has taken its place.
    if (broken !== present) return;
    present = undefined;
    open = undefined;
    if (!closed && !resting && queues.size > 0) void reopen();
  }

  let reopening = false;
  async function reopen(): Promise<void> {
    if (reopening) return;
    reopening = true;
    for (let pause = 50; !closed && !resting; pause = Math.min(pause * 2, 2_000)) {
      try {
        await opened();
        break;
      } catch (error) {
        log.warn({ err: error, retryInMilliseconds: pause }, 'RabbitMQ cannot be reached');
        await sleep(pause, undefined, { ref: false });
      }
    }
    reopening = false;
  }

  return {
    async publish(publications) {
      const { sending } = await opened();
      const returned: string[] = [];
      const onReturn = (message: { fields: { routingKey: string } }): void => {
        returned.push(message.fields.routingKey);
      };
      sending.on('return', onReturn);
      try {
        const confirmed = publications.map(
          ({ exchange, routingKey, body }) =>
            new Promise<void>((resolve, reject) => {
              sending.publish(exchange, routingKey, body, { persistent: true, mandatory: true }, (error) => {
                if (error) reject(error instanceof Error ? error : new Error(String(error)));
                else resolve();
              });
            }),
        );
        await inTime(Promise.all(confirmed));
      } catch (error) {
        throw new ShopError('unavailable', 'RabbitMQ did not take what it was given.', { cause: error });
      } finally {
        sending.off('return', onReturn);
      }
      if (returned.length > 0)
        throw new ShopError(
          'unavailable',
          `RabbitMQ has no queue for ${[...new Set(returned)].join(', ')}.`,
          {
            remedy: 'The operator makes the queues of a domain’s tasks; see its conditions.',
          },
        );
    },
    consume(queue) {
      queues.add(queue);
      if (open === undefined) void reopen();
      else
        open
          .then((standing) => receive(standing, queue))
          .catch((error: unknown) => log.warn({ err: error, queue }, 'a queue cannot be received from'));
    },
    async rest() {
      resting = true;
      const last = await open?.catch(() => undefined);
      if (last === undefined) return;
      const stopped = [...last.consumers.values()].map((tag) => last.sending.cancel(tag));
      await Promise.allSettled(stopped);
    },
    async close() {
      closed = true;
      const last = await open?.catch(() => undefined);
      if (last !== undefined) await end(last.connection);
    },
  };
}

/** Fine when it is closed already. */
async function end(connection: ChannelModel): Promise<void> {
  await connection.close().catch(() => undefined);
}

function targetOf(address: string) {
  const { scheme, user, password, servers, path } = parseAddress(
    address,
    address.startsWith('amqps:') ? PORT.amqps : PORT.amqp,
  );
  const [server] = servers;
  if ((scheme !== 'amqp' && scheme !== 'amqps') || server === undefined)
    throw new Error('an address of RabbitMQ begins with amqp:// or amqps://');
  return {
    protocol: scheme,
    hostname: server.host,
    port: server.port,
    vhost: path === '' ? '/' : path,
    heartbeat: HEARTBEAT_SECONDS,
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = sleep(CONFIRM_MS, undefined, { signal: stop.signal, ref: false }).then(() => {
    throw new Error(`no confirm within ${CONFIRM_MS} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}

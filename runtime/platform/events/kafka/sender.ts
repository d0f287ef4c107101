/**
 * Sends messages to Kafka: acknowledged by every in-sync replica, in the order they were given, one request at a time.
 * What waits while a request is under way goes together with the next one, whoever asked for it.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Producer } from 'kafkajs';
import type { Logger } from 'pino';
import { sizeOf, type Outgoing } from './messages.ts';

/** A message that Kafka did not take. */
export interface Refusal {
  readonly message: Outgoing;
  readonly error: unknown;
  /** It never will: the message is larger than its topic allows. */
  readonly forever: boolean;
}

export interface Sender {
  /**
   * Resolves when Kafka has everything but what it refused; what follows a refused message in its topic was refused with it,
   * unless it is refused for ever.
   * @throws Error when Kafka cannot be reached: nobody knows then what arrived, and everything has to be sent again
   */
  send(messages: readonly Outgoing[]): Promise<readonly Refusal[]>;
  close(): Promise<void>;
}

/**
 * Of one request. A partition's part of a request is one record batch, and a topic takes none larger than a megabyte unless it is
 * told to; so a request that is smaller fits in any case.
 */
const REQUEST_BYTES = 900_000;
/** Of one asker in one request: to find a partition's messages kafkajs copies them once for each that comes after. */
const MOST_MESSAGES = 400;
/** From one request to the next, at least, unless it is worth one: what a request costs, it costs for one message as for a hundred. */
const REST_MS = 5;
const ENOUGH_BYTES = 100_000;
/** Kafka answers a produce request within this time, or it has failed. */
const ANSWER_MS = 10_000;

interface Waiting {
  readonly messages: readonly Outgoing[];
  readonly bytes: number;
  resolve(refusals: readonly Refusal[]): void;
  reject(error: unknown): void;
}

export function createSender(kafka: Kafka, log: Logger): Sender {
  const queue: Waiting[] = [];
  let producer: Promise<Producer> | undefined;
  let sending: Promise<void> | undefined;
  let began = -Infinity;

  /** A producer that failed is given up with its sequence numbers: the next one begins anew. */
  function connected(): Promise<Producer> {
    producer ??= connect().catch((error: unknown) => {
      producer = undefined;
      throw error;
    });
    return producer;
  }

  async function connect(): Promise<Producer> {
    const next = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 500 },
    });
    await next.connect();
    return next;
  }

  async function giveUp(): Promise<void> {
    const old = producer;
    producer = undefined;
    await old
      ?.then((open) => open.disconnect())
      .catch((error: unknown) => log.debug({ err: error }, 'a producer ended badly'));
  }

  async function drain(): Promise<void> {
    // What was asked for in the same turn of the event loop goes together.
    await turn();
    for (let batch = await gather(); batch.length > 0; batch = await gather()) {
      began = performance.now();
      const messages = batch.flatMap((waiting) => waiting.messages);
      try {
        const refused = await deliver(messages);
        for (const waiting of batch) waiting.resolve(ofThese(refused, waiting.messages));
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
  }

  async function gather(): Promise<Waiting[]> {
    const pause = REST_MS - (performance.now() - began);
    if (pause > 0 && bytesOf(queue) < ENOUGH_BYTES) await sleep(pause);
    return take(queue);
  }

  async function deliver(messages: readonly Outgoing[]): Promise<readonly Refusal[]> {
    try {
      await produce(messages);
      return [];
    } catch (error) {
      await giveUp();
      if (!isRefusal(error)) throw error;
    }
    // Something in it was refused, and Kafka may have taken the rest: topic by topic, so that one harms no other.
    const refusals: Refusal[] = [];
    for (const ofTopic of byTopic(messages).values()) refusals.push(...(await deliverOne(ofTopic)));
    return refusals;
  }

  async function deliverOne(messages: readonly Outgoing[]): Promise<readonly Refusal[]> {
    try {
      await produce(messages);
      return [];
    } catch (error) {
      await giveUp();
      if (!isRefusal(error)) throw error;
      if (!isTooLarge(error)) return messages.map((message) => ({ message, error, forever: false }));
      const [only, ...others] = messages;
      if (only !== undefined && others.length === 0) return [{ message: only, error, forever: true }];
    }
    const middle = Math.ceil(messages.length / 2);
    const first = await deliverOne(messages.slice(0, middle));
    return [...first, ...(await deliverOne(messages.slice(middle)))];
  }

  async function produce(messages: readonly Outgoing[]): Promise<void> {
    const open = await connected();
    await open.sendBatch({
      acks: -1,
      timeout: ANSWER_MS,
      topicMessages: [...byTopic(messages)].map(([topic, ofTopic]) => ({ topic, messages: ofTopic })),
    });
  }

  function enqueue(messages: readonly Outgoing[], bytes: number): Promise<readonly Refusal[]> {
    return new Promise((resolve, reject) => {
      queue.push({ messages, bytes, resolve, reject });
      sending ??= drain().finally(() => (sending = undefined));
    });
  }

  return {
    async send(messages) {
      const refusals: Refusal[] = [];
      // One after the other: if one fails, nothing that comes later has been sent.
      for (const { slice, bytes } of slicesOf(messages)) refusals.push(...(await enqueue(slice, bytes)));
      return refusals;
    },
    async close() {
      await sending;
      await giveUp();
    },
  };
}

function bytesOf(queue: readonly Waiting[]): number {
  return queue.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** From the front of the queue, what fits in one request; at least one. */
function take(queue: Waiting[]): Waiting[] {
  let count = 0;
  let bytes = 0;
  for (const waiting of queue) {
    if (count > 0 && bytes + waiting.bytes > REQUEST_BYTES) break;
    bytes += waiting.bytes;
    count++;
  }
  return queue.splice(0, count);
}

function* slicesOf(messages: readonly Outgoing[]): Generator<{ slice: readonly Outgoing[]; bytes: number }> {
  let start = 0;
  let bytes = 0;
  for (const [index, message] of messages.entries()) {
    const size = sizeOf(message);
    if (index > start && (bytes + size > REQUEST_BYTES || index - start === MOST_MESSAGES)) {
      yield { slice: messages.slice(start, index), bytes };
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < messages.length) yield { slice: messages.slice(start), bytes };
}

function byTopic(messages: readonly Outgoing[]): Map<string, Outgoing[]> {
  const topics = new Map<string, Outgoing[]>();
  for (const message of messages) {
    const known = topics.get(message.topic);
    if (known) known.push(message);
    else topics.set(message.topic, [message]);
  }
  return topics;
}

function ofThese(refusals: readonly Refusal[], messages: readonly Outgoing[]): readonly Refusal[] {
  if (refusals.length === 0) return refusals;
  const mine = new Set(messages);
  return refusals.filter(({ message }) => mine.has(message));
}

/** What Kafka says of a message or its topic; anything else says that it cannot be reached. */
const REFUSALS = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
]);

/** Whether Kafka, which can be reached, will not have it as things are. */
export function isRefusal(error: unknown): boolean {
  const type = typeOf(error);
  return type !== undefined && REFUSALS.has(type);
}

function isTooLarge(error: unknown): boolean {
  return ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes(typeOf(error) ?? '');
}

/** kafkajs wraps what the server said once it stops trying. */
function typeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  return typeOf(error.cause);
}

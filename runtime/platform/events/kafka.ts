/**
 * The events port on Kafka: the outbox stays in PostgreSQL and commits with what it tells of, a relay hands it over to Kafka,
 * consumers follow it as Kafka groups and write down how far they came in the transaction of their handlers.
 *
 * Nothing acknowledged is lost and nothing has effect twice, whoever is killed: a row leaves the outbox after Kafka has it, an offset
 * is committed after the transaction, and how far a consumer came is written in the transaction itself. Topics, rights and quotas are made by the
 * operator; a topic that is missing makes its events wait.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import type { Logger } from 'pino';
import { kafkaSettings } from '../address/kafka/index.ts';
import { ShopError } from '../errors.ts';
import { deadTopicName, groupName, POOL_SCOPE, topicName } from '../names/index.ts';
import type { Clock, EventHandler, StoredEvent, TenantId, Transaction } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { startSweeper } from '../sweeper.ts';
import { handleApart } from './apart.ts';
import { createDelivery, type Delivery, type Handle } from './kafka/delivery.ts';
import { createIntake, type Intake } from './kafka/intake.ts';
import { toDeadMessage } from './kafka/messages.ts';
import { createRelay } from './kafka/relay.ts';
import { createSender } from './kafka/sender.ts';
import type { EventLog } from './log.ts';
import { noMeter, type EventMeter } from './meter.ts';

export interface KafkaEventsOptions {
  readonly sql: PostgresSql;
  readonly clock: Clock;
  readonly log: Logger;
  /** `kafka://…`, login included. @see kafkaSettings */
  readonly address: string;
  /** `pool` or the dedicated tenant's name: the topics and groups of this runtime stand under it. */
  readonly scope: string;
  /** Tenants that this process works for now. Default: all. */
  readonly serves?: (tenant: TenantId) => boolean;
  /** Tenants of this scope. Events of others, which someone else put into its topics, go to the dead-letter topic. Default: those it serves. */
  readonly belongs?: (tenant: TenantId) => boolean;
  readonly meter?: EventMeter;
  /** How often to look for work nobody told of. Default 2 s. */
  readonly sweepMilliseconds?: number;
  /** Tries of one event before it is a dead letter. Default 8, over about three minutes. */
  readonly maxAttempts?: number;
  /** The first pause after a failure; each next one is four times as long, up to a minute. Default 100 ms. */
  readonly firstPauseMilliseconds?: number;
  /** Tenants that each consumer handles at once. Default 4. */
  readonly concurrency?: number;
  /** Tenants that are relayed at once: most of the time Kafka is waited for. Default 32. */
  readonly relays?: number;
  /** Events of a tenant that share a transaction, at most; ten times as many while transactions are short. Default 100. */
  readonly batch?: number;
  /** Events of a consumer that wait in this process, at most, about. Default 10,000. */
  readonly room?: number;
}

/** Handles several events of one tenant, in order, in the transaction that writes down how far it came. All of them take effect, or none. */
export type EventBatchHandler = (events: readonly StoredEvent[], tx: Transaction) => Promise<void>;

export interface KafkaEvents extends EventLog {
  /** As `subscribe`, for handlers that do for many events at once what they would do for each. */
  subscribeBatches(consumer: string, topics: readonly string[], handler: EventBatchHandler): Promise<void>;
}

interface Subscription {
  readonly consumer: string;
  readonly group: string;
  readonly topics: readonly string[];
  readonly intake: Intake;
  readonly delivery: Delivery;
}

/** Opens nothing until it is used; Kafka may be away for as long as it likes. @throws Error on an address that is none */
export function createKafkaEvents(options: KafkaEventsOptions): KafkaEvents {
  const { sql, clock, log, scope } = options;
  const serves = options.serves ?? (() => true);
  const belongs = options.belongs ?? serves;
  const meter = options.meter ?? noMeter;
  const concurrency = options.concurrency ?? 4;
  const kafka = openKafka(options.address, scope, log);
  const sender = createSender(kafka, log);
  const nameOf = (topic: string): string => topicName(scope, topic);
  const relay = createRelay({
    sql,
    clock,
    log,
    meter,
    sender,
    serves,
    topicName: nameOf,
    partitionsOf,
    // A pooled tenant's events keep together: whoever handles them needs one mark. One that has its topics to itself uses all of them.
    spread: scope === POOL_SCOPE ? 'tenant' : 'key',
    name: randomUUID(),
    concurrency: options.relays ?? 32,
  });
  const subscriptions: Subscription[] = [];
  let admin: Promise<Admin> | undefined;
  let closed = false;

  function subscribe(consumer: string, topics: readonly string[], handle: Handle): void {
    const group = groupName(scope, consumer);
    const ofKafka = new Map(topics.map((topic) => [nameOf(topic), topic]));
    const intake = createIntake({
      kafka,
      log,
      group,
      topics: ofKafka,
      arrived: (tenant) => delivery.arrived(tenant),
      foreign: (tenant) => (belongs(tenant) ? undefined : `The tenant ${tenant} is none of scope ${scope}.`),
      async refuse(message, reason, topic, partition) {
        log.error({ consumer, topic, partition, offset: message.offset, reason }, 'a message was refused');
        const dead = deadTopicName(scope, ofKafka.get(topic) ?? topic);
        const refusals = await sender.send([
          toDeadMessage(message, { topic, partition, consumer }, dead, reason),
        ]);
        if (refusals[0]) throw refusals[0].error;
      },
      ...(options.room === undefined ? {} : { room: options.room }),
    });
    const delivery = createDelivery({
      sql,
      clock,
      log,
      meter,
      consumer,
      intake,
      handle,
      serves,
      concurrency,
      maxAttempts: options.maxAttempts ?? 8,
      firstPauseMilliseconds: options.firstPauseMilliseconds ?? 100,
      batch: options.batch ?? 100,
    });
    subscriptions.push({ consumer, group, topics: [...ofKafka.keys()], intake, delivery });
    intake.start();
    sweeper.look();
  }

  async function sweep(): Promise<void> {
    await relay.sweep();
    for (const { delivery } of subscriptions) await delivery.sweep();
  }

  const sweeper = startSweeper({
    sweep,
    everyMilliseconds: options.sweepMilliseconds ?? 2_000,
    failed: (error) => log.warn({ err: error }, 'looking for events failed'),
  });

  function asAdmin(): Promise<Admin> {
    admin ??= openAdmin(kafka).catch((error: unknown) => {
      admin = undefined;
      throw error;
    });
    return admin;
  }

  let asking: Promise<unknown> = Promise.resolve();
  /** One question at a time: kafkajs forgets the topics of one while it looks up those of another. */
  function ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const answer = asking.then(async () => question(await asAdmin()));
    asking = answer.catch(() => undefined);
    return answer;
  }

  function partitionsOf(topic: string): Promise<number> {
    return ask(async (asked) => {
      const { topics } = await asked.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length ?? 0;
    });
  }

  /** Events that stand between what a group has committed and the ends of its topics. */
  function behind({ group, topics }: Subscription): Promise<number> {
    return ask(async (asked) => {
      const committed = await asked.fetchOffsets({ groupId: group, topics: [...topics] });
      let sum = 0;
      for (const { topic, partitions } of committed) {
        for (const { partition, high, low } of await asked.fetchTopicOffsets(topic)) {
          const own = Number(partitions.find((each) => each.partition === partition)?.offset ?? -1);
          sum += Math.max(0, Number(high) - Math.max(own, Number(low)));
        }
      }
      return sum;
    });
  }

  async function caughtUp(subscription: Subscription): Promise<void> {
    const deadline = Date.now() + SETTLE_MS;
    while (!closed && (await behind(subscription)) > 0) {
      if (Date.now() > deadline)
        throw new ShopError('timeout', `${subscription.group} has not caught up within ${SETTLE_MS} ms.`);
      await sleep(10);
    }
    await subscription.delivery.idle();
  }

  return {
    subscribe(consumer, topics, handler, { apart = false } = {}) {
      subscribe(
        consumer,
        topics,
        apart ? (events, tx) => handleApart(events, handler, tx) : oneByOne(handler),
      );
      return Promise.resolve();
    },
    subscribeBatches(consumer, topics, handler) {
      subscribe(consumer, topics, (events, tx) => handler(events, tx));
      return Promise.resolve();
    },
    async flush() {
      await relay.sweep();
      await relay.idle();
    },
    async settled() {
      await sweep();
      await relay.idle();
      await Promise.all(subscriptions.map(caughtUp));
      await relay.idle();
    },
    async lag() {
      const lags = new Map<string, number>();
      for (const subscription of subscriptions) lags.set(subscription.consumer, await behind(subscription));
      return lags;
    },
    async close() {
      closed = true;
      await sweeper.stop();
      await relay.close();
      for (const { intake } of subscriptions) intake.rest();
      await Promise.all(
        subscriptions.map(async ({ intake, delivery }) => {
          await delivery.close();
          await intake.close();
        }),
      );
      await sender.close();
      await admin?.then(
        (open) => open.disconnect(),
        () => undefined,
      );
    },
  };
}

/** Of one call of `settled`. */
const SETTLE_MS = 30_000;

function oneByOne(handler: EventHandler): Handle {
  return async (events, tx, at) => {
    for (const event of events) {
      at(event);
      await handler(event, tx);
    }
  };
}

/** What kafkajs says goes to the log as detail: it calls an error what it then mends itself. */
function openKafka(address: string, scope: string, log: Logger): Kafka {
  return new Kafka({
    ...kafkaSettings(address),
    clientId: `shopmind-${scope}`,
    connectionTimeout: 3_000,
    authenticationTimeout: 5_000,
    requestTimeout: 15_000,
    enforceRequestTimeout: true,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.INFO,
    logCreator:
      () =>
      ({ namespace, log: entry }) =>
        log.debug({ kafka: namespace, ...entry, timestamp: undefined }, entry.message),
  });
}

async function openAdmin(kafka: Kafka): Promise<Admin> {
  const admin = kafka.admin();
  await admin.connect();
  return admin;
}

/**
 * Takes messages of a consumer group from Kafka and keeps them, by tenant, until somebody has handled them.
 *
 * A partition's offset is committed up to the oldest event that is not handled yet: whatever a killed process had taken comes again.
 * When too much waits nothing more is fetched; the group is kept alive meanwhile. Whenever the group is shared out anew, what
 * waits here is forgotten: Kafka hands it out again, from the committed offset, to whoever it belongs to now.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { TenantId } from '../../ports.ts';
import { toEvent, type Incoming, type Placed } from './messages.ts';

export interface IntakeOptions {
  readonly kafka: Kafka;
  readonly log: Logger;
  /** Name of the consumer group. */
  readonly group: string;
  /** Kafka's names of the topics, to the domains' names. */
  readonly topics: ReadonlyMap<string, string>;
  /** There is work for a tenant. */
  readonly arrived: (tenant: TenantId) => void;
  /** Messages that are no events of ours; the offset passes them when this resolves. */
  readonly refuse: (message: Incoming, reason: string, topic: string, partition: number) => Promise<void>;
  /** Why a tenant's events are none of this scope's; undefined: they are. */
  readonly foreign: (tenant: TenantId) => string | undefined;
  /** Events that wait here at most, about. Default 10,000. */
  readonly room?: number;
}

export interface Taken extends Placed {
  /** The partition it came from. */
  readonly source: string;
  readonly batch: Batch;
}

export interface Intake {
  /** Joins the group and stays in it, whatever happens to Kafka; returns at once. */
  start(): void;
  /** The oldest events of a tenant that wait, at most `most`; they stay until they are finished. */
  peek(tenant: TenantId, most: number): readonly Taken[];
  /** These, the oldest of the tenant, are handled or safely put aside. */
  finish(tenant: TenantId, taken: readonly Taken[]): void;
  /** Events that wait here. */
  waiting(): number;
  /** Takes no more. What is finished from now on is still committed until `close`. */
  rest(): void;
  /** Leaves the group. */
  close(): Promise<void>;
}

/** What came of a partition in one fetch. */
interface Batch {
  readonly partition: Partition;
  /** To be committed when all of it, and of what came before, is finished. */
  readonly next: string;
  left: number;
}

interface Partition {
  readonly topic: string;
  readonly partition: number;
  /** Not finished, oldest first. */
  readonly batches: Batch[];
}

/** A member that was killed is missed after this time. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 2_000;
const COMMIT_EVERY_MS = 100;
/** A commit that follows none soon waits for what is finished with it. */
const COMMIT_SOON_MS = 10;
/** From one fetch to the next, while it brings less of a partition than is worth one. */
const FETCH_REST_MS = 10;
const FEW_MESSAGES = 100;

export function createIntake(options: IntakeOptions): Intake {
  const { kafka, log, group, topics } = options;
  const most = options.room ?? 10_000;
  let lanes = new Map<TenantId, Taken[]>();
  let partitions = new Map<string, Partition>();
  const finished = new Map<string, { topic: string; partition: number; offset: string }>();
  let count = 0;
  let consumer: Consumer | undefined;
  let committing: Promise<void> | undefined;
  let committed = -Infinity;
  let running: Promise<void> | undefined;
  let resting = false;
  let closed = false;
  /** Of all who wait for room. */
  let waiting: PromiseWithResolvers<void> | undefined;

  function forgetAll(): void {
    lanes = new Map();
    partitions = new Map();
    finished.clear();
    count = 0;
    tellRoom();
  }

  /** Until it runs; afterwards kafkajs keeps it running, unless it says that it gave up. */
  async function run(): Promise<void> {
    for (let pause = 100; !closed; pause = Math.min(pause * 2, 5_000)) {
      const next = kafka.consumer({
        groupId: group,
        sessionTimeout: SESSION_MS,
        heartbeatInterval: HEARTBEAT_MS,
        rebalanceTimeout: 20_000,
        maxWaitTimeInMs: 1_000,
        allowAutoTopicCreation: false,
        retry: {
          initialRetryTime: 100,
          maxRetryTime: 2_000,
          retries: 5,
          restartOnFailure: () => Promise.resolve(!closed),
        },
      });
      next.on(next.events.GROUP_JOIN, forgetAll);
      next.on(next.events.CRASH, ({ payload }) => {
        if (payload.restart || closed) return;
        log.warn(
          { err: payload.error, group },
          'the consumer of a group gave up; another one takes its place',
        );
        running = run();
      });
      try {
        await next.connect();
        await next.subscribe({ topics: [...topics.keys()], fromBeginning: true });
        consumer = next;
        await next.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          partitionsConsumedConcurrently: 64,
          eachBatch,
        });
        return;
      } catch (error) {
        log.warn({ err: error, group, retryInMilliseconds: pause }, 'the group cannot be joined yet');
        await next.disconnect().catch(() => undefined);
        await sleep(pause, undefined, { ref: false });
      }
    }
  }

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch, resolveOffset, isRunning, isStale } = payload;
    const isOver = (): boolean => resting || !isRunning() || isStale();
    // Read when there is room and not before: what waits long is copied about by the garbage collector.
    while (count > most && !isOver()) await roomOrHeartbeat(payload);
    if (isOver()) return;
    const { topic, partition } = batch;
    const name = topics.get(topic) ?? topic;
    const source = `${topic}/${partition}`;
    const last = batch.lastOffset();
    const mine: Batch = {
      partition: partitionOf(topic, partition),
      next: String(BigInt(last) + 1n),
      left: 0,
    };
    const events: Taken[] = [];
    let told: TenantId | undefined;
    let reason: string | undefined;
    for (const message of batch.messages) {
      const placed = toEvent(name, message, told);
      if ('poison' in placed) {
        await options.refuse(message, placed.poison, topic, partition);
        continue;
      }
      const { event, place } = placed;
      // A tenant's events come one after the other.
      if (event.tenant !== told) reason = options.foreign((told = event.tenant));
      if (reason === undefined) events.push({ event, place, source, batch: mine });
      else await options.refuse(message, reason, topic, partition);
    }
    mine.left = events.length;
    mine.partition.batches.push(mine);
    resolveOffset(last);
    count += events.length;
    if (events.length === 0) advance(mine.partition);
    for (const tenant of enlist(events)) options.arrived(tenant);
    if (batch.messages.length < FEW_MESSAGES) await sleep(FETCH_REST_MS);
  }

  async function roomOrHeartbeat({ heartbeat }: EachBatchPayload): Promise<void> {
    waiting ??= Promise.withResolvers();
    await Promise.race([waiting.promise, sleep(HEARTBEAT_MS / 2)]);
    await heartbeat();
  }

  function tellRoom(): void {
    waiting?.resolve();
    waiting = undefined;
  }

  /** @returns whose they are */
  function enlist(events: readonly Taken[]): ReadonlySet<TenantId> {
    const tenants = new Set<TenantId>();
    let tenant = '';
    let lane: Taken[] = [];
    for (const each of events) {
      if (each.event.tenant !== tenant) {
        tenant = each.event.tenant;
        tenants.add(tenant);
        lane = laneOf(tenant);
      }
      lane.push(each);
    }
    return tenants;
  }

  function laneOf(tenant: TenantId): Taken[] {
    const known = lanes.get(tenant);
    if (known) return known;
    const lane: Taken[] = [];
    lanes.set(tenant, lane);
    return lane;
  }

  function partitionOf(topic: string, partition: number): Partition {
    const key = `${topic}/${partition}`;
    const known = partitions.get(key);
    if (known) return known;
    const fresh: Partition = { topic, partition, batches: [] };
    partitions.set(key, fresh);
    return fresh;
  }

  function advance(of: Partition): void {
    const { topic, partition, batches } = of;
    const key = `${topic}/${partition}`;
    // It was given away in between, and perhaps given back: its successor has an account of its own.
    if (partitions.get(key) !== of) return;
    let offset: string | undefined;
    while (batches[0]?.left === 0) offset = batches.shift()?.next;
    if (offset === undefined) return;
    finished.set(key, { topic, partition, offset });
    committing ??= commitSoon();
  }

  async function commitSoon(): Promise<void> {
    await sleep(Math.max(COMMIT_SOON_MS, committed + COMMIT_EVERY_MS - performance.now()));
    committed = performance.now();
    await commit();
    committing = undefined;
    if (finished.size > 0) committing = commitSoon();
  }

  async function commit(): Promise<void> {
    const offsets = [...finished.values()];
    finished.clear();
    if (offsets.length === 0) return;
    // What is not committed comes again, and is known by its place.
    await consumer
      ?.commitOffsets(offsets)
      .catch((error: unknown) => log.debug({ err: error, group }, 'offsets could not be committed'));
  }

  return {
    start() {
      running ??= run();
    },
    peek: (tenant, many) => lanes.get(tenant)?.slice(0, many) ?? [],
    finish(tenant, taken) {
      const lane = lanes.get(tenant);
      // Forgotten in between: it comes again.
      if (lane === undefined || lane[0] !== taken[0]) return;
      lane.splice(0, taken.length);
      if (lane.length === 0) lanes.delete(tenant);
      count -= taken.length;
      const touched = new Set<Partition>();
      for (const { batch } of taken) if (--batch.left === 0) touched.add(batch.partition);
      for (const partition of touched) advance(partition);
      if (count <= most / 2) tellRoom();
    },
    waiting: () => count,
    rest() {
      resting = true;
      tellRoom();
      try {
        consumer?.pause([...topics.keys()].map((topic) => ({ topic })));
      } catch (error) {
        // It runs no more, or not yet.
        log.debug({ err: error, group }, 'nothing to pause');
      }
    },
    async close() {
      closed = true;
      await committing;
      await commit();
      await consumer?.disconnect();
      await running;
    },
  };
}

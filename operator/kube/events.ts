/**
 * Tells people what happens to an object, where `kubectl describe` shows it. Repetitions are counted, floods are cut:
 * recording never fails, never waits and never costs more than a few writes a minute for one object.
 */
import type { Logger } from 'pino';
import type { Client } from './client.ts';
import { systemClock, type Clock } from './clock.ts';
import { timestamp } from './conditions.ts';
import { isNotFound } from './errors.ts';
import { createBucket, type TokenBucket } from './ratelimit.ts';
import { coreEvents } from './resources.ts';
import type { KubeObject } from './types.ts';

export interface RecorderOptions {
  readonly client: Client;
  /** Who speaks, for example `shopmind-operator`. */
  readonly component: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Unique ends of event names. */
  readonly random?: () => number;
}

export interface EventInput {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase word, for example `SchemaMigrated`. */
  readonly reason: string;
  readonly message: string;
}

export interface Recorder {
  record(about: KubeObject, event: EventInput): void;
  /** Resolves when everything recorded so far is written or given up. */
  flush(): Promise<void>;
}

/** Different messages of one reason within ten minutes, after which they are told as one. */
const SIMILAR = 10;
const WINDOW_MS = 600_000;
/** Events of one object at once, and how many come back a second: client-go's spam filter. */
const BURST = 25;
const PER_SECOND = 1 / 300;
const MAX_KNOWN = 4096;
/** Objects whose events are written at the same time; those of one object are written in their order. */
const AT_ONCE = 8;

interface Known {
  readonly name: string;
  readonly namespace: string;
  count: number;
  lastAt: number;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const { client, component, log } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const known = new Map<string, Known>();
  const similar = new Map<string, { messages: Set<string>; lastAt: number }>();
  const buckets = new Map<string, TokenBucket>();
  /** What is under way for an object, which its next event waits for. */
  const tails = new Map<string, Promise<void>>();
  const turns: (() => void)[] = [];
  let writing = 0;
  let waiting = 0;

  const bucketOf = (uid: string): TokenBucket => {
    const bucket = buckets.get(uid) ?? createBucket(PER_SECOND, BURST, clock);
    bound(buckets);
    buckets.set(uid, bucket);
    return bucket;
  };

  /** The message itself, or one for all when there were many different ones. */
  const messageOf = (group: string, message: string): string => {
    const now = clock.monotonic();
    const entry = similar.get(group);
    if (entry === undefined || now - entry.lastAt > WINDOW_MS) {
      bound(similar);
      similar.set(group, { messages: new Set([message]), lastAt: now });
      return message;
    }
    entry.lastAt = now;
    if (entry.messages.size < SIMILAR || entry.messages.has(message)) {
      entry.messages.add(message);
      return message;
    }
    return COMBINED;
  };

  async function write(about: KubeObject, event: EventInput): Promise<void> {
    const { uid = '', name, namespace, resourceVersion } = about.metadata;
    const group = [uid, name, component, event.type, event.reason].join('\n');
    const groupMessage = messageOf(group, event.message);
    const id = `${group}\n${groupMessage}`;
    const message =
      groupMessage === COMBINED ? `(combined from similar events): ${event.message}` : event.message;
    const now = clock.monotonic();
    const time = timestamp(clock.now());
    const before = known.get(id);
    if (before !== undefined && now - before.lastAt <= WINDOW_MS) {
      before.count += 1;
      before.lastAt = now;
      try {
        await client.patch(coreEvents, before, {
          kind: 'merge',
          body: { count: before.count, lastTimestamp: time, message: clip(message) },
        });
        return;
      } catch (error) {
        // The server keeps events for an hour only: then it is told anew.
        if (!isNotFound(error)) throw error;
      }
    }
    const created = {
      name: `${name}.${Math.floor(random() * 2 ** 52)
        .toString(16)
        .padStart(13, '0')}`,
      namespace: namespace ?? 'default',
    };
    bound(known);
    known.set(id, { ...created, count: 1, lastAt: now });
    await client.create(coreEvents, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: created,
      involvedObject: {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        uid,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      reason: event.reason,
      message: clip(message),
      type: event.type,
      source: { component },
      reportingComponent: component,
      reportingInstance: component,
      count: 1,
      firstTimestamp: time,
      lastTimestamp: time,
    });
  }

  return {
    record(about, event) {
      if (waiting >= 1000 || !bucketOf(about.metadata.uid ?? about.metadata.name).tryTake()) {
        log.debug({ reason: event.reason, name: about.metadata.name }, 'an event was left out: too many');
        return;
      }
      waiting += 1;
      const key = about.metadata.uid ?? about.metadata.name;
      const mine = (tails.get(key) ?? Promise.resolve())
        .then(() => inTurn(() => write(about, event)))
        .catch((error: unknown) =>
          log.warn({ err: error, reason: event.reason }, 'an event was not recorded'),
        )
        .finally(() => {
          waiting -= 1;
          if (tails.get(key) === mine) tails.delete(key);
        });
      tails.set(key, mine);
    },
    async flush() {
      await Promise.all(tails.values());
    },
  };

  async function inTurn(act: () => Promise<void>): Promise<void> {
    if (writing >= AT_ONCE) await new Promise<void>((resolve) => turns.push(resolve));
    else writing += 1;
    try {
      await act();
    } finally {
      // Whoever is next takes this place.
      const next = turns.shift();
      if (next === undefined) writing -= 1;
      else next();
    }
  }
}

const COMBINED = '\0combined';

/** The API refuses longer messages. */
const clip = (message: string): string => (message.length <= 1024 ? message : `${message.slice(0, 1021)}...`);

/** Forgets the oldest entry when a map is full. */
function bound<Value>(map: Map<string, Value>): void {
  if (map.size >= MAX_KNOWN) for (const oldest of map.keys().take(1)) map.delete(oldest);
}

/**
 * What an operator sees of the world, made wrong: views from the past, events that come late or not at all,
 * watches that say nothing any more. Each is a set of hooks for a proxy.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../operator/kube/client.ts';
import { status, type Answer, type Hooks, type Seen } from './proxy.ts';

/** The lists an operator makes when it starts, as they are at one moment. */
export type Snapshot = ReadonlyMap<string, string>;

/** Remembers which lists are asked for. */
export function listening(urls: Set<string>): Hooks {
  return {
    before(seen) {
      if (isList(seen)) urls.add(seen.url);
      return 'pass';
    },
  };
}

/** Takes those lists now, to be shown later. */
export async function snapshot(client: Client, urls: ReadonlySet<string>): Promise<Snapshot> {
  const bodies = await Promise.all(
    [...urls].map(async (url) => [url, await client.raw('GET', url)] as const),
  );
  return new Map(bodies);
}

/** A collection is read as a whole; what has a name is asked of the server itself, which knows better. */
function isList({ kind, url }: Seen): boolean {
  return kind === 'read' && url.includes('limit=');
}

export interface Past {
  readonly hooks: Hooks;
  /** From now on the watches go on from where the snapshot was. */
  catchUp(): void;
}

/** The operator starts in the past and stays there: a replica of the API server that lags behind. */
export function past(lists: Snapshot): Past {
  const released = Promise.withResolvers<void>();
  let behind = true;
  return {
    hooks: {
      async before(seen) {
        if (seen.kind === 'watch' && behind) await released.promise;
        const body = behind && isList(seen) ? lists.get(seen.url) : undefined;
        return body === undefined ? 'pass' : { status: 200, body };
      },
    },
    catchUp() {
      behind = false;
      released.resolve();
    },
  };
}

/** Each event comes late, by a time of its own; none overtakes another of its watch. */
export function delayed(random: () => number, longestMs: number): Hooks {
  return {
    async event(_, event) {
      await sleep(random() * longestMs);
      return [event];
    },
  };
}

/**
 * Watches break off after a few events and cannot be resumed: what happened in between is never told, only a new list
 * shows the outcome (410, as after a compaction).
 */
export function unobserved(random: () => number): Hooks {
  const broken = new Set<string>();
  return {
    before(seen) {
      if (seen.kind !== 'watch') return 'pass';
      // Once for each break; the list that follows is the server's own.
      return broken.delete(seen.resource) ? expired() : 'pass';
    },
    event(seen, event) {
      if (random() > 0.3) return [event];
      broken.add(seen.resource);
      throw new Error('the watch breaks off here');
    },
  };
}

const expired = (): Answer => status(410, 'Expired');

/** Watches there are now stay open and say nothing; those that are begun later are sound. */
export function halfOpen(): { readonly hooks: Hooks; begin(): void } {
  let from = Number.POSITIVE_INFINITY;
  const opened = new WeakMap<Seen, number>();
  return {
    hooks: {
      before(seen) {
        if (seen.kind === 'watch') opened.set(seen, performance.now());
        return 'pass';
      },
      event: (seen, event) =>
        (opened.get(seen) ?? 0) < from && from < performance.now() ? 'silent' : [event],
    },
    begin() {
      from = performance.now();
    },
  };
}

/** The server is not itself: of all requests a share is answered with errors, answered too late, or lost on the way back. */
export function flaky(random: () => number, share: number): Hooks {
  const errors: readonly (() => Answer)[] = [
    () => status(409, 'Conflict'),
    () => status(429, 'TooManyRequests', { 'retry-after': '1' }),
    () => status(500, 'InternalError'),
    () => status(503, 'ServiceUnavailable'),
    () => status(504, 'Timeout'),
  ];
  return {
    before(seen) {
      if (seen.kind === 'watch' || seen.resource.startsWith('leases') || random() > share) return 'pass';
      const which = Math.floor(random() * (errors.length + 1));
      // The last of them: no answer at all.
      return errors[which]?.() ?? 'cut';
    },
    // Applied, and nobody is told.
    after: (seen) =>
      seen.kind === 'write' && !seen.resource.startsWith('leases') && random() < share / 3
        ? 'cut'
        : 'deliver',
  };
}

/** Mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

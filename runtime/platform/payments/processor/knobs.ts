/**
 * Ways to misbehave on purpose, per account, for tests of what the shop does when the world is unkind.
 * Everything is off until a test turns it, and can only be turned where the processor was started for tests.
 */
import { z } from 'zod';

export const settings = z.strictObject({
  /** Wait this long before the first delivery of each webhook. */
  delayMs: z.int().min(0).max(600_000).default(0),
  /** Spread first deliveries over this time at random, which puts them out of order. */
  shuffleMs: z.int().min(0).max(60_000).default(0),
  /** Send each webhook this many times more. */
  duplicates: z.int().min(0).max(20).default(0),
  /** Silently lose this many webhooks. */
  dropWebhooks: z.int().min(0).default(0),
  /** Answer this many API requests with an error before doing anything. */
  failRequests: z.int().min(0).default(0),
  failStatus: z.int().min(400).max(599).default(500),
  /** Do what this many API requests ask, then cut the connection instead of answering. */
  loseReplies: z.int().min(0).default(0),
  /** Answer every API request this much later. */
  slowMs: z.int().min(0).max(120_000).default(0),
});

export type Settings = z.infer<typeof settings>;

export interface Knobs {
  turn(account: string, to: Settings): void;
  forget(account: string): void;
  firstDelayMs(account: string): number;
  duplicates(account: string): number;
  dropWebhook(account: string): boolean;
  /** The status to fail with, if this request is to fail. */
  failRequest(account: string): number | undefined;
  loseReply(account: string): boolean;
  slowMs(account: string): number;
}

export function createKnobs(random: () => number = Math.random): Knobs {
  const turned = new Map<string, Settings>();
  const countDown = (account: string, counter: 'dropWebhooks' | 'failRequests' | 'loseReplies'): boolean => {
    const now = turned.get(account);
    if (now === undefined || now[counter] === 0) return false;
    turned.set(account, { ...now, [counter]: now[counter] - 1 });
    return true;
  };
  return {
    turn: (account, to) => void turned.set(account, to),
    forget: (account) => void turned.delete(account),
    firstDelayMs(account) {
      const now = turned.get(account);
      return now === undefined ? 0 : now.delayMs + Math.floor(random() * now.shuffleMs);
    },
    duplicates: (account) => turned.get(account)?.duplicates ?? 0,
    dropWebhook: (account) => countDown(account, 'dropWebhooks'),
    failRequest: (account) =>
      countDown(account, 'failRequests') ? (turned.get(account)?.failStatus ?? 500) : undefined,
    loseReply: (account) => countDown(account, 'loseReplies'),
    slowMs: (account) => turned.get(account)?.slowMs ?? 0,
  };
}

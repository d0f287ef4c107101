/**
 * Ways to misbehave on purpose, per account, for tests of what the shop does when the world is unkind.
 * Everything is off until a test turns it, and can only be turned where the processor was started for tests.
 */
export interface Settings {
  /** Wait this long before the first delivery of each webhook. */
  readonly delayMs: number;
  /** Spread first deliveries over this time at random, which puts them out of order. */
  readonly shuffleMs: number;
  /** Send each webhook this many times more. */
  readonly duplicates: number;
  /** Silently lose this many webhooks. */
  readonly dropWebhooks: number;
  /** Answer this many API requests with an error before doing anything. */
  readonly failRequests: number;
  readonly failStatus: number;
  /** Do what this many API requests ask, then cut the connection instead of answering. */
  readonly loseReplies: number;
  /** Answer every API request this much later. */
  readonly slowMs: number;
}

const OFF: Settings = {
  delayMs: 0,
  shuffleMs: 0,
  duplicates: 0,
  dropWebhooks: 0,
  failRequests: 0,
  failStatus: 500,
  loseReplies: 0,
  slowMs: 0,
};
const MOST: Settings = {
  delayMs: 600_000,
  shuffleMs: 60_000,
  duplicates: 20,
  dropWebhooks: 1_000_000,
  failRequests: 1_000_000,
  failStatus: 599,
  loseReplies: 1_000_000,
  slowMs: 120_000,
};

/** Reads settings; what is not named is off. @returns a text that says what is wrong with them */
export function readSettings(given: unknown): Settings | string {
  if (typeof given !== 'object' || given === null) return 'settings: expected an object';
  for (const [name, value] of Object.entries(given)) {
    const most = Object.entries(MOST).find(([known]) => known === name)?.[1];
    if (most === undefined)
      return `settings.${name}: there is no such knob; there are ${Object.keys(OFF).join(', ')}`;
    if (!Number.isInteger(value) || value < 0 || value > most)
      return `settings.${name}: expected an integer from 0 to ${most}`;
  }
  return { ...OFF, ...given };
}

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

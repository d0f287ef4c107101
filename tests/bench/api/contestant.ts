/** What a shop of the comparison gives the benchmark. */
import type { Flow } from './load.ts';

export interface Contestant {
  readonly name: string;
  readonly origin: string;
  /** Processes by what they are: `shop` is the server itself. */
  readonly servers: Readonly<Record<string, number>>;
  /** Looks at a list of twenty, or searches, then at one product. Two requests. */
  readonly browse: Flow;
  /** From the list to an order whose payment is authorised. */
  readonly checkout: Flow;
  /** Orders that are where they should be, all that follows a payment done: for a shop that does it behind the shopper's back. */
  readonly finished?: (() => Promise<number>) | undefined;
  /** Half-way through the warming up. */
  readonly warmed?: (() => Promise<void>) | undefined;
  /** Begins to count what the database is asked for, where it was started for that. @returns ends it: what one of so many flows took */
  readonly watch?: (() => Promise<(flows: number) => Promise<string>>) | undefined;
  stop(): Promise<void>;
}

/** One server for whoever is measured, as a shop would run it: what is committed is on the disk. */
export const POSTGRES = {
  fsync: 'on',
  shared_buffers: '512MB',
  max_connections: '200',
} as const;

/** One of them, by chance. */
export function anyOf<T>(values: readonly T[]): T {
  const value = values[Math.floor(Math.random() * values.length)];
  if (value === undefined) throw new Error('there is nothing to choose from');
  return value;
}

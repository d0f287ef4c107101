/** What a failed attempt at an event means, whoever carries the events: how long to wait, whether it counts, what to write down. */
import { ShopError } from '../errors.ts';

/** Milliseconds before the next try: each is four times as long, up to a minute, and none at the same moment as another's. */
export function pauseOf(attempts: number, firstPause: number): number {
  return Math.min(firstPause * 4 ** (attempts - 1), 60_000) * (0.8 + Math.random() * 0.4);
}

/** The database being away says nothing about the event: it does not count as an attempt. */
export function isOutage(error: unknown): boolean {
  return error instanceof ShopError && error.code === 'unavailable';
}

export function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2_000);
}

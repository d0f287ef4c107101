/** For what must not take for ever over a text that was made up for it: a pattern that goes back and forth in it would never end, nor would its test. */
import { runInNewContext } from 'node:vm';

/** @returns what the work, which waits for nothing, comes to @throws Error when it is still at it after half a minute */
export function ends<T>(work: () => T): T {
  return runInNewContext('work()', { work }, { timeout: 30_000 }) as T; // what `work` returns
}

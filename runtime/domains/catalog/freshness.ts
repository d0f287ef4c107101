/** How old what shoppers browse may be; merchants read what they wrote. */
import type { ReadOptions } from '../../platform/ports.ts';

/** How stale an answer kept by another process may be; in this one a change is seen at once, as far as its source has it. */
export const CACHE_SECONDS = 2;

/** From a standby, where there is one that is not further behind. */
export const BROWSING: ReadOptions = { stalenessMilliseconds: 2_000 };

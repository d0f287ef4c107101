/** Ids of what is asked for under an idempotency key: whoever asks again means the same thing. */
import { createHash } from 'node:crypto';

/** @param prefix what it is: `ref`, `ret`, `ful` */
export function idOfKey(prefix: string, key: string): string {
  return `${prefix}_${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
}

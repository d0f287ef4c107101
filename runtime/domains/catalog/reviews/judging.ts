/** Whether a review may be shown before the merchant has read it. Pure. */
import { testOf } from '../../../platform/words.ts';
import type { Held, ReviewSettings } from './schemas.ts';

export interface Judged {
  readonly state: 'pending' | 'published';
  /** Why it waits; null: it does not. */
  readonly reason: Held | null;
}

/**
 * @param texts everything that would be shown
 * @param wasRefused by the merchant, who looks at whatever is written instead
 */
export function judge(
  { publication, heldWords }: Pick<ReviewSettings, 'publication'> & { readonly heldWords: readonly string[] },
  texts: readonly string[],
  wasRefused: boolean,
): Judged {
  const text = texts.join('\n');
  if (testOf(heldWords)?.(text) === true) return { state: 'pending', reason: 'words' };
  if (LEADS_ELSEWHERE.test(text)) return { state: 'pending', reason: 'contact' };
  if (wasRefused) return { state: 'pending', reason: 'refused_before' };
  return publication === 'at_once'
    ? { state: 'published', reason: null }
    : { state: 'pending', reason: 'unread' };
}

/** Addresses of pages and mailboxes, and telephone numbers: what advertises writes, and who should not stand in public with them. */
const LEADS_ELSEWHERE =
  /https?:\/\/|\bwww\.|[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}\.|(?<!\d)(?:\+|00)\d[\d ()/-]{6,30}\d/iu;

/** What a look at a dispute teaches about ours: a merge that only goes forward, so that looks may overtake each other. Pure. */
import type { PaymentDispute } from '../../../platform/ports.ts';
import type { DisputeStatus } from './schemas.ts';

export type DisputeNews = 'opened' | 'answered' | 'won' | 'lost';

/** Won and lost exclude each other: whichever was heard of first is the end. */
const RANK: Readonly<Record<DisputeStatus, number>> = { needs_response: 0, under_review: 1, won: 2, lost: 2 };

/**
 * @param before undefined: it is heard of for the first time
 * @returns how it stands, and the news in the order in which they happened
 */
export function observeDispute(
  before: DisputeStatus | undefined,
  { status: seen }: Pick<PaymentDispute, 'status'>,
): { readonly status: DisputeStatus; readonly news: readonly DisputeNews[] } {
  const status = before === undefined || RANK[seen] > RANK[before] ? seen : before;
  const news: DisputeNews[] = before === undefined ? ['opened'] : [];
  if (status !== before && status !== 'needs_response')
    news.push(status === 'under_review' ? 'answered' : status);
  return { status, news };
}

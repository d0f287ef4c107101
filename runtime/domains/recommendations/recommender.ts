/** What proposes products: the interface that baselines and models keep alike. */
import type { TenantId } from '../../platform/ports.ts';
import type { Context, Reason } from './schemas.ts';

export interface RecommendationRequest {
  readonly tenant: TenantId;
  readonly context: Context;
  /** Looked at, or in the cart. Never proposed. */
  readonly products: readonly string[];
  /** What this shopper has looked at, the latest last. Nothing where they have not agreed to be known again. */
  readonly visited: readonly string[];
  /** Handle of the collection to stay in. */
  readonly collection: string | undefined;
  /** How many are wanted. More may be proposed: some will not be for sale. */
  readonly limit: number;
}

export interface Candidate {
  readonly productId: string;
  /** Greater is better; comparable within one answer only. */
  readonly score: number;
  readonly reason: Reason;
  /** The product that led to it. */
  readonly becauseOf?: string;
}

export interface Recommender {
  /** How answers and merchants call it. */
  readonly name: string;
  /** Whether it goes by what this shopper did: not asked otherwise than with their agreement. */
  readonly personal: boolean;
  /**
   * The best first, each product once. What is not for sale is left out afterwards by whoever asks; nothing is a good answer, too.
   * Only reads; may be asked in several processes at once.
   */
  recommend(request: RecommendationRequest): Promise<readonly Candidate[]>;
}

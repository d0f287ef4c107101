/** How long things may take; one place, so that tests can make time short. */
export interface OrdersSettings {
  /** How long a checkout holds its units. */
  readonly holdSeconds: number;
  /** How much longer, from now, when the shopper goes on paying. */
  readonly extendSeconds: number;
  /** No hold lasts longer than this after the checkout. */
  readonly longestHoldSeconds: number;
  /** How often orders whose saga stands still are looked for. */
  readonly sweepSeconds: number;
  /** A saga that has not moved for this long is stuck, and is pushed. */
  readonly stuckSeconds: number;
  /** Money that a bank contests is asked for again after this, should nobody tell how that ended; each time after twice as long. */
  readonly bankSeconds: number;
}

export const SETTINGS: OrdersSettings = {
  holdSeconds: 15 * 60,
  extendSeconds: 10 * 60,
  longestHoldSeconds: 45 * 60,
  sweepSeconds: 30,
  stuckSeconds: 20,
  bankSeconds: 600,
};

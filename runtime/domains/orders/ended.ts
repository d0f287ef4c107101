/**
 * Why an order ended where no person said why: a name, which pages say in the shopper's language, and English for the history and for
 * whoever calls the API.
 */
export const ENDED = {
  given_up: 'Given up by the shopper.',
  by_shop: 'Cancelled by the shop.',
  asked: 'Cancelled on request.',
  payment_cancelled: 'The payment was cancelled.',
  unpaid: 'No payment arrived in time.',
  sold_meanwhile:
    'The payment came after the reserved time, and the goods were sold meanwhile. Nothing is charged.',
  price_gone:
    'The payment came after the reserved time, and a discount or gift card of it was used up meanwhile. Nothing is charged.',
} as const;

export type Ended = keyof typeof ENDED;

export const ENDED_NAMES = Object.keys(ENDED) as [Ended, ...Ended[]]; // `keys` forgets them, and that there are some

const NAMES: ReadonlyMap<string, Ended> = new Map(ENDED_NAMES.map((name) => [ENDED[name], name]));

/** @returns nothing for what a person wrote, which is said as it stands */
export function endedOf(reason: string | undefined): Ended | undefined {
  return reason === undefined ? undefined : NAMES.get(reason);
}

/**
 * Products at the prices that their shopper pays: what the catalogue says of them, with what price lists say to the groups the shopper
 * is in. A shop without lists pays for none of it.
 */
import type { Clock, Sql, TenantId } from '../../../platform/ports.ts';
import type { VariantDocument } from '../document.ts';
import { BROWSING } from '../freshness.ts';
import type { Money, ProductCard, ProductDetail } from '../schemas.ts';
import { boundsBefore, lessShare, stepsOf, unitPrice, type Offer } from './rule.ts';
import { readSteps, type StoredSteps } from './store.ts';

/** Who it is for: prices differ by nothing else. */
export interface Terms {
  readonly currency: string;
  /** Ids, in order; empty for guests. */
  readonly groups: readonly string[];
}

/** Lists that apply now, and the most that one of them takes off every price. */
export interface Applying {
  readonly ids: readonly string[];
  readonly offBasisPoints: number;
  /** Whether any of them has prices of single variants. */
  readonly listed: boolean;
}

/** What is kept is kept for these terms. */
export function keyOf({ currency, groups }: Terms): string {
  return `${currency}/${groups.join()}`;
}

export async function listsApplying(
  { sql, clock }: { readonly sql: Sql; readonly clock: Clock },
  tenant: TenantId,
  { currency, groups }: Terms,
): Promise<Applying> {
  const { rows } = await sql.query<{ id: string; off: number; listed: boolean }>(
    tenant,
    `SELECT id, off_basis_points AS off, EXISTS (
       SELECT FROM price_list_prices p WHERE p.tenant_id = $1 AND p.list_id = price_lists.id) AS listed FROM price_lists WHERE tenant_id = $1 AND currency = $2 AND enabled
       AND (starts_at IS NULL OR starts_at <= $3) AND (ends_at IS NULL OR ends_at > $3) AND (groups = '{}' OR groups && $4::text[])`,
    [tenant, currency, clock.now(), groups],
    BROWSING,
  );
  return {
    ids: rows.map(({ id }) => id),
    offBasisPoints: Math.max(0, ...rows.map(({ off }) => off)),
    listed: rows.some(({ listed }) => listed),
  };
}

/** The query in variants' own prices, where what shoppers pay is these less a share: of equal ones the order stays as it is. */
export function inOwnPrices<
  Query extends { readonly minPrice?: number | undefined; readonly maxPrice?: number | undefined },
>(query: Query, { offBasisPoints }: Pick<Applying, 'offBasisPoints'>): Query {
  const { least, most } = boundsBefore({ least: query.minPrice, most: query.maxPrice }, offBasisPoints);
  return { ...query, minPrice: least, maxPrice: most };
}

/** A product with its variants' prices by number of units. */
export async function priceDetail(
  sql: Sql,
  tenant: TenantId,
  product: ProductDetail,
  { currency, lists }: { readonly currency: string; readonly lists: Applying },
): Promise<ProductDetail> {
  if (lists.ids.length === 0) return product;
  const { rows } = await sql.query<ListedRow>(
    tenant,
    LISTED,
    [tenant, product.variantIds, lists.ids],
    BROWSING,
  );
  const offers = offersOf(rows, lists);
  const variants = product.variants.map((variant) => {
    const steps = stepsOf(variant.price?.amount, offers(variant.id));
    const first = steps.find(({ from }) => from === 1);
    const price = first === undefined ? null : { amount: first.amount, currency };
    return {
      ...variant,
      price,
      priceSteps: steps.map(({ from, amount }) => ({ from, price: { amount, currency } })),
      compareAtPrice: above(variant.compareAtPrice, price),
    };
  });
  const priceRange = rangeOf(variants.flatMap(({ price }) => price ?? []));
  return { ...product, variants, priceRange, compareAtPrice: above(product.compareAtPrice, priceRange?.min) };
}

/** Products of a list, at the prices of one unit. */
export async function priceCards(
  sql: Sql,
  tenant: TenantId,
  cards: readonly ProductCard[],
  { currency, lists }: { readonly currency: string; readonly lists: Applying },
): Promise<ProductCard[]> {
  if (lists.ids.length === 0 || cards.length === 0) return [...cards];
  const { rows } = await sql.query<PricedProduct>(
    tenant,
    `SELECT p.id, p.document -> 'variants' AS variants, l.listed FROM products p CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('variant_id', x.variant_id, 'steps', x.steps)) AS listed
       FROM variants v JOIN price_list_prices x ON x.tenant_id = $1 AND x.variant_id = v.id AND x.list_id = ANY ($3::text[])
       WHERE v.tenant_id = $1 AND v.product_id = p.id) l
     WHERE p.tenant_id = $1 AND p.id = ANY ($2::text[]) AND l.listed IS NOT NULL`,
    [tenant, cards.map(({ id }) => id), lists.ids],
    BROWSING,
  );
  const listed = new Map(rows.map((row) => [row.id, row]));
  return cards.map((card) => {
    const priceRange = rangeInList(card, listed.get(card.id), currency, lists);
    return { ...card, priceRange, compareAtPrice: above(card.compareAtPrice, priceRange?.min) };
  });
}

/**
 * What one unit of each variant costs.
 * @param own the variants' own prices in the currency, by id; undefined where they have none
 */
export async function priceUnits(
  sql: Sql,
  tenant: TenantId,
  own: ReadonlyMap<string, number | undefined>,
  lists: Applying,
): Promise<ReadonlyMap<string, number | undefined>> {
  if (lists.ids.length === 0 || own.size === 0) return own;
  const { rows } = await sql.query<ListedRow>(tenant, LISTED, [tenant, [...own.keys()], lists.ids], BROWSING);
  const offers = offersOf(rows, lists);
  return new Map([...own].map(([id, amount]) => [id, unitPrice(amount, offers(id), 1)]));
}

const LISTED = `SELECT variant_id, steps FROM price_list_prices
  WHERE tenant_id = $1 AND variant_id = ANY ($2::text[]) AND list_id = ANY ($3::text[])`;

interface ListedRow {
  readonly variant_id: string;
  readonly steps: StoredSteps;
}

/** A product of which at least one variant has a price in one of the lists. */
interface PricedProduct {
  readonly id: string;
  readonly variants: readonly Pick<VariantDocument, 'id' | 'prices'>[];
  readonly listed: readonly ListedRow[];
}

function rangeInList(
  { priceRange }: ProductCard,
  product: PricedProduct | undefined,
  currency: string,
  lists: Applying,
): ProductCard['priceRange'] {
  if (product === undefined) {
    if (priceRange === null) return null;
    // What is off every price is off the lowest and the highest.
    const less = ({ amount }: Money) => ({ amount: lessShare(amount, lists.offBasisPoints), currency });
    return { min: less(priceRange.min), max: less(priceRange.max) };
  }
  const offers = offersOf(product.listed, lists);
  return rangeOf(
    product.variants.flatMap(({ id, prices }) => {
      const own = prices.find((price) => price.currency === currency)?.amount;
      const amount = unitPrice(own, offers(id), 1);
      return amount === undefined ? [] : [{ amount, currency }];
    }),
  );
}

function offersOf(rows: readonly ListedRow[], { offBasisPoints }: Applying): (variantId: string) => Offer {
  const steps = Map.groupBy(rows, ({ variant_id: id }) => id);
  return (variantId) => ({
    offBasisPoints,
    steps: (steps.get(variantId) ?? []).flatMap((row) => readSteps(row.steps)),
  });
}

function rangeOf(prices: readonly Money[]): ProductCard['priceRange'] {
  const [first] = prices;
  if (first === undefined) return null;
  const amounts = prices.map(({ amount }) => amount);
  const { currency } = first;
  return { min: { amount: Math.min(...amounts), currency }, max: { amount: Math.max(...amounts), currency } };
}

/** What it cost before is shown where that was more. */
function above(before: Money | null, price: Money | null | undefined): Money | null {
  return before !== null && price && before.amount > price.amount ? before : null;
}

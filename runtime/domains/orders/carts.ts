/**
 * Carts: what a shopper means to buy, at the prices of this moment. A cart promises nothing; the checkout does.
 */
import { ShopError } from '../../platform/errors.ts';
import type { Caller, Platform } from '../../platform/domain.ts';
import type { SqlResult, SqlRunner, SqlStatement, Tenant, TenantId } from '../../platform/ports.ts';
import { withContents } from './bundles/contents.ts';
import { shownPart, type Part } from './bundles/goods.ts';
import { MOST_CARDS } from './gift-cards/schemas.ts';
import type { Purse } from './gift-cards/spread.ts';
import { CARDS, hashOf } from './gift-cards/store.ts';
import { availabilityOf } from './inventory.ts';
import { acceptPrices } from './prices/accepting.ts';
import { soldIn } from './prices/currency.ts';
import type { Looking } from './prices/looking.ts';
import { listsApplying, unitPrice } from './prices/offers.ts';
import { priceOf, type Price } from './pricing.ts';
import { MOST_CODES } from './promotions/schemas.ts';
import { CANDIDATES, candidateOf, type CandidateRow, type StoredCandidate } from './promotions/store.ts';
import { RULES, type Rules } from './rules.ts';
import type { Destination } from './shipping/rates.ts';
import { MAX_LINES, MAX_QUANTITY } from './schemas.ts';
import type { Address, Cart, CartLine, ItemSnapshot } from './schemas.ts';

/** A cart as stored, with its lines as they are now. */
export interface StoredCart {
  readonly id: string;
  readonly status: 'open' | 'ordered';
  readonly orderId: string | undefined;
  readonly customerId: string | undefined;
  readonly currency: string;
  readonly email: string | undefined;
  readonly shippingAddress: Address | undefined;
  readonly shippingMethod: string;
  readonly version: number;
  readonly codes: readonly string[];
  /** Promotions that may come into question. */
  readonly candidates: readonly StoredCandidate[];
  /** Whether the shopper has another order; false while nobody knows who they are. */
  readonly orderedBefore: boolean;
  readonly rules: Rules;
  /** Gift cards that may be spent, with what is in them. */
  readonly giftCards: readonly (Purse & { readonly ending: string })[];
  readonly lines: readonly StoredLine[];
}

export interface StoredLine {
  readonly variantId: string;
  readonly productId: string;
  readonly type: string;
  readonly vendor: string;
  readonly taxable: boolean;
  /** Of one unit. */
  readonly grams: number;
  readonly handle: string | undefined;
  readonly title: string;
  readonly variantTitle: string | undefined;
  readonly sku: string | undefined;
  readonly image: string | undefined;
  readonly options: Readonly<Record<string, string>>;
  readonly quantity: number;
  /** What the shopper accepted. */
  readonly seenPrice: number;
  /** What one costs now, for whoever looks and in this quantity; undefined when it is not for sale in the cart's currency. */
  readonly unitPrice: number | undefined;
  readonly shipped: boolean;
  /** It has no stock of its own: its parts' is what can be had of it. Absent: as false. */
  readonly bundle?: boolean | undefined;
  /** Of a bundle: what is in one of it. */
  readonly parts?: readonly Part[] | undefined;
  readonly free: number;
  readonly tracked: boolean;
  /** Units that may be promised beyond the shelf, and when more are expected. */
  readonly backorder: number;
  readonly expectedAt: string | undefined;
}

/** Anything that runs one statement as a tenant: the pool outside a transaction, or a transaction. */
export interface Reader {
  query<Row>(text: string, values: Parameters<SqlRunner['query']>[1]): Promise<SqlResult<Row>>;
}

interface CartRow {
  readonly id: string;
  readonly status: 'open' | 'ordered';
  readonly order_id: string | null;
  readonly customer_id: string | null;
  readonly currency: string;
  readonly email: string | null;
  readonly shipping_address: Address | null;
  readonly shipping_method: string;
  readonly version: number;
  readonly codes: readonly string[];
  readonly candidates: readonly CandidateRow[] | null;
  readonly ordered_before: boolean | null;
  readonly rules: Rules | null;
  readonly gift_cards: StoredCart['giftCards'] | null;
  readonly lines: readonly LineRow[];
}

interface LineRow {
  readonly variant: string;
  readonly type: string | null;
  readonly vendor: string | null;
  readonly taxable: boolean | null;
  readonly grams: number | null;
  readonly quantity: number;
  readonly seen: number;
  readonly product: string | null;
  readonly handle: string | null;
  readonly title: string | null;
  readonly variant_title: string | null;
  readonly sku: string | null;
  readonly image: string | null;
  readonly options: Readonly<Record<string, string>> | null;
  readonly price: number | null;
  readonly shipped: boolean | null;
  readonly free: number | null;
  readonly tracked: boolean | null;
  readonly backorder: number | null;
  readonly expected: string | null;
  readonly bundle: boolean | null;
}

const READ = `
  select c.id, c.status, c.order_id, c.customer_id, c.currency, c.email, c.shipping_address, c.shipping_method, c.version, c.codes,
    ${RULES} as rules, ${CARDS} as gift_cards, p.list as candidates, case when p.first_orders then exists (
      select from orders_orders o where o.tenant_id = $1 and o.customer_id = w.customer and o.status not in ('expired', 'cancelled')
    ) or exists (
      select from orders_orders o where o.tenant_id = $1 and lower(o.email) = w.email and o.status not in ('expired', 'cancelled')
    ) end as ordered_before,
    coalesce((
      select jsonb_agg(jsonb_build_object('variant', l.variant_id, 'quantity', l.quantity, 'seen', l.unit_price,
        'product', v.product_id, 'handle', v.handle, 'title', v.title, 'variant_title', v.variant_title, 'sku', v.sku,
        'image', v.image, 'options', v.options, 'price', ${unitPrice('c.currency', 'l.quantity', 'd')},
        'shipped', v.requires_shipping, 'type', v.product_type, 'vendor', v.vendor, 'taxable', v.taxable,
        'grams', v.weight_grams, 'free', s.on_hand - s.held - s.sold,
        'tracked', s.tracked, 'backorder', s.backorder_limit, 'expected', s.expected_at, 'bundle', v.bundle) order by l.added_at, l.variant_id)
      from orders_cart_lines l
      left join orders_variants v on v.tenant_id = l.tenant_id and v.variant_id = l.variant_id
      left join orders_stock s on s.tenant_id = l.tenant_id and s.variant_id = l.variant_id
      where l.tenant_id = $1 and l.cart_id = c.id), '[]'::jsonb) as lines
  from orders_carts c
  cross join lateral (select coalesce($4::text, c.customer_id) as customer, lower(coalesce($5::text, c.email)) as email) w
  cross join lateral (${CANDIDATES}) p
  cross join lateral (${listsApplying('c.currency', '$3', '$6')}) d
  where c.tenant_id = $1 and c.id = $2`;

/** Who it is that looks at a cart or buys it, as far as the cart does not know it. */
export interface Shopper {
  readonly customerId?: string | undefined;
  /** Ids of the groups that the customer is in: prices may be others for them. */
  readonly groups?: readonly string[] | undefined;
  readonly email?: string | undefined;
}

/** As the host knows them. */
export function shopperOf({ customerId, groups }: Pick<Caller, 'customerId' | 'groups'>): Shopper {
  return { customerId, groups };
}

/** @throws ShopError `not_found` */
export async function readCart(
  sql: Reader,
  tenant: TenantId,
  id: string,
  now: Date,
  { customerId, groups = [], email }: Shopper = {},
): Promise<StoredCart> {
  const { rows } = await sql.query<CartRow>(READ, [
    tenant,
    id,
    now,
    customerId ?? null,
    email ?? null,
    groups,
  ]);
  const [row] = rows;
  if (row === undefined) throw noSuchCart(id);
  const cart = fromRow(row);
  const lines = await withContents(sql, tenant, cart.currency, cart.lines);
  return { ...cart, lines, customerId: customerId ?? cart.customerId };
}

export function noSuchCart(id: string): ShopError {
  return new ShopError('not_found', `There is no cart ${id} in this shop.`, { remedy: 'Start a new cart.' });
}

/** The reader of a tenant outside a transaction. */
export function readerOf(platform: Platform, tenant: TenantId): Reader {
  return { query: (text, values) => platform.sql.query(tenant, text, values) };
}

/**
 * Changes a cart and answers it as it is then: one transaction and one way to the server.
 * @param change one statement, asked for at once
 * @throws what `change` throws; ShopError `not_found`
 */
export async function changeCart(
  platform: Platform,
  tenant: TenantId,
  id: string,
  shopper: Shopper,
  change: (sql: Reader, now: Date) => Promise<void>,
): Promise<Cart> {
  const now = platform.clock.now();
  const sql = readerTogether(platform, tenant);
  const changing = change(sql, now);
  const reading = readCart(sql, tenant, id, now, shopper);
  // Where a change is refused there may be no cart to read either: the refusal says more.
  reading.catch(() => undefined);
  await changing;
  return showCart(await reading, now);
}

/** As `readerOf`, for statements that are asked for in the same turn of the event loop: they go together. */
function readerTogether(platform: Platform, tenant: TenantId): Reader {
  let open:
    | { readonly statements: SqlStatement[]; readonly answers: Promise<readonly SqlResult<unknown>[]> }
    | undefined;
  return {
    async query<Row>(text: string, values: Parameters<SqlRunner['query']>[1]) {
      if (open === undefined) {
        const statements: SqlStatement[] = [];
        const answers = Promise.resolve().then(() => {
          open = undefined;
          return platform.sql.queries<readonly unknown[]>(tenant, statements);
        });
        open = { statements, answers };
      }
      const { statements, answers } = open;
      const place = statements.push({ text, ...(values === undefined ? {} : { values }) }) - 1;
      return (await answers)[place] as SqlResult<Row>; // the caller names its rows, as with `query`
    },
  };
}

/** The cart as the shopper sees it. */
export function showCart(cart: StoredCart, now: Date): Cart {
  const price = cartPrice(cart, now);
  return {
    id: cart.id,
    status: cart.status,
    orderId: cart.orderId,
    currency: cart.currency,
    email: cart.email,
    shippingAddress: cart.shippingAddress,
    shippingMethod: price.method?.id ?? cart.shippingMethod,
    undeliverable: price.method === undefined ? true : undefined,
    lines: cart.lines.map((line, index) => showLine(line, cart.currency, price.lineDiscounts[index] ?? 0)),
    itemCount: cart.lines.reduce((sum, line) => sum + line.quantity, 0),
    codes: [...price.codes],
    giftCards: cart.giftCards.map(({ id, ending }) => ({
      id,
      ending,
      amount: price.gifts.find((gift) => gift.id === id)?.amount ?? 0,
    })),
    totals: price.totals,
  };
}

export function cartPrice(
  cart: StoredCart,
  now: Date,
  method = cart.shippingMethod,
  to: Destination | undefined = cart.shippingAddress,
): Price {
  return priceOf(
    {
      currency: cart.currency,
      lines: cart.lines.map((line) => ({
        ...line,
        unitPrice: line.unitPrice ?? line.seenPrice,
      })),
      method,
      to,
      rules: cart.rules,
      codes: cart.codes,
      candidates: cart.candidates,
      giftCards: cart.giftCards,
      signedIn: cart.customerId !== undefined,
      orderedBefore: cart.orderedBefore,
    },
    now,
  );
}

/** What keeps a line from being bought as it stands. */
export function problemOf(line: StoredLine): CartLine['problem'] {
  if (line.unitPrice === undefined) return 'unavailable';
  const room = line.free + line.backorder;
  if (line.tracked && room <= 0) return 'out_of_stock';
  if (line.tracked && room < line.quantity) return 'insufficient_stock';
  return line.unitPrice === line.seenPrice ? undefined : 'price_changed';
}

/** What a shopper sees of an item, in whatever it is a line of. */
export function snapshotOf(
  line: Omit<ItemSnapshot, 'parts'> & { readonly parts?: readonly Part[] | undefined },
): ItemSnapshot {
  const { variantId, productId, handle, title, variantTitle, sku, image, options, parts } = line;
  return {
    variantId,
    productId,
    handle,
    title,
    variantTitle,
    sku,
    image,
    options: { ...options },
    ...(parts === undefined ? {} : { parts: parts.map(shownPart) }),
  };
}

/** Of a line that can be bought: units that are not there yet. */
function laterOf({ free, tracked, backorder, quantity, expectedAt }: StoredLine): CartLine['later'] {
  const missing = quantity - Math.max(free, 0);
  if (!tracked || missing <= 0 || free + backorder < quantity) return undefined;
  return { quantity: missing, expectedAt };
}

function showLine(line: StoredLine, currency: string, discount: number): CartLine {
  const { seenPrice, unitPrice = seenPrice, free, tracked, backorder, quantity } = line;
  return {
    ...snapshotOf(line),
    quantity,
    unitPrice: { amount: unitPrice, currency },
    total: { amount: unitPrice * quantity, currency },
    discount: { amount: discount, currency },
    availability: line.unitPrice === undefined ? 'out' : availabilityOf(free, tracked, backorder),
    later: laterOf(line),
    problem: problemOf(line),
  };
}

/** @throws ShopError `invalid_input` when the shop does not sell in that currency or one of the lines cannot be had */
export async function createCart(
  platform: Platform,
  tenant: Tenant,
  shopper: Shopper,
  input: {
    currency?: string | undefined;
    lines?: readonly { variantId: string; quantity: number }[] | undefined;
  },
): Promise<Cart> {
  const currency = soldIn(tenant, input.currency);
  const lines = input.lines ?? [];
  if (lines.length === 0) return createEmptyCart(platform, tenant.id, shopper.customerId, currency);
  refuseRepeats(lines);
  const id = platform.newId('cart');
  return changeCart(platform, tenant.id, id, shopper, async (sql, now) => {
    const { rows } = await sql.query<{ variant_id: string }>(CREATE, [
      tenant.id,
      id,
      shopper.customerId ?? null,
      currency,
      now,
      lines.map((line) => line.variantId),
      lines.map((line) => line.quantity),
      shopper.groups ?? [],
    ]);
    const missing = rows.map((row) => row.variant_id);
    if (missing.length > 0) throw notForSale(missing);
  });
}

/** As carts begin: of what may come into it nothing is looked up yet. */
async function createEmptyCart(
  platform: Platform,
  tenant: TenantId,
  customerId: string | undefined,
  currency: string,
): Promise<Cart> {
  const id = platform.newId('cart');
  const now = platform.clock.now();
  const [{ rows }] = await platform.sql.queries<[{ rules: Rules | null }]>(tenant, [
    {
      text: `with made as (
          insert into orders_carts (tenant_id, id, status, customer_id, currency, shipping_method, created_at, updated_at)
          values ($1, $2, 'open', $3, $4, 'standard', $5, $5)
        ) select ${RULES} as rules`,
      values: [tenant, id, customerId ?? null, currency, now],
    },
  ]);
  const cart: StoredCart = {
    id,
    status: 'open',
    orderId: undefined,
    customerId,
    currency,
    email: undefined,
    shippingAddress: undefined,
    shippingMethod: 'standard',
    version: 1,
    codes: [],
    candidates: [],
    orderedBefore: false,
    rules: rows[0]?.rules ?? {},
    giftCards: [],
    lines: [],
  };
  return showCart(cart, now);
}

/** Writes the cart with all of its lines, or nothing; returns the variants that are not for sale. One plan for all lists, as in `TAKING`. */
const CREATE = `
  with wanted as (
    select w.variant_id, w.quantity, ${unitPrice('$4', 'w.quantity', 'd')} as price
    from unnest((select $6::text[]), (select $7::int[])) as w (variant_id, quantity)
    left join orders_variants v on v.tenant_id = $1 and v.variant_id = w.variant_id
    cross join (${listsApplying('$4', '$5', '$8')}) d
  ), missing as (select variant_id from wanted where price is null),
  cart as (
    insert into orders_carts (tenant_id, id, status, customer_id, currency, shipping_method, created_at, updated_at)
    select $1, $2, 'open', $3, $4, 'standard', $5, $5 where not exists (select from missing) returning id
  ), lines as (
    insert into orders_cart_lines (tenant_id, cart_id, variant_id, quantity, unit_price, added_at)
    select $1, cart.id, wanted.variant_id, wanted.quantity, wanted.price, $5 from wanted, cart
  )
  select variant_id from missing`;

function refuseRepeats(lines: readonly { variantId: string }[]): void {
  const seen = new Set<string>();
  for (const [index, { variantId }] of lines.entries()) {
    if (seen.has(variantId)) {
      throw new ShopError('invalid_input', `The variant ${variantId} is in two lines.`, {
        remedy: 'Name each variant once, with the sum of its units.',
        problems: [{ where: `/lines/${index}/variantId`, what: 'repeated' }],
      });
    }
    seen.add(variantId);
  }
}

function notForSale(variantIds: readonly string[]): ShopError {
  return new ShopError('not_found', `The variant ${variantIds.join(', ')} is not for sale here.`, {
    remedy: 'Choose a published product that has a price in the currency of the cart.',
    problems: variantIds.map((variantId) => ({ where: '/variantId', what: `${variantId} is not for sale` })),
  });
}

const PUT_LINE = `
  with cart as (
    select currency from orders_carts where tenant_id = $1 and id = $2 and status = 'open' for update
  ), present as (
    select count(*) filter (where variant_id <> $3) as others, coalesce(max(quantity) filter (where variant_id = $3), 0) as quantity
    from orders_cart_lines where tenant_id = $1 and cart_id = $2
  ), wanted as (
    select $4::int + case when $6::boolean then present.quantity else 0 end as quantity, present.others from present
  ), priced as (
    select ${unitPrice('cart.currency', 'wanted.quantity', 'd')} as price
    from orders_variants v, wanted, cart cross join lateral (${listsApplying('cart.currency', '$5', '$7')}) d
    where v.tenant_id = $1 and v.variant_id = $3
  ), offer as (select price from priced where price is not null),
  put as (
    insert into orders_cart_lines (tenant_id, cart_id, variant_id, quantity, unit_price, added_at)
    select $1, $2, $3, w.quantity, offer.price, $5 from wanted w, offer
    where w.quantity <= ${MAX_QUANTITY} and w.others < ${MAX_LINES}
    on conflict (tenant_id, cart_id, variant_id) do update
    set quantity = case when $6::boolean then orders_cart_lines.quantity + $4::int else excluded.quantity end,
      unit_price = excluded.unit_price
    returning quantity
  ), touched as (
    update orders_carts set version = version + 1, updated_at = $5 where tenant_id = $1 and id = $2 and exists (select from put)
  )
  select (select count(*) from cart) as carts, (select count(*) from offer) as offers, (select quantity from wanted) as quantity,
    (select count(*) from put) as puts`;

/**
 * Adds units to a line or sets them, and accepts the present price of so many.
 * @param groups ids of those that the customer is in
 */
export async function putLine(
  sql: Reader,
  tenant: TenantId,
  cartId: string,
  line: { readonly variantId: string; readonly quantity: number },
  how: 'add' | 'set',
  now: Date,
  groups: readonly string[],
): Promise<void> {
  const { rows } = await sql.query<{ carts: number; offers: number; quantity: number | null; puts: number }>(
    PUT_LINE,
    [tenant, cartId, line.variantId, line.quantity, now, how === 'add', groups],
  );
  const [result] = rows;
  if (result === undefined || result.carts === 0) throw notOpen(cartId);
  if (result.offers === 0) throw notForSale([line.variantId]);
  if (result.puts > 0) return;
  const tooLong = (result.quantity ?? 0) > MAX_QUANTITY;
  throw tooMuch(
    tooLong ? `a line has at most ${MAX_QUANTITY} units` : `a cart has at most ${MAX_LINES} lines`,
  );
}

/** Removes a line; removing one that is not there changes nothing. */
export async function removeLine(
  sql: Reader,
  tenant: TenantId,
  cartId: string,
  variantId: string,
  now: Date,
): Promise<void> {
  const { rows } = await sql.query<{ carts: number }>(
    `with cart as (
       update orders_carts set version = version + 1, updated_at = $4 where tenant_id = $1 and id = $2 and status = 'open' returning id
     ), gone as (
       delete from orders_cart_lines l using cart where l.tenant_id = $1 and l.cart_id = cart.id and l.variant_id = $3
     )
     select count(*) as carts from cart`,
    [tenant, cartId, variantId, now],
  );
  if (rows[0]?.carts !== 1) throw notOpen(cartId);
}

/**
 * Enters a discount code; one that is there already stays once.
 * @throws ShopError `not_found` for a code that nobody gave out, `invalid_input` for too many
 */
export async function addCode(
  sql: Reader,
  tenant: TenantId,
  cartId: string,
  code: string,
  now: Date,
): Promise<void> {
  const { rows } = await sql.query<{ carts: number; known: boolean; full: boolean }>(
    `with cart as (
       select id, codes from orders_carts where tenant_id = $1 and id = $2 and status = 'open' for update
     ), known as (
       select code from orders_promotions where tenant_id = $1 and code = $3 and enabled
     ), entered as (
       update orders_carts c set codes = cart.codes || known.code, version = c.version + 1, updated_at = $4 from cart, known
       where c.tenant_id = $1 and c.id = cart.id and not known.code = any (cart.codes) and cardinality(cart.codes) < ${MOST_CODES}
     )
     select count(*)::int as carts, exists (select from known) as known,
       coalesce(bool_or(cardinality(codes) >= ${MOST_CODES} and not $3 = any (codes)), false) as full from cart`,
    [tenant, cartId, code, now],
  );
  const [result] = rows;
  if (result === undefined || result.carts === 0) throw notOpen(cartId);
  if (!result.known) {
    throw new ShopError('not_found', `There is no discount code ${code}.`, {
      remedy: 'Check how it is written.',
      problems: [{ where: '/code', what: 'unknown' }],
    });
  }
  if (result.full) throw tooMuch(`a cart carries at most ${MOST_CODES} discount codes`);
}

/** Takes a discount code out; one that is not there changes nothing. */
export async function removeCode(
  sql: Reader,
  tenant: TenantId,
  cartId: string,
  code: string,
  now: Date,
): Promise<void> {
  const { rowCount } = await sql.query(
    `update orders_carts set codes = array_remove(codes, $3), version = version + 1, updated_at = $4
     where tenant_id = $1 and id = $2 and status = 'open'`,
    [tenant, cartId, code, now],
  );
  if (rowCount === 0) throw notOpen(cartId);
}

/**
 * Puts a gift card into the cart; one that is there already stays once.
 * @throws ShopError `not_found` for a card that cannot be spent here, `invalid_input` for too many
 */
export async function addGiftCard(
  sql: Reader,
  tenant: TenantId,
  cartId: string,
  code: string,
  now: Date,
): Promise<void> {
  const { rows } = await sql.query<{ carts: number; known: boolean; full: boolean }>(
    `with cart as (
       select id, currency, gift_cards from orders_carts where tenant_id = $1 and id = $2 and status = 'open' for update
     ), known as (
       select g.id from orders_gift_cards g, cart where g.tenant_id = $1 and g.code_hash = $3 and g.enabled and g.currency = cart.currency
         and (g.expires_at is null or g.expires_at > $4)
     ), entered as (
       update orders_carts c set gift_cards = cart.gift_cards || known.id, version = c.version + 1, updated_at = $4 from cart, known
       where c.tenant_id = $1 and c.id = cart.id and not known.id = any (cart.gift_cards)
         and cardinality(cart.gift_cards) < ${MOST_CARDS}
     )
     select count(*)::int as carts, exists (select from known) as known,
       coalesce(bool_or(cardinality(gift_cards) >= ${MOST_CARDS} and not exists (
         select from known where known.id = any (gift_cards))), false) as full from cart`,
    [tenant, cartId, hashOf(code), now],
  );
  const [result] = rows;
  if (result === undefined || result.carts === 0) throw notOpen(cartId);
  if (!result.known) {
    throw new ShopError('not_found', 'There is no gift card with this code that can be spent here.', {
      remedy: 'Check how it is written, and that it is of the currency of the cart.',
      problems: [{ where: '/code', what: 'unknown' }],
    });
  }
  if (result.full) throw tooMuch(`a cart carries at most ${MOST_CARDS} gift cards`);
}

/** Takes a gift card out; one that is not there changes nothing. */
export async function removeGiftCard(
  sql: Reader,
  tenant: TenantId,
  cartId: string,
  cardId: string,
  now: Date,
): Promise<void> {
  const { rowCount } = await sql.query(
    `update orders_carts set gift_cards = array_remove(gift_cards, $3), version = version + 1, updated_at = $4
     where tenant_id = $1 and id = $2 and status = 'open'`,
    [tenant, cartId, cardId, now],
  );
  if (rowCount === 0) throw notOpen(cartId);
}

/**
 * In another currency all lines are at today's prices in it, which are accepted with it.
 * @throws ShopError `gone`, `invalid_input` for a currency that the shop does not sell in
 */
export async function patchCart(
  sql: Reader,
  tenant: Tenant,
  cartId: string,
  patch: {
    currency?: string | undefined;
    email?: string | undefined;
    shippingAddress?: Address | undefined;
    shippingMethod?: string | undefined;
  },
  looking: Looking,
): Promise<void> {
  const currency = patch.currency === undefined ? undefined : soldIn(tenant, patch.currency);
  const patching = sql.query(
    `update orders_carts set email = coalesce($3, email), shipping_address = coalesce($4::jsonb, shipping_address),
       shipping_method = coalesce($5, shipping_method), version = version + 1, updated_at = $6, currency = coalesce($7, currency)
     where tenant_id = $1 and id = $2 and status = 'open'`,
    [
      tenant.id,
      cartId,
      patch.email ?? null,
      patch.shippingAddress === undefined ? null : JSON.stringify(patch.shippingAddress),
      patch.shippingMethod ?? null,
      looking.now,
      currency ?? null,
    ],
  );
  const accepting = currency === undefined ? undefined : acceptPrices(sql, tenant.id, cartId, 'all', looking);
  const [{ rowCount }] = await Promise.all([patching, accepting]);
  if (rowCount === 0) throw notOpen(cartId);
}

function notOpen(cartId: string): ShopError {
  return new ShopError('gone', `The cart ${cartId} does not exist or has become an order.`, {
    remedy: 'Start a new cart.',
  });
}

function tooMuch(what: string): ShopError {
  return new ShopError('invalid_input', `Too much for one cart: ${what}.`, {
    remedy: 'Leave something out, or order in two parts.',
  });
}

function fromRow(row: CartRow): StoredCart {
  return {
    id: row.id,
    status: row.status,
    orderId: row.order_id ?? undefined,
    customerId: row.customer_id ?? undefined,
    currency: row.currency,
    email: row.email ?? undefined,
    shippingAddress: row.shipping_address ?? undefined,
    shippingMethod: row.shipping_method,
    version: row.version,
    codes: row.codes,
    candidates: (row.candidates ?? []).map(candidateOf),
    orderedBefore: row.ordered_before ?? false,
    rules: row.rules ?? {},
    giftCards: row.gift_cards ?? [],
    lines: row.lines.map((line) => ({
      variantId: line.variant,
      productId: line.product ?? '',
      type: line.type ?? '',
      vendor: line.vendor ?? '',
      taxable: line.taxable ?? true,
      grams: line.grams ?? 0,
      handle: line.handle ?? undefined,
      title: line.title ?? line.variant,
      variantTitle: line.variant_title ?? undefined,
      sku: line.sku ?? undefined,
      image: line.image ?? undefined,
      options: line.options ?? {},
      quantity: line.quantity,
      seenPrice: line.seen,
      unitPrice: line.price ?? undefined,
      shipped: line.shipped ?? true,
      bundle: line.bundle ?? false,
      free: line.free ?? 0,
      tracked: line.tracked ?? true,
      backorder: line.backorder ?? 0,
      // JSON writes the offset as the server's time zone says.
      expectedAt: line.expected === null ? undefined : new Date(line.expected).toISOString(),
    })),
  };
}

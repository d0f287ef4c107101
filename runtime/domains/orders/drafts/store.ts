/** Drafts as stored: reading them with what they come to, changing them under their version, and showing them. */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { NewEvent, TenantId, Transaction } from '../../../platform/ports.ts';
import { withContents } from '../bundles/contents.ts';
import { snapshotOf, type Reader, type StoredLine } from '../carts.ts';
import { availabilityOf } from '../inventory.ts';
import { itemAs, itemOf, type ItemRow } from '../items.ts';
import type { Looking } from '../prices/looking.ts';
import { listsApplying, unitPrice } from '../prices/offers.ts';
import { RULES, type Rules } from '../rules.ts';
import type { Address } from '../schemas.ts';
import { isTalkedOf, type Actor } from './machine.ts';
import { priceDraft, type Draftable, type Priced } from './price.ts';
import type {
  Draft,
  DraftDiscount,
  DraftEvent,
  DraftLine,
  DraftPage,
  DraftShipping,
  DraftState,
  Entry,
  Offer,
} from './schemas.ts';

export interface StoredDraft extends Draftable {
  readonly number: string;
  readonly state: DraftState;
  readonly version: number;
  readonly askedBy: 'shopper' | 'merchant';
  readonly customerId: string | undefined;
  /** Whose member asked for it: members of it take it, and nobody else. */
  readonly companyId: string | undefined;
  readonly email: string | undefined;
  readonly note: string | undefined;
  /** As it was offered; absent: it comes to what its lines cost now. */
  readonly terms: Priced | undefined;
  readonly tokenHashes: readonly string[];
  readonly validUntil: Date | undefined;
  readonly holdUntil: Date | undefined;
  readonly orderId: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly entries: readonly Entry[];
  /** What the catalogue says of its variants now, at what they cost for whoever it was read for. */
  readonly items: readonly StoredLine[];
}

interface DraftRow {
  readonly id: string;
  readonly number: string;
  readonly state: DraftState;
  readonly version: number;
  readonly asked_by: 'shopper' | 'merchant';
  readonly customer_id: string | null;
  readonly company_id: string | null;
  readonly email: string | null;
  readonly currency: string;
  readonly shipping_address: Address | null;
  readonly shipping: DraftShipping;
  readonly lines: readonly DraftLine[];
  readonly discount: DraftDiscount | null;
  readonly note: string | null;
  readonly terms: Priced | null;
  readonly token_hashes: readonly string[];
  readonly valid_until: Date | null;
  readonly hold_until: Date | null;
  readonly order_id: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly rules: Rules | null;
  readonly entries: readonly EntryRow[] | null;
  readonly items: readonly ItemRow[] | null;
}

interface EntryRow {
  readonly sequence: number;
  readonly actor: string;
  readonly from: DraftState | null;
  readonly to: DraftState;
  readonly message: string | null;
  readonly at: string;
}

const READ = `
  select d.*, ${RULES} as rules,
    (select jsonb_agg(jsonb_build_object('sequence', e.sequence, 'actor', e.actor, 'from', e.from_state, 'to', e.to_state,
        'message', e.message, 'at', e.at) order by e.sequence)
      from orders_draft_entries e where e.tenant_id = $1 and e.draft_id = $2) as entries,
    (select jsonb_agg(${itemAs(unitPrice('d.currency', 'l.quantity', 'p'))})
      from jsonb_to_recordset(d.lines) as l ("variantId" text, quantity integer)
      join orders_variants v on v.tenant_id = $1 and v.variant_id = l."variantId"
      left join orders_stock s on s.tenant_id = $1 and s.variant_id = v.variant_id) as items
  from orders_drafts d cross join lateral (${listsApplying('d.currency', '$3', '$4')}) p
  where d.tenant_id = $1 and d.id = $2`;

/** @throws ShopError `not_found` */
export async function readDraft(
  sql: Reader,
  tenant: TenantId,
  id: string,
  { now, groups }: Looking,
): Promise<StoredDraft> {
  const { rows } = await sql.query<DraftRow>(READ, [tenant, id, now, groups]);
  if (rows[0] === undefined) throw noSuchDraft(id);
  return withItems(sql, tenant, fromRow(rows[0]));
}

async function withItems(sql: Reader, tenant: TenantId, draft: StoredDraft): Promise<StoredDraft> {
  return { ...draft, items: await withContents(sql, tenant, draft.currency, draft.items) };
}

/** Of whom it is, so that others can be asked who that is before it is read. @throws ShopError `not_found` */
export async function draftCustomer(sql: Reader, tenant: TenantId, id: string): Promise<string | undefined> {
  const { rows } = await sql.query<Pick<DraftRow, 'customer_id'>>(
    'select customer_id from orders_drafts where tenant_id = $1 and id = $2',
    [tenant, id],
  );
  if (rows[0] === undefined) throw noSuchDraft(id);
  return rows[0].customer_id ?? undefined;
}

/** Reads it and keeps others from changing it until the transaction ends. In two statements, as `lockOrder`, and for its reason. */
export async function lockDraft(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  { now, groups }: Looking,
): Promise<StoredDraft | undefined> {
  const [, { rows }] = await Promise.all([
    tx.query('select from orders_drafts where tenant_id = $1 and id = $2 for update', [tenant, id]),
    tx.query<DraftRow>(READ, [tenant, id, now, groups]),
  ]);
  return rows[0] === undefined ? undefined : withItems(tx, tenant, fromRow(rows[0]));
}

/** Works on a draft that nobody else changes meanwhile. @throws ShopError `not_found` */
export function withDraft<T>(
  { sql }: Pick<Platform, 'sql'>,
  tenant: TenantId,
  id: string,
  looking: Looking,
  work: (tx: Transaction, draft: StoredDraft) => Promise<T>,
): Promise<T> {
  return sql.transaction(tenant, async (tx) => {
    const draft = await lockDraft(tx, tenant, id, looking);
    if (draft === undefined) throw noSuchDraft(id);
    return work(tx, draft);
  });
}

export function noSuchDraft(id: string): ShopError {
  return new ShopError('not_found', `There is no offer ${id} that you may see.`, {
    remedy: 'Check the link; a guest needs the token in it.',
  });
}

/**
 * Newest first: ids grow with time.
 * @param customerId whose they are, as far as they were told of them
 */
export async function listDrafts(
  sql: Reader,
  tenant: TenantId,
  { state, cursor, limit }: { readonly state?: DraftState; readonly cursor?: string; readonly limit: number },
  customerId?: string,
): Promise<DraftPage> {
  const { rows } = await sql.query<DraftRow>(
    `select d.*, null as rules, null as entries, null as items from orders_drafts d
     where d.tenant_id = $1 and ($2::text is null or d.state = $2) and ($3::text is null or d.id < $3)
       and ($4::text is null or d.customer_id = $4 and d.token_hashes <> '{}')
     order by d.id desc limit $5`,
    [tenant, state ?? null, cursor ?? null, customerId ?? null, limit + 1],
  );
  const page = rows.slice(0, limit).map(fromRow);
  return {
    drafts: page.map((draft) => ({
      id: draft.id,
      number: draft.number,
      state: draft.state,
      askedBy: draft.askedBy,
      email: draft.email,
      currency: draft.currency,
      itemCount: draft.lines.reduce((sum, { quantity }) => sum + quantity, 0),
      total: draft.terms?.price.totals.total,
      validUntil: draft.validUntil?.toISOString(),
      orderId: draft.orderId,
      updatedAt: draft.updatedAt.toISOString(),
    })),
    nextCursor: rows.length > limit ? page.at(-1)?.id : undefined,
  };
}

/** What may be written of a draft; `undefined` empties what may be empty. */
export type Content = Pick<
  StoredDraft,
  | 'customerId'
  | 'email'
  | 'shippingAddress'
  | 'shipping'
  | 'lines'
  | 'discount'
  | 'note'
  | 'terms'
  | 'tokenHashes'
  | 'validUntil'
  | 'holdUntil'
  | 'orderId'
  | 'state'
>;

interface By {
  readonly actor: Actor;
  readonly message?: string | undefined;
  readonly now: Date;
}

/** In the transaction that makes it, with the first entry of its history. */
export async function insertDraft(
  tx: Transaction,
  tenant: TenantId,
  draft: StoredDraft,
  by: By,
): Promise<StoredDraft> {
  await tx.query(
    `insert into orders_drafts (tenant_id, id, number, version, asked_by, currency, created_at, updated_at, company_id, ${COLUMNS.join(', ')})
     values ($1, $2, $3, 1, $4, $5, $6, $6, $7, ${COLUMNS.map((_, index) => `$${index + 8}`).join(', ')})`,
    [
      tenant,
      draft.id,
      draft.number,
      draft.askedBy,
      draft.currency,
      by.now,
      draft.companyId ?? null,
      ...valuesOf(draft),
    ],
  );
  return note(tx, tenant, draft, undefined, by);
}

/**
 * For whoever has its lock: writes what is now so, and an entry that says who did it.
 * @returns the draft as it is now
 */
export async function changeDraft(
  tx: Transaction,
  tenant: TenantId,
  before: StoredDraft,
  change: Partial<Content>,
  by: By,
): Promise<StoredDraft> {
  const after = { ...before, ...change, version: before.version + 1, updatedAt: by.now };
  await tx.query(
    `update orders_drafts set version = $3, updated_at = $4, ${COLUMNS.map((column, index) => `${column} = $${index + 5}`).join(', ')}
     where tenant_id = $1 and id = $2`,
    [tenant, before.id, after.version, by.now, ...valuesOf(after)],
  );
  return note(tx, tenant, after, before.state, by);
}

const COLUMNS = [
  'state',
  'customer_id',
  'email',
  'shipping_address',
  'shipping',
  'lines',
  'discount',
  'note',
  'terms',
  'token_hashes',
  'valid_until',
  'hold_until',
  'order_id',
] as const;

function valuesOf(draft: Content): (string | readonly string[] | Date | null)[] {
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  return [
    draft.state,
    draft.customerId ?? null,
    draft.email ?? null,
    json(draft.shippingAddress),
    JSON.stringify(draft.shipping),
    JSON.stringify(draft.lines),
    json(draft.discount),
    draft.note ?? null,
    json(draft.terms),
    draft.tokenHashes,
    draft.validUntil ?? null,
    draft.holdUntil ?? null,
    draft.orderId ?? null,
  ];
}

/** An entry of its history, which others hear of. */
export async function note(
  tx: Transaction,
  tenant: TenantId,
  draft: StoredDraft,
  from: DraftState | undefined,
  { actor, message, now }: By,
): Promise<StoredDraft> {
  await tx.query(
    `insert into orders_draft_entries (tenant_id, draft_id, sequence, actor, from_state, to_state, message, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tenant, draft.id, draft.version, actor, from ?? null, draft.state, message ?? null, now],
  );
  const told: Entry = {
    sequence: draft.version,
    actor,
    from,
    to: draft.state,
    message,
    at: now.toISOString(),
  };
  await tx.emit(eventOf(draft, told));
  return { ...draft, entries: [...draft.entries, told] };
}

/** `orders.draft.<state>` where that is another than before, otherwise `said` or `changed`. */
function eventOf(draft: StoredDraft, { actor, from, to, message, at }: Entry): NewEvent {
  const total = draft.terms?.price.totals;
  const payload: DraftEvent = {
    draftId: draft.id,
    number: draft.number,
    state: to,
    askedBy: draft.askedBy,
    actor,
    email: draft.email,
    customerId: draft.customerId,
    total: total === undefined ? undefined : { amount: total.total, currency: total.currency },
    orderId: draft.orderId,
    message,
    at,
  };
  const type = from !== to ? to : message === undefined ? 'changed' : 'said';
  return { topic: 'orders.draft', type: `orders.draft.${type}`, key: draft.id, payload };
}

/** What it comes to: as it was offered, or at the prices of this moment. */
export function pricedOf(draft: StoredDraft, now: Date): Priced {
  return draft.terms ?? priceDraft(draft, draft.items, now);
}

/** What keeps it from being offered, or ordered. */
export function lacksOf(draft: StoredDraft, { lines, price }: Priced): Draft['lacks'] {
  const lacks: Draft['lacks'] = [];
  if (draft.email === undefined) lacks.push('email');
  if (draft.shippingAddress === undefined) lacks.push('address');
  if (lines.length === 0) lacks.push('lines');
  if (price.method === undefined || (draft.shipping.method ?? price.method.id) !== price.method.id)
    lacks.push('shipping');
  if (lines.length < draft.lines.length || lines.some(({ unitPrice }) => unitPrice === undefined))
    lacks.push('prices');
  return lacks;
}

/** As its customer sees it: what the merchant has in mind is theirs alone until it is offered. */
export function showOffer(draft: StoredDraft, now: Date): Offer {
  const lines = draft.lines.map(({ variantId, quantity }) => ({ variantId, quantity }));
  const asked = { ...draft, lines, discount: undefined };
  return shownWith(draft, draft.terms ?? priceDraft(asked, draft.items, now));
}

function shownWith(draft: StoredDraft, { lines, price }: Priced): Offer {
  const money = (amount: number) => ({ amount, currency: draft.currency });
  return {
    id: draft.id,
    number: draft.number,
    state: draft.state,
    email: draft.email,
    shippingAddress: draft.shippingAddress,
    shippingMethod: price.method?.id ?? draft.shipping.method ?? 'agreed',
    shippingTitle: price.method?.title,
    lines: lines.map((line, index) => ({
      ...snapshotOf(line),
      quantity: line.quantity,
      unitPrice: money(line.unitPrice ?? 0),
      total: money((line.unitPrice ?? 0) * line.quantity),
      discount: money(price.lineDiscounts[index] ?? 0),
      tax: money(price.lineTaxes[index]?.amount ?? 0),
    })),
    discounts: [...price.discounts],
    totals: price.totals,
    validUntil: draft.validUntil?.toISOString(),
    orderId: draft.orderId,
    entries: [...draft.entries],
    createdAt: draft.createdAt.toISOString(),
    updatedAt: draft.updatedAt.toISOString(),
  };
}

export function showDraft(draft: StoredDraft, now: Date): Draft {
  const priced = pricedOf(draft, now);
  const shown = shownWith(draft, priced);
  return {
    ...shown,
    version: draft.version,
    askedBy: draft.askedBy,
    customerId: draft.customerId,
    note: draft.note,
    lines: shown.lines.map((line) => {
      const item = draft.items.find(({ variantId }) => variantId === line.variantId);
      const price = item?.unitPrice;
      return {
        ...line,
        listPrice: price === undefined ? undefined : { amount: price, currency: draft.currency },
        reason: draft.lines.find(({ variantId }) => variantId === line.variantId)?.reason,
        availability: availabilityOf(item?.free ?? 0, item?.tracked ?? true, item?.backorder ?? 0),
      };
    }),
    shipping: draft.shipping,
    discount: draft.discount,
    holdUntil: draft.holdUntil?.toISOString(),
    lacks: isTalkedOf(draft.state) ? lacksOf(draft, priced) : [],
  };
}

function fromRow(row: DraftRow): StoredDraft {
  return {
    id: row.id,
    number: row.number,
    state: row.state,
    version: row.version,
    askedBy: row.asked_by,
    customerId: row.customer_id ?? undefined,
    companyId: row.company_id ?? undefined,
    email: row.email ?? undefined,
    currency: row.currency,
    shippingAddress: row.shipping_address ?? undefined,
    shipping: row.shipping,
    lines: row.lines,
    discount: row.discount ?? undefined,
    note: row.note ?? undefined,
    terms: row.terms ?? undefined,
    tokenHashes: row.token_hashes,
    validUntil: row.valid_until ?? undefined,
    holdUntil: row.hold_until ?? undefined,
    orderId: row.order_id ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    rules: row.rules ?? {},
    entries: (row.entries ?? []).map((each) => ({
      sequence: each.sequence,
      actor: each.actor,
      from: each.from ?? undefined,
      to: each.to,
      message: each.message ?? undefined,
      // JSON writes the offset as the server's time zone says.
      at: new Date(each.at).toISOString(),
    })),
    items: (row.items ?? []).map((item) =>
      itemOf(item, row.lines.find(({ variantId }) => variantId === item.variant)?.quantity ?? 0),
    ),
  };
}

/**
 * Promotions as merchants keep them, and the counting of their uses: in the statement that makes the order, and back when it comes to
 * nothing. A use is counted on the promotion's row as locked, so that a limit holds however many check out at once.
 */
import { createHash } from 'node:crypto';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, SqlValue, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Candidate } from './engine.ts';
import {
  MOST_AUTOMATIC,
  type Discount,
  type Promotion,
  type PromotionInput,
  type PromotionPage,
  type Rule,
} from './schemas.ts';

interface PromotionRow {
  readonly id: string;
  readonly version: number;
  readonly code: string | null;
  readonly enabled: boolean;
  readonly starts_at: Date | null;
  readonly ends_at: Date | null;
  readonly usage_limit: number | null;
  readonly per_customer_limit: number | null;
  readonly rule: Rule;
  readonly uses: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const SELECT = `
  select p.*, case when p.code is not null then p.used else
    (select count(*)::int from orders_redemptions r where r.tenant_id = $1 and r.promotion_id = p.id and r.state = 'taken') end as uses
  from orders_promotions p where p.tenant_id = $1`;

/** Newest first. */
export async function listPromotions(
  sql: SqlRunner,
  tenant: TenantId,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<PromotionPage> {
  const { rows } = await sql.query<PromotionRow>(
    `${SELECT} and ($2::text is null or p.id < $2) order by p.id desc limit $3`,
    [tenant, cursor ?? null, limit + 1],
  );
  const page = rows.slice(0, limit);
  return {
    promotions: page.map(shown),
    nextCursor: rows.length > limit ? page.at(-1)?.id : undefined,
  };
}

/** @throws ShopError `not_found` */
export async function getPromotion(sql: SqlRunner, tenant: TenantId, id: string): Promise<Promotion> {
  const { rows } = await sql.query<PromotionRow>(`${SELECT} and p.id = $2`, [tenant, id]);
  const [row] = rows;
  if (row === undefined) throw missing(id);
  return shown(row);
}

/** @throws ShopError `conflict` when the code is taken or too many apply by themselves */
export async function createPromotion(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  input: PromotionInput,
  now: Date,
): Promise<Promotion> {
  await refuseTooMany(tx, tenant, id, input);
  const { rowCount } = await tx.query(
    `insert into orders_promotions (tenant_id, id, version, code, enabled, starts_at, ends_at, usage_limit, per_customer_limit, rule,
       created_at, updated_at)
     values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9::jsonb, $10, $10) on conflict (tenant_id, code) where code is not null do nothing`,
    [tenant, id, ...columnsOf(input), now],
  );
  if (rowCount === 0) throw codeTaken(input.code);
  return getPromotion(tx, tenant, id);
}

/** @throws ShopError `conflict` when it is of another version or the code is taken, `not_found` */
export async function updatePromotion(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  { version, ...input }: PromotionInput & { readonly version: number },
  now: Date,
): Promise<Promotion> {
  await refuseTooMany(tx, tenant, id, input);
  const { rows } = await tx.query<{ taken: boolean; present: number | null; moved: number }>(
    `with other as (select id from orders_promotions where tenant_id = $1 and code = $3 and id <> $2),
     moved as (
       update orders_promotions set version = version + 1, code = $3, enabled = $4, starts_at = $5, ends_at = $6, usage_limit = $7,
         per_customer_limit = $8, rule = $9::jsonb, updated_at = $10
       where tenant_id = $1 and id = $2 and version = $11 and (code is null) = ($3::text is null) and not exists (select from other)
       returning id
     )
     select exists (select from other) as taken, (select count(*) from moved)::int as moved,
       (select version from orders_promotions where tenant_id = $1 and id = $2) as present`,
    [tenant, id, ...columnsOf(input), now, version],
  );
  const [row] = rows;
  if (row?.moved === 1) return getPromotion(tx, tenant, id);
  if (row?.taken === true) throw codeTaken(input.code);
  if (row === undefined || row.present === null) throw missing(id);
  if (row.present !== version) {
    throw new ShopError('conflict', `The promotion has changed meanwhile: its version is ${row.present}.`, {
      remedy: 'Read it again and repeat the change.',
    });
  }
  // Uses of the one kind are counted, those of the other are not.
  throw new ShopError('conflict', 'A promotion with a code stays one, and one without stays without.', {
    remedy: 'Switch this one off and make another.',
  });
}

/** @throws ShopError `not_found` */
export async function deletePromotion(sql: SqlRunner, tenant: TenantId, id: string): Promise<void> {
  const { rowCount } = await sql.query('delete from orders_promotions where tenant_id = $1 and id = $2', [
    tenant,
    id,
  ]);
  if (rowCount === 0) throw missing(id);
}

/** Of two who switch on the last one that may be, one waits for the other's rows. */
async function refuseTooMany(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  input: PromotionInput,
): Promise<void> {
  if (input.code !== undefined || !input.enabled) return;
  const { rows } = await tx.query(
    `select id from orders_promotions where tenant_id = $1 and id <> $2 and code is null and enabled order by id for update`,
    [tenant, id],
  );
  if (rows.length >= MOST_AUTOMATIC) {
    throw new ShopError('conflict', `Only ${MOST_AUTOMATIC} promotions may apply by themselves at a time.`, {
      remedy: 'Switch one off first, or give this one a code.',
    });
  }
}

function columnsOf(input: PromotionInput): readonly SqlValue[] {
  const { title, benefit, conditions, combinesWith, priority } = input;
  return [
    input.code ?? null,
    input.enabled,
    input.startsAt ?? null,
    input.endsAt ?? null,
    input.usageLimit ?? null,
    input.perCustomerLimit ?? null,
    JSON.stringify({ title, benefit, conditions, combinesWith, priority }),
  ];
}

function shown(row: PromotionRow): Promotion {
  return {
    id: row.id,
    version: row.version,
    code: row.code ?? undefined,
    enabled: row.enabled,
    startsAt: row.starts_at?.toISOString(),
    endsAt: row.ends_at?.toISOString(),
    usageLimit: row.usage_limit ?? undefined,
    perCustomerLimit: row.per_customer_limit ?? undefined,
    ...row.rule,
    used: row.uses,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function missing(id: string): ShopError {
  return new ShopError('not_found', `There is no promotion ${id} in this shop.`);
}

function codeTaken(code: string | undefined): ShopError {
  return new ShopError('conflict', `There is a promotion with the code ${code} already.`, {
    remedy: 'Choose another code.',
    problems: [{ where: '/code', what: 'taken' }],
  });
}

// ── for carts ────────────────────────────────────────────────────────────────────────────────────

/** Whose use it is: the customer, or a digest of the e-mail address of a guest. The same as in CANDIDATES. */
export function buyerOf(customerId: string | undefined, email: string): string {
  return customerId ?? createHash('sha256').update(email.toLowerCase()).digest('hex');
}

/**
 * What may come into question for cart `c` of shopper `w (customer, email)`, as JSON, for the statement that reads the cart;
 * $1 tenant, $3 now.
 */
export const CANDIDATES = `
  select jsonb_agg(jsonb_build_object('id', p.id, 'version', p.version, 'code', p.code, 'starts', p.starts_at, 'ends', p.ends_at,
      'limit', p.usage_limit, 'used', p.used, 'most', p.per_customer_limit, 'rule', p.rule, 'mine', (
        select b.used from orders_promotion_buyers b where b.tenant_id = $1 and b.promotion_id = p.id
          and b.buyer = coalesce(w.customer, encode(sha256(convert_to(w.email, 'UTF8')), 'hex'))))) as list,
    bool_or(p.rule #>> '{conditions,customers}' = 'first_order') as first_orders
  from orders_promotions p where p.tenant_id = $1 and p.enabled and (
    p.code = any (c.codes)
    or p.code is null and (p.starts_at is null or p.starts_at <= $3) and (p.ends_at is null or p.ends_at > $3))`;

export interface CandidateRow {
  readonly id: string;
  readonly version: number;
  readonly code: string | null;
  readonly starts: string | null;
  readonly ends: string | null;
  readonly limit: number | null;
  readonly used: number;
  readonly most: number | null;
  readonly mine: number | null;
  readonly rule: Rule;
}

/** A candidate, with what its redemption needs. */
export interface StoredCandidate extends Candidate {
  readonly version: number;
  /** Orders of one buyer it may be used for. */
  readonly most: number | undefined;
}

export function candidateOf(row: CandidateRow): StoredCandidate {
  // The first order is one.
  const most = row.rule.conditions.customers === 'first_order' ? 1 : (row.most ?? undefined);
  return {
    ...row.rule,
    id: row.id,
    version: row.version,
    code: row.code ?? undefined,
    startsAt: row.starts === null ? undefined : new Date(row.starts),
    endsAt: row.ends === null ? undefined : new Date(row.ends),
    usesLeft: row.limit === null ? undefined : row.limit - row.used,
    usesLeftForBuyer: most === undefined ? undefined : most - (row.mine ?? 0),
    most,
  };
}

// ── redemption ───────────────────────────────────────────────────────────────────────────────────

/**
 * Counts the uses along with the order, as common table expressions of the statement that makes it. `redeemed` holds what is wanted;
 * `redeemed_ok` what was to be had. Whoever runs it has to leave the transaction when that is less.
 * @param p first parameter's number: JSON of `redemptionsOf`, then the buyer; $1 tenant, $2 order, $6 now
 * @param when condition without which nothing is counted
 */
export function redeeming(p: number, when: string): string {
  return `
  redeemed as (select * from jsonb_to_recordset($${p}::jsonb) as r (id text, version integer, counted boolean, most integer, amount bigint)),
  promotions_locked as (
    select q.id, q.used, q.usage_limit, q.version from orders_promotions q
    where q.tenant_id = $1 and q.id in (select r.id from redeemed r where r.counted) and ${when} order by q.id for update
  ),
  uses as (
    update orders_promotions q set used = l.used + 1 from promotions_locked l join redeemed r on r.id = l.id
    where q.tenant_id = $1 and q.id = l.id and l.version = r.version and (l.usage_limit is null or l.used < l.usage_limit)
    returning q.id
  ),
  uses_of_buyer as (
    insert into orders_promotion_buyers as b (tenant_id, promotion_id, buyer, used)
    select $1, r.id, $${p + 1}, 1 from redeemed r where r.most is not null and ${when} order by r.id
    on conflict (tenant_id, promotion_id, buyer) do update set used = b.used + 1
    returning promotion_id as id, used
  ),
  redeemed_ok as (
    select r.* from redeemed r
    where (not r.counted or r.id in (select id from uses))
      and (r.most is null or exists (select from uses_of_buyer b where b.id = r.id and b.used <= r.most))
  ),
  redemptions as (
    insert into orders_redemptions (tenant_id, order_id, promotion_id, buyer, amount, state, counted, most, at)
    select $1, $2, r.id, $${p + 1}, r.amount, 'taken', r.counted, r.most, $6 from redeemed_ok r where ${when}
  )`;
}
/** What was not to be had, as a column. */
export const NOT_REDEEMED =
  'array(select r.id from redeemed r where r.id not in (select id from redeemed_ok)) as not_redeemed';

/** The parameters of `redeeming`. */
export function redemptionsOf(
  discounts: readonly Discount[],
  candidates: readonly StoredCandidate[],
  buyer: string,
): readonly [string, string] {
  const known = new Map(candidates.map((each) => [each.id, each]));
  const wanted = discounts.map(({ promotionId, code, amount }) => {
    const candidate = known.get(promotionId);
    return {
      id: promotionId,
      version: candidate?.version,
      counted: code !== undefined,
      most: candidate?.most ?? null,
      amount,
    };
  });
  return [JSON.stringify(wanted), buyer];
}

/** Gives back what an order used that has come to nothing; a second call finds nothing to give back. */
export async function releaseRedemptions(sql: SqlRunner, tenant: TenantId, orderId: string): Promise<void> {
  await sql.query(
    `with given as (
       update orders_redemptions set state = 'released' where tenant_id = $1 and order_id = $2 and state = 'taken'
       returning promotion_id, buyer, counted, most
     ), locked as (
       select q.id, q.used from orders_promotions q
       where q.tenant_id = $1 and q.id in (select promotion_id from given where counted) order by q.id for update
     ), uses as (
       update orders_promotions q set used = l.used - 1 from locked l where q.tenant_id = $1 and q.id = l.id
     )
     update orders_promotion_buyers b set used = b.used - 1 from given g
     where b.tenant_id = $1 and b.promotion_id = g.promotion_id and b.buyer = g.buyer and g.most is not null`,
    [tenant, orderId],
  );
}

/**
 * Uses again what was given back, for an order that is paid after all.
 * @returns false when one of the promotions has no use left; the caller leaves the transaction then
 */
export async function retakeRedemptions(sql: SqlRunner, tenant: TenantId, orderId: string): Promise<boolean> {
  const { rows } = await sql.query<{ lacking: number }>(
    `with given as (
       update orders_redemptions set state = 'taken' where tenant_id = $1 and order_id = $2 and state = 'released'
       returning promotion_id, buyer, counted, most
     ), locked as (
       select q.id, q.used, q.usage_limit from orders_promotions q
       where q.tenant_id = $1 and q.id in (select promotion_id from given where counted) order by q.id for update
     ), uses as (
       update orders_promotions q set used = l.used + 1 from locked l
       where q.tenant_id = $1 and q.id = l.id and (l.usage_limit is null or l.used < l.usage_limit) returning q.id
     ), uses_of_buyer as (
       insert into orders_promotion_buyers as b (tenant_id, promotion_id, buyer, used)
       select $1, g.promotion_id, g.buyer, 1 from given g where g.most is not null order by g.promotion_id
       on conflict (tenant_id, promotion_id, buyer) do update set used = b.used + 1
       returning promotion_id as id, used
     )
     select count(*)::int as lacking from given g
     where g.counted and not exists (select from uses u where u.id = g.promotion_id)
       or g.most is not null and not exists (select from uses_of_buyer b where b.id = g.promotion_id and b.used <= g.most)`,
    [tenant, orderId],
  );
  return rows[0]?.lacking === 0;
}

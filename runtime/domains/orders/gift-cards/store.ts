/**
 * Gift cards and their ledgers. A balance changes only together with an entry that says why, on the card's row as locked: it is never
 * below nothing, however many spend it at once.
 */
import { createHash, randomInt } from 'node:crypto';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import type {
  GiftCard,
  GiftCardPage,
  GiftCardWithEntries,
  IssueGiftCard,
  IssuedGiftCard,
} from './schemas.ts';
import { drawOn, type Purse } from './spread.ts';

interface CardRow {
  readonly id: string;
  readonly ending: string;
  readonly currency: string;
  readonly initial: number;
  readonly balance: number;
  readonly enabled: boolean;
  readonly expires_at: Date | null;
  readonly note: string | null;
  readonly created_at: Date;
}

const COLUMNS = 'id, ending, currency, initial, balance, enabled, expires_at, note, created_at';

/** Letters and digits that are not mistaken for each other; 16 of them are about 78 random bits. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

export async function issueCard(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  { amount, currency, expiresAt, note }: IssueGiftCard,
  now: Date,
): Promise<IssuedGiftCard> {
  const code = newCode();
  const { rows } = await tx.query<CardRow>(
    `with card as (
       insert into orders_gift_cards (tenant_id, id, code_hash, ending, currency, initial, balance, version, expires_at, note,
         created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $6, 1, $7, $8, $9, $9) returning ${COLUMNS}
     ), entry as (
       insert into orders_gift_card_entries (tenant_id, card_id, sequence, kind, amount, balance, at)
       select $1, id, 1, 'issued', initial, balance, $9 from card
     )
     select * from card`,
    [tenant, id, hashOf(code), code.slice(-4), currency, amount, expiresAt ?? null, note ?? null, now],
  );
  const [row] = rows;
  if (row === undefined) throw new ShopError('internal', 'The gift card was not written.');
  return { ...shown(row), code: grouped(code) };
}

/**
 * The card of that id, made when there is none yet, with a new code: the one before is void. For whoever issues cards elsewhere, and may
 * have died before the code was told.
 * @throws ShopError `conflict` once something was spent of it
 */
export async function issueCardFor(
  tx: Transaction,
  tenant: TenantId,
  { id, ...input }: IssueGiftCard & { readonly id: string },
  now: Date,
): Promise<IssuedGiftCard> {
  const { rows } = await tx.query<CardRow & { version: number }>(
    `select ${COLUMNS}, version from orders_gift_cards where tenant_id = $1 and id = $2 for update`,
    [tenant, id],
  );
  const [row] = rows;
  if (row === undefined) return issueCard(tx, tenant, id, input, now);
  if (row.version > 1)
    throw new ShopError('conflict', 'The gift card has been used: its code stays as it is.', {
      remedy: 'Use the code that was told last.',
    });
  const code = newCode();
  await tx.query(
    'update orders_gift_cards set code_hash = $3, ending = $4, updated_at = $5 where tenant_id = $1 and id = $2',
    [tenant, id, hashOf(code), code.slice(-4), now],
  );
  return { ...shown({ ...row, ending: code.slice(-4) }), code: grouped(code) };
}

function newCode(): string {
  return Array.from({ length: 16 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

function grouped(code: string): string {
  return code.replaceAll(/(.{4})(?=.)/g, '$1-');
}

/** Newest first. */
export async function listCards(
  sql: SqlRunner,
  tenant: TenantId,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<GiftCardPage> {
  const { rows } = await sql.query<CardRow>(
    `select ${COLUMNS} from orders_gift_cards where tenant_id = $1 and ($2::text is null or id < $2) order by id desc limit $3`,
    [tenant, cursor ?? null, limit + 1],
  );
  const page = rows.slice(0, limit);
  return { giftCards: page.map(shown), nextCursor: rows.length > limit ? page.at(-1)?.id : undefined };
}

/** @throws ShopError `not_found` */
export async function getCard(sql: SqlRunner, tenant: TenantId, id: string): Promise<GiftCardWithEntries> {
  const { rows } = await sql.query<CardRow>(
    `select ${COLUMNS} from orders_gift_cards where tenant_id = $1 and id = $2`,
    [tenant, id],
  );
  const [row] = rows;
  if (row === undefined) throw missing(id);
  const { rows: entries } = await sql.query<{
    sequence: number;
    kind: 'issued' | 'spent' | 'returned';
    amount: number;
    balance: number;
    order_id: string | null;
    at: Date;
  }>(
    `select sequence, kind, amount, balance, order_id, at from orders_gift_card_entries
     where tenant_id = $1 and card_id = $2 order by sequence desc limit 500`,
    [tenant, id],
  );
  return {
    ...shown(row),
    entries: entries.map(({ order_id, at, ...entry }) => ({
      ...entry,
      orderId: order_id ?? undefined,
      at: at.toISOString(),
    })),
  };
}

/** One that is switched off cannot be spent; refunds go back to it all the same. @throws ShopError `not_found` */
export async function switchCard(
  sql: SqlRunner,
  tenant: TenantId,
  id: string,
  enabled: boolean,
  now: Date,
): Promise<void> {
  const { rowCount } = await sql.query(
    'update orders_gift_cards set enabled = $3, updated_at = $4 where tenant_id = $1 and id = $2',
    [tenant, id, enabled, now],
  );
  if (rowCount === 0) throw missing(id);
}

export function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

function shown(row: CardRow): GiftCard {
  return {
    id: row.id,
    ending: row.ending,
    currency: row.currency,
    initial: row.initial,
    balance: row.balance,
    enabled: row.enabled,
    expiresAt: row.expires_at?.toISOString(),
    note: row.note ?? undefined,
    createdAt: row.created_at.toISOString(),
  };
}

function missing(id: string): ShopError {
  return new ShopError('not_found', `There is no gift card ${id} in this shop.`);
}

// ── carts and orders ─────────────────────────────────────────────────────────────────────────────

/** The cards that cart `c` carries and that may be spent, as JSON, for the statement that reads it; $1 tenant, $3 now. */
export const CARDS = `(
  select jsonb_agg(jsonb_build_object('id', g.id, 'ending', g.ending, 'amount', g.balance) order by array_position(c.gift_cards, g.id))
  from orders_gift_cards g where g.tenant_id = $1 and g.id = any (c.gift_cards) and g.currency = c.currency and g.enabled
    and (g.expires_at is null or g.expires_at > $3))`;

/**
 * Spends along with the order, as common table expressions of the statement that makes it. `gifts` holds what is wanted; whoever runs
 * it has to leave the transaction when `NOT_SPENT` is not empty.
 * @param p the parameter's number: JSON of purses; $1 tenant, $2 order, $6 now
 * @param when condition without which nothing is spent
 */
export function spending(p: number, when: string): string {
  return `
  gifts as (select * from jsonb_to_recordset($${p}::jsonb) as g (id text, amount bigint)),
  cards_locked as (
    select q.id, q.balance, q.version, q.enabled, q.expires_at from orders_gift_cards q
    where q.tenant_id = $1 and q.id in (select g.id from gifts g) and ${when} order by q.id for update
  ),
  spent as (
    update orders_gift_cards q set balance = l.balance - g.amount, version = l.version + 1, updated_at = $6
    from cards_locked l join gifts g on g.id = l.id
    where q.tenant_id = $1 and q.id = l.id and l.balance >= g.amount and l.enabled and (l.expires_at is null or l.expires_at > $6)
    returning q.id, g.amount, q.balance, q.version
  ),
  spent_entries as (
    insert into orders_gift_card_entries (tenant_id, card_id, sequence, kind, amount, balance, order_id, at)
    select $1, s.id, s.version, 'spent', -s.amount, s.balance, $2, $6 from spent s
  ),
  gift_uses as (
    insert into orders_gift_uses (tenant_id, order_id, card_id, amount) select $1, $2, s.id, s.amount from spent s
  )`;
}
/** What was not to be had, as a column. */
export const NOT_SPENT =
  'array(select g.id from gifts g where g.id not in (select id from spent)) as not_spent';

/**
 * Gives back to the cards what an order took of them, the last one first.
 * @param amount at most what has not gone back; absent: all of that
 * @returns how much went back
 */
export async function returnToCards(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  amount: number | undefined,
  now: Date,
): Promise<number> {
  const { rows } = await tx.query<Purse>(
    `select card_id as id, amount - returned as amount from orders_gift_uses
     where tenant_id = $1 and order_id = $2 and returned < amount order by card_id desc for update`,
    [tenant, orderId],
  );
  const back = drawOn(rows, amount ?? Number.MAX_SAFE_INTEGER);
  if (back.length === 0) return 0;
  await tx.query(
    `with back as (select * from jsonb_to_recordset($3::jsonb) as b (id text, amount bigint)),
     locked as (
       select q.id, q.balance, q.version from orders_gift_cards q
       where q.tenant_id = $1 and q.id in (select id from back) order by q.id for update
     ), filled as (
       update orders_gift_cards q set balance = l.balance + b.amount, version = l.version + 1, updated_at = $4
       from locked l join back b on b.id = l.id where q.tenant_id = $1 and q.id = l.id
       returning q.id, b.amount, q.balance, q.version
     ), entries as (
       insert into orders_gift_card_entries (tenant_id, card_id, sequence, kind, amount, balance, order_id, at)
       select $1, f.id, f.version, 'returned', f.amount, f.balance, $2, $4 from filled f
     )
     update orders_gift_uses u set returned = u.returned + b.amount from back b
     where u.tenant_id = $1 and u.order_id = $2 and u.card_id = b.id`,
    [tenant, orderId, JSON.stringify(back), now],
  );
  return back.reduce((sum, purse) => sum + purse.amount, 0);
}

/**
 * Spends again what went back, for an order that is paid after all.
 * @returns false when a card has not enough any more; the caller leaves the transaction then
 */
export async function spendAgain(
  tx: Transaction,
  tenant: TenantId,
  orderId: string,
  now: Date,
): Promise<boolean> {
  const { rows } = await tx.query<{ lacking: number }>(
    `with wanted as (
       update orders_gift_uses set returned = 0 where tenant_id = $1 and order_id = $2 and returned = amount
       returning card_id as id, amount
     ), locked as (
       select q.id, q.balance, q.version from orders_gift_cards q
       where q.tenant_id = $1 and q.id in (select id from wanted) order by q.id for update
     ), spent as (
       update orders_gift_cards q set balance = l.balance - w.amount, version = l.version + 1, updated_at = $3
       from locked l join wanted w on w.id = l.id where q.tenant_id = $1 and q.id = l.id and l.balance >= w.amount
       returning q.id, w.amount, q.balance, q.version
     ), entries as (
       insert into orders_gift_card_entries (tenant_id, card_id, sequence, kind, amount, balance, order_id, at)
       select $1, s.id, s.version, 'spent', -s.amount, s.balance, $2, $3 from spent s
     )
     select count(*)::int as lacking from wanted w where w.id not in (select id from spent)`,
    [tenant, orderId, now],
  );
  return rows[0]?.lacking === 0;
}

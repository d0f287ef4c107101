/**
 * Stock: units on hand, held for a while, and sold. Each function is one statement that locks its rows in the order of their
 * ids, so that two orders never wait for each other, and that refuses to pass Σ held + sold ≤ on hand + limit of backorders.
 */
import { ShopError } from '../../platform/errors.ts';
import type {
  NewEvent,
  NewTask,
  SqlRunner,
  SqlStatement,
  SqlValue,
  Transaction,
} from '../../platform/ports.ts';
import { allocateUnits, fulfilPromises } from './locations/store.ts';
import type { StockState } from './machine.ts';
import type { Availability, StockLevel } from './schemas.ts';

export interface Want {
  readonly variantId: string;
  readonly quantity: number;
}

/** A variant of which others are told that something has changed. */
export interface StockChange {
  readonly variantId: string;
  /** As shoppers see it, where that is another now. */
  readonly availability: Availability | undefined;
  /** Bundles are made of it: these may be to be had otherwise now. */
  readonly bundled: boolean;
}

/** Fewer free units than this are called low. */
const LOW_BELOW = 6;

/** @param backorder units that may be promised beyond the shelf */
export function availabilityOf(free: number, tracked: boolean, backorder: number): Availability {
  if (!tracked) return 'in_stock';
  if (free <= 0) return free + backorder > 0 ? 'backorder' : 'out';
  return free < LOW_BELOW ? 'low' : 'in_stock';
}

/** The event that tells others of a change. */
export function stockChanged(variantId: string, availability: Availability): NewEvent {
  return {
    topic: 'orders.stock',
    type: 'orders.stock.changed',
    key: variantId,
    payload: { variantId, availability },
  };
}

export function stockEvents(changes: readonly StockChange[]): NewEvent[] {
  return changes.flatMap(({ variantId, availability }) =>
    availability === undefined ? [] : [stockChanged(variantId, availability)],
  );
}

/** Bundles are looked at afterwards, when what their other parts have lost or gained meanwhile can be seen. */
export function bundleTasks(changes: readonly StockChange[]): NewTask[] {
  return changes.flatMap(({ variantId, bundled }) =>
    bundled ? [{ name: 'orders.tell-bundles', payload: { variantId }, key: variantId }] : [],
  );
}

/** Where there is nothing to tell, nothing is asked of the transaction. */
export async function tellStock(tx: Transaction, changes: readonly StockChange[]): Promise<void> {
  const events = stockEvents(changes);
  const tasks = bundleTasks(changes);
  if (events.length > 0) await tx.emit(...events);
  if (tasks.length > 0) await tx.enqueue(...tasks);
}

export interface TakenRow {
  readonly variant_id: string;
  readonly free: number;
  readonly tracked: boolean;
  /** Whether any of it lies elsewhere than at the main location. */
  readonly spread: boolean;
  /** Whether bundles are made of it. */
  readonly bundled: boolean;
  readonly quantity: number;
  /** Units that may be promised beyond the shelf. */
  readonly backorder: number;
  readonly enough: boolean;
}

/**
 * The steps of taking units as common table expressions, so that a statement can do more along with them, on the condition
 * `(select bool_and(enough) from judged)`. Parameters: $1 tenant, $2 order, $3 variants, $4 quantities, $5 1 to hold them and 0 to
 * commit them at once, $6 now.
 *
 * All new values come from the rows as locked: an UPDATE computes first from the row as it was when the statement began, and
 * the check constraint would judge that, before PostgreSQL finds that the row has changed and computes again.
 *
 * The lists are behind a `select`, into which the planner does not look: seeing one of a single line, it would plan for that, and anew for each
 * order, which takes as long as all the rest.
 */
export const TAKING = `
  wanted as (select * from unnest((select $3::text[]), (select $4::int[])) as w (variant_id, quantity)),
  locked as (
    select s.variant_id, s.tracked, s.spread, s.bundled, s.on_hand, s.held, s.sold, s.on_hand - s.held - s.sold as free, s.backorder_limit,
      s.backorder_floor from orders_stock s
    where s.tenant_id = $1 and s.variant_id = any ((select $3::text[])::text[]) order by s.variant_id for update
  ),
  found as (
    select w.variant_id, w.quantity, l.on_hand, l.held, l.sold, coalesce(l.free, 0) as free, coalesce(l.tracked, true) as tracked,
      coalesce(l.spread, false) as spread, coalesce(l.bundled, false) as bundled, coalesce(l.backorder_limit, 0) as backorder, l.backorder_floor,
      l.variant_id is not null and (not l.tracked or l.free + l.backorder_limit >= w.quantity) as enough
    from wanted w left join locked l on l.variant_id = w.variant_id
  ),
  judged as (select found.*, bool_and(enough) over () as all_enough from found),
  taken as (
    update orders_stock s set on_hand = j.on_hand, tracked = j.tracked, held = j.held + j.quantity * $5::int,
      sold = j.sold + j.quantity * (1 - $5::int), backorder_limit = j.backorder, backorder_floor = j.backorder_floor, updated_at = $6
    from judged j where s.tenant_id = $1 and s.variant_id = j.variant_id and j.all_enough
    returning s.variant_id
  ),
  noted as (
    insert into orders_holds (tenant_id, order_id, variant_id, quantity, state)
    select $1, $2, j.variant_id, j.quantity, case $5::int when 1 then 'held' else 'committed' end from judged j where j.all_enough
    on conflict (tenant_id, order_id, variant_id) do update set state = excluded.state, quantity = excluded.quantity
  )`;
/** What `readTaken` reads. */
export const TAKEN =
  'j.variant_id, j.quantity, j.free, j.tracked, j.spread, j.bundled, j.backorder, j.enough';
const TAKE = `with ${TAKING} select ${TAKEN} from judged j`;

/** As `TAKING` for an order that has units already: these come to them. */
const TAKING_MORE = TAKING.replace(
  'do update set state = excluded.state, quantity = excluded.quantity',
  `do update set state = excluded.state, quantity = orders_holds.quantity + excluded.quantity,
      shipped = case when orders_holds.state = 'shipped' then orders_holds.quantity - orders_holds.cancelled else orders_holds.shipped end`,
);
const TAKE_MORE = `with ${TAKING_MORE} select ${TAKEN} from judged j`;

/**
 * Takes all of the units for an order, or none of them.
 * @param as `held` for a while, or `committed` at once where the money is there already
 */
export async function take(
  sql: SqlRunner,
  tenant: string,
  orderId: string,
  wants: readonly Want[],
  as: 'held' | 'committed',
  now: Date,
): Promise<Taken> {
  const { rows } = await sql.query<TakenRow>(TAKE, takeValues(tenant, orderId, wants, as, now));
  const taken = readTaken(rows);
  if (taken.lacking.length === 0) await allocateTaken(sql, tenant, orderId, rows, now);
  return taken;
}

/**
 * Takes more units for an order whose units were sold, or none of them. For whoever has the order's lock.
 * @param wants each variant once
 */
export async function takeMore(
  sql: SqlRunner,
  tenant: string,
  orderId: string,
  wants: readonly Want[],
  now: Date,
): Promise<Taken> {
  const { rows } = await sql.query<TakenRow>(TAKE_MORE, takeValues(tenant, orderId, wants, 'committed', now));
  const taken = readTaken(rows);
  if (taken.lacking.length === 0) await allocateTaken(sql, tenant, orderId, rows, now);
  return taken;
}

/**
 * As `moveUnits` to `released`, but as if they had never been in the order: an edit takes them out of it.
 * @param units with how many of each wait before this
 */
export async function takeOut(
  sql: SqlRunner,
  tenant: string,
  orderId: string,
  units: readonly (Want & { readonly waiting: number })[],
  now: Date,
): Promise<readonly StockChange[]> {
  const changes = await moveUnits(sql, tenant, orderId, units, 'released', now);
  const ids = units.map(({ variantId }) => variantId);
  const quantities = units.map(({ quantity }) => quantity);
  // What is left of nothing goes; a promise is over something.
  await sql.query(
    `delete from orders_holds h using unnest($3::text[], $4::int[]) as w (variant_id, quantity)
     where h.tenant_id = $1 and h.order_id = $2 and h.variant_id = w.variant_id and h.quantity = w.quantity`,
    [tenant, orderId, ids, quantities],
  );
  await sql.query(
    `update orders_holds h set quantity = h.quantity - w.quantity, cancelled = h.cancelled - w.quantity
     from unnest($3::text[], $4::int[]) as w (variant_id, quantity)
     where h.tenant_id = $1 and h.order_id = $2 and h.variant_id = w.variant_id`,
    [tenant, orderId, ids, quantities],
  );
  return changes;
}

/** Keeps others from these variants until the transaction ends, in the order in which everybody locks them. */
export async function lockVariants(
  sql: SqlRunner,
  tenant: string,
  variantIds: readonly string[],
): Promise<void> {
  await sql.query(
    `select from orders_stock where tenant_id = $1 and variant_id = any ($2::text[]) order by variant_id for update`,
    [tenant, variantIds],
  );
}

/** Says which locations send what was just taken. Where all of it lies at the main one, nothing is asked. */
export async function allocateTaken(
  sql: SqlRunner,
  tenant: string,
  orderId: string,
  rows: readonly TakenRow[],
  now: Date,
): Promise<void> {
  if (!rows.some(({ spread }) => spread)) return;
  const taken = rows.map(({ variant_id: variantId, ...row }) => ({ variantId, ...row }));
  await allocateUnits(sql, tenant, orderId, taken, now);
}

/** The first six parameters of a statement with `TAKING`. */
export function takeValues(
  tenant: string,
  orderId: string,
  wants: readonly Want[],
  as: 'held' | 'committed',
  now: Date,
): readonly SqlValue[] {
  const ids = wants.map((want) => want.variantId);
  const quantities = wants.map((want) => want.quantity);
  return [tenant, orderId, ids, quantities, as === 'held' ? 1 : 0, now];
}

export interface Taken {
  /** Lines that lack units, with how many are free; empty when everything was taken. */
  readonly lacking: readonly (Want & { free: number })[];
  readonly changes: readonly StockChange[];
}

export function readTaken(rows: readonly TakenRow[]): Taken {
  const lacking = rows
    .filter((row) => !row.enough)
    .map((row) => ({
      variantId: row.variant_id,
      quantity: row.quantity,
      free: Math.max(row.free + row.backorder, 0),
    }));
  if (lacking.length > 0) return { lacking, changes: [] };
  return { lacking, changes: changesOf(rows, (row) => row.free - row.quantity) };
}

interface MovedRow {
  readonly spread: boolean;
  readonly bundled: boolean;
  readonly backorder: number;
  readonly variant_id: string;
  readonly quantity: number;
  readonly free: number;
  readonly tracked: boolean;
}

/** The rest of a statement that says in `moving` which units go; $5 to $7 are what one does to held, sold and on hand, $8 is now. */
const LOCK_AND_MOVE = `locked as (
    select s.variant_id, s.tracked, s.on_hand, s.held, s.sold, s.backorder_limit, s.backorder_floor from orders_stock s
    where s.tenant_id = $1 and s.variant_id in (select variant_id from moving) order by s.variant_id for update
  )
  update orders_stock s set tracked = l.tracked, held = l.held + m.quantity * $5::int, sold = l.sold + m.quantity * $6::int,
    on_hand = l.on_hand + case when l.tracked then m.quantity * $7::int else 0 end, backorder_limit = l.backorder_limit,
    backorder_floor = l.backorder_floor, updated_at = $8
  from moving m join locked l on l.variant_id = m.variant_id
  where s.tenant_id = $1 and s.variant_id = m.variant_id
  returning s.variant_id, m.quantity, s.tracked, s.spread, s.bundled, s.backorder_limit as backorder, s.on_hand - s.held - s.sold as free`;

const MOVE = `
  with moving as (
    update orders_holds set state = $4 where tenant_id = $1 and order_id = $2 and state = $3
    returning variant_id, quantity - shipped - cancelled as quantity
  ),
  ${LOCK_AND_MOVE}`;

/** Some of an order's units, by variant: $3 and $4. Others of the same order wait at its lock. */
const MOVE_UNITS = `
  with wanted as (select * from unnest($3::text[], $4::int[]) as w (variant_id, quantity)),
  moving as (
    update orders_holds h set shipped = h.shipped + case when $9::boolean then w.quantity else 0 end,
      cancelled = h.cancelled + case when $9::boolean then 0 else w.quantity end,
      state = case when h.quantity - h.shipped - h.cancelled > w.quantity then h.state
        when $9::boolean or h.shipped > 0 then 'shipped' else 'released' end
    from wanted w
    where h.tenant_id = $1 and h.order_id = $2 and h.variant_id = w.variant_id and h.state = 'committed'
      and h.quantity - h.shipped - h.cancelled >= w.quantity
    returning h.variant_id, w.quantity
  ),
  ${LOCK_AND_MOVE}`;

/** What each move does to a row, in units of the quantity: held, sold, on hand. */
const MOVES = {
  'held>committed': [-1, 1, 0],
  'held>released': [-1, 0, 0],
  'committed>released': [0, -1, 0],
  'committed>shipped': [0, -1, -1],
} as const;

function isMove(move: string): move is keyof typeof MOVES {
  return move in MOVES;
}

/** As a statement: what was held is sold. Held units were nobody else's to buy, so that nothing changes for shoppers. */
export function sellingHeld(tenant: string, orderId: string, now: Date): SqlStatement {
  return {
    text: MOVE,
    values: [tenant, orderId, 'held', 'committed', ...MOVES['held>committed'], now],
  };
}

/** Moves all of an order's units from one state to another; a second call finds nothing to move. */
export async function move(
  sql: SqlRunner,
  tenant: string,
  orderId: string,
  from: StockState,
  to: StockState,
  now: Date,
): Promise<readonly StockChange[]> {
  const move = `${from}>${to}`;
  if (!isMove(move)) throw new ShopError('illegal_transition', `Units that are ${from} cannot become ${to}.`);
  const deltas = MOVES[move];
  const { rows } = await sql.query<MovedRow>(MOVE, [tenant, orderId, from, to, ...deltas, now]);
  if ((to === 'shipped' || to === 'released') && rows.some(({ spread }) => spread)) {
    const all = rows.map((row) => ({
      variantId: row.variant_id,
      quantity: row.quantity,
      waiting: row.quantity,
    }));
    await fulfilPromises(sql, tenant, orderId, all, to, undefined, now);
  }
  const [held, sold, onHand] = deltas;
  return changesOf(
    rows,
    (row) => row.free,
    (row) => row.free - row.quantity * (onHand - held - sold),
  );
}

/**
 * Moves some of an order's sold units: they leave, or are given up. For whoever has the order's lock.
 * @param units with how many of each wait before this
 * @param at the location they leave from; absent: whichever has promised them
 * @throws ShopError `conflict` when the location has not promised as many
 * @throws ShopError `internal` when they are not the order's to move: the caller has to look before
 */
export async function moveUnits(
  sql: SqlRunner,
  tenant: string,
  orderId: string,
  units: readonly (Want & { readonly waiting: number })[],
  to: 'shipped' | 'released',
  now: Date,
  at?: string,
): Promise<readonly StockChange[]> {
  const [held, sold, onHand] = MOVES[`committed>${to}`];
  const { rows } = await sql.query<MovedRow>(MOVE_UNITS, [
    tenant,
    orderId,
    units.map(({ variantId }) => variantId),
    units.map(({ quantity }) => quantity),
    held,
    sold,
    onHand,
    now,
    to === 'shipped',
  ]);
  if (rows.length !== units.length)
    throw new ShopError('internal', `Order ${orderId} has not the units that should become ${to}.`);
  if (at !== undefined || rows.some(({ spread }) => spread))
    await fulfilPromises(sql, tenant, orderId, units, to, at, now);
  return changesOf(
    rows,
    (row) => row.free,
    (row) => row.free - row.quantity * (onHand - held - sold),
  );
}

/** Exact levels; unknown variants are left out. */
export async function levels(
  sql: SqlRunner,
  tenant: string,
  variantIds: readonly string[],
): Promise<StockLevel[]> {
  const { rows } = await sql.query<StockRow>(
    `select variant_id, on_hand, held, sold, tracked, backorder_limit, expected_at from orders_stock
     where tenant_id = $1 and variant_id = any ($2::text[]) order by variant_id`,
    [tenant, variantIds],
  );
  return rows.map(levelOf);
}

/**
 * Adds units that came, removes units that went, or sets a count.
 * @throws ShopError `conflict` when fewer would be left than are held and sold, `not_found` for an unknown variant
 */
export async function adjust(
  sql: SqlRunner,
  tenant: string,
  variantId: string,
  change: { readonly delta?: number | undefined; readonly onHand?: number | undefined },
  now: Date,
): Promise<{ level: StockLevel; changes: readonly StockChange[] }> {
  const { rows } = await sql.query<StockRow & { before: number; fits: boolean; bundled: boolean }>(
    `with was as (
       select variant_id, tracked, held, sold, on_hand, on_hand - held - sold as free, coalesce($4::int, on_hand + $3::int) as wanted,
         case when tracked then greatest(least(held + sold - backorder_limit, on_hand), 0) else 0 end as least, backorder_limit,
         backorder_floor, expected_at, bundled
       from orders_stock where tenant_id = $1 and variant_id = $2 for update
     ), changed as (
       update orders_stock s set on_hand = w.wanted, held = w.held, sold = w.sold, tracked = w.tracked,
         backorder_limit = w.backorder_limit, backorder_floor = w.backorder_floor, updated_at = $5 from was w
       where s.tenant_id = $1 and s.variant_id = $2 and w.wanted >= w.least returning s.*
     )
     select w.variant_id, coalesce(c.on_hand, w.on_hand) as on_hand, w.held, w.sold, w.tracked, w.free as before,
       w.backorder_limit, w.expected_at, w.bundled,
       c.variant_id is not null as fits
     from was w left join changed c on true`,
    [tenant, variantId, change.delta ?? 0, change.onHand ?? null, now],
  );
  const [row] = rows;
  if (row === undefined) throw unknownVariant(variantId);
  if (!row.fits) {
    throw new ShopError(
      'conflict',
      `${row.held} units are held and ${row.sold} sold; fewer than that cannot be on hand.`,
      {
        remedy: 'Cancel orders first, or give a larger count.',
      },
    );
  }
  const level = levelOf(row);
  const before = availabilityOf(row.before, level.tracked, row.backorder_limit);
  const after = availabilityOf(level.available, level.tracked, row.backorder_limit);
  return { level, changes: changed(variantId, before, after, row.bundled) };
}

/** What there is to tell, if anything. */
export function changed(
  variantId: string,
  before: Availability,
  after: Availability,
  bundled: boolean,
): StockChange[] {
  if (before === after) return bundled ? [{ variantId, availability: undefined, bundled }] : [];
  return [{ variantId, availability: after, bundled }];
}

export function unknownVariant(id: string): ShopError {
  return new ShopError('not_found', `There is no variant ${id} with stock of its own in this shop.`, {
    remedy: 'Use an id from the catalogue; of a bundle, those of what it is made of.',
  });
}

interface StockRow {
  readonly variant_id: string;
  readonly on_hand: number;
  readonly held: number;
  readonly sold: number;
  readonly tracked: boolean;
  readonly backorder_limit: number;
  readonly expected_at: Date | null;
}

function levelOf(row: StockRow): StockLevel {
  return {
    variantId: row.variant_id,
    onHand: row.on_hand,
    held: row.held,
    sold: row.sold,
    available: row.on_hand - row.held - row.sold,
    tracked: row.tracked,
    backorder: { limit: row.backorder_limit, expectedAt: row.expected_at?.toISOString() },
  };
}

function changesOf<
  Row extends { variant_id: string; tracked: boolean; free: number; backorder: number; bundled: boolean },
>(
  rows: readonly Row[],
  after: (row: Row) => number,
  before: (row: Row) => number = (row) => row.free,
): StockChange[] {
  return rows.flatMap((row) =>
    changed(
      row.variant_id,
      availabilityOf(before(row), row.tracked, row.backorder),
      availabilityOf(after(row), row.tracked, row.backorder),
      row.bundled,
    ),
  );
}

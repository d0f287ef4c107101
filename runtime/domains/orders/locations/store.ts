/**
 * Stock by location. The main location has what the others have not, so that a shop with one location has no rows here and pays for
 * none. Whoever changes a level has locked the variant's row in orders_stock in a statement before: nobody else is at its levels.
 */
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Reader } from '../carts.ts';
import type { Units } from '../fulfilment/schemas.ts';
import { allocate, type Place } from './allocate.ts';
import { MAIN, type Allocation, type LevelAt, type Location, type LocationInput } from './schemas.ts';
import { sum } from '../sums.ts';

const MOST_LOCATIONS = 100;
const USUAL_MAIN: Location = { id: MAIN, name: 'Main', address: undefined, priority: 0, enabled: true };

interface LocationRow {
  readonly id: string;
  readonly name: string;
  readonly address: Location['address'] | null;
  readonly priority: number;
  readonly enabled: boolean;
}

/** In the order in which they are asked; the main one is always among them. */
export async function listLocations(sql: Reader, tenant: TenantId): Promise<Location[]> {
  const { rows } = await sql.query<LocationRow>(
    'select id, name, address, priority, enabled from orders_locations where tenant_id = $1',
    [tenant],
  );
  const known = rows.map((row) => ({ ...row, address: row.address ?? undefined }));
  const all = known.some(({ id }) => id === MAIN) ? known : [USUAL_MAIN, ...known];
  return all.toSorted((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
}

/** @throws ShopError `conflict` when one with stock is disabled, `not_found` for one that is not there */
export async function putLocation(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  input: LocationInput,
  how: 'create' | 'change',
  now: Date,
): Promise<Location> {
  if (!input.enabled && id === MAIN)
    throw new ShopError('conflict', 'The main location cannot be disabled.', {
      remedy: 'Give it a high priority number.',
    });
  const { rows } = await tx.query<{ known: boolean; count: number }>(
    `select count(*)::int as count, coalesce(bool_or(id = $2), false) as known from orders_locations where tenant_id = $1`,
    [tenant, id],
  );
  if (how === 'change' && id !== MAIN && rows[0]?.known !== true) throw noSuchLocation(id);
  if (how === 'create' && (rows[0]?.count ?? 0) >= MOST_LOCATIONS)
    throw new ShopError('conflict', `A shop has at most ${MOST_LOCATIONS} locations.`);
  await tx.query(
    `insert into orders_locations (tenant_id, id, name, address, priority, enabled, updated_at)
     values ($1, $2, $3, $4::jsonb, $5, $6, $7)
     on conflict (tenant_id, id) do update set name = excluded.name, address = excluded.address, priority = excluded.priority,
       enabled = excluded.enabled, updated_at = excluded.updated_at`,
    [
      tenant,
      id,
      input.name,
      input.address === undefined ? null : JSON.stringify(input.address),
      input.priority,
      input.enabled,
      now,
    ],
  );
  // Its row is locked now: whoever would bring stock there waits.
  if (!input.enabled) {
    const { rows: left } = await tx.query(
      'select from orders_levels where tenant_id = $1 and location_id = $2 and on_hand > 0 limit 1',
      [tenant, id],
    );
    if (left.length > 0)
      throw new ShopError('conflict', 'There is stock at this location.', {
        remedy: 'Transfer it to another one first.',
      });
  }
  return { id, ...input };
}

/** Keeps a location open until the transaction ends. @throws ShopError `not_found`, `conflict` where it is disabled */
async function requireOpen(tx: Transaction, tenant: TenantId, id: string): Promise<void> {
  if (id === MAIN) return;
  const { rows } = await tx.query<{ enabled: boolean }>(
    'select enabled from orders_locations where tenant_id = $1 and id = $2 for share',
    [tenant, id],
  );
  if (rows[0] === undefined) throw noSuchLocation(id);
  if (!rows[0].enabled)
    throw new ShopError('conflict', 'This location is disabled.', { remedy: 'Enable it first.' });
}

interface LevelRow {
  readonly variant_id: string;
  readonly location_id: string;
  readonly on_hand: number;
  readonly promised: number;
}

function levelRows(
  sql: Reader | SqlRunner,
  tenant: TenantId,
  variantIds: readonly string[],
): Promise<readonly LevelRow[]> {
  return sql
    .query<LevelRow>(
      `select variant_id, location_id, on_hand, promised from orders_levels
       where tenant_id = $1 and variant_id = any ($2::text[]) order by variant_id, location_id`,
      [tenant, variantIds],
    )
    .then(({ rows }) => rows);
}

/** What of a variant is where; the main location first. @throws ShopError `not_found` */
export async function levelsOf(
  sql: Reader | SqlRunner,
  tenant: TenantId,
  variantId: string,
): Promise<LevelAt[]> {
  const { rows } = await sql.query<{ on_hand: number; promised: number; levels: readonly LevelRow[] | null }>(
    `select s.on_hand, case when s.tracked then s.held + s.sold else 0 end as promised, (
       select jsonb_agg(jsonb_build_object('location_id', l.location_id, 'on_hand', l.on_hand, 'promised', l.promised) order by l.location_id)
       from orders_levels l where l.tenant_id = $1 and l.variant_id = $2) as levels
     from orders_stock s where s.tenant_id = $1 and s.variant_id = $2`,
    [tenant, variantId],
  );
  const [row] = rows;
  if (row === undefined)
    throw new ShopError('not_found', `There is no variant ${variantId} in this shop.`, {
      remedy: 'Use an id from the catalogue.',
    });
  const elsewhere = row.levels ?? [];
  const main = {
    location_id: MAIN,
    on_hand: row.on_hand - sum(elsewhere.map((level) => level.on_hand)),
    // What is sold without being counted is promised nowhere.
    promised: row.promised - sum(elsewhere.map((level) => level.promised)),
  };
  return [main, ...elsewhere].map((level) => ({
    locationId: level.location_id,
    onHand: level.on_hand,
    promised: level.promised,
    available: level.on_hand - level.promised,
  }));
}

/**
 * Adds to what is at a location, once the whole of the variant has changed by as much, or moved between locations.
 * @throws ShopError `conflict` when fewer would be left than are promised there
 */
async function addAt(
  tx: Transaction,
  tenant: TenantId,
  variantId: string,
  id: string,
  delta: number,
  now: Date,
): Promise<void> {
  if (id !== MAIN) {
    await refuseBackordered(tx, tenant, variantId);
    const [level] = (await levelsOf(tx, tenant, variantId)).filter(({ locationId }) => locationId === id);
    if ((level?.available ?? 0) + delta < 0) throw tooFew(level?.available ?? 0, id);
    await tx.query(
      `insert into orders_levels (tenant_id, variant_id, location_id, on_hand, updated_at) values ($1, $2, $3, greatest($4::int, 0), $5)
       on conflict (tenant_id, variant_id, location_id) do update set on_hand = orders_levels.on_hand + $4::int, updated_at = $5`,
      [tenant, variantId, id, delta, now],
    );
    await tx.query(
      'update orders_stock set spread = true where tenant_id = $1 and variant_id = $2 and not spread',
      [tenant, variantId],
    );
  }
  // What the others gained, the main one may have lost.
  const [main] = await levelsOf(tx, tenant, variantId);
  if ((main?.available ?? 0) < 0) throw tooFew((main?.available ?? 0) + Math.abs(delta), MAIN);
}

/**
 * What is sold before it has come in is sold from the main location: elsewhere nobody would know for whom it lies there.
 * @throws ShopError `conflict`
 */
async function refuseBackordered(tx: Transaction, tenant: TenantId, variantId: string): Promise<void> {
  const { rows } = await tx.query(
    `select from orders_stock where tenant_id = $1 and variant_id = $2
     and (backorder_limit > 0 or tracked and held + sold > on_hand)`,
    [tenant, variantId],
  );
  if (rows.length === 0) return;
  throw new ShopError('conflict', 'This variant is sold before it has come in.', {
    remedy: 'Set its limit of backorders to 0, and ship what is owed, before it is kept elsewhere.',
  });
}

/** Locks a variant, and says whether any of it lies elsewhere than at the main location. */
export async function isSpread(tx: Transaction, tenant: TenantId, variantId: string): Promise<boolean> {
  const { rows } = await tx.query<{ spread: boolean }>(
    'select spread from orders_stock where tenant_id = $1 and variant_id = $2 for update',
    [tenant, variantId],
  );
  return rows[0]?.spread ?? false;
}

/** Units that came to or went from a location; the whole of the variant was changed, and is locked. */
export async function adjustAt(
  tx: Transaction,
  tenant: TenantId,
  variantId: string,
  id: string,
  delta: number,
  now: Date,
): Promise<void> {
  await requireOpen(tx, tenant, id);
  await addAt(tx, tenant, variantId, id, delta, now);
}

/** @throws ShopError `conflict` when fewer are free where they are, `not_found` */
export async function transferUnits(
  tx: Transaction,
  tenant: TenantId,
  variantId: string,
  { from, to, quantity }: { readonly from: string; readonly to: string; readonly quantity: number },
  now: Date,
): Promise<LevelAt[]> {
  await isSpread(tx, tenant, variantId);
  await requireOpen(tx, tenant, to);
  const levels = await levelsOf(tx, tenant, variantId);
  const free = levels.find(({ locationId }) => locationId === from)?.available ?? 0;
  if (free < quantity) throw tooFew(free, from);
  if (from !== MAIN) await addAt(tx, tenant, variantId, from, -quantity, now);
  if (to !== MAIN) await addAt(tx, tenant, variantId, to, quantity, now);
  return levelsOf(tx, tenant, variantId);
}

// ── orders ───────────────────────────────────────────────────────────────────────────────────────

export interface TakenUnits extends Units {
  /** Of all locations, before these were taken. */
  readonly free: number;
  readonly tracked: boolean;
}

/** Says from where units come that an order has just taken, and so still has the locks of. */
export async function allocateUnits(
  tx: SqlRunner,
  tenant: TenantId,
  orderId: string,
  taken: readonly TakenUnits[],
  now: Date,
): Promise<void> {
  const tracked = taken.filter((each) => each.tracked);
  const levels = await levelRows(
    tx,
    tenant,
    tracked.map(({ variantId }) => variantId),
  );
  const places = (await listLocations(tx, tenant)).map(({ id }): Place => {
    const free = tracked.map(({ variantId, free: all }) => {
      const here = levels.filter((level) => level.variant_id === variantId);
      const elsewhere = sum(here.map((level) => level.on_hand - level.promised));
      const there = here.find((level) => level.location_id === id);
      const units = id === MAIN ? all - elsewhere : there === undefined ? 0 : there.on_hand - there.promised;
      return [variantId, units] as const;
    });
    return { id, free: new Map(free) };
  });
  const sent = allocate(tracked, places);
  if (sent === undefined)
    throw new ShopError('internal', `The locations have not what order ${orderId} took.`);
  await promise(
    tx,
    tenant,
    orderId,
    sent.filter(({ locationId }) => locationId !== MAIN),
    now,
  );
}

async function promise(
  tx: SqlRunner,
  tenant: TenantId,
  orderId: string,
  sent: readonly Allocation[],
  now: Date,
): Promise<void> {
  if (sent.length === 0) return;
  await tx.query(
    `with sent as (select * from jsonb_to_recordset($3::jsonb) as a ("variantId" text, "locationId" text, quantity integer)),
     noted as (
       insert into orders_allocations (tenant_id, order_id, variant_id, location_id, quantity)
       select $1, $2, "variantId", "locationId", quantity from sent
       on conflict (tenant_id, order_id, variant_id, location_id)
       do update set quantity = orders_allocations.quantity + excluded.quantity
     )
     update orders_levels l set promised = l.promised + s.quantity, updated_at = $4 from sent s
     where l.tenant_id = $1 and l.variant_id = s."variantId" and l.location_id = s."locationId"`,
    [tenant, orderId, JSON.stringify(sent), now],
  );
}

export async function allocationsOf(
  sql: Reader | SqlRunner,
  tenant: TenantId,
  orderId: string,
): Promise<Allocation[]> {
  const { rows } = await sql.query<{ variant_id: string; location_id: string; quantity: number }>(
    `select variant_id, location_id, quantity from orders_allocations where tenant_id = $1 and order_id = $2
     order by variant_id, location_id`,
    [tenant, orderId],
  );
  return rows.map((row) => ({
    variantId: row.variant_id,
    locationId: row.location_id,
    quantity: row.quantity,
  }));
}

/**
 * Ends promises of an order whose units have just left or been given up, and so are locked.
 * @param waiting of each variant, before they went
 * @param at the location that sends them; absent: whichever has promised them, the main one last
 * @throws ShopError `conflict` when the location has not promised as many
 */
export async function fulfilPromises(
  tx: SqlRunner,
  tenant: TenantId,
  orderId: string,
  units: readonly (Units & { readonly waiting: number })[],
  to: 'shipped' | 'released',
  at: string | undefined,
  now: Date,
): Promise<void> {
  const promised = await allocationsOf(tx, tenant, orderId);
  const ended = units.flatMap(({ variantId, quantity, waiting }) => {
    const mine = promised.filter((each) => each.variantId === variantId);
    const main = { variantId, locationId: MAIN, quantity: waiting - sum(mine.map((each) => each.quantity)) };
    let left = quantity;
    const drawn = [...mine, main]
      .filter(({ locationId }) => at === undefined || locationId === at)
      .flatMap((each) => {
        const given = Math.min(left, each.quantity);
        left -= given;
        return given > 0 ? [{ ...each, quantity: given }] : [];
      });
    if (left > 0) throw tooFew(quantity - left, at ?? MAIN);
    return drawn;
  });
  const elsewhere = ended.filter(({ locationId }) => locationId !== MAIN);
  if (elsewhere.length === 0) return;
  await tx.query(
    `with ended as (select * from jsonb_to_recordset($3::jsonb) as a ("variantId" text, "locationId" text, quantity integer)),
     gone as (
       delete from orders_allocations a using ended e
       where a.tenant_id = $1 and a.order_id = $2 and a.variant_id = e."variantId" and a.location_id = e."locationId" and a.quantity <= e.quantity
     ), less as (
       update orders_allocations a set quantity = a.quantity - e.quantity from ended e
       where a.tenant_id = $1 and a.order_id = $2 and a.variant_id = e."variantId" and a.location_id = e."locationId" and a.quantity > e.quantity
     )
     update orders_levels l set promised = l.promised - e.quantity,
       on_hand = l.on_hand - case when $5::boolean then e.quantity else 0 end, updated_at = $4
     from ended e where l.tenant_id = $1 and l.variant_id = e."variantId" and l.location_id = e."locationId"`,
    [tenant, orderId, JSON.stringify(elsewhere), now, to === 'shipped'],
  );
}

function noSuchLocation(id: string): ShopError {
  return new ShopError('not_found', `There is no location ${id} in this shop.`, {
    remedy: 'Look at its locations.',
  });
}

function tooFew(free: number, id: string): ShopError {
  return new ShopError('conflict', `Only ${Math.max(free, 0)} units are to be had at location ${id}.`, {
    remedy: 'Name fewer, or another location.',
  });
}

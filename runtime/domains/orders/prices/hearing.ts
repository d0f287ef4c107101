/** Keeps the orders domain's own picture of the catalogue's price lists, from its events; those of a list come in their order. */
import type { EventHandler, StoredEvent, Transaction } from '../../../platform/ports.ts';
import { PriceListDeleted, PriceListPriced, PriceListUpserted } from '../../catalog/price-lists/schemas.ts';

export const hearOfPriceList: EventHandler = async (event, tx) => {
  if (event.type === 'catalog.price-list.upserted') return note(event, tx);
  if (event.type === 'catalog.price-list.priced') return price(event, tx);
  if (event.type === 'catalog.price-list.deleted') return forget(event, tx);
};

async function note({ tenant, payload }: StoredEvent, tx: Transaction): Promise<void> {
  const list = PriceListUpserted.parse(payload);
  await tx.query(
    `insert into orders_price_lists (tenant_id, list_id, version, currency, groups, starts_at, ends_at, off_basis_points, enabled)
     values ($1, $2, $3, $4, $5::text[], $6, $7, $8, $9)
     on conflict (tenant_id, list_id) do update set version = excluded.version, currency = excluded.currency, groups = excluded.groups,
       starts_at = excluded.starts_at, ends_at = excluded.ends_at, off_basis_points = excluded.off_basis_points,
       enabled = excluded.enabled
     where orders_price_lists.version <= excluded.version`,
    [
      tenant,
      list.id,
      list.version,
      list.currency,
      list.groups,
      list.startsAt,
      list.endsAt,
      list.offBasisPoints,
      list.enabled,
    ],
  );
}

async function price({ tenant, payload }: StoredEvent, tx: Transaction): Promise<void> {
  const { id, prices } = PriceListPriced.parse(payload);
  const rows = prices.map(({ variantId, steps }) => ({
    variant: variantId,
    steps: steps.map(({ from, amount }) => [from, amount]),
  }));
  await tx.query(
    `with told as (select * from jsonb_to_recordset($3::jsonb) as t (variant text, steps jsonb)),
     gone as (
       delete from orders_list_prices p using told where p.tenant_id = $1 and p.list_id = $2 and p.variant_id = told.variant
         and jsonb_array_length(told.steps) = 0
     )
     insert into orders_list_prices (tenant_id, variant_id, list_id, steps)
     select $1, told.variant, $2, told.steps from told where jsonb_array_length(told.steps) > 0 order by told.variant
     on conflict (tenant_id, variant_id, list_id) do update set steps = excluded.steps`,
    [tenant, id, JSON.stringify(rows)],
  );
}

async function forget({ tenant, payload }: StoredEvent, tx: Transaction): Promise<void> {
  const { id } = PriceListDeleted.parse(payload);
  await tx.query(
    `with prices as (delete from orders_list_prices where tenant_id = $1 and list_id = $2)
     delete from orders_price_lists where tenant_id = $1 and list_id = $2`,
    [tenant, id],
  );
}

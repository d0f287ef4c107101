/** What goes with a product, in SQL. What is mutual is one row, read from either side, so that the two never disagree. */
import { ShopError } from '../../../platform/errors.ts';
import type { Problem } from '../../../platform/errors.ts';
import type { SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import { CARD_COLUMNS, toCard, type CardRow } from '../document.ts';
import { MOST_RELATED, type AdminRelated, type Kind, type Related, type RelatedUpdate } from './schemas.ts';

const KINDS: Readonly<Record<Kind, string>> = {
  crossSell: 'cross_sell',
  upSell: 'up_sell',
  accessories: 'accessory',
};
const NAMES = Object.keys(KINDS) as Kind[]; // the keys that stand above

/** Rows of a product `$2`, from its own side and, where mutual, from the other; its own come first. */
const SIDES = `
  select kind, related_id as other_id, place, mutual, true as own from catalog_related where tenant_id = $1 and product_id = $2
  union all
  select r.kind, r.product_id, r.place, true, false from catalog_related r where r.tenant_id = $1 and r.related_id = $2 and r.mutual
    and not exists (select 1 from catalog_related o where o.tenant_id = $1 and o.product_id = $2 and o.kind = r.kind and o.related_id = r.product_id)`;

interface SideRow {
  readonly kind: string;
  readonly other_id: string;
  readonly handle: string;
  readonly title: string;
  readonly mutual: boolean;
  readonly own: boolean;
}

/** @throws ShopError `not_found` when shoppers see no such product */
export async function relatedTo(
  sql: SqlRunner,
  tenant: TenantId,
  handle: string,
  { currency, locale }: { readonly currency: string; readonly locale: string | undefined },
): Promise<Related> {
  const found = await sql.query<{ id: string }>(
    'select id from products where tenant_id = $1 and handle = $2 and visible',
    [tenant, handle],
  );
  const [product] = found.rows;
  if (product === undefined) throw noSuchProduct();
  const { rows } = await sql.query<CardRow & { kind: string }>(
    `select s.kind, ${CARD_COLUMNS} from (${SIDES}) s join products p on p.tenant_id = $1 and p.id = s.other_id and p.visible
     order by s.own desc, s.place, p.id`,
    [tenant, product.id],
  );
  const of = (kind: Kind) =>
    rows
      .filter((row) => row.kind === KINDS[kind])
      .slice(0, MOST_RELATED)
      .map((row) => toCard(row, currency, locale));
  return { crossSell: of('crossSell'), upSell: of('upSell'), accessories: of('accessories') };
}

/** @throws ShopError `not_found` */
export async function readRelated(sql: SqlRunner, tenant: TenantId, id: string): Promise<AdminRelated> {
  const [versions, { rows }] = await Promise.all([
    sql.query<{ version: number }>(
      'select related_version as version from products where tenant_id = $1 and id = $2',
      [tenant, id],
    ),
    sql.query<SideRow>(
      `select s.kind, s.other_id, s.mutual, s.own, p.handle, p.title from (${SIDES}) s
       join products p on p.tenant_id = $1 and p.id = s.other_id order by s.own desc, s.place, p.id`,
      [tenant, id],
    ),
  ]);
  const [product] = versions.rows;
  if (product === undefined) throw noSuchProduct();
  const shown = ({ other_id: productId, handle, title }: SideRow) => ({ productId, handle, title });
  const of = (kind: Kind) =>
    rows
      .filter((row) => row.own && row.kind === KINDS[kind])
      .map((row) => ({ ...shown(row), mutual: row.mutual }));
  return {
    version: product.version,
    crossSell: of('crossSell'),
    upSell: of('upSell'),
    accessories: of('accessories'),
    fromOthers: rows.flatMap((row) =>
      row.own
        ? []
        : NAMES.filter((kind) => KINDS[kind] === row.kind).map((kind) => ({ kind, ...shown(row) })),
    ),
  };
}

/** @throws ShopError `not_found`, `conflict` when it is of another version, `invalid_input` for itself and for what is not there */
export async function writeRelated(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  { version, ...kinds }: RelatedUpdate,
): Promise<AdminRelated> {
  const { rows } = await tx.query<{ version: number }>(
    'select related_version as version from products where tenant_id = $1 and id = $2 for update',
    [tenant, id],
  );
  const [product] = rows;
  if (product === undefined) throw noSuchProduct();
  if (product.version !== version)
    throw new ShopError('conflict', 'Someone else changed what goes with it meanwhile.', {
      remedy: 'Read it again, and repeat your change.',
    });
  const chosen = NAMES.flatMap((kind) =>
    kinds[kind].map((each, place) => ({ ...each, kind: KINDS[kind], place, where: `body/${kind}/${place}` })),
  );
  await requireOthers(tx, tenant, id, chosen);
  await tx.query('delete from catalog_related where tenant_id = $1 and product_id = $2', [tenant, id]);
  await tx.query(
    `insert into catalog_related (tenant_id, product_id, kind, related_id, place, mutual)
     select $1, $2, c.kind, c.related, c.place, c.mutual
     from unnest($3::text[], $4::text[], $5::smallint[], $6::boolean[]) c(kind, related, place, mutual) order by c.related, c.kind`,
    [
      tenant,
      id,
      chosen.map(({ kind }) => kind),
      chosen.map(({ productId }) => productId),
      chosen.map(({ place }) => place),
      chosen.map(({ mutual }) => mutual),
    ],
  );
  await tx.query(
    'update products set related_version = related_version + 1 where tenant_id = $1 and id = $2',
    [tenant, id],
  );
  return readRelated(tx, tenant, id);
}

async function requireOthers(
  tx: Transaction,
  tenant: TenantId,
  id: string,
  chosen: readonly { readonly productId: string; readonly where: string }[],
): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    'select id from products where tenant_id = $1 and id = any ($2::text[])',
    [tenant, chosen.map(({ productId }) => productId)],
  );
  const there = new Set(rows.map((row) => row.id));
  const problems = chosen.flatMap(({ productId, where }): Problem[] => {
    if (productId === id) return [{ where, what: 'is the product itself' }];
    return there.has(productId) ? [] : [{ where, what: 'is no product of this shop' }];
  });
  if (problems.length > 0)
    throw new ShopError('invalid_input', 'Some of these cannot go with it.', {
      problems,
      remedy: 'Name other products of the shop, by their ids.',
    });
}

function noSuchProduct(): ShopError {
  return new ShopError('not_found', 'There is no such product.');
}

/** The whole catalogue as a file that can be imported again: CSV in the Shopify product format, or JSON, a product a line. */
import { Readable } from 'node:stream';
import type { Platform, RouteResponse } from '../../platform/domain.ts';
import type { SqlRunner, Tenant } from '../../platform/ports.ts';
import { componentIdsOf, namesOf } from './bundles/store.ts';
import { headOf, rowsOf, type ExportLayout } from './csv/write.ts';
import type { ProductDocument } from './document.ts';
import { lineOf } from './json/write.ts';
import type { ExportQuery } from './schemas.ts';

/** Begins before the catalogue is read, and takes as long as whoever reads it. */
export async function exportOf(
  platform: Platform,
  tenant: Tenant,
  format: ExportQuery['format'],
): Promise<RouteResponse> {
  const [lines, type, ending] =
    format === 'json'
      ? [jsonLines(platform, tenant), 'application/x-ndjson', 'jsonl']
      : [
          csvLines(platform, tenant, await layoutOf(platform, tenant)),
          'text/csv; charset=utf-8; header=present',
          'csv',
        ];
  return {
    bytes: Readable.from(lines),
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${tenant.id}-products.${ending}"`,
    },
  };
}

const PAGE = 200;

interface Exported {
  readonly id: string;
  readonly position: number;
  readonly document: ProductDocument;
  /** Titles. */
  readonly collections: readonly string[];
  /** What bundles' components are called, by id. */
  readonly names: ReadonlyMap<string, string>;
}

async function* csvLines(platform: Platform, tenant: Tenant, layout: ExportLayout): AsyncGenerator<Buffer> {
  yield Buffer.from(headOf(layout));
  for await (const page of everything(platform, tenant))
    yield Buffer.from(
      page.map(({ document, collections, names }) => rowsOf(document, collections, layout, names)).join(''),
    );
}

async function* jsonLines(platform: Platform, tenant: Tenant): AsyncGenerator<Buffer> {
  for await (const page of everything(platform, tenant))
    yield Buffer.from(
      page.map(({ document, collections, names }) => lineOf(document, collections, names)).join(''),
    );
}

/** A page in memory at a time, whatever the catalogue's size. */
async function* everything({ sql }: Platform, tenant: Tenant): AsyncGenerator<readonly Exported[]> {
  const runner: SqlRunner = { query: (text, values) => sql.query(tenant.id, text, values) };
  let after: { position: number; id: string } | undefined;
  for (;;) {
    const { rows } = await sql.query<Omit<Exported, 'names'>>(
      tenant.id,
      `SELECT p.id, p.position, p.document, coalesce((SELECT array_agg(c.title ORDER BY c.position, c.id) FROM collection_products m
         JOIN collections c ON c.tenant_id = $1 AND c.id = m.collection_id WHERE m.tenant_id = $1 AND m.product_id = p.id), '{}') AS collections
       FROM products p WHERE p.tenant_id = $1 AND ($2::bigint IS NULL OR (p.position, p.id) > ($2::bigint, $3::text))
       ORDER BY p.position, p.id LIMIT ${PAGE}`,
      [tenant.id, after?.position ?? null, after?.id ?? null],
    );
    const components = rows.flatMap(({ document }) => componentIdsOf(document));
    const names = await namesOf(runner, tenant.id, components);
    if (rows.length > 0) yield rows.map((row) => ({ ...row, names }));
    after = rows.at(-1);
    if (rows.length < PAGE) return;
  }
}

async function layoutOf({ sql }: Platform, tenant: Tenant): Promise<ExportLayout> {
  const currency = tenant.currencies[0] ?? 'EUR';
  const [priced, spoken, extras] = await Promise.all([
    sql.query<{ currency: string }>(
      tenant.id,
      'SELECT DISTINCT currency FROM product_prices WHERE tenant_id = $1 ORDER BY currency',
      [tenant.id],
    ),
    sql.query<{ locale: string }>(
      tenant.id,
      `SELECT DISTINCT jsonb_object_keys(document -> 'translations') AS locale FROM products WHERE tenant_id = $1 ORDER BY locale LIMIT 50`,
      [tenant.id],
    ),
    sql.query<{ name: string }>(
      tenant.id,
      `SELECT DISTINCT jsonb_object_keys(document -> 'extra') AS name FROM products WHERE tenant_id = $1 ORDER BY name LIMIT 200`,
      [tenant.id],
    ),
  ]);
  return {
    currency,
    currencies: priced.rows.map((row) => row.currency).filter((other) => other !== currency),
    locales: spoken.rows.map(({ locale }) => locale),
    extras: extras.rows.map(({ name }) => name),
  };
}

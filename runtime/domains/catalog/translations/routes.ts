/** Handlers of translations: a product's are written with it, as a whole; a collection's lie in its row. */
import type { DomainService, Platform, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { SqlRunner, Tenant, TenantId, Transaction } from '../../../platform/ports.ts';
import { optionsOf, type ProductDocument } from '../document.ts';
import { safeHtml } from '../html.ts';
import { noteMembers } from '../search/changes.ts';
import { writeProducts } from '../store.ts';
import { changedMeanwhile } from '../versions.ts';
import { requireOther } from './language.ts';
import type {
  CollectionText,
  CollectionTranslation,
  CollectionTranslations,
  ProductText,
  ProductTranslation,
  ProductTranslations,
  Translations,
} from './schemas.ts';
import { clashIn, isEmpty, merged } from './words.ts';

// In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
/** @param changed what shoppers are shown is another from now on */
export function createTranslationRoutes(
  platform: Platform,
  changed: (tenant: TenantId) => void,
): DomainService['routes'] {
  const { sql, clock } = platform;
  const runnerOf = ({ id }: Tenant): SqlRunner => ({ query: (text, values) => sql.query(id, text, values) });

  async function change<T>({ id }: Tenant, work: (tx: Transaction) => Promise<T>): Promise<{ json: T }> {
    const json = await sql.transaction(id, work);
    changed(id);
    return { json };
  }

  /** @param text null: the language is taken out */
  async function sayOfProduct(
    { tenant, params }: RouteRequest,
    text: ProductText | null,
    version: number | undefined,
  ): Promise<{ json: ProductTranslations }> {
    const { id, locale } = params as { id: string; locale: string };
    if (text !== null) requireOther(tenant, locale);
    return change(tenant, async (tx) => {
      const known = await readProduct(tx, tenant.id, id, 'FOR UPDATE');
      if (version !== undefined && version !== known.version) throw changedMeanwhile(known.version);
      if (text !== null) refuseClashes(known.document, text);
      const { translations: _, ...document } = known.document;
      const said =
        text === null || isEmpty(text) ? null : { ...text, descriptionHtml: safe(text.descriptionHtml) };
      await writeProducts(platform, tx, tenant.id, [{ ...document, translations: { [locale]: said } }], {});
      return ofProduct(await readProduct(tx, tenant.id, id));
    });
  }

  async function sayOfCollection(
    { tenant, params }: RouteRequest,
    text: CollectionText | null,
    version: number | undefined,
  ): Promise<{ json: CollectionTranslations }> {
    const { id, locale } = params as { id: string; locale: string };
    if (text !== null) requireOther(tenant, locale);
    return change(tenant, async (tx) => {
      const known = await readCollection(tx, tenant.id, id, 'FOR UPDATE');
      if (version !== undefined && version !== known.version) throw changedMeanwhile(known.version);
      const said = text === null ? null : { ...text, descriptionHtml: safe(text.descriptionHtml) };
      const translations = merged(known.translations, { [locale]: said });
      await tx.query(
        'UPDATE collections SET translations = $3::jsonb, version = version + 1, updated_at = $4 WHERE tenant_id = $1 AND id = $2',
        [tenant.id, id, JSON.stringify(translations), clock.now()],
      );
      await noteMembers(clock, tx, tenant.id, id);
      return ofCollection({ version: known.version + 1, translations });
    });
  }

  return {
    adminListProductTranslations: async ({ tenant, params }) => ({
      json: ofProduct(await readProduct(runnerOf(tenant), tenant.id, idOf(params))),
    }),
    adminPutProductTranslation(request) {
      const { version, ...text } = request.body as ProductTranslation;
      return sayOfProduct(request, text, version);
    },
    adminDeleteProductTranslation: (request) => sayOfProduct(request, null, versionOf(request)),
    adminListCollectionTranslations: async ({ tenant, params }) => ({
      json: ofCollection(await readCollection(runnerOf(tenant), tenant.id, idOf(params))),
    }),
    adminPutCollectionTranslation(request) {
      const { version, ...text } = request.body as CollectionTranslation;
      return sayOfCollection(request, text, version);
    },
    adminDeleteCollectionTranslation: (request) => sayOfCollection(request, null, versionOf(request)),
  };
}

interface KnownProduct {
  readonly version: number;
  readonly document: ProductDocument;
}

interface KnownCollection {
  readonly version: number;
  readonly translations: Translations<CollectionText>;
}

/** @throws ShopError `not_found` */
async function readProduct(
  sql: SqlRunner,
  tenant: TenantId,
  id: string,
  lock: 'FOR UPDATE' | '' = '',
): Promise<KnownProduct> {
  const { rows } = await sql.query<KnownProduct>(
    `SELECT version, document FROM products WHERE tenant_id = $1 AND id = $2 ${lock}`,
    [tenant, id],
  );
  const [row] = rows;
  if (!row) throw new ShopError('not_found', 'There is no such product.');
  return row;
}

/** @throws ShopError `not_found` */
async function readCollection(
  sql: SqlRunner,
  tenant: TenantId,
  id: string,
  lock: 'FOR UPDATE' | '' = '',
): Promise<KnownCollection> {
  const { rows } = await sql.query<KnownCollection>(
    `SELECT version, translations FROM collections WHERE tenant_id = $1 AND id = $2 ${lock}`,
    [tenant, id],
  );
  const [row] = rows;
  if (!row) throw new ShopError('not_found', 'There is no such collection.');
  return row;
}

function ofProduct({ version, document }: KnownProduct): ProductTranslations {
  return { version, translations: listed(document.translations ?? {}) };
}

function ofCollection({ version, translations }: KnownCollection): CollectionTranslations {
  return { version, translations: listed(translations) };
}

function listed<Text extends object>(translations: Translations<Text>): (Text & { locale: string })[] {
  return Object.entries(translations)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([locale, text]) => ({ ...text, locale }));
}

/** A shopper who chooses by what they read has to get what they chose. */
function refuseClashes(document: ProductDocument, { options }: ProductText): void {
  const word = clashIn(optionsOf(document), options);
  if (word === undefined) return;
  throw new ShopError('invalid_input', `Two options, or two values of one, would both be called ${word}.`, {
    remedy: 'Give each its own name.',
    problems: [{ where: 'body/options', what: `says ${word} twice` }],
  });
}

function safe(html: string | null): string | null {
  return html === null ? null : safeHtml(html);
}

function idOf(params: unknown): string {
  return (params as { id: string }).id;
}

function versionOf({ query }: RouteRequest): number | undefined {
  return (query as { version?: number }).version;
}

/** The catalogue's handlers: each narrows what the host has parsed, asks the parts beside it, and answers. */
import type { Readable } from 'node:stream';
import type { CreateService, Platform, RouteRequest, RouteResponse } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { PictureQuery } from '../../platform/pictures/form.ts';
import type { SqlRunner, StoredEvent, Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { createBundlePricing } from './bundles/pricing.ts';
import { PRICE_TASK, withContents } from './bundles/store.ts';
import * as collections from './collections.ts';
import { catalog } from './definition.ts';
import {
  CARD_COLUMNS,
  handleOf,
  toAdmin,
  toDetail,
  type AdminRow,
  type DetailRow,
  type ProductDocument,
} from './document.ts';
import { BROWSING } from './freshness.ts';
import { safeHtml } from './html.ts';
import { exportOf } from './exports.ts';
import { createImports } from './imports.ts';
import { createImportedFiles, DROP_TASK } from './imported-files.ts';
import { importedFrom } from './imported-from.ts';
import { createKeptAnswers } from './kept.ts';
import { currencyOf, decodeCursor, encodeCursor, listByIds } from './listing.ts';
import { createMedia, type Media } from './media.ts';
import { createAskedVectors } from './meaning/asked.ts';
import { createEmbeddingKeeping, EMBED_TASK } from './meaning/embed.ts';
import { createNear } from './meaning/near.ts';
import { priceListRoutes } from './price-lists/routes.ts';
import {
  keyOf,
  listsApplying,
  priceCards,
  priceDetail,
  type Applying,
  type Terms,
} from './price-lists/shown.ts';
import { createProductLists } from './ranking/lists.ts';
import { previewOf } from './ranking/preview.ts';
import type { PreviewQuery, RankingRuleInput, RankingRuleUpdate } from './ranking/schemas.ts';
import * as rules from './ranking/store.ts';
import { createProductSearch } from './search/ask.ts';
import { KEEP_TASK, noteVariant } from './search/changes.ts';
import { createSearchKeeping } from './search/keep.ts';
import { createSearchSettings, readSettings } from './search/settings.ts';
import { addSynonym, writeSynonyms } from './search/synonyms.ts';
import {
  CardsAsked,
  MembersAsked,
  SearchAsked,
  StockChanged,
  type AdminProduct,
  type CollectionInput,
  type CollectionUpdate,
  type ExportQuery,
  type Image,
  type ProductCard,
  type ProductInput,
  type ProductDetail,
  type ProductsPage,
  type ProductsQuery,
  type ProductsByIdsQuery,
  type ProductUpdate,
  type SuggestQuery,
  type SynonymRule,
  type SynonymsUpdate,
} from './schemas.ts';
import type { RelatedUpdate } from './related/schemas.ts';
import { readRelated, relatedTo, writeRelated } from './related/store.ts';
import { ASK, createAsking } from './reviews/asking.ts';
import { createDropping, DROP, standingOf } from './reviews/pictures.ts';
import { notePurchase } from './reviews/purchases.ts';
import { createReviewRoutes } from './reviews/routes.ts';
import { PictureParams } from './reviews/schemas.ts';
import { createSources } from './sources.ts';
import { deleteProduct, writeProducts, type ProductDraft } from './store.ts';
import { languageOf } from './translations/language.ts';
import { createTranslationRoutes } from './translations/routes.ts';
import { UsedMedia, usesOf } from './uses.ts';
import { problemsOfVariants } from './variants.ts';
import { ASK_MAILBOX, createAlerts } from './wishlists/alerts.ts';
import { createTelling, noteBack, TELL } from './wishlists/news.ts';
import { createWishlistRoutes } from './wishlists/routes.ts';
import { TIDY, tidyWishlists } from './wishlists/store.ts';

/** A small import is over before its request would have to be asked about again. */
const IMPORT_WAIT_MS = 1_500;

export const createService: CreateService = (platform) => {
  const { sql, clock } = platform;
  const sources = createSources(platform.sourcesUrl);
  const media = createMedia({ ...platform, sources });
  const cached = createKeptAnswers(platform);
  const files = createImportedFiles(platform);
  const imports = createImports({ platform, media, sources, files, changed: cached.changed });
  const foundElse = (tenant: TenantId): void => {
    near.forget(tenant);
    cached.changed(tenant);
  };
  const embedding = createEmbeddingKeeping(platform, foundElse);
  const lacking = (tenant: TenantId): void =>
    void embedding
      .begin(tenant)
      .catch((error: unknown) => platform.log.debug({ err: error, tenant }, 'embedding was not begun'));
  const near = createNear({ ...platform, asked: createAskedVectors(platform), lacking });
  const keeping = createSearchKeeping(platform, foundElse, embedding);
  const settings = createSearchSettings(platform);
  const search = createProductSearch(platform, near, keeping, settings);
  const lists = createProductLists(platform, settings, search);
  const asking = createAsking(platform);
  const alerts = createAlerts(platform);

  function listed(tenant: Tenant, asked: ProductsQuery, groups: readonly string[]): Promise<RouteResponse> {
    const terms = { currency: currencyOf(tenant, asked), groups };
    return cached.read(tenant.id, `list/${keyOf(terms)}/${JSON.stringify(asked)}`, async () => {
      const [now] = await Promise.all([termsNow(tenant, terms), lists.ready(tenant, asked)]);
      const page = await lists.list(tenant, asked, now.lists);
      const [products, instead] = await Promise.all(
        [page.products, page.instead].map((cards) => priceCards(sql, tenant.id, cards, now)),
      );
      return { ...page, products, instead };
    });
  }

  function named(
    tenant: Tenant,
    asked: ProductsByIdsQuery,
    groups: readonly string[],
  ): Promise<RouteResponse> {
    const terms = { currency: currencyOf(tenant, asked), groups };
    return cached.read(
      tenant.id,
      `ids/${keyOf(terms)}/${asked.locale ?? ''}/${asked.ids.join()}`,
      async () => {
        const [cards, now] = await Promise.all([listByIds(sql, tenant, asked), termsNow(tenant, terms)]);
        return { products: await priceCards(sql, tenant.id, cards, now) };
      },
    );
  }

  /** What price lists say to these shoppers, kept for as long as what is made of it. */
  async function termsNow(tenant: Tenant, terms: Terms): Promise<{ currency: string; lists: Applying }> {
    const { jsonText = '' } = await cached.read(tenant.id, `terms/${keyOf(terms)}`, () =>
      listsApplying(platform, tenant.id, terms),
    );
    return { currency: terms.currency, lists: JSON.parse(jsonText) as Applying }; // it was one when it was kept
  }

  function settingsChanged(tenant: TenantId): void {
    settings.forget(tenant);
    cached.changed(tenant);
  }

  const readerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });
  const browserOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values, BROWSING),
  });

  async function finished(tenant: TenantId, id: string, signal: AbortSignal) {
    const deadline = clock.now().getTime() + IMPORT_WAIT_MS;
    for (;;) {
      const report = await imports.get(tenant, id);
      if (report.finishedAt !== null || signal.aborted || clock.now().getTime() >= deadline) return report;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  return {
    definition: catalog,
    consumers: {
      async 'orders.order'(event, tx) {
        await notePurchase(event, tx);
        await asking.hear(event, tx);
      },
      'orders.stock': (event, tx) => noteStock(platform, event, tx),
    },
    operations: {
      /** What the list of products answers, for other domains: the same that is kept for whoever asks by the route. */
      async search(tenant, input): Promise<ProductsPage> {
        const { groups, language, ...asked } = SearchAsked.parse(input);
        const locale = languageOf(tenant, asked.locale, language);
        const { jsonText = '' } = await listed(tenant, { ...asked, locale }, groups);
        return JSON.parse(jsonText) as ProductsPage; // it was one when it was kept
      },
      /** What the list of products by ids answers, for other domains. */
      async cards(tenant, input) {
        const { groups, language, ...asked } = CardsAsked.parse(input);
        const locale = languageOf(tenant, asked.locale, language);
        const { jsonText = '' } = await named(tenant, { ...asked, locale }, groups);
        return (JSON.parse(jsonText) as Pick<ProductsPage, 'products'>).products; // it was one when it was kept
      },
      /** Ids of what a collection shows. */
      membersOf: (tenant, input) =>
        collections.membersOf(sql, tenant.id, MembersAsked.parse(input).collection),
      /** What shows a picture of the media library. */
      mediaUses: (tenant, input) => usesOf(sql, tenant.id, UsedMedia.parse(input).id),
      /** Whether a review has a shopper's picture, and everybody may see it. */
      pictureStanding: (tenant, input) =>
        standingOf(readerOf(tenant.id), tenant.id, PictureParams.parse(input).id),
    },
    tasks: {
      'catalog.run-import': (run) => imports.run(run),
      [DROP_TASK]: ({ tenant, payload }) =>
        files.dropUnclaimed(tenant, (payload as { importId: string }).importId), // parsed by the task's definition
      [KEEP_TASK]: (run) => keeping.run(run),
      [PRICE_TASK]: createBundlePricing(platform, cached.changed),
      [EMBED_TASK]: (run) => embedding.run(run),
      [TIDY]: tidyWishlists(platform),
      [ASK]: asking.ask,
      [DROP]: createDropping(platform),
      [TELL]: createTelling(platform),
      [ASK_MAILBOX]: alerts.task,
    },
    routes: {
      ...createReviewRoutes(platform, cached, asking),
      ...createWishlistRoutes(platform, termsNow, alerts),
      listProducts: (request) => {
        const { tenant, caller, query } = request;
        const asked = { ...(query as ProductsQuery), locale: localeOf(request) };
        return listed(tenant, asked, caller.groups ?? []);
      },
      listProductsByIds: (request) => {
        const { tenant, caller, query } = request;
        const asked = { ...(query as ProductsByIdsQuery), locale: localeOf(request) };
        return named(tenant, asked, caller.groups ?? []);
      },
      async suggestProducts(request) {
        const { tenant, query } = request;
        const asked = { ...(query as SuggestQuery), locale: localeOf(request) };
        return cached.read(tenant.id, `suggest/${JSON.stringify(asked)}`, () =>
          search.suggest(tenant, asked),
        );
      },
      async getProduct(request) {
        const { tenant, caller, params, query } = request;
        const locale = localeOf(request);
        const { handle } = params as { handle: string };
        const currency = currencyOf(tenant, query as { currency?: string });
        const terms = { currency, groups: caller.groups ?? [] };
        return cached.read(tenant.id, `product/${handle}/${keyOf(terms)}/${locale ?? ''}`, async () => {
          const [product, now] = await Promise.all([
            readDetail(platform, tenant, handle, { currency, locale }),
            termsNow(tenant, terms),
          ]);
          return priceDetail(sql, tenant.id, product, now);
        });
      },
      async getRelated(request) {
        const { tenant, caller, params, query } = request;
        const locale = localeOf(request);
        const { handle } = params as { handle: string };
        const currency = currencyOf(tenant, query as { currency?: string });
        const terms = { currency, groups: caller.groups ?? [] };
        return cached.read(tenant.id, `related/${handle}/${keyOf(terms)}/${locale ?? ''}`, async () => {
          const [found, now] = await Promise.all([
            relatedTo(browserOf(tenant.id), tenant.id, handle, { currency, locale }),
            termsNow(tenant, terms),
          ]);
          const priced = (cards: readonly ProductCard[]) => priceCards(sql, tenant.id, cards, now);
          const [crossSell, upSell, accessories] = await Promise.all([
            priced(found.crossSell),
            priced(found.upSell),
            priced(found.accessories),
          ]);
          return { crossSell, upSell, accessories };
        });
      },
      async listCollections(request) {
        const { id } = request.tenant;
        const locale = localeOf(request);
        return cached.read(id, `collections/${locale ?? ''}`, async () => ({
          collections: await collections.listCollections(sql, id, locale),
        }));
      },
      async getCollection(request) {
        const { id } = request.tenant;
        const { handle } = request.params as { handle: string };
        const locale = localeOf(request);
        return cached.read(id, `collection/${handle}/${locale ?? ''}`, () =>
          collections.getCollection(sql, id, handle, locale),
        );
      },
      getMedia: ({ tenant, params, query, headers }) =>
        media.serve(tenant.id, idOf(params), query as PictureQuery, headers['accept']),
      async getLogo({ tenant }) {
        const { logo } = tenant.branding;
        if (typeof logo !== 'string') throw new ShopError('not_found', 'This shop has no logo.');
        const { url } = await media.takeIn(tenant.id, logo, tenant.displayName);
        return media.serveOriginal(tenant.id, url.slice(url.lastIndexOf('/') + 1));
      },

      async adminListProducts({ tenant, query }) {
        return { json: await listAdminProducts(platform, tenant, query as AdminProductsAsked) };
      },
      async adminCreateProduct({ tenant, body }) {
        const product = await saveProduct(platform, media, tenant, undefined, body as ProductInput);
        cached.changed(tenant.id);
        return { json: product, headers: { location: `/api/admin/catalog/products/${product.id}` } };
      },
      async adminGetProduct({ tenant, params }) {
        return { json: await readAdmin(platform, tenant.id, idOf(params)) };
      },
      async adminUpdateProduct({ tenant, params, body }) {
        const product = await saveProduct(platform, media, tenant, idOf(params), body as ProductUpdate);
        cached.changed(tenant.id);
        return { json: product };
      },
      async adminDeleteProduct({ tenant, params, query }) {
        await sql.transaction(tenant.id, (tx) =>
          deleteProduct(platform, tx, tenant.id, idOf(params), versionOf(query)),
        );
        cached.changed(tenant.id);
        return {};
      },

      async adminGetRelated({ tenant, params }) {
        return { json: await readRelated(readerOf(tenant.id), tenant.id, idOf(params)) };
      },
      async adminPutRelated({ tenant, params, body }) {
        const written = await sql.transaction(tenant.id, (tx) =>
          writeRelated(tx, tenant.id, idOf(params), body as RelatedUpdate),
        );
        cached.changed(tenant.id);
        return { json: written };
      },
      async adminListCollections({ tenant }) {
        return { json: { collections: await collections.listAdmin(sql, tenant.id) } };
      },
      async adminCreateCollection({ tenant, body, earn }) {
        const input = body as CollectionInput;
        const image = (await takeCollectionImage(media, tenant, input)) ?? null;
        const answer = await sql.transaction(tenant.id, async (tx) => {
          const id = await collections.createCollection(platform, tx, tenant.id, input, image);
          const made = await collections.getAdmin(tx, tenant.id, id);
          return earn(tx, { json: made, headers: { location: `/api/admin/catalog/collections/${made.id}` } });
        });
        cached.changed(tenant.id);
        return answer;
      },
      async adminGetCollection({ tenant, params }) {
        const runner: SqlRunner = { query: (text, values) => sql.query(tenant.id, text, values) };
        return { json: await collections.getAdmin(runner, tenant.id, idOf(params)) };
      },
      async adminUpdateCollection({ tenant, params, body }) {
        const input = body as CollectionUpdate;
        const id = idOf(params);
        const image = await takeCollectionImage(media, tenant, input);
        const made = await sql.transaction(tenant.id, async (tx) => {
          await collections.updateCollection(platform, tx, tenant.id, id, input, image);
          return collections.getAdmin(tx, tenant.id, id);
        });
        cached.changed(tenant.id);
        return { json: made };
      },
      async adminDeleteCollection({ tenant, params, query }) {
        await sql.transaction(tenant.id, (tx) =>
          collections.deleteCollection(platform, tx, tenant.id, idOf(params), versionOf(query)),
        );
        cached.changed(tenant.id);
        return {};
      },

      async adminStartImport({ tenant, body, query, headers, signal }) {
        const force = (query as { force: string }).force === 'true';
        // Of routes with body `stream` it is one.
        const from = await importedFrom(body as Readable, headers['content-type']);
        const started = await imports.start(tenant, from, force);
        const report = await finished(tenant.id, started.id, signal);
        return { json: report, headers: { location: `/api/admin/catalog/imports/${report.id}` } };
      },
      async adminGetImport({ tenant, params }) {
        return { json: await imports.get(tenant.id, idOf(params)) };
      },
      async adminGetSearch({ tenant }) {
        return { json: await keeping.state(tenant.id) };
      },
      async adminRebuildSearch({ tenant }) {
        await keeping.rebuild(tenant.id);
        return { json: await keeping.state(tenant.id) };
      },
      async adminGetSynonyms({ tenant }) {
        const { version, synonyms } = await readSettings(sql, tenant.id);
        return { json: { version, synonyms } };
      },
      async adminPutSynonyms({ tenant, body }) {
        const written = await writeSynonyms(platform, tenant.id, body as SynonymsUpdate);
        settingsChanged(tenant.id);
        return { json: written };
      },
      async adminAddSynonym({ tenant, body }) {
        const written = await addSynonym(platform, tenant.id, body as SynonymRule);
        settingsChanged(tenant.id);
        return { json: written };
      },
      async adminListRankingRules({ tenant }) {
        return { json: { rules: await rules.listRules(platform, tenant.id) } };
      },
      async adminCreateRankingRule({ tenant, body, earn }) {
        const answer = await sql.transaction(tenant.id, async (tx) => {
          const made = await rules.createRule(platform, tx, tenant.id, body as RankingRuleInput);
          const location = `/api/admin/catalog/search/rules/${made.id}`;
          return earn(tx, { json: made, headers: { location } });
        });
        settingsChanged(tenant.id);
        return answer;
      },
      async adminGetRankingRule({ tenant, params }) {
        return { json: await rules.getRule(platform, tenant.id, idOf(params)) };
      },
      async adminUpdateRankingRule({ tenant, params, body }) {
        const changed = await sql.transaction(tenant.id, (tx) =>
          rules.updateRule(platform, tx, tenant.id, idOf(params), body as RankingRuleUpdate),
        );
        settingsChanged(tenant.id);
        return { json: changed };
      },
      async adminDeleteRankingRule({ tenant, params }) {
        await sql.transaction(tenant.id, (tx) => rules.deleteRule(platform, tx, tenant.id, idOf(params)));
        settingsChanged(tenant.id);
        return {};
      },
      async adminPreviewRanking({ tenant, query }) {
        return { json: await previewOf(platform, lists, tenant, query as PreviewQuery) };
      },
      ...priceListRoutes(platform, cached.changed),
      ...createTranslationRoutes(platform, cached.changed),
      adminExport: ({ tenant, query }) => exportOf(platform, tenant, (query as ExportQuery).format),
    },
  };
};

/** Orders own the stock; the catalogue remembers what is sold out, to filter by it. */
async function noteStock(
  { clock }: Platform,
  { tenant, payload }: StoredEvent,
  tx: Transaction,
): Promise<void> {
  const { variantId, availability } = StockChanged.parse(payload);
  const { rowCount } = await tx.query(
    availability === 'out'
      ? 'INSERT INTO sold_out_variants (tenant_id, variant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING'
      : 'DELETE FROM sold_out_variants WHERE tenant_id = $1 AND variant_id = $2',
    [tenant, variantId],
  );
  if (rowCount === 0) return;
  await noteVariant(clock, tx, tenant, variantId);
  if (availability !== 'out') await noteBack({ clock }, tx, tenant, variantId);
}

async function readDetail(
  { sql }: Platform,
  tenant: Tenant,
  handle: string,
  { currency, locale }: { readonly currency: string; readonly locale: string | undefined },
): Promise<ProductDetail> {
  const { rows } = await sql.query<DetailRow>(
    tenant.id,
    `SELECT ${CARD_COLUMNS}, p.document, p.updated_at, coalesce((
       SELECT jsonb_agg(jsonb_build_object('handle', c.handle, 'title', coalesce(c.translations #>> ARRAY[$3, 'title'], c.title)) ORDER BY c.position, c.id)
       FROM collection_products m JOIN collections c ON c.tenant_id = $1 AND c.id = m.collection_id AND c.published
       WHERE m.tenant_id = $1 AND m.product_id = p.id), '[]'::jsonb) AS collections
     FROM products p WHERE p.tenant_id = $1 AND p.handle = $2 AND p.visible`,
    [tenant.id, handle, locale ?? ''],
    BROWSING,
  );
  const [row] = rows;
  if (!row)
    throw new ShopError('not_found', 'There is no such product.', { remedy: 'See /api/catalog/products.' });
  const runner: SqlRunner = { query: (text, values) => sql.query(tenant.id, text, values, BROWSING) };
  return withContents(runner, tenant.id, toDetail(row, currency, locale), row.document, { currency, locale });
}

const ADMIN_COLUMNS = `p.version, p.document, p.created_at, p.updated_at, p.position, p.id, coalesce((
  SELECT array_agg(c.handle ORDER BY c.position, c.id) FROM collection_products m
  JOIN collections c ON c.tenant_id = $1 AND c.id = m.collection_id
  WHERE m.tenant_id = $1 AND m.product_id = p.id), '{}') AS collections`;

async function readAdmin({ sql }: Platform, tenant: TenantId, id: string): Promise<AdminProduct> {
  const { rows } = await sql.query<AdminRow>(
    tenant,
    `SELECT ${ADMIN_COLUMNS} FROM products p WHERE p.tenant_id = $1 AND p.id = $2`,
    [tenant, id],
  );
  const [row] = rows;
  if (!row) throw new ShopError('not_found', 'There is no such product.');
  return toAdmin(row);
}

interface AdminProductsAsked {
  readonly q?: string;
  readonly status?: string;
  readonly limit: number;
  readonly cursor?: string;
}

const ADMIN_LIST = { sort: 'admin', type: 'bigint' } as const;

async function listAdminProducts(
  { sql }: Platform,
  tenant: Tenant,
  { q, status, limit, cursor }: AdminProductsAsked,
) {
  const after = cursor === undefined ? undefined : decodeCursor(cursor, ADMIN_LIST);
  const part = q === undefined || q === '' ? null : `%${q.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`;
  const { rows } = await sql.query<AdminRow & { position: number; id: string }>(
    tenant.id,
    `SELECT ${ADMIN_COLUMNS} FROM products p WHERE p.tenant_id = $1
       AND ($2::text IS NULL OR p.status = $2) AND ($3::text IS NULL OR p.search_text LIKE $3)
       AND ($4::bigint IS NULL OR (p.position, p.id) > ($4::bigint, $5::text))
     ORDER BY p.position, p.id LIMIT $6`,
    [tenant.id, status ?? null, part, after?.key ?? null, after?.id ?? null, limit + 1],
  );
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    products: shown.map(toAdmin),
    nextCursor: rows.length > limit && last ? encodeCursor(ADMIN_LIST, last.position, last.id) : null,
  };
}

/** `id` absent: a new product. Present: the one of that id, if it still is of the version the merchant saw. */
async function saveProduct(
  platform: Platform,
  media: Media,
  tenant: Tenant,
  id: string | undefined,
  input: ProductInput | ProductUpdate,
): Promise<AdminProduct> {
  const known = id === undefined ? undefined : await knownDocument(platform, tenant.id, id);
  checkVariants(input);
  const draft = await toDraft(media, tenant.id, input, known);
  const expected = 'version' in input ? { expectedVersion: input.version } : { mustBeNew: true };
  const [written] = await platform.sql.transaction(tenant.id, (tx) =>
    writeProducts(platform, tx, tenant.id, [draft], expected),
  );
  if (!written) throw new Error('A product was written without a result.');
  return readAdmin(platform, tenant.id, written.document.id);
}

async function knownDocument({ sql }: Platform, tenant: TenantId, id: string): Promise<ProductDocument> {
  const { rows } = await sql.query<{ document: ProductDocument }>(
    tenant,
    'SELECT document FROM products WHERE tenant_id = $1 AND id = $2',
    [tenant, id],
  );
  const [row] = rows;
  if (!row) throw new ShopError('not_found', 'There is no such product.');
  return row.document;
}

function checkVariants(input: ProductInput): void {
  const problems = problemsOfVariants(input);
  if (problems.length === 0) return;
  throw new ShopError('invalid_input', 'The variants do not fit the options, or have no price.', {
    problems: problems.map(({ where, what }) => ({ where: `body/${where}`, what })),
    remedy: 'Give each variant a price and one value per option, and no two the same.',
  });
}

async function toDraft(
  media: Media,
  tenant: TenantId,
  input: ProductInput,
  known: ProductDocument | undefined,
): Promise<ProductDraft> {
  const images = await Promise.all(input.images.map(({ src, alt }) => media.takeIn(tenant, src, alt)));
  const earlier = new Map((known?.variants ?? []).map((variant) => [variant.id, variant]));
  return {
    ...(known ? { id: known.id } : {}),
    handle: input.handle ?? known?.handle ?? handleOf(input.title),
    title: input.title,
    descriptionHtml: safeHtml(input.descriptionHtml),
    vendor: input.vendor,
    type: input.type,
    category: input.category,
    tags: [...new Set(input.tags)],
    status: input.status,
    published: input.published,
    giftCard: known?.giftCard ?? false,
    options: input.options,
    images,
    seo: input.seo ?? { title: null, description: null },
    extra: known?.extra ?? {},
    variants: input.variants.map((variant) => {
      const before = variant.id === undefined ? undefined : earlier.get(variant.id);
      return {
        ...(variant.id === undefined ? {} : { id: variant.id }),
        sku: variant.sku ?? null,
        optionValues: variant.optionValues,
        prices: variant.prices.map(({ amount, currency, compareAt }) => ({
          amount,
          currency,
          compareAt: compareAt ?? null,
        })),
        barcode: variant.barcode ?? null,
        weightGrams: variant.weightGrams ?? null,
        requiresShipping: variant.requiresShipping,
        taxable: variant.taxable,
        inventoryPolicy: variant.inventoryPolicy,
        inventoryQuantity: variant.inventoryQuantity,
        image: before?.image ?? null,
        extra: before?.extra ?? {},
        ...(variant.bundle === undefined ? {} : { bundle: variant.bundle }),
      };
    }),
  };
}

/** `undefined`: the input says nothing of a picture. */
async function takeCollectionImage(
  media: Media,
  tenant: Tenant,
  input: CollectionInput,
): Promise<Image | null | undefined> {
  if (input.imageSrc === undefined) return undefined;
  return input.imageSrc === null ? null : media.takeIn(tenant.id, input.imageSrc, input.title);
}

/** The language that what shoppers see is told in; undefined: as it is written. */
function localeOf({ tenant, query, headers }: RouteRequest): string | undefined {
  // Parsed by the route's schema.
  return languageOf(tenant, (query as { locale?: string }).locale, headers['accept-language']);
}

function idOf(params: unknown): string {
  return (params as { id: string }).id; // parsed by IdParams
}

function versionOf(query: unknown): number | undefined {
  return (query as { version?: number }).version; // parsed by VersionQuery
}

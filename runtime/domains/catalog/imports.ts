/**
 * Imports: a file of products, CSV or JSON, becomes products, in batches, with progress. Valid products are imported, the others reported with their reasons.
 * The job may be killed and run again at any point: a product that has been written is found unchanged.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import { kept } from '../../platform/kept.ts';
import type { TaskRun, Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import { resolved } from './bundles/csv.ts';
import { variantsNamed } from './bundles/store.ts';
import { joinCollections } from './collections.ts';
import { noteGrown } from './search/changes.ts';
import { productsIn } from './formats.ts';
import type { ImportedProduct, ImportedVariant } from './imported.ts';
import type { ImportedFiles } from './imported-files.ts';
import type { ImportedFrom } from './imported-from.ts';
import type { Media } from './media.ts';
import type { Image, ImportProblem, ImportReport } from './schemas.ts';
import type { Sources } from './sources.ts';
import { writeProducts, type ProductDraft } from './store.ts';

const BATCH = 100;
/** Products with bundles that wait for what they are made of, which may come later in the file. */
const MOST_BUNDLES = 1_000;
const PICTURES_AT_ONCE = 12;
const MOST_BYTES = 2 * 1024 * 1024 * 1024;
const PROBLEMS_KEPT = 1_000;

export interface Imports {
  /**
   * Takes the file while it comes, or the name of its source, and lets a task do the rest. Answers an import of the same content that is
   * known. Of a file that does not come whole nothing is kept.
   */
  start(tenant: Tenant, from: ImportedFrom, force: boolean): Promise<ImportReport>;
  /** Throws ShopError `not_found`. */
  get(tenant: TenantId, id: string): Promise<ImportReport>;
  run(run: TaskRun): Promise<void>;
}

interface ImportTools {
  readonly platform: Platform;
  readonly media: Media;
  readonly sources: Sources;
  readonly files: ImportedFiles;
  /** Called when products of a tenant have changed. */
  readonly changed: (tenant: TenantId) => void;
}

interface ImportRow {
  readonly id: string;
  readonly state: ImportReport['state'];
  readonly source: string | null;
  readonly content_hash: string | null;
  readonly force: boolean;
  readonly report: Counts;
  readonly error: string | null;
  readonly created_at: Date;
  readonly finished_at: Date | null;
}

interface NewImport {
  readonly id: string;
  readonly source: string | null;
  readonly contentHash: string | null;
  readonly force: boolean;
}

type Counts = Pick<ImportReport, 'rows' | 'products' | 'images' | 'problems' | 'problemCount'>;

export function createImports({ platform, media, sources, files, changed }: ImportTools): Imports {
  const { sql, clock, newId, tenants, log } = platform;

  async function known(
    tenant: TenantId,
    contentHash: string | null,
    source: string | null,
  ): Promise<ImportReport | undefined> {
    const { rows } = await sql.query<ImportRow>(
      tenant,
      `SELECT * FROM catalog_imports WHERE tenant_id = $1 AND state <> 'failed' ORDER BY created_at DESC, id DESC LIMIT 1`,
      [tenant],
    );
    const [latest] = rows;
    if (!latest) return undefined;
    // An older import of the same content has been overwritten since: it must run again.
    const same = contentHash !== null && latest.content_hash === contentHash;
    const runs = latest.state !== 'succeeded' && source !== null && latest.source === source;
    return same || runs ? toReport(latest) : undefined;
  }

  async function read(tenant: TenantId, id: string): Promise<ImportRow> {
    const { rows } = await sql.query<ImportRow>(
      tenant,
      'SELECT * FROM catalog_imports WHERE tenant_id = $1 AND id = $2',
      [tenant, id],
    );
    const [row] = rows;
    if (!row) throw new ShopError('not_found', 'There is no such import.');
    return row;
  }

  async function begin(
    tenant: TenantId,
    { id, source, contentHash, force }: NewImport,
  ): Promise<ImportReport> {
    await sql.transaction(tenant, async (tx) => {
      await tx.query(
        `INSERT INTO catalog_imports (tenant_id, id, state, source, content_hash, force, report, created_at)
         VALUES ($1, $2, 'waiting', $3, $4, $5, $6, $7)`,
        [tenant, id, source, contentHash, force, JSON.stringify(nothingYet()), clock.now()],
      );
      await tx.enqueue({ name: 'catalog.run-import', payload: { importId: id }, key: id });
    });
    return toReport(await read(tenant, id));
  }

  async function finish(
    tenant: TenantId,
    id: string,
    counts: Counts,
    error: string | null,
    contentHash: string | null,
  ): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      await tx.query(
        `UPDATE catalog_imports SET state = $3, report = $4, error = $5, content_hash = coalesce($6, content_hash), finished_at = $7
         WHERE tenant_id = $1 AND id = $2`,
        [
          tenant,
          id,
          error === null ? 'succeeded' : 'failed',
          JSON.stringify(counts),
          error,
          contentHash,
          clock.now(),
        ],
      );
      await noteGrown(tx);
    });
  }

  async function openSource(
    tenant: TenantId,
    row: ImportRow,
  ): Promise<{ stream: Readable; base: URL | undefined }> {
    if (row.source !== null) {
      const url = sources.resolve(tenant, row.source);
      return { stream: await sources.open(url, MOST_BYTES), base: url };
    }
    return { stream: await files.open(tenant, row.id), base: undefined };
  }

  async function importAll(
    tenant: Tenant,
    row: ImportRow,
    counts: Counts,
    signal: AbortSignal,
  ): Promise<string> {
    const { stream, base } = await openSource(tenant.id, row);
    const hash = createHash('sha256');
    const currency = tenant.currencies[0] ?? 'EUR';
    const pictures = pictureTaker(media, tenant.id, base);
    const batch: ImportedProduct[] = [];
    const bundles: ImportedProduct[] = [];
    const flush = async (products: readonly ImportedProduct[]) => {
      signal.throwIfAborted();
      const pictured = await Promise.all(
        products.map(async (product) => ({ product, draft: await toDraft(product, pictures, counts) })),
      );
      await importSome(tenant, pictured, counts, row.force);
      await sql.query(tenant.id, `UPDATE catalog_imports SET report = $3 WHERE tenant_id = $1 AND id = $2`, [
        tenant.id,
        row.id,
        JSON.stringify(counts),
      ]);
      changed(tenant.id);
    };
    for await (const imported of await productsIn(stream, (chunk) => hash.update(chunk), currency)) {
      counts.rows += imported.rows;
      if ('problems' in imported) {
        if (imported.isProduct) counts.products.rejected++;
        reject(counts, imported.problems);
        continue;
      }
      const { product } = imported;
      const isBundle = product.variants.some(({ bundle }) => bundle !== undefined);
      (isBundle ? bundles : batch).push(product);
      if (batch.length >= BATCH || bundles.length >= MOST_BUNDLES) {
        await flush(batch.splice(0));
        if (bundles.length >= MOST_BUNDLES) await flush(bundles.splice(0));
      }
    }
    for (const rest of [batch, bundles]) if (rest.length > 0) await flush(rest);
    return hash.digest('hex');
  }

  /** All together, or where one of them cannot be, each by itself. */
  async function importSome(
    tenant: Tenant,
    products: readonly Pictured[],
    counts: Counts,
    force: boolean,
  ): Promise<void> {
    try {
      await importBatch(tenant, products, counts, force);
    } catch (error) {
      if (!isTheirs(error)) throw error;
      const [first, ...others] = products;
      if (others.length > 0) {
        for (const each of products) await importSome(tenant, [each], counts, force);
      } else if (first !== undefined) {
        counts.products.rejected++;
        reject(counts, [problemWith(first.product, error)]);
      }
    }
  }

  async function importBatch(
    tenant: Tenant,
    products: readonly Pictured[],
    counts: Counts,
    force: boolean,
  ): Promise<void> {
    const written = await sql.transaction(tenant.id, async (tx) => {
      const drafts = await withComponents(
        tx,
        tenant.id,
        products.map(({ draft }) => draft),
      );
      const results = await writeProducts(platform, tx, tenant.id, drafts, {
        fromImport: true,
        force,
      });
      const memberships = products.flatMap(({ product }, index) => {
        const result = results[index];
        if (!result || result.outcome === 'unchanged') return [];
        return product.collections.map((title) => ({ productId: result.document.id, title }));
      });
      await joinCollections(platform, tx, tenant.id, memberships);
      return results;
    });
    for (const { outcome } of written) counts.products[outcome]++;
  }

  async function carryOut(tenant: Tenant, row: ImportRow, signal: AbortSignal): Promise<void> {
    const { id } = row;
    await sql.query(
      tenant.id,
      `UPDATE catalog_imports SET state = 'running' WHERE tenant_id = $1 AND id = $2`,
      [tenant.id, id],
    );
    const counts = nothingYet();
    try {
      const hash = await importAll(tenant, row, counts, signal);
      await finish(tenant.id, id, counts, null, hash);
    } catch (error) {
      if (!isTheirs(error)) throw error;
      log.info({ tenant: tenant.id, import: id, reason: error.message }, 'an import was refused');
      await finish(
        tenant.id,
        id,
        counts,
        kept([error.message, error.remedy].filter(Boolean).join(' ')),
        null,
      );
    } finally {
      changed(tenant.id);
    }
  }

  return {
    async start(tenant, from, force) {
      const id = newId('imp');
      if ('source' in from) {
        sources.resolve(tenant.id, from.source);
        const earlier = force ? undefined : await known(tenant.id, null, from.source);
        return earlier ?? begin(tenant.id, { id, source: from.source, contentHash: null, force });
      }
      // The bytes before the row, the row before the task: whatever is found has what it needs.
      const contentHash = await files.keep(tenant.id, id, from.file);
      const earlier = force ? undefined : await known(tenant.id, contentHash, null);
      if (earlier === undefined) return begin(tenant.id, { id, source: null, contentHash, force });
      await files.drop(tenant.id, id);
      return earlier;
    },
    async get(tenant, id) {
      return toReport(await read(tenant, id));
    },
    async run({ tenant: tenantId, payload, signal }) {
      const { importId } = payload as { importId: string }; // parsed by the task's definition
      const tenant = await tenants.byId(tenantId);
      if (!tenant) throw new ShopError('unavailable', `The directory does not know ${tenantId}.`);
      const row = await read(tenantId, importId);
      if (row.state === 'waiting' || row.state === 'running') await carryOut(tenant, row, signal);
      // Also of one whose process was killed once it was over.
      if (row.source === null) await files.drop(tenantId, importId);
    },
  };
}

/** Takes pictures in, each once per import, a few at a time. */
type PictureTaker = (src: string, alt: string) => Promise<Image>;

function pictureTaker(media: Media, tenant: TenantId, base: URL | undefined): PictureTaker {
  const taken = new Map<string, Promise<Image>>();
  let running = 0;
  const waiting: (() => void)[] = [];
  const slot = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= PICTURES_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      return await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
  return async (src, alt) => {
    let picture = taken.get(src);
    if (!picture) {
      picture = slot(() => media.takeIn(tenant, src, alt, base));
      // A large catalogue names each picture in neighbouring rows only.
      if (taken.size > 5_000) taken.clear();
      taken.set(src, picture);
    }
    return { ...(await picture), alt };
  };
}

/** Components of bundles are called by what the file calls them still. */
type NamedDraft = Omit<ProductDraft, 'variants'> & {
  readonly variants: readonly (Omit<ImportedVariant, 'image'> & { readonly image: Image | null })[];
};

interface Pictured {
  readonly product: ImportedProduct;
  readonly draft: NamedDraft;
}

/** @throws ShopError `invalid_input` for components that are not in the shop */
async function withComponents(
  tx: Transaction,
  tenant: TenantId,
  drafts: readonly NamedDraft[],
): Promise<readonly ProductDraft[]> {
  const names = drafts
    .flatMap(({ variants }) => variants.flatMap(({ bundle }) => bundle?.components ?? []))
    .map(({ name }) => name);
  const known = names.length === 0 ? new Map<string, string[]>() : await variantsNamed(tx, tenant, names);
  return drafts.map((draft) => ({
    ...draft,
    variants: draft.variants.map(({ bundle: named, ...variant }) => {
      if (named === undefined) return variant;
      const bundle = resolved(named, known);
      if ('unknown' in bundle) throw noSuchComponent(bundle.unknown);
      return { ...variant, bundle };
    }),
  }));
}

function noSuchComponent(name: string): ShopError {
  return new ShopError('invalid_input', `${name} is not the name of one variant of the shop.`, {
    remedy:
      'Have what a bundle is made of in the shop or in another product of the file, and name each once.',
  });
}

function problemWith(product: ImportedProduct, error: ShopError): ImportProblem {
  const line = product.variants.find(({ bundle }) => bundle !== undefined)?.bundle?.line ?? product.line;
  return {
    line,
    column: product.columns.components,
    handle: product.handle,
    what: [error.message, ...error.problems.map(({ what }) => what)].join(' '),
    remedy: error.remedy ?? 'Check what it is made of.',
  };
}

/** A picture that cannot be had is reported; the product is imported without it. */
async function toDraft(product: ImportedProduct, take: PictureTaker, counts: Counts): Promise<NamedDraft> {
  const tryTake = async (src: string, alt: string, line: number, column: string): Promise<Image | null> => {
    try {
      return await take(src, alt);
    } catch (error) {
      if (!isTheirs(error)) throw error;
      reject(counts, [
        {
          line,
          column,
          handle: product.handle,
          what: error.message,
          remedy: error.remedy ?? 'Check the address.',
        },
      ]);
      return null;
    }
  };
  const images = await Promise.all(
    product.images.map(({ src, alt, line, column }) => tryTake(src, alt, line, column)),
  );
  for (const image of images) counts.images[image === null ? 'failed' : 'stored']++;
  const bySrc = new Map(product.images.map(({ src }, index) => [src, images[index] ?? null]));
  const variants = await Promise.all(
    product.variants.map(async (variant) => {
      if (variant.image === null) return { ...variant, image: null };
      const known = bySrc.get(variant.image);
      const image =
        known === undefined
          ? await tryTake(variant.image, product.title, product.line, product.columns.variantImage)
          : known;
      return { ...variant, image };
    }),
  );
  const { line: _, collections: __, columns: ___, ...rest } = product;
  return { ...rest, variants, images: images.filter((image) => image !== null) };
}

/** What the merchant's file is to blame for, as opposed to what may work next time. */
function isTheirs(error: unknown): error is ShopError {
  return error instanceof ShopError && (error.code === 'invalid_input' || error.code === 'gone');
}

function nothingYet(): Counts {
  return {
    rows: 0,
    products: { created: 0, updated: 0, unchanged: 0, rejected: 0 },
    images: { stored: 0, failed: 0 },
    problems: [],
    problemCount: 0,
  };
}

function reject(counts: Counts, problems: readonly ImportProblem[]): void {
  counts.problemCount += problems.length;
  const room = Math.max(0, PROBLEMS_KEPT - counts.problems.length);
  counts.problems.push(...problems.slice(0, room).map(reported));
}

/** Problems quote the file, which may hold anything, and cut what they quote: the report is kept whatever it says. */
function reported({ line, column, handle, what, remedy }: ImportProblem): ImportProblem {
  const quoted = (text: string, longest: number): string => kept(text.slice(0, longest));
  return {
    line,
    column: column === null ? null : quoted(column, 255),
    handle: handle === null ? null : quoted(handle, 255),
    what: quoted(what, 1_000),
    remedy,
  };
}

function toReport(row: ImportRow): ImportReport {
  return {
    id: row.id,
    state: row.state,
    source: row.source,
    contentHash: row.content_hash,
    ...row.report,
    error: row.error,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

/**
 * Keeps what products mean in step with the catalogue, as part of the task that tells the search index: what changed is read anew, and the words are
 * learned anew when the catalogue has become another. Each step may be repeated.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Platform } from '../../../platform/domain.ts';
import type { TenantId } from '../../../platform/ports.ts';
import { searchTextsOf, type ProductDocument } from '../document.ts';
import { packModel, packVector, unpackModel, type StoredModel } from './form.ts';
import {
  createLetters,
  learn,
  meaningOf,
  weighed,
  type LettersOf,
  type MeaningModel,
  type Texts,
} from './model.ts';

/** Products of a shop beyond which meanings are not kept: every search compares with each of them. */
export const MOST_PRODUCTS = 20_000;
/** Words are learned anew when so much of the catalogue has come or gone. */
const ANOTHER = 0.2;
/** An import that has run for longer has died for good, or is so slow that nobody waits for its end. */
const LONGEST_IMPORT_MS = 3_600_000;
/** Products that are read at once; between them others have their turn. */
const PAGE = 200;

export interface Meant {
  readonly id: string;
  /** Grows with each change of the product: what an older one said never replaces what a newer one says. */
  readonly version: number;
  readonly document: ProductDocument;
}

export interface MeaningKeeping {
  /**
   * These are as they were not before.
   * @returns whether any of them says something else than it did; then, `keep`
   */
  tell(tenant: TenantId, shown: readonly Meant[], gone: readonly string[]): Promise<boolean>;
  /** Learns anew where the catalogue has become another since. */
  keep(tenant: TenantId, signal: AbortSignal): Promise<void>;
}

interface ModelRow extends StoredModel {
  readonly version: number;
  readonly learned_at: Date;
  readonly products: number;
}

interface StandingRow {
  readonly version: number;
  readonly learned_at: Date;
  /** No more than one beyond the bound is counted. */
  readonly visible: number;
}

/** Two tasks that learn at once write one version: by the moment they are told apart. */
interface KeptModel {
  readonly tenant: TenantId;
  readonly version: number;
  readonly learnedAt: number;
  readonly model: MeaningModel;
  readonly letters: LettersOf;
}

/** @param mostProducts of a shop; of larger ones nothing is kept */
export function createMeaningKeeping(
  { sql, clock, log }: Pick<Platform, 'sql' | 'clock' | 'log'>,
  mostProducts = MOST_PRODUCTS,
): MeaningKeeping {
  // The one that was read last: an import tells of hundreds of batches, and reading it takes longer than a batch.
  let latest: KeptModel | undefined;

  /** @returns undefined where there is none, or where the shop has outgrown it */
  async function modelOf(tenant: TenantId): Promise<KeptModel | undefined> {
    const { rows } = await sql.query<StandingRow>(tenant, STANDING, [tenant, mostProducts]);
    const [standing] = rows;
    if (standing === undefined) return undefined;
    if (standing.visible > mostProducts) {
      await forgetAll(tenant);
      return undefined;
    }
    const learnedAt = standing.learned_at.getTime();
    const isLatest =
      latest?.tenant === tenant && latest.version === standing.version && latest.learnedAt === learnedAt;
    if (!isLatest) latest = await readModel(tenant);
    return latest;
  }

  async function readModel(tenant: TenantId): Promise<KeptModel | undefined> {
    const { rows } = await sql.query<ModelRow>(
      tenant,
      'SELECT version, learned_at, products, words, contexts FROM catalog_meaning_models WHERE tenant_id = $1',
      [tenant],
    );
    const [row] = rows;
    if (row === undefined) return undefined;
    const { version, learned_at: learnedAt } = row;
    const model = unpackModel(row, row.products);
    return { tenant, version, learnedAt: learnedAt.getTime(), model, letters: createLetters() };
  }

  async function forgetAll(tenant: TenantId): Promise<void> {
    await sql.transaction(tenant, async (tx) => {
      await tx.query('DELETE FROM catalog_meaning_models WHERE tenant_id = $1', [tenant]);
      await tx.query('DELETE FROM catalog_meanings WHERE tenant_id = $1', [tenant]);
    });
    log.info({ tenant, mostProducts }, 'the shop has outgrown what is learned of its words');
  }

  async function write(
    tenant: TenantId,
    { model, version, letters }: Pick<KeptModel, 'model' | 'version' | 'letters'>,
    products: readonly Meant[],
  ): Promise<void> {
    const vectors = products.map(({ document }) =>
      packVector(meaningOf(model, weighed(textsOf(document)), letters)).toString('base64'),
    );
    const hashes = products.map(({ document }) => hashOf(document));
    await sql.query(tenant, WRITE, [
      tenant,
      version,
      products.map(({ id }) => id),
      hashes,
      vectors,
      products.map((one) => one.version),
    ]);
  }

  async function* everything(tenant: TenantId, signal: AbortSignal): AsyncGenerator<readonly Meant[]> {
    for (let after = ''; ;) {
      signal.throwIfAborted();
      const { rows } = await sql.query<Meant>(tenant, PAGE_OF_ALL, [tenant, after, PAGE]);
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows;
      after = last.id;
    }
  }

  async function learnAnew(tenant: TenantId, before: number, signal: AbortSignal): Promise<void> {
    const started = performance.now();
    const texts: Texts[] = [];
    for await (const page of everything(tenant, signal)) {
      texts.push(...page.map(({ document }) => textsOf(document)));
      // An import is under way, and it has grown beyond what is kept since it was counted.
      if (texts.length > mostProducts) return;
    }
    const model = await learn(texts, () => setImmediate());
    const learned = { model, version: before + 1, letters: createLetters() };
    let written = 0;
    for await (const page of everything(tenant, signal)) {
      written += page.length;
      if (written > mostProducts) return;
      await write(tenant, learned, page);
    }
    const { words, contexts } = packModel(learned.model);
    // Last: until then, searches go by what there was.
    await sql.transaction(tenant, async (tx) => {
      await tx.query(
        `INSERT INTO catalog_meaning_models AS m (tenant_id, version, changes, products, words, contexts, learned_at)
         VALUES ($1, $2::bigint, 1, $3::int, $4::jsonb, $5, $6)
         ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version, changes = m.changes + 1, products = excluded.products,
           words = excluded.words, contexts = excluded.contexts, learned_at = excluded.learned_at`,
        [tenant, learned.version, texts.length, JSON.stringify(words), contexts, clock.now()],
      );
      await tx.query('DELETE FROM catalog_meanings WHERE tenant_id = $1 AND model_version <> $2::bigint', [
        tenant,
        learned.version,
      ]);
    });
    const milliseconds = Math.round(performance.now() - started);
    log.info(
      { tenant, products: texts.length, words: words.length, milliseconds },
      'the shop’s words were learned',
    );
  }

  return {
    async tell(tenant, shown, gone) {
      const { rows } = await sql.query<{ product_id: string; text_hash: string }>(
        tenant,
        'SELECT product_id, text_hash FROM catalog_meanings WHERE tenant_id = $1 AND product_id = ANY ($2::text[])',
        [tenant, [...shown.map(({ id }) => id), ...gone]],
      );
      const present = new Map(rows.map(({ product_id: id, text_hash: hash }) => [id, hash]));
      const others = shown.filter(({ id, document }) => present.get(id) !== hashOf(document));
      const removed = gone.filter((id) => present.has(id));
      if (others.length === 0 && removed.length === 0) return false;
      const known = await modelOf(tenant);
      if (known === undefined) return true;
      if (others.length > 0) await write(tenant, known, others);
      if (removed.length > 0) await sql.query(tenant, REMOVE, [tenant, removed]);
      await sql.query(tenant, CHANGED, [tenant]);
      return true;
    },

    async keep(tenant, signal) {
      const since = new Date(clock.now().getTime() - LONGEST_IMPORT_MS);
      const { rows } = await sql.query<CountRow>(tenant, COUNT, [tenant, mostProducts, since]);
      const { visible = 0, version = 0, products = 0, lacking = false, importing = false } = rows[0] ?? {};
      if (visible > mostProducts) {
        if (version > 0) await forgetAll(tenant);
        return;
      }
      // It would be learned again at each fifth that is added, and all of it for nothing: whoever ends an import asks for it.
      if (importing) return;
      const grown = Math.abs(visible - products);
      const isAnother = version === 0 ? visible > 0 : grown > Math.max(10, products * ANOTHER);
      // A learning that was broken off has left vectors of a version that nobody reads.
      if (isAnother || (version > 0 && lacking)) await learnAnew(tenant, version, signal);
    },
  };
}

interface CountRow {
  readonly visible: number;
  readonly version: number;
  readonly products: number;
  /** Whether something that was told of has no vector that can be compared. */
  readonly lacking: boolean;
  readonly importing: boolean;
}

/** Of what it says: what it has besides changes no meaning. */
export function hashOf(document: ProductDocument): string {
  return createHash('sha1')
    .update(JSON.stringify(textsOf(document)))
    .digest('base64url');
}

export function textsOf(document: ProductDocument): Texts {
  const { a, b, c } = searchTextsOf(document);
  return [a, b, c];
}

const WRITE = `
  INSERT INTO catalog_meanings AS m (tenant_id, product_id, model_version, text_hash, vector, version)
  SELECT $1, n.id, $2::bigint, n.hash, decode(n.vector, 'base64'), n.version
  FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[]) AS n (id, hash, vector, version) ORDER BY n.id
  ON CONFLICT (tenant_id, product_id) DO UPDATE SET model_version = excluded.model_version, text_hash = excluded.text_hash,
    vector = excluded.vector, version = excluded.version
  WHERE m.version <= excluded.version`;

const REMOVE = 'DELETE FROM catalog_meanings WHERE tenant_id = $1 AND product_id = ANY ($2::text[])';
const CHANGED = 'UPDATE catalog_meaning_models SET changes = changes + 1 WHERE tenant_id = $1';

const PAGE_OF_ALL = `
  SELECT p.id, p.document, coalesce(i.version, 0) AS version
  FROM products p LEFT JOIN product_index i ON i.tenant_id = $1 AND i.product_id = p.id
  WHERE p.tenant_id = $1 AND p.visible AND p.id > $2::text ORDER BY p.id LIMIT $3::int`;

const VISIBLE =
  '(SELECT count(*)::int FROM (SELECT 1 FROM products p WHERE p.tenant_id = $1 AND p.visible LIMIT $2::int + 1) v)';

const STANDING = `
  SELECT version, learned_at, ${VISIBLE} AS visible FROM catalog_meaning_models WHERE tenant_id = $1`;

// What is pending is told yet: to learn everything anew for it would be waste, at each change that comes while others are told.
const COUNT = `
  SELECT ${VISIBLE} AS visible, coalesce(m.version, 0) AS version, coalesce(m.products, 0) AS products,
    EXISTS (
      SELECT 1 FROM products p
      LEFT JOIN product_index i ON i.tenant_id = $1 AND i.product_id = p.id
      LEFT JOIN catalog_meanings v ON v.tenant_id = $1 AND v.product_id = p.id AND v.model_version = m.version
      WHERE p.tenant_id = $1 AND p.visible AND i.pending IS NOT TRUE AND v.product_id IS NULL
    ) AS lacking,
    EXISTS (SELECT 1 FROM catalog_imports c WHERE c.tenant_id = $1 AND c.state = 'running' AND c.created_at > $3) AS importing
  FROM (SELECT 1) one LEFT JOIN catalog_meaning_models m ON m.tenant_id = $1`;

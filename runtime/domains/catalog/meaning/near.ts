/**
 * Which products mean what somebody says: each of the shop's is compared, in this process. A few shops' vectors are kept in memory, and read
 * again when they have changed.
 */
import type { Clock, Embeddings, Sql, TenantId } from '../../../platform/ports.ts';
import { BROWSING } from '../freshness.ts';
import type { AskedVectors } from './asked.ts';
import { packVector, unpackModel, type StoredModel } from './form.ts';
import { DIMENSIONS, meaningOf, weighed, type MeaningModel } from './model.ts';

export interface Near {
  /**
   * Ids, the nearest first.
   * @param least cosine: `NEAR` or `RELATED`
   * @param learnedFrom products that a shop has to have: of fewer, words stand beside each other by chance. Where a configured model
   *   has said what nearly all of them mean, and says it of the text in time, it is asked instead, and both bounds are its own
   */
  near(
    tenant: TenantId,
    text: string,
    most: number,
    least: number,
    learnedFrom?: number,
  ): Promise<readonly string[]>;
  /** What products mean has changed: the next question sees it. In other processes it is seen soon. */
  forget(tenant: TenantId): void;
}

/** So near that it is shown for nothing else than that: what only chance gives letters in common hardly ever comes so near. */
export const NEAR = 0.25;
/** Near enough to count where words speak for it too, or where it is one of several signs. */
export const RELATED = 0.15;
/** Of so many of a shop's products a model has to have said what they mean before it is asked about searches. */
const ENOUGH = 0.9;
/** Bytes of all shops together that a process keeps. */
const MOST_BYTES = 64 * 1024 * 1024;
/** How long it is not looked whether they have changed. */
const FRESH_MS = 2_000;
/** Shops of which it is remembered for that long that they have few products. */
const MOST_SMALL = 10_000;

/** What a configured model says. */
interface Embedded {
  readonly ids: readonly string[];
  readonly vectors: Int8Array;
  /** Lengths of the vectors. */
  readonly lengths: Float32Array;
}

interface Kept {
  /** Absent: none is configured, or it has not said it of enough products yet. */
  readonly embedded?: Embedded | undefined;
  readonly changes: number;
  readonly model: MeaningModel;
  readonly ids: readonly string[];
  readonly vectors: Int8Array;
  readonly bytes: number;
  checked: number;
}

export interface NearOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly embeddings?: Embeddings | undefined;
  /** Vectors of searches, where there is a model. */
  readonly asked?: AskedVectors;
  /** Told where products have no vector of the model yet. */
  readonly lacking?: (tenant: TenantId) => void;
}

export function createNear(options: NearOptions): Near {
  const { sql, clock, embeddings, asked } = options;
  // In the order in which they were asked for, the latest last.
  const kept = new Map<TenantId, Kept>();
  let bytes = 0;
  // Not taken out of `kept`: whoever is reading meanwhile would put back what it read before.
  const changed = new Set<TenantId>();
  /** Shops of few products, and until when they are taken to be. */
  const small = new Map<TenantId, number>();

  async function meaningsOf(tenant: TenantId): Promise<Kept | undefined> {
    const now = clock.now().getTime();
    const present = kept.get(tenant);
    drop(tenant);
    const current =
      present !== undefined && !changed.delete(tenant) && now - present.checked < FRESH_MS
        ? present
        : await refreshed(tenant, present, now);
    if (current === undefined) return undefined;
    // Whoever asked at the same time may have put it there meanwhile.
    drop(tenant);
    kept.set(tenant, current);
    bytes += current.bytes;
    for (const other of kept.keys()) {
      if (bytes <= MOST_BYTES || other === tenant) break;
      drop(other);
    }
    return current;
  }

  /** Thousands of small shops are not read, and kept, only to find that their words tell nothing. */
  async function hasFewer(tenant: TenantId, than: number): Promise<boolean> {
    // A model that is configured may know them all the same, and what has been read says more.
    if (than === 0 || embeddings !== undefined || kept.has(tenant)) return false;
    const now = clock.now().getTime();
    if ((small.get(tenant) ?? 0) > now) return true;
    const { rowCount } = await sql.query(
      tenant,
      'SELECT FROM catalog_meanings WHERE tenant_id = $1 LIMIT $2::int',
      [tenant, than],
      BROWSING,
    );
    if (rowCount >= than) return false;
    if (small.size >= MOST_SMALL) small.clear();
    small.set(tenant, now + FRESH_MS);
    return true;
  }

  function drop(tenant: TenantId): void {
    bytes -= kept.get(tenant)?.bytes ?? 0;
    kept.delete(tenant);
  }

  async function refreshed(
    tenant: TenantId,
    present: Kept | undefined,
    now: number,
  ): Promise<Kept | undefined> {
    const { rows } = await sql.query<{ changes: number }>(
      tenant,
      'SELECT changes FROM catalog_meaning_models WHERE tenant_id = $1',
      [tenant],
      BROWSING,
    );
    const changes = rows[0]?.changes;
    if (changes === undefined) return undefined;
    if (present?.changes === changes) return Object.assign(present, { checked: now });
    return load(options, tenant, now);
  }

  return {
    async near(tenant, text, most, threshold, learnedFrom = 0) {
      if (await hasFewer(tenant, learnedFrom)) return [];
      const meanings = await meaningsOf(tenant);
      if (meanings === undefined) return [];
      const { embedded } = meanings;
      const vector = embedded === undefined ? undefined : await asked?.(tenant, text);
      if (embedded !== undefined && vector !== undefined && embeddings !== undefined)
        return nearest(embedded, vector, embeddings.near, most);
      if (meanings.ids.length < learnedFrom) return [];
      const { model, ids, vectors } = meanings;
      const packed = packVector(meaningOf(model, weighed([text, '', ''])));
      const said = new Int8Array(packed.buffer, packed.byteOffset, DIMENSIONS);
      const least = threshold * 127 * 127;
      return ids
        .map((id, n) => ({ id, score: productOf(said, vectors, n * DIMENSIONS) }))
        .filter(({ score }) => score >= least)
        .toSorted((a, b) => b.score - a.score)
        .slice(0, most)
        .map(({ id }) => id);
    },
    forget(tenant) {
      changed.add(tenant);
      small.delete(tenant);
    },
  };
}

async function load(
  { sql, embeddings, lacking }: NearOptions,
  tenant: TenantId,
  now: number,
): Promise<Kept | undefined> {
  const [models, meanings, embedded] = await Promise.all([
    sql.query<StoredModel & { version: number; changes: number; products: number }>(
      tenant,
      'SELECT version, changes, products, words, contexts FROM catalog_meaning_models WHERE tenant_id = $1',
      [tenant],
      BROWSING,
    ),
    sql.query<{ product_id: string; model_version: number; vector: Buffer }>(
      tenant,
      'SELECT product_id, model_version, vector FROM catalog_meanings WHERE tenant_id = $1',
      [tenant],
      BROWSING,
    ),
    embeddings === undefined ? undefined : readEmbedded(sql, tenant, embeddings),
  ]);
  const [row] = models.rows;
  if (row === undefined) return undefined;
  const rows = meanings.rows.filter((one) => one.model_version === row.version);
  const vectors = new Int8Array(rows.length * DIMENSIONS);
  for (const [n, { vector }] of rows.entries()) vectors.set(new Int8Array(vector), n * DIMENSIONS);
  if (embedded !== undefined && embedded.known < meanings.rows.length) lacking?.(tenant);
  const isEnough = embedded !== undefined && embedded.known >= meanings.rows.length * ENOUGH;
  return {
    ...(isEnough ? { embedded } : {}),
    changes: row.changes,
    model: unpackModel(row, row.products),
    ids: rows.map(({ product_id: id }) => id),
    vectors,
    // Ids and words are short.
    bytes:
      (isEnough ? embedded.vectors.byteLength + embedded.ids.length * 100 : 0) +
      vectors.byteLength +
      row.contexts.byteLength +
      rows.length * 100 +
      row.words.length * 60,
    checked: now,
  };
}

/** @returns also of how many products it is known, those whose text the model refuses among them */
async function readEmbedded(
  sql: Sql,
  tenant: TenantId,
  { space, dimensions }: Embeddings,
): Promise<Embedded & { readonly known: number }> {
  const { rows } = await sql.query<{ product_id: string; vector: Buffer }>(
    tenant,
    `SELECT m.product_id, e.vector FROM catalog_meanings m
     JOIN catalog_embeddings e ON e.tenant_id = $1 AND e.space = $2 AND e.text_hash = m.text_hash
     WHERE m.tenant_id = $1 AND e.vector IS NOT NULL`,
    [tenant, space],
    BROWSING,
  );
  const usable = rows.filter(({ vector }) => vector.length === dimensions);
  const vectors = new Int8Array(usable.length * dimensions);
  const lengths = new Float32Array(usable.length);
  for (const [n, { vector }] of usable.entries()) {
    const numbers = new Int8Array(vector);
    vectors.set(numbers, n * dimensions);
    lengths[n] = Math.hypot(...numbers);
  }
  return { ids: usable.map(({ product_id: id }) => id), vectors, lengths, known: rows.length };
}

function nearest(
  { ids, vectors, lengths }: Embedded,
  said: Int8Array,
  least: number,
  most: number,
): readonly string[] {
  const length = Math.hypot(...said);
  if (length === 0) return [];
  return ids
    .map((id, n) => ({
      id,
      score: productOf(said, vectors, n * said.length) / (length * (lengths[n] ?? 0)),
    }))
    .filter(({ score }) => score >= least)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ id }) => id);
}

function productOf(one: Int8Array, others: Int8Array, from: number): number {
  let sum = 0;
  for (let n = 0; n < one.length; n++) sum += (one[n] ?? 0) * (others[from + n] ?? 0);
  return sum;
}

/**
 * Has the configured model say what products mean, after the catalogue has changed and never while somebody waits. Each text is paid for once,
 * by a hash of what it says, and no more of them a day than are allowed; whoever is killed leaves a claim that expires.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Embeddings, NewTask, TaskRun, TenantId } from '../../../platform/ports.ts';
import type { ProductDocument } from '../document.ts';
import { packUnit } from './form.ts';
import { hashOf, textsOf } from './keep.ts';

export const EMBED_TASK = 'catalog.embed-products';

export interface EmbeddingKeeping {
  run(run: Pick<TaskRun, 'tenant' | 'payload' | 'signal'>): Promise<void>;
  /** Has it looked for texts whose vectors are missing; of a platform without a model, nothing. */
  begin(tenant: TenantId): Promise<void>;
}

/** Texts that are asked for at once. */
const BATCH = 64;
/** Letters of a text that are paid for: what a product is stands at the beginning. */
const MOST_LETTERS = 2_000;
/** Longer than a model may take. */
const CLAIM_MS = 60_000;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10 * 60_000;
/** What no product says any more is kept for so long: it may say it again. */
const UNUSED_MS = 30 * 86_400_000;
const KEY = 'all';

interface Text {
  readonly hash: string;
  readonly text: string;
}

export function createEmbeddingKeeping(
  { sql, clock, embeddings, log }: Pick<Platform, 'sql' | 'clock' | 'embeddings' | 'log'>,
  changed: (tenant: TenantId) => void,
): EmbeddingKeeping {
  const ask = (tenant: TenantId, task: Omit<NewTask, 'name' | 'key'>): Promise<void> =>
    sql.transaction(tenant, (tx) => tx.enqueue({ name: EMBED_TASK, key: KEY, ...task }));

  /** @returns `more`: there may be; `none`: nothing is missing that nobody else is at; `spent`: it is, and today is paid for. */
  async function embedSome(
    model: Embeddings,
    tenant: TenantId,
    signal: AbortSignal,
  ): Promise<'more' | 'none' | 'spent'> {
    const texts = await claim(model, tenant, await missing(model, tenant));
    if (texts.length === 0) return 'none';
    try {
      if (!(await spend(model, tenant, texts.length))) return await giveBack(model, tenant, texts, 'spent');
      const vectors = await vectorsOf(model, tenant, texts, signal);
      await sql.query(tenant, WRITE, [
        tenant,
        model.space,
        texts.map(({ hash }) => hash),
        vectors.map((vector) => (vector === undefined ? '' : packUnit(vector).toString('base64'))),
      ]);
    } catch (error) {
      await giveBack(model, tenant, texts, 'none').catch((failure: unknown) =>
        log.debug({ err: failure, tenant }, 'a claim to texts was not given back; it expires'),
      );
      throw error;
    }
    await sql.query(tenant, CHANGED, [tenant]);
    changed(tenant);
    return 'more';
  }

  async function missing({ space }: Embeddings, tenant: TenantId): Promise<readonly Text[]> {
    const { rows } = await sql.query<{ text_hash: string; document: ProductDocument }>(tenant, MISSING, [
      tenant,
      space,
      clock.now(),
      BATCH,
    ]);
    // What says something else by now is told by the task that tells the index.
    return rows
      .filter(({ text_hash: hash, document }) => hashOf(document) === hash)
      .map(({ text_hash: hash, document }) => ({
        hash,
        text: textsOf(document).join('\n').slice(0, MOST_LETTERS),
      }));
  }

  async function claim(
    { space }: Embeddings,
    tenant: TenantId,
    texts: readonly Text[],
  ): Promise<readonly Text[]> {
    if (texts.length === 0) return [];
    const now = clock.now();
    const until = new Date(now.getTime() + CLAIM_MS);
    const hashes = texts.map(({ hash }) => hash);
    const { rows } = await sql.query<{ text_hash: string }>(tenant, CLAIM, [
      tenant,
      space,
      hashes,
      until,
      now,
    ]);
    const ours = new Set(rows.map((row) => row.text_hash));
    return texts.filter(({ hash }) => ours.has(hash));
  }

  async function giveBack<T>(
    { space }: Embeddings,
    tenant: TenantId,
    texts: readonly Text[],
    answer: T,
  ): Promise<T> {
    await sql.query(tenant, GIVE_BACK, [tenant, space, texts.map(({ hash }) => hash), clock.now()]);
    return answer;
  }

  /** Before they are asked for: whoever is killed has paid for too little rather than too much. */
  async function spend({ dailyTexts }: Embeddings, tenant: TenantId, texts: number): Promise<boolean> {
    if (texts > dailyTexts) return false;
    const today = clock.now().toISOString().slice(0, 10);
    const { rowCount } = await sql.query(tenant, SPEND, [tenant, today, texts, dailyTexts]);
    return rowCount > 0;
  }

  /** @returns undefined for a text that is refused */
  async function vectorsOf(
    model: Embeddings,
    tenant: TenantId,
    texts: readonly Text[],
    signal: AbortSignal,
  ): Promise<readonly (Float32Array | undefined)[]> {
    try {
      return await model.embed(
        tenant,
        texts.map(({ text }) => text),
        signal,
      );
    } catch (error) {
      if (!(error instanceof ShopError && error.code === 'invalid_input')) throw error;
      if (texts.length === 1) return [undefined];
      // One of them is refused: the others are not kept from their vectors by it.
      const vectors: (Float32Array | undefined)[] = [];
      for (const text of texts) vectors.push(...(await vectorsOf(model, tenant, [text], signal)));
      return vectors;
    }
  }

  /** Somebody else's claims may be those of the dead. */
  async function comeBackForClaims({ space }: Embeddings, tenant: TenantId): Promise<void> {
    const { rows } = await sql.query<{ until: Date | null }>(tenant, CLAIMED, [tenant, space]);
    const until = rows[0]?.until ?? null;
    if (until !== null) await ask(tenant, { payload: {}, runAt: until });
  }

  return {
    async run({ tenant, payload, signal }) {
      if (embeddings === undefined) return;
      try {
        let step = await embedSome(embeddings, tenant, signal);
        while (step === 'more') {
          signal.throwIfAborted();
          step = await embedSome(embeddings, tenant, signal);
        }
        if (step === 'spent') {
          log.warn({ tenant }, 'no more texts are embedded today');
          return await ask(tenant, { payload: {}, runAt: midnightAfter(clock.now()) });
        }
        const before = new Date(clock.now().getTime() - UNUSED_MS);
        await sql.query(tenant, TIDY, [tenant, embeddings.space, before]);
        await comeBackForClaims(embeddings, tenant);
      } catch (error) {
        if (!(error instanceof ShopError) || !LATER.includes(error.code) || signal.aborted) throw error;
        // However long it is away, nobody gives up: words and what the shop's own tell serve meanwhile.
        const { tries = 0 } = payload as { tries?: number }; // parsed by the task's definition
        const pause = Math.max(
          (error.retryAfterSeconds ?? 0) * 1_000,
          SHORTEST_PAUSE_MS * 2 ** Math.min(tries, 10),
        );
        const runAt = new Date(clock.now().getTime() + Math.min(pause, LONGEST_PAUSE_MS));
        log.warn({ err: error, tenant, tries }, 'products were not embedded; they will be');
        await ask(tenant, { payload: { tries: tries + 1 }, runAt });
      }
    },

    begin: (tenant) => (embeddings === undefined ? Promise.resolve() : ask(tenant, { payload: {} })),
  };
}

const LATER: readonly string[] = ['unavailable', 'timeout', 'rate_limited'];

function midnightAfter(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
}

const MISSING = `
  SELECT DISTINCT ON (m.text_hash) m.text_hash, p.document
  FROM catalog_meanings m JOIN products p ON p.tenant_id = $1 AND p.id = m.product_id
  LEFT JOIN catalog_embeddings e ON e.tenant_id = $1 AND e.space = $2 AND e.text_hash = m.text_hash
  WHERE m.tenant_id = $1 AND (e.text_hash IS NULL OR (e.vector IS NULL AND e.claimed_until <= $3))
  ORDER BY m.text_hash LIMIT $4::int`;

const CLAIM = `
  INSERT INTO catalog_embeddings AS e (tenant_id, space, text_hash, claimed_until, made_at)
  SELECT $1, $2, n.hash, $4, $5 FROM unnest($3::text[]) AS n (hash) ORDER BY n.hash
  ON CONFLICT (tenant_id, space, text_hash) DO UPDATE SET claimed_until = excluded.claimed_until
  WHERE e.vector IS NULL AND e.claimed_until <= excluded.made_at
  RETURNING e.text_hash`;

const GIVE_BACK = `
  UPDATE catalog_embeddings SET claimed_until = $4
  WHERE tenant_id = $1 AND space = $2 AND text_hash = ANY ($3::text[]) AND vector IS NULL`;

const WRITE = `
  UPDATE catalog_embeddings e SET vector = decode(n.vector, 'base64')
  FROM unnest($3::text[], $4::text[]) AS n (hash, vector)
  WHERE e.tenant_id = $1 AND e.space = $2 AND e.text_hash = n.hash`;

const SPEND = `
  INSERT INTO catalog_embedding_uses AS u (tenant_id, day, texts) VALUES ($1, $2::text::date, $3::int)
  ON CONFLICT (tenant_id) DO UPDATE SET day = excluded.day,
    texts = CASE WHEN u.day = excluded.day THEN u.texts ELSE 0 END + excluded.texts
  WHERE u.day <> excluded.day OR u.texts + excluded.texts <= $4::int`;

const CHANGED = 'UPDATE catalog_meaning_models SET changes = changes + 1 WHERE tenant_id = $1';

const CLAIMED = `
  SELECT min(e.claimed_until) AS until FROM catalog_embeddings e
  WHERE e.tenant_id = $1 AND e.space = $2 AND e.vector IS NULL
    AND EXISTS (SELECT 1 FROM catalog_meanings m WHERE m.tenant_id = $1 AND m.text_hash = e.text_hash)`;

const TIDY = `
  DELETE FROM catalog_embeddings e WHERE e.tenant_id = $1 AND e.made_at < $3 AND (e.space <> $2
    OR NOT EXISTS (SELECT 1 FROM catalog_meanings m WHERE m.tenant_id = $1 AND m.text_hash = e.text_hash))`;

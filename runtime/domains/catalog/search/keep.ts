/**
 * Keeps the search index in step with the catalogue. One task does it: it tells the index what has changed and, where the index is not
 * the one it was built for (another system, another language, lost, never built), builds it from nothing while it is searched.
 * The task is idempotent: an index takes a document only when it is newer than its own.
 */
import type { Platform } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { NewTask, SearchDocument, TaskRun, Tenant, TenantId } from '../../../platform/ports.ts';
import type { EmbeddingKeeping } from '../meaning/embed.ts';
import { createMeaningKeeping } from '../meaning/keep.ts';
import { GROWN_KEY, KEEP_KEY, KEEP_TASK, noteEverything } from './changes.ts';
import type { SearchState } from '../schemas.ts';
import { indexOf, PRODUCT_COLUMNS, toSearchDocument, type ProductRow } from './documents.ts';

export interface SearchKeeping {
  run(run: TaskRun): Promise<void>;
  /** Whether searches are answered from all there is. Where it has to be built, sees to that. Remembered for some seconds. */
  isBuilt(tenant: Tenant): Promise<boolean>;
  /** Has it built anew; it serves meanwhile. */
  rebuild(tenant: TenantId): Promise<void>;
  state(tenant: TenantId): Promise<SearchState>;
}

const BATCH = 200;
const PAGE = 500;
/** A build of which nothing is heard for so long has died. */
const BUILD_LEASE_MS = 60_000;
/** How long it is remembered that an index is built, and that it is not. */
const BUILT_MS = 30_000;
const UNBUILT_MS = 500;
/** Longest pause between two tries while the index is away. */
const LONGEST_PAUSE_MS = 15_000;

interface KeepPayload {
  readonly tries?: number;
  readonly grown?: boolean;
}

interface Build {
  readonly origin: string | null;
  readonly wanted: boolean;
  readonly building_until: Date | null;
}

/** @param changed called when searches of a tenant may find something else */
export function createSearchKeeping(
  platform: Platform,
  changed: (tenant: TenantId) => void,
  embedding: Pick<EmbeddingKeeping, 'begin'>,
): SearchKeeping {
  const { sql, search, clock, tenants, log } = platform;
  const meaning = createMeaningKeeping(platform);
  const running = new Map<TenantId, { again: boolean; readonly ended: Promise<void> }>();
  const known = new Map<string, { readonly built: boolean; readonly until: number }>();

  async function buildOf(tenant: TenantId): Promise<Build> {
    const { rows } = await sql.query<Build>(
      tenant,
      'SELECT origin, wanted, building_until FROM product_index_builds WHERE tenant_id = $1',
      [tenant],
    );
    return rows[0] ?? { origin: null, wanted: false, building_until: null };
  }

  const ask = (tenant: TenantId, task: Omit<NewTask, 'name'>): Promise<void> =>
    sql.transaction(tenant, (tx) => tx.enqueue({ name: KEEP_TASK, ...task }));

  async function keepInStep(tenant: Tenant, grown: boolean, signal: AbortSignal): Promise<void> {
    const [{ wanted }, build] = await Promise.all([
      search.origin(tenant.id, indexOf(tenant)),
      buildOf(tenant.id),
    ]);
    const isAnother = build.wanted || build.origin !== wanted;
    if (isAnother) await buildAnew(tenant, signal);
    let saysElse = isAnother || grown;
    for (let told = await tellChanges(tenant); told.products > 0; told = await tellChanges(tenant)) {
      signal.throwIfAborted();
      saysElse ||= told.saysElse;
    }
    if (!saysElse) return;
    await meaning.keep(tenant.id, signal);
    await embedding.begin(tenant.id);
    changed(tenant.id);
  }

  async function keepOrWait({ tenant: id, payload, signal }: TaskRun, grown: boolean): Promise<void> {
    const tenant = await tenants.byId(id);
    if (!tenant) throw new ShopError('unavailable', `The directory does not know ${id}.`);
    try {
      await keepInStep(tenant, grown, signal);
    } catch (error) {
      if (!isAway(error) || signal.aborted) throw error;
      // However long it is away, nobody gives up: a task's tries are for what is wrong, not for what is away.
      const { tries = 0 } = payload as KeepPayload; // parsed by the task's definition
      const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** Math.min(tries, 10));
      log.warn({ err: error, tenant: id, tries }, 'the search index was not told of changes; it will be');
      const runAt = new Date(clock.now().getTime() + pause);
      await ask(id, { payload: { tries: tries + 1, grown }, key: grown ? GROWN_KEY : KEEP_KEY, runAt });
    }
  }

  /** One batch of what is pending. */
  async function tellChanges(
    tenant: Tenant,
  ): Promise<{ readonly products: number; readonly saysElse: boolean }> {
    const { rows } = await sql.query<(ProductRow & { visible: true }) | GoneRow>(tenant.id, PENDING, [
      tenant.id,
      BATCH,
    ]);
    if (rows.length === 0) return { products: 0, saysElse: false };
    const index = indexOf(tenant);
    const shown = rows.filter((row) => row.visible === true);
    const gone = rows.filter((row) => row.visible !== true);
    if (shown.length > 0) await search.write(tenant.id, index, shown.map(toSearchDocument));
    if (gone.length > 0) await search.remove(tenant.id, index, gone);
    const saysElse = await meaning.tell(
      tenant.id,
      shown,
      gone.map(({ id }) => id),
    );
    // Before it is said to be told: whoever reads that nothing is pending finds it.
    changed(tenant.id);
    // What has changed meanwhile is of another version by now, and stays pending.
    await sql.query(tenant.id, TOLD, [
      tenant.id,
      rows.map(({ id }) => id),
      rows.map(({ version }) => version),
    ]);
    const deleted = gone.filter(({ visible }) => visible === null);
    if (deleted.length > 0)
      await sql.query(tenant.id, FORGET, [
        tenant.id,
        deleted.map(({ id }) => id),
        deleted.map(({ version }) => version),
      ]);
    return { products: rows.length, saysElse };
  }

  async function buildAnew(tenant: Tenant, signal: AbortSignal): Promise<void> {
    if (!(await claimBuild(tenant.id))) {
      // Who builds may die: then it is ours.
      const { building_until: until } = await buildOf(tenant.id);
      return ask(tenant.id, { payload: {}, key: 'after-build', runAt: until ?? clock.now() });
    }
    const started = performance.now();
    const { wanted } = await search.origin(tenant.id, indexOf(tenant));
    try {
      await sql.transaction(tenant.id, (tx) => noteEverything(clock, tx, tenant.id));
      const documents = await search.rebuild(tenant.id, indexOf(tenant), everything(tenant.id, signal));
      await sql.query(tenant.id, BUILT, [tenant.id, wanted, clock.now(), documents]);
      const milliseconds = Math.round(performance.now() - started);
      log.info({ tenant: tenant.id, index: wanted, documents, milliseconds }, 'a search index was built');
    } catch (error) {
      await sql
        .query(tenant.id, 'UPDATE product_index_builds SET building_until = NULL WHERE tenant_id = $1', [
          tenant.id,
        ])
        .catch((failure: unknown) =>
          log.debug(
            { err: failure, tenant: tenant.id },
            'a build that failed was not given back; it expires',
          ),
        );
      throw error;
    }
    known.delete(keyOf(tenant));
    changed(tenant.id);
  }

  async function claimBuild(tenant: TenantId): Promise<boolean> {
    const now = clock.now();
    const { rowCount } = await sql.query(tenant, CLAIM_BUILD, [tenant, leaseFrom(now), now]);
    return rowCount > 0;
  }

  async function* everything(tenant: TenantId, signal: AbortSignal): AsyncGenerator<SearchDocument[]> {
    for (let after = ''; ;) {
      signal.throwIfAborted();
      const { rows } = await sql.query<ProductRow>(tenant, PAGE_OF_ALL, [tenant, after, PAGE]);
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map(toSearchDocument);
      after = last.id;
      await sql.query(tenant, 'UPDATE product_index_builds SET building_until = $2 WHERE tenant_id = $1', [
        tenant,
        leaseFrom(clock.now()),
      ]);
    }
  }

  return {
    async run(run) {
      const grown = (run.payload as KeepPayload).grown === true; // parsed by the task's definition
      // One at a time: an import asks for it with each batch, and all of them would tell the same.
      for (let other = running.get(run.tenant); other !== undefined; other = running.get(run.tenant)) {
        if (!grown) {
          other.again = true;
          return;
        }
        // Whoever is killed is not told again that it was to learn.
        await other.ended;
      }
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      const ours = { again: false, ended };
      running.set(run.tenant, ours);
      try {
        await keepOrWait(run, grown);
        while (ours.again) {
          ours.again = false;
          await keepOrWait(run, false);
        }
      } finally {
        running.delete(run.tenant);
        end();
      }
    },

    async isBuilt(tenant) {
      const now = clock.now().getTime();
      const kept = known.get(keyOf(tenant));
      if (kept !== undefined && kept.until > now) return kept.built;
      const [{ serving, wanted }, build] = await Promise.all([
        search.origin(tenant.id, indexOf(tenant)),
        buildOf(tenant.id),
      ]);
      const built = build.origin === serving;
      known.set(keyOf(tenant), { built, until: now + (built ? BUILT_MS : UNBUILT_MS) });
      if (build.origin !== wanted && !tenant.frozen) await ask(tenant.id, { payload: {}, key: KEEP_KEY });
      return built;
    },

    rebuild: (tenant) =>
      sql.transaction(tenant, async (tx) => {
        await tx.query(
          `INSERT INTO product_index_builds (tenant_id, wanted) VALUES ($1, true)
           ON CONFLICT (tenant_id) DO UPDATE SET wanted = true`,
          [tenant],
        );
        await tx.enqueue({ name: KEEP_TASK, payload: {}, key: KEEP_KEY });
      }),

    async state(tenant) {
      const { rows } = await sql.query<StateRow>(tenant, STATE, [tenant]);
      const [row] = rows;
      const until = row?.building_until?.getTime() ?? 0;
      return {
        builtAt: row?.built_at?.toISOString() ?? null,
        documents: row?.documents ?? null,
        pending: row?.pending ?? 0,
        building: until > clock.now().getTime(),
      };
    },
  };
}

/** Whether it may be there again by itself. */
export function isAway(error: unknown): error is ShopError {
  return error instanceof ShopError && (error.code === 'unavailable' || error.code === 'timeout');
}

/** Of a tenant whose languages change, the index is another. */
function keyOf({ id, locales }: Tenant): string {
  return `${id}/${locales.join()}`;
}

function leaseFrom(now: Date): Date {
  return new Date(now.getTime() + BUILD_LEASE_MS);
}

/** Not to be shown, or (null) not there any more. */
interface GoneRow {
  readonly id: string;
  readonly version: number;
  readonly visible: false | null;
}

interface StateRow {
  readonly built_at: Date | null;
  readonly documents: number | null;
  readonly building_until: Date | null;
  readonly pending: number;
}

const PENDING = `
  SELECT i.product_id AS id, i.version, p.visible, ${PRODUCT_COLUMNS}
  FROM product_index i LEFT JOIN products p ON p.tenant_id = $1 AND p.id = i.product_id
  WHERE i.tenant_id = $1 AND i.pending ORDER BY i.product_id LIMIT $2::int`;

const TOLD = `
  UPDATE product_index i SET pending = false FROM unnest($2::text[], $3::bigint[]) AS n (id, version)
  WHERE i.tenant_id = $1 AND i.product_id = n.id AND i.version = n.version`;

const FORGET = `
  DELETE FROM product_index i USING unnest($2::text[], $3::bigint[]) AS n (id, version)
  WHERE i.tenant_id = $1 AND i.product_id = n.id AND i.version = n.version AND NOT i.pending`;

const PAGE_OF_ALL = `
  SELECT p.id, i.version, ${PRODUCT_COLUMNS}
  FROM products p JOIN product_index i ON i.tenant_id = $1 AND i.product_id = p.id
  WHERE p.tenant_id = $1 AND p.visible AND p.id > $2::text ORDER BY p.id LIMIT $3::int`;

const CLAIM_BUILD = `
  INSERT INTO product_index_builds AS b (tenant_id, wanted, building_until) VALUES ($1, false, $2)
  ON CONFLICT (tenant_id) DO UPDATE SET building_until = excluded.building_until
  WHERE b.building_until IS NULL OR b.building_until <= $3`;

const BUILT = `
  UPDATE product_index_builds SET origin = $2, built_at = $3, documents = $4::int, wanted = false, building_until = NULL
  WHERE tenant_id = $1`;

const STATE = `
  SELECT b.built_at, b.documents, b.building_until,
    (SELECT count(*)::int FROM product_index i WHERE i.tenant_id = $1 AND i.pending) AS pending
  FROM (SELECT 1) one LEFT JOIN product_index_builds b ON b.tenant_id = $1`;

/** Flags and who gives them out, as the tenant's tables have them; kept for two seconds, because every page asks. */
import { ShopError } from '../../../platform/errors.ts';
import type { Clock, Sql, SqlRunner, TenantId, Transaction } from '../../../platform/ports.ts';
import type { Plan } from '../experiments/schemas.ts';
import type { Giving } from './evaluate.ts';
import type { Flag, FlagInput } from './schemas.ts';

const KEPT_MS = 2_000;
const MOST_TENANTS = 5_000;
const MOST_FLAGS = 500;

export interface Snapshot {
  readonly flags: ReadonlyMap<string, Flag>;
  /** By flag: the experiment that is running on it. */
  readonly running: ReadonlyMap<string, Giving & { readonly plan: Plan }>;
}

export function createFlagStore({ sql, clock }: { readonly sql: Sql; readonly clock: Clock }) {
  const kept = new Map<TenantId, { readonly until: number; readonly snapshot: Promise<Snapshot> }>();

  /** @param runner a transaction's own where there is one: with another connection it would wait for itself */
  async function running(runner: SqlRunner, tenant: TenantId): Promise<Snapshot['running']> {
    const { rows } = await runner.query<{ id: string; plan: Plan }>(
      `select id, plan from marketing_experiments where tenant_id = $1 and state = 'running'`,
      [tenant],
    );
    return new Map(
      rows.map(({ id, plan }) => [plan.flagKey, { experimentId: id, shares: plan.shares, plan }]),
    );
  }

  async function read(tenant: TenantId): Promise<Snapshot> {
    const given = await running({ query: (text, values) => sql.query(tenant, text, values) }, tenant);
    const { rows } = await sql.query<FlagRow>(
      tenant,
      'select key, version, flag, updated_at from marketing_flags where tenant_id = $1 order by key',
      [tenant],
    );
    const flags = rows.map((row) => fromRow(row, given.get(row.key)?.experimentId));
    return { flags: new Map(flags.map((flag) => [flag.key, flag])), running: given };
  }

  return {
    /** As it was at most two seconds ago. */
    snapshot(tenant: TenantId): Promise<Snapshot> {
      const now = clock.now().getTime();
      const known = kept.get(tenant);
      if (known !== undefined && known.until > now) return known.snapshot;
      if (kept.size >= MOST_TENANTS) kept.clear();
      const snapshot = read(tenant);
      kept.set(tenant, { until: now + KEPT_MS, snapshot });
      // What failed is asked again.
      snapshot.catch(() => kept.delete(tenant));
      return snapshot;
    },

    /** Whoever changes something sees it at once. */
    forget: (tenant: TenantId): void => void kept.delete(tenant),

    read,
    running,

    /** @throws ShopError `conflict` when somebody else has written it since, or an experiment gives out what it no longer has */
    async put(tx: Transaction, tenant: TenantId, key: string, input: FlagInput): Promise<void> {
      const { version, ...flag } = input;
      const { rows } = await tx.query<{ version: number }>(
        'select version from marketing_flags where tenant_id = $1 and key = $2 for update',
        [tenant, key],
      );
      const present = rows[0]?.version ?? 0;
      if (version !== undefined && version !== present)
        throw new ShopError('conflict', `The flag is at version ${present}.`, {
          remedy: 'Look at it, and write it again.',
        });
      await refuseIfGiven(tx, tenant, key, (plan) =>
        plan.shares.every(({ variant }) => Object.hasOwn(flag.variants, variant)),
      );
      if (present === 0) await refuseIfMany(tx, tenant);
      await tx.query(
        `insert into marketing_flags (tenant_id, key, version, flag, updated_at) values ($1, $2, 1, $3, $4)
         on conflict (tenant_id, key) do update set version = marketing_flags.version + 1, flag = excluded.flag, updated_at = excluded.updated_at`,
        [tenant, key, JSON.stringify(flag), clock.now()],
      );
    },

    /** @throws ShopError `not_found`, or `conflict` while an experiment gives it out */
    async remove(tx: Transaction, tenant: TenantId, key: string): Promise<void> {
      await refuseIfGiven(tx, tenant, key, () => false);
      const { rowCount } = await tx.query('delete from marketing_flags where tenant_id = $1 and key = $2', [
        tenant,
        key,
      ]);
      if (rowCount === 0) throw new ShopError('not_found', 'There is no such flag.');
    },
  };
}

async function refuseIfGiven(
  tx: Transaction,
  tenant: TenantId,
  key: string,
  may: (plan: Plan) => boolean,
): Promise<void> {
  const { rows } = await tx.query<{ plan: Plan }>(
    `select plan from marketing_experiments where tenant_id = $1 and flag_key = $2 and state = 'running' for update`,
    [tenant, key],
  );
  if (rows.some(({ plan }) => !may(plan)))
    throw new ShopError('conflict', 'An experiment is giving this flag’s variants out.', {
      remedy: 'End the experiment first.',
    });
}

async function refuseIfMany(sql: SqlRunner, tenant: TenantId): Promise<void> {
  const { rows } = await sql.query<{ count: number }>(
    'select count(*)::int as count from marketing_flags where tenant_id = $1',
    [tenant],
  );
  if ((rows[0]?.count ?? 0) >= MOST_FLAGS)
    throw new ShopError('conflict', `A shop has at most ${MOST_FLAGS} flags.`, {
      remedy: 'Remove some that are not asked for any more.',
    });
}

interface FlagRow {
  readonly key: string;
  readonly version: number;
  readonly flag: Omit<Flag, 'key' | 'version' | 'updatedAt'>;
  readonly updated_at: Date;
}

function fromRow({ key, version, flag, updated_at }: FlagRow, experimentId: string | undefined): Flag {
  return {
    ...flag,
    key,
    version,
    ...(experimentId === undefined ? {} : { experimentId }),
    updatedAt: updated_at.toISOString(),
  };
}

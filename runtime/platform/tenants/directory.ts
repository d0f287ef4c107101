/**
 * The tenants port on `platform.tenants`: the whole directory in memory, renewed when the operator notifies,
 * and every few seconds in case a notification was missed. One row of a thousand tenants is about a kilobyte.
 */
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Tenant, TenantId, Tenants } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { startSweeper } from '../sweeper.ts';

export interface DirectoryOptions {
  readonly sql: PostgresSql;
  readonly log: Logger;
  /** Default 3 s. */
  readonly pollMilliseconds?: number;
}

export interface TenantDirectory extends Tenants {
  /** The last known state, without waiting: for hot paths. */
  known(id: TenantId): Tenant | undefined;
  /** Whether it has been read at all. */
  readonly loaded: boolean;
}

/** Loads on first use. A directory that cannot be read any more keeps serving what it last knew. */
export function createTenantDirectory({
  sql,
  log,
  pollMilliseconds = 3_000,
}: DirectoryOptions): TenantDirectory {
  let byId = new Map<TenantId, Tenant>();
  let byHost = new Map<string, Tenant>();
  let stamp = '';
  let loaded = false;
  let first: Promise<void> | undefined;

  async function load(): Promise<void> {
    const { rows } = await sql.directory<{ stamp: string }>(STAMP);
    const present = rows[0]?.stamp ?? '';
    if (loaded && present === stamp) return;
    const all = await sql.directory(ALL);
    const ids = new Map<TenantId, Tenant>();
    const hosts = new Map<string, Tenant>();
    for (const row of all.rows) {
      const tenant = toTenant(row);
      if (tenant === undefined)
        log.error({ row: row['id'] }, 'a tenant of the directory cannot be read; it is not served');
      else {
        ids.set(tenant.id, tenant);
        for (const host of tenant.hosts) hosts.set(host.toLowerCase(), tenant);
      }
    }
    byId = ids;
    byHost = hosts;
    stamp = present;
    loaded = true;
  }

  // Asking again while one waits is asking once: thousands of tenants that come one after the other are not read thousands of times.
  const watch = startSweeper({
    sweep: () => (first === undefined ? Promise.resolve() : load()),
    everyMilliseconds: pollMilliseconds,
    failed: (error) =>
      log.warn({ err: error }, 'the tenant directory cannot be read; serving what was last known'),
  });

  function ready(): Promise<void> {
    first ??= sql
      .listen('tenants', watch.look, watch.look)
      .then(load)
      .catch((error: unknown) => {
        first = undefined;
        throw error;
      });
    return first;
  }

  return {
    async byHost(host) {
      if (!loaded) await ready();
      return byHost.get(host.toLowerCase());
    },
    async byId(id) {
      if (!loaded) await ready();
      return byId.get(id);
    },
    async list() {
      if (!loaded) await ready();
      return [...byId.values()];
    },
    known: (id) => byId.get(id),
    get loaded() {
      return loaded;
    },
    async close() {
      await watch.stop();
    },
  };
}

/** Changes with every row that is written, added or removed. */
const STAMP = `SELECT count(*) || '/' || coalesce(max(updated_at)::text, '') || '/' || coalesce(sum(hashtext(id || updated_at::text)), 0) AS stamp FROM platform.tenants`;
const ALL = `SELECT id, display_name AS "displayName", plan, placement, hosts, locales, currencies, branding, domains, quotas, suspended, frozen FROM platform.tenants`;

const Row = z.object({
  id: z.string(),
  displayName: z.string(),
  plan: z.enum(['starter', 'growth', 'enterprise']),
  placement: z.enum(['pooled', 'dedicated']),
  hosts: z.array(z.string()),
  locales: z.array(z.string()),
  currencies: z.array(z.string()),
  branding: z.record(z.string(), z.unknown()),
  domains: z.array(z.string()),
  quotas: z.record(z.string(), z.number()),
  suspended: z.boolean(),
  frozen: z.boolean(),
});

function toTenant(row: unknown): Tenant | undefined {
  const parsed = Row.safeParse(row);
  return parsed.success ? parsed.data : undefined;
}

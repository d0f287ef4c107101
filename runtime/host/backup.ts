/**
 * `runtime backup`: exports every row and object of a tenant, or of each pooled tenant in turn, and keeps the youngest few.
 * Runs to its end as a Job; what fails for one tenant leaves the others their backup, and the Job failed.
 */
import type { Logger } from 'pino';
import { Client } from 'pg';
import { z } from 'zod';
import { PostgresUrl } from '../platform/environment/index.ts';
import { createBackups, type Backups } from '../platform/blobs/backups.ts';
import { ShopError } from '../platform/errors.ts';
import { exportTenant } from '../platform/sql/export.ts';
import type { Clock } from '../platform/ports.ts';

const Environment = z.object({
  DATABASE_URL: PostgresUrl,
  BLOBS_URL: z.string().regex(/^(?:file|s3):\/\//, 'must be a file:// or s3:// URL'),
  BACKUP_KEEP: z.coerce.number().int().min(1).max(1000).default(7),
  SHOPMIND_TENANT: z.string().optional(),
  /** This one of the pooled tenants only. */
  BACKUP_TENANT: z.string().optional(),
});

/**
 * @returns how many tenants have no new backup
 * @throws ShopError `invalid_input` with one problem per variable
 */
export async function backUp(
  environment: Readonly<Record<string, string | undefined>>,
  log: Logger,
  clock: Pick<Clock, 'now'>,
): Promise<number> {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    throw new ShopError('invalid_input', 'The environment of the backup is incomplete.', {
      remedy: 'Set the variables below; docs/architecture.md lists them all.',
      problems: parsed.error.issues.map(({ path, message }) => ({
        where: String(path[0] ?? ''),
        what: message,
      })),
    });
  }
  const { DATABASE_URL, BLOBS_URL, BACKUP_KEEP, SHOPMIND_TENANT, BACKUP_TENANT } = parsed.data;
  const backups = await createBackups(BLOBS_URL);
  const hosted = SHOPMIND_TENANT === undefined ? await pooledTenants(DATABASE_URL) : [SHOPMIND_TENANT];
  const tenants = hosted.filter((tenant) => BACKUP_TENANT === undefined || tenant === BACKUP_TENANT);
  if (tenants.length === 0 && BACKUP_TENANT !== undefined)
    throw new ShopError('not_found', `${BACKUP_TENANT} is none of the tenants hosted here.`);
  let failed = 0;
  for (const tenant of tenants) {
    try {
      await backUpOne(DATABASE_URL, backups, tenant, BACKUP_KEEP, log, clock);
    } catch (error) {
      failed += 1;
      log.error({ err: error, whose: tenant }, 'a tenant could not be backed up');
    }
  }
  return failed;
}

async function backUpOne(
  connectionString: string,
  backups: Backups,
  tenant: string,
  keep: number,
  log: Logger,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const backup = await backups.begin(tenant, clock.now());
  const rows = await exportTenant({ connectionString }, tenant, backup);
  const location = await backup.finish(rows);
  // Only now: whatever went wrong before, the old ones are still there.
  const removed = await backups.prune(tenant, keep);
  const count = Object.values(rows).reduce((sum, some) => sum + some, 0);
  log.info({ whose: tenant, location, rows: count, removed: removed.length }, 'backed up');
}

/** The directory shows a role its own tenants only; the pool's role sees the pooled ones. */
async function pooledTenants(connectionString: string): Promise<readonly string[]> {
  const client = new Client({ connectionString, application_name: 'shopmind-backup' });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      `select id from platform.tenants where placement = 'pooled' order by id`,
    );
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}

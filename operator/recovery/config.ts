/**
 * What the processes of recovery are told by their environment, parsed once.
 */
import { tmpdir } from 'node:os';
import { z } from 'zod';
import { Base64Of32, PostgresUrl, StoreUrl } from '../../runtime/platform/environment/index.ts';

const Archive = z.object({
  /** The archiver's own login. */
  DATABASE_URL: PostgresUrl,
  ARCHIVE_URL: StoreUrl,
  ARCHIVE_INTERVAL_SECONDS: z.coerce.number().min(1).default(30),
  ARCHIVE_BASE_HOURS: z.coerce.number().min(1).default(24),
  ARCHIVE_KEEP_DAYS: z.coerce.number().min(1).default(7),
  ARCHIVE_RPO_SECONDS: z.coerce.number().min(1).default(300),
  POD_IP: z.string().default('127.0.0.1'),
  ADMIN_PORT: z.coerce.number().int().min(0).max(65_535).default(9090),
});
export type ArchiveConfig = z.infer<typeof Archive>;

const Work = z.object({
  /** Superuser's: rows of a tenant are exchanged, and the log is read. */
  DATABASE_ADMIN_URL: PostgresUrl,
  ARCHIVE_URL: StoreUrl,
  /** Opens what is remembered of who was erased. */
  SECRETS_KEY: Base64Of32,
  ARCHIVE_RPO_SECONDS: z.coerce.number().min(1).default(300),
  /** Folder of `postgres`; absent: where Debian's packages put that of the database's major version. */
  POSTGRES_BIN: z.string().optional(),
  /** Where copies of the cluster are put: needs room for the cluster and its log. */
  SCRATCH: z.string().default(tmpdir()),
});
export type WorkConfig = z.infer<typeof Work>;

const Fetch = z.object({ ARCHIVE_URL: StoreUrl });
export type FetchConfig = z.infer<typeof Fetch>;

/** The environment lacks something, or has it wrong. */
export class ConfigError extends Error {
  readonly remedy = 'the operator makes this Pod: see ConfigMap and Secret shopmind-system/platform';
}

export const archiveConfig = (env: NodeJS.ProcessEnv): ArchiveConfig => parsed(Archive, env);
export const fetchConfig = (env: NodeJS.ProcessEnv): FetchConfig => parsed(Fetch, env);
export const workConfig = (env: NodeJS.ProcessEnv): WorkConfig => parsed(Work, env);

function parsed<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  // Values may be secrets: only the names are told.
  throw new ConfigError(
    result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`).join('; '),
  );
}

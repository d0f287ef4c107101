/**
 * A database laid out as the operator's provisioner does it, as far as runtime tests need:
 * schema `shop` with the platform's and the domains' tables, forced row-level security, and schema `platform`.
 */
import { createCipheriv, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { Pool } from 'pg';
import { DOMAINS } from '../../crds/tenant.ts';
import type { DomainDefinition } from '../../runtime/platform/definition.ts';
import { systemClock } from '../../runtime/platform/clock.ts';
import { createNewId } from '../../runtime/platform/ids.ts';
import { platform } from '../../runtime/platform/sql/definition.ts';
import {
  createPostgres,
  type PostgresOptions,
  type PostgresSql,
} from '../../runtime/platform/sql/postgres.ts';
import type { Tenant } from '../../runtime/platform/ports.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';

export interface TestDatabase {
  readonly postgres: TestPostgres;
  /** What a runtime gets: the non-owner role, under row-level security. */
  readonly url: string;
  /** base64 of 32 bytes, as SECRETS_KEY. */
  readonly secretsKey: string;
  /** Superuser; sees every tenant's rows. */
  readonly admin: Pool;
  addTenant(tenant: Partial<Tenant> & { id: string }, secrets?: Record<string, string>): Promise<Tenant>;
  /** A runtime's way to it, by the system's clock where no other is told. `stop` closes it, unless the test did. */
  open(options?: Partial<Omit<PostgresOptions, 'connectionString'>>): PostgresSql;
  stop(): Promise<void>;
}

/** @param settings of the server, where those of tests will not do */
export async function startTestDatabase(
  domains: readonly DomainDefinition[],
  settings?: Readonly<Record<string, string>>,
): Promise<TestDatabase> {
  const postgres = await startTestPostgres(settings);
  const admin = new Pool({ connectionString: postgres.adminUrl, max: 4 });
  admin.on('error', () => undefined);
  admin.on('connect', (client) => client.on('error', () => undefined));
  await admin.query(PLATFORM_SCHEMA);
  for (const domain of [platform, ...domains]) await install(admin, domain);
  const secretsKey = randomBytes(32).toString('base64');
  const url = `postgres://shop_runtime:runtime@127.0.0.1:${postgres.port}/shopmind`;
  const opened: PostgresSql[] = [];
  return {
    postgres,
    url,
    secretsKey,
    admin,
    async addTenant(partial, secrets = {}) {
      const tenant: Tenant = {
        ...DEFAULTS,
        displayName: partial.id,
        hosts: [`${partial.id}.localhost`],
        ...partial,
      };
      await admin.query(
        `INSERT INTO platform.tenants (id, display_name, plan, placement, hosts, locales, currencies, branding, domains, quotas, suspended, frozen, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now())
         ON CONFLICT (id) DO UPDATE SET display_name = $2, plan = $3, placement = $4, hosts = $5, locales = $6, currencies = $7,
           branding = $8, domains = $9, quotas = $10, suspended = $11, frozen = $12, updated_at = now()`,
        [
          tenant.id,
          tenant.displayName,
          tenant.plan,
          tenant.placement,
          tenant.hosts,
          tenant.locales,
          tenant.currencies,
          JSON.stringify(tenant.branding),
          tenant.domains,
          JSON.stringify(tenant.quotas),
          tenant.suspended,
          tenant.frozen,
        ],
      );
      for (const [name, value] of Object.entries(secrets)) {
        await admin.query(
          `INSERT INTO platform.tenant_secrets VALUES ($1, $2, $3) ON CONFLICT (tenant_id, name) DO UPDATE SET value = $3`,
          [tenant.id, name, seal(secretsKey, tenant.id, name, value)],
        );
      }
      await admin.query(`SELECT pg_notify('tenants', $1)`, [tenant.id]);
      return tenant;
    },
    open(options = {}) {
      const { clock = systemClock } = options;
      const sql = createPostgres({ connectionString: url, clock, newId: createNewId(clock), ...options });
      let closing: Promise<void> | undefined;
      const once = { ...sql, close: () => (closing ??= sql.close()) };
      opened.push(once);
      return once;
    },
    async stop() {
      for (const sql of opened) await sql.close();
      await admin.end();
      await postgres.stop();
    },
  };
}

/** 12-byte nonce ‖ ciphertext ‖ 16-byte tag, bound to its tenant and name. */
export function seal(secretsKey: string, tenant: string, name: string, value: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(secretsKey, 'base64'), nonce);
  cipher.setAAD(Buffer.from(`${tenant}/${name}`));
  return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

const DEFAULTS: Omit<Tenant, 'id' | 'displayName' | 'hosts'> = {
  plan: 'starter',
  placement: 'pooled',
  locales: ['en'],
  currencies: ['EUR'],
  branding: {},
  domains: [...DOMAINS],
  quotas: {},
  suspended: false,
  frozen: false,
};

const PLATFORM_SCHEMA = `
  CREATE ROLE shop_owner NOLOGIN;
  CREATE ROLE shop_runtime LOGIN PASSWORD 'runtime';
  CREATE SCHEMA shop AUTHORIZATION shop_owner;
  CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
  ALTER ROLE shop_runtime SET search_path = shop, public;
  ALTER ROLE shop_runtime SET enable_seqscan = off;
  CREATE SCHEMA platform;
  CREATE TABLE platform.tenants (
    id text PRIMARY KEY, display_name text NOT NULL, plan text NOT NULL, placement text NOT NULL, hosts text[] NOT NULL,
    locales text[] NOT NULL, currencies text[] NOT NULL, branding jsonb NOT NULL, domains text[] NOT NULL,
    quotas jsonb NOT NULL, suspended boolean NOT NULL, frozen boolean NOT NULL, updated_at timestamptz NOT NULL
  );
  CREATE TABLE platform.tenant_secrets (tenant_id text, name text, value bytea NOT NULL, PRIMARY KEY (tenant_id, name));
  -- As the operator's, but for tenants that no test has registered: they may write.
  CREATE FUNCTION platform.enter(tenant text) RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock_shared(7220, hashtext(tenant));
    IF EXISTS (SELECT FROM platform.tenants WHERE id = tenant AND frozen) THEN
      PERFORM set_config('transaction_read_only', 'on', true);
    END IF;
  END $$;
  GRANT USAGE ON SCHEMA shop, platform TO shop_runtime;
  GRANT SELECT ON platform.tenants, platform.tenant_secrets TO shop_runtime;`;

async function install(admin: Pool, domain: DomainDefinition): Promise<void> {
  const client = await admin.connect();
  try {
    await client.query('BEGIN; SET LOCAL ROLE shop_owner; SET LOCAL search_path = shop, public');
    const files = (await readdir(domain.migrations)).filter((file) => file.endsWith('.sql')).toSorted();
    for (const file of files) {
      const sql = await readFile(new URL(file, domain.migrations), 'utf8');
      // Nobody waits for these tables, and it may not be in a transaction.
      await client.query(sql.replace(/\bindex\s+concurrently\b/i, 'index'));
    }
    for (const table of domain.tables.filter(({ spread }) => spread === 'tenant')) {
      const mine = `tenant_id = current_setting('app.tenant', true)`;
      await client.query(`ALTER TABLE ${table.name} ENABLE ROW LEVEL SECURITY; ALTER TABLE ${table.name} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant ON ${table.name} USING (${mine}) WITH CHECK (${mine})`);
      if (table.sweep) {
        await client.query(
          `CREATE POLICY sweep ON ${table.name} FOR SELECT USING (current_setting('app.tenant', true) = '*')`,
        );
      }
      const grants = { read: 'SELECT', append: 'SELECT, INSERT', write: 'SELECT, INSERT, UPDATE, DELETE' }[
        table.access
      ];
      await client.query(`GRANT ${grants} ON ${table.name} TO shop_runtime`);
    }
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

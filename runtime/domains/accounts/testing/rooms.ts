/** Accounts as most of their tests want them: shops by name, with the domains that each has, on a database that is thrown away. */
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import type { HostConfig } from '../../../host/config.ts';
import type { HostParts } from '../../../host/host.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import { notifications } from '../../notifications/definition.ts';
import { accounts } from '../definition.ts';

/** What a shop has beside its accounts: nobody to send a mail, or somebody. */
export const SILENT = ['accounts'];
export const WITH_MAILS = ['accounts', 'notifications'];

/** @param tenants by name, with their domains; each has the tests' admin key, and the host all that any of them has */
export async function startAccounts(
  tenants: Readonly<Record<string, readonly string[]>>,
  parts: HostParts = {},
  config: Partial<HostConfig> = {},
): Promise<{ readonly database: TestDatabase; readonly shop: TestHost }> {
  const definitions = [accounts, notifications].filter(({ name }) =>
    Object.values(tenants).some((domains) => domains.includes(name)),
  );
  const database = await startTestDatabase(definitions);
  for (const [id, domains] of Object.entries(tenants))
    await database.addTenant({ id, domains: [...domains] }, ADMIN_SECRETS);
  const { url: databaseUrl, secretsKey } = database;
  const domains = definitions.map(({ name }) => name);
  return { database, shop: await startTestHost({ databaseUrl, secretsKey, domains, ...config }, parts) };
}

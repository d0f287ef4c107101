/** Shops with customers and mails, for tests of whom the catalogue has told: each test takes one of its own, by a clock that it turns. */
import assert from 'node:assert/strict';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import type { Clock } from '../../../platform/ports.ts';
import { accounts } from '../../accounts/definition.ts';
import { notifications } from '../../notifications/definition.ts';
import { catalog } from '../definition.ts';

export interface TellingShops {
  readonly database: TestDatabase;
  readonly shop: TestHost;
  /** A tenant that no test has had. */
  next(): string;
  stop(): Promise<void>;
}

/** @param shops how many tests take one; beside them there is `mute`, which sends no mails */
export async function startTellingShops(
  clock: Clock,
  shops: number,
  currencies: readonly string[] = ['EUR'],
): Promise<TellingShops> {
  const database = await startTestDatabase([accounts, catalog, notifications]);
  const tenants = Array.from({ length: shops }, (_, n) => `shop-${n}`);
  const domains = ['accounts', 'catalog', 'notifications'];
  for (const id of [...tenants, 'mute'])
    await database.addTenant(
      {
        id,
        displayName: 'Trails',
        locales: ['de', 'en'],
        currencies: [...currencies],
        domains: id === 'mute' ? ['accounts', 'catalog'] : domains,
      },
      ADMIN_SECRETS,
    );
  const { url: databaseUrl, secretsKey } = database;
  const shop = await startTestHost({ databaseUrl, secretsKey, domains }, { clock });
  return {
    database,
    shop,
    next() {
      const tenant = tenants.pop();
      assert.ok(tenant, 'a shop for each test');
      return tenant;
    },
    async stop() {
      await shop.stop();
      await database.stop();
    },
  };
}

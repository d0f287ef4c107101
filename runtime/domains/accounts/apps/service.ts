/** The shop as the OpenID provider of others' apps. */
import type { Platform, RouteHandler } from '../../../platform/domain.ts';
import type { SqlRunner, TenantId } from '../../../platform/ports.ts';
import { nextSweep } from '../sweep.ts';
import type { AppChange, AppInput, OfApp } from './definition.ts';
import { createSigningKeys } from './keys.ts';
import * as store from './store.ts';

export function createApps(platform: Platform) {
  const { sql } = platform;
  const keys = createSigningKeys(platform);
  const readerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });

  const routes: Record<string, RouteHandler> = {
    async adminListApps({ tenant }) {
      const apps = await store.listApps(readerOf(tenant.id), tenant.id);
      return { json: { apps: apps.map(store.toAdminApp) } };
    },
    async adminCreateApp({ tenant, body }) {
      await keys.ensure(tenant.id);
      // Parsed by the route's schema, as are those below.
      const added = await sql.transaction(tenant.id, async (tx) => {
        await tx.enqueue(nextSweep(platform.clock));
        return store.addApp(platform, tx, tenant.id, body as AppInput);
      });
      return { json: { ...store.toAdminApp(added.row), secret: added.secret ?? null } };
    },
    async adminPutApp({ tenant, params, body }) {
      const { appId } = params as OfApp;
      const row = await sql.transaction(tenant.id, (tx) =>
        store.changeApp(platform, tx, tenant.id, appId, body as AppChange),
      );
      return { json: store.toAdminApp(row) };
    },
    async adminRenewAppSecret({ tenant, params }) {
      const { appId } = params as OfApp;
      const { row, secret } = await sql.transaction(tenant.id, (tx) =>
        store.renewSecret(platform, tx, tenant.id, appId),
      );
      return { json: { ...store.toAdminApp(row), secret } };
    },
    async adminDeleteApp({ tenant, params }) {
      await store.deleteApp(readerOf(tenant.id), tenant.id, (params as OfApp).appId);
      return {};
    },
    getSigningKeys: async ({ tenant }) => ({ json: { keys: await keys.published(tenant.id) } }),
  };

  return {
    routes,
    /** Once a day. */
    sweep: (tenant: TenantId): Promise<void> => keys.turn(tenant),
  };
}

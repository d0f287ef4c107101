/** The shop as the OpenID provider of others' apps. */
import type { Platform, RouteHandler, RouteRequest } from '../../../platform/domain.ts';
import type { SqlRunner, TenantId } from '../../../platform/ports.ts';
import { hostAsked } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import { nextSweep } from '../sweep.ts';
import { disconnect, listConnected } from './consents.ts';
import type { AppChange, AppInput, OfApp } from './definition.ts';
import { metadataOf } from './discovery.ts';
import { createEndpoints } from './endpoints.ts';
import { createGrants } from './grants.ts';
import { createSigningKeys } from './keys.ts';
import { createAppSignIn } from './sign-in.ts';
import * as store from './store.ts';

interface AppsOptions {
  readonly sessions: Sessions;
  /** Ends the browser's session. @returns the cookie that says so */
  readonly forgotten: (request: RouteRequest) => Promise<string>;
}

export function createApps(platform: Platform, { sessions, forgotten }: AppsOptions) {
  const { sql, clock, newId, originOf } = platform;
  const keys = createSigningKeys(platform);
  const readerOf = (tenant: TenantId): SqlRunner => ({
    query: (text, values) => sql.query(tenant, text, values),
  });
  const grants = createGrants(clock, newId);
  const issuerOf = ({ tenant, headers }: RouteRequest): string =>
    originOf({ ...tenant, hosts: [hostAsked(tenant, headers)] });
  const parts = { keys, grants, issuerOf, readerOf };
  const { token, revoke, userInfo } = createEndpoints(platform, parts);
  const signIn = createAppSignIn(platform, { ...parts, sessions, forgotten });

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
    getProviderMetadata: (request) => Promise.resolve({ json: metadataOf(issuerOf(request)) }),
    authorizeApp: signIn.authorize,
    continueAppSignIn: signIn.continueSignIn,
    declineAppSignIn: signIn.declineSignIn,
    getConnection: signIn.getConnection,
    agreeToConnection: signIn.agreeToConnection,
    endSessionFromApp: signIn.endSession,
    askForTokens: token,
    revokeToken: revoke,
    getUserInfo: userInfo,
    askForUserInfo: userInfo,
    async listMyApps({ tenant, caller }) {
      const apps = await listConnected(readerOf(tenant.id), tenant.id, caller.customerId ?? '');
      return { json: { apps } };
    },
    async disconnectApp({ tenant, caller, params }) {
      const { appId } = params as OfApp;
      await sql.transaction(tenant.id, (tx) => disconnect(tx, tenant.id, caller.customerId ?? '', appId));
      return {};
    },
    getSigningKeys: async ({ tenant }) => ({ json: { keys: await keys.published(tenant.id) } }),
  };

  return {
    routes,
    /** Once a day. */
    async sweep(tenant: TenantId): Promise<void> {
      await grants.removeExpired(readerOf(tenant), tenant);
      await keys.turn(tenant);
    },
  };
}

/** Handlers of where somebody is signed in: which sessions there are, ending one, and ending all of them. */
import type { DomainService, Platform, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import { bearerOf, FORGOTTEN, tokenOf } from '../requests.ts';
import type { Sessions } from '../sessions.ts';
import type { StaffSessions } from '../staff/sessions.ts';
import type { OfSession } from './definition.ts';
import { noteSecurity } from './telling.ts';

type Routes = DomainService['routes'];
type Tools = Pick<Platform, 'sql' | 'clock'>;

/** @param customerOf who asks. @throws ShopError `unauthenticated` */
export function createCustomerSignOut(
  platform: Tools,
  sessions: Sessions,
  customerOf: (request: RouteRequest) => string,
): Routes {
  return {
    async listSessions(request) {
      const token = tokenOf(request.headers) ?? '';
      return { json: { sessions: await sessions.list(request.tenant.id, customerOf(request), token) } };
    },
    async endSession(request) {
      const { tenant, headers } = request;
      const { sessionId } = request.params as OfSession; // parsed by the route's schema, as below
      const token = tokenOf(headers) ?? '';
      const ended = await sessions.endOne(tenant.id, customerOf(request), sessionId, token);
      if (ended === undefined) throw noSession();
      return ended.isCurrent ? { headers: { 'set-cookie': FORGOTTEN } } : {};
    },
    async signOutEverywhere(request) {
      const { tenant } = request;
      const id = customerOf(request);
      await platform.sql.transaction(tenant.id, async (tx) => {
        await sessions.endAll(tx, tenant.id, id);
        await noteSecurity(platform, tx, { happening: 'signed_out', kind: 'customer', accountId: id });
      });
      return { headers: { 'set-cookie': FORGOTTEN } };
    },
  };
}

/** @param selfOf who of the staff asks. @throws ShopError `unauthenticated` */
export function createStaffSignOut(
  platform: Tools,
  sessions: StaffSessions,
  selfOf: (request: RouteRequest) => Promise<{ readonly id: string }>,
): Routes {
  return {
    async listStaffSessions(request) {
      const { id } = await selfOf(request);
      const token = bearerOf(request.headers) ?? '';
      return { json: { sessions: await sessions.list(request.tenant.id, id, token) } };
    },
    async endStaffSession(request) {
      const { id } = await selfOf(request);
      const { sessionId } = request.params as OfSession;
      if (!(await sessions.endOne(request.tenant.id, id, sessionId))) throw noSession();
      return {};
    },
    async signOutStaffEverywhere(request) {
      const { tenant } = request;
      const { id } = await selfOf(request);
      await platform.sql.transaction(tenant.id, async (tx) => {
        await sessions.endAll(tx, tenant.id, id);
        await noteSecurity(platform, tx, { happening: 'signed_out', kind: 'staff', accountId: id });
      });
      return {};
    },
  };
}

function noSession(): ShopError {
  return new ShopError('not_found', 'You are not signed in there, or not any more.');
}

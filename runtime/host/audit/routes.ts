/** The host's routes for the audit log. */
import type { RouteHandler } from '../../platform/domain.ts';
import type { AuditCheckQuery, AuditQuery } from '../definition.ts';
import type { Audit } from './audit.ts';

export function auditRoutes(audit: Audit): Record<string, RouteHandler> {
  return {
    async listAudit({ tenant, query }) {
      const { limit, before } = query as AuditQuery; // parsed by its schema
      return { json: await audit.page(tenant.id, limit, before) };
    },
    async checkAudit({ tenant, query }) {
      const { seq, hash } = query as AuditCheckQuery; // as above
      const anchor = seq === undefined || hash === undefined ? undefined : { seq, hash };
      return { json: await audit.check(tenant.id, anchor) };
    },
  };
}

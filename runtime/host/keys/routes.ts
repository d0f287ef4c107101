/** The host's routes for API keys. */
import type { RouteHandler } from '../../platform/domain.ts';
import type { NewApiKey } from '../definition.ts';
import type { Keys } from './keys.ts';

export function keyRoutes(keys: Keys): Record<string, RouteHandler> {
  return {
    listApiKeys: async ({ tenant }) => ({ json: { keys: await keys.list(tenant) } }),
    createApiKey: async ({ tenant, body }) => ({ json: await keys.create(tenant, body as NewApiKey) }), // parsed by its schema
    async revokeApiKey({ tenant, params }) {
      const { keyId } = params as { keyId: string }; // as above
      await keys.revoke(tenant, keyId);
      return {};
    },
  };
}

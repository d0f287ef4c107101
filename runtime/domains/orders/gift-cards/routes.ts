/** What merchants do with gift cards, over HTTP. */
import type { Platform, RouteHandler } from '../../../platform/domain.ts';
import { readerOf } from '../carts.ts';
import type { IssueGiftCard } from './schemas.ts';
import { getCard, issueCard, listCards, switchCard } from './store.ts';

// In every handler the host has parsed params, query and body with the schemas of the route, so that the casts hold.
export function giftCardRoutes(platform: Platform): Record<string, RouteHandler> {
  const { sql, clock, newId } = platform;
  const idOf = (params: unknown): string => (params as { giftCardId: string }).giftCardId;
  return {
    async listGiftCards({ tenant, query }) {
      const page = query as { cursor?: string; limit: number };
      return { json: await listCards(readerOf(platform, tenant.id), tenant.id, page) };
    },
    issueGiftCard: ({ tenant, body, earn }) =>
      sql.transaction(tenant.id, async (tx) => {
        const input = body as IssueGiftCard;
        const card = await issueCard(tx, tenant.id, newId('gft'), input, clock.now());
        return earn(tx, { status: 201, json: card });
      }),
    getGiftCard: async ({ tenant, params }) => ({
      json: await getCard(readerOf(platform, tenant.id), tenant.id, idOf(params)),
    }),
    async changeGiftCard({ tenant, params, body }) {
      const { enabled } = body as { enabled: boolean };
      const reader = readerOf(platform, tenant.id);
      await switchCard(reader, tenant.id, idOf(params), enabled, clock.now());
      return { json: await getCard(reader, tenant.id, idOf(params)) };
    },
  };
}

/** The routes of drafts, offers and quotes. */
import type { Platform, RouteHandler, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import { readerOf } from '../carts.ts';
import { companyBuyer } from '../companies/purchase.ts';
import { showToMerchant } from '../store.ts';
import { linkOf, requireSight, type Drafts } from './actions.ts';
import type {
  AcceptOffer,
  AskOfferApproval,
  AskQuote,
  ChangeDraft,
  CompleteDraft,
  NewDraft,
  OfferDraft,
} from './schemas.ts';
import { listDrafts, showDraft, showOffer, type StoredDraft } from './store.ts';

export function draftRoutes(platform: Platform, drafts: Drafts): Record<string, RouteHandler> {
  // The host has parsed params, query and body with the schemas of the route, so that the casts hold.
  const idOf = (request: RouteRequest): string => (request.params as { draftId: string }).draftId;
  const messageOf = ({ body }: RouteRequest) => (body as { message?: string }).message;
  const shown = (draft: StoredDraft) => ({ json: showDraft(draft, platform.clock.now()) });
  const shownToShopper = (draft: StoredDraft) => ({ json: showOffer(draft, platform.clock.now()) });
  type Page = Parameters<typeof listDrafts>[2];

  async function visible(request: RouteRequest): Promise<StoredDraft> {
    const { tenant, caller, query } = request;
    const draft = await drafts.read(tenant, idOf(request));
    requireSight(draft, caller, (query as { token?: string } | undefined)?.token);
    return draft;
  }

  return {
    listDrafts: async ({ tenant, query }) => ({
      json: await listDrafts(readerOf(platform, tenant.id), tenant.id, query as Page),
    }),
    createDraft: async ({ tenant, body }) => ({
      status: 201,
      ...shown(await drafts.create(tenant, body as NewDraft)),
    }),
    getDraft: async (request) => shown(await visible(request)),
    changeDraft: async (request) =>
      shown(await drafts.change(request.tenant, idOf(request), request.body as ChangeDraft)),
    async offerDraft(request) {
      const { tenant, body } = request;
      const { draft, token } = await drafts.offer(tenant, idOf(request), body as OfferDraft);
      return {
        json: { draft: shown(draft).json, link: linkOf(platform, tenant, draft.id, token) },
      };
    },
    holdDraft: async (request) =>
      shown(await drafts.hold(request.tenant, idOf(request), (request.body as { hours: number }).hours)),
    answerDraft: async (request) =>
      shown(await drafts.say(request.tenant, idOf(request), 'merchant', messageOf(request) ?? '')),
    cancelDraft: async (request) =>
      shown(await drafts.end(request.tenant, idOf(request), 'merchant', messageOf(request))),
    async completeDraft(request) {
      const { tenant, body } = request;
      const order = await drafts.complete(tenant, idOf(request), body as CompleteDraft);
      return { json: await showToMerchant(readerOf(platform, tenant.id), tenant.id, order) };
    },

    async askQuote({ tenant, caller, body }) {
      const { draft, token } = await drafts.ask(tenant, caller, body as AskQuote);
      return { status: 201, json: { quote: shownToShopper(draft).json, token } };
    },
    async listMyOffers({ tenant, caller, query }) {
      const { customerId } = caller;
      if (customerId === undefined)
        throw new ShopError('unauthenticated', 'Sign in to see your offers.', { remedy: 'Sign in.' });
      return { json: await listDrafts(readerOf(platform, tenant.id), tenant.id, query as Page, customerId) };
    },
    getOffer: async (request) => shownToShopper(await visible(request)),
    async answerOffer(request) {
      const { id } = await visible(request);
      return shownToShopper(await drafts.say(request.tenant, id, 'shopper', messageOf(request) ?? ''));
    },
    async declineOffer(request) {
      const { id } = await visible(request);
      return shownToShopper(await drafts.end(request.tenant, id, 'shopper', messageOf(request)));
    },
    async askOfferApproval(request) {
      const { id } = await visible(request);
      const wish = request.body as AskOfferApproval;
      return {
        status: 201,
        json: await drafts.askApproval(request.tenant, id, companyBuyer(request.caller), wish),
      };
    },
    async acceptOffer(request) {
      const { id } = await visible(request);
      return {
        status: 201,
        json: await drafts.accept(request.tenant, id, request.caller, request.body as AcceptOffer),
      };
    },
  };
}

/** The routes of returns. */
import type { Platform, RouteHandler, RouteRequest } from '../../../platform/domain.ts';
import { readerOf } from '../carts.ts';
import type { ExchangePlan } from '../exchanges/plan.ts';
import type { ExchangePreview, PreviewExchange, PreviewWish } from '../exchanges/schemas.ts';
import { readOrder, showOrder, showToMerchant, type StoredOrder } from '../store.ts';
import type { Returns } from './actions.ts';
import type {
  AskReturn,
  AskReturnApproval,
  AuthoriseReturn,
  CreateReturn,
  InspectReturn,
  RefundReturn,
  ReturnState,
} from './schemas.ts';
import { listReturns } from './store.ts';

/** @param visible the request's order, for whoever may see it */
export function returnRoutes(
  platform: Platform,
  returns: Returns,
  visible: (request: RouteRequest) => Promise<StoredOrder>,
): Record<string, RouteHandler> {
  async function shown({ tenant }: RouteRequest, order: StoredOrder): Promise<{ json: unknown }> {
    return { json: await showToMerchant(readerOf(platform, tenant.id), tenant.id, order) };
  }
  // The host has parsed params, query and body with the schemas of the route, so that the casts hold.
  const ids = (request: RouteRequest) => request.params as { orderId: string; returnId: string };
  const keyOf = (request: RouteRequest): string => request.headers['idempotency-key'] ?? request.requestId;

  async function previewed(
    { tenant, body }: RouteRequest,
    order: StoredOrder,
    by: 'shopper' | 'merchant',
  ): Promise<{ json: unknown }> {
    const plan = await returns.preview(tenant, order, by, body as PreviewExchange | PreviewWish);
    return { json: showPreview(order, plan) };
  }

  function answering(to: 'declined' | 'received'): RouteHandler {
    return async (request) => {
      const { orderId, returnId } = ids(request);
      const { answer } = (request.body ?? {}) as { answer?: string };
      return shown(request, await returns.answer(request.tenant, orderId, returnId, to, answer));
    };
  }

  return {
    async askReturn(request) {
      const { id } = await visible(request);
      const wish = request.body as AskReturn;
      return { json: showOrder(await returns.ask(request.tenant, id, keyOf(request), 'shopper', wish)) };
    },
    async withdrawReturn(request) {
      const { id } = await visible(request);
      const { returnId } = ids(request);
      return { json: showOrder(await returns.withdraw(request.tenant, id, returnId, 'shopper')) };
    },
    async listReturns({ tenant, query }) {
      const page = query as { state?: ReturnState; cursor?: string; limit: number };
      return { json: await listReturns(readerOf(platform, tenant.id), tenant.id, page) };
    },
    async createReturn(request) {
      const wish = request.body as CreateReturn;
      const { orderId } = ids(request);
      return shown(request, await returns.ask(request.tenant, orderId, keyOf(request), 'merchant', wish));
    },
    previewMyExchange: async (request) => previewed(request, await visible(request), 'shopper'),
    async previewExchange(request) {
      const { id } = request.tenant;
      const order = await readOrder(readerOf(platform, id), id, ids(request).orderId);
      return previewed(request, order, 'merchant');
    },
    async askReturnApproval(request) {
      const { orderId, returnId } = ids(request);
      const asked = request.body as AskReturnApproval;
      return { status: 201, json: await returns.askApproval(request.tenant, orderId, returnId, asked) };
    },
    async authoriseReturn(request) {
      const { orderId, returnId } = ids(request);
      const terms = (request.body ?? {}) as AuthoriseReturn;
      return shown(request, await returns.authorise(request.tenant, orderId, returnId, terms));
    },
    async withdrawReturnForMerchant(request) {
      const { orderId, returnId } = ids(request);
      return shown(request, await returns.withdraw(request.tenant, orderId, returnId, 'merchant'));
    },
    declineReturn: answering('declined'),
    receiveReturn: answering('received'),
    async inspectReturn(request) {
      const { orderId, returnId } = ids(request);
      const found = request.body as InspectReturn;
      return shown(request, await returns.inspect(request.tenant, orderId, returnId, found));
    },
    async refundReturn(request) {
      const { orderId, returnId } = ids(request);
      const wish = request.body as RefundReturn;
      return shown(request, await returns.refund(request.tenant, orderId, returnId, wish));
    },
    async cancelUnits(request) {
      const { orderId } = ids(request);
      const wish = request.body as Parameters<Returns['cancelUnits']>[3];
      return shown(request, await returns.cancelUnits(request.tenant, orderId, keyOf(request), wish));
    },
  };
}

function showPreview(order: StoredOrder, { lines, sums, priced }: ExchangePlan): ExchangePreview {
  return {
    currency: order.currency,
    sums,
    lines: lines.map(({ variantId, title, variantTitle, quantity }) => {
      const after = priced.lines.find((line) => line.variantId === variantId);
      const before = order.lines.find((line) => line.variantId === variantId);
      return {
        variantId,
        title,
        variantTitle,
        quantity,
        unitPrice: after?.unitPrice ?? 0,
        discount: (after?.discount ?? 0) - (before?.discount ?? 0),
      };
    }),
  };
}

/** The routes of edits. */
import type { Platform, RouteHandler, RouteRequest } from '../../../platform/domain.ts';
import { ShopError } from '../../../platform/errors.ts';
import type { Tenant } from '../../../platform/ports.ts';
import { readerOf, snapshotOf } from '../carts.ts';
import { readOrder, showToMerchant, type StoredOrder } from '../store.ts';
import type { Edits, WorkedOut } from './actions.ts';
import type { AskEditApproval, BeginEdit, ChangeEdit, CommitEdit, Edit, PayOwed } from './schemas.ts';
import { listEdits, readEdit, type StoredEdit } from './store.ts';

export function editRoutes(platform: Platform, edits: Edits): Record<string, RouteHandler> {
  // The host has parsed params, query and body with the schemas of the route, so that the casts hold.
  const ids = (request: RouteRequest) => request.params as { orderId: string; editId: string };
  const keyOf = (request: RouteRequest): string => request.headers['idempotency-key'] ?? request.requestId;

  /** With what it would come to now, or what keeps it from being made. */
  async function shown(tenant: Tenant, edit: StoredEdit): Promise<Edit> {
    const reader = readerOf(platform, tenant.id);
    const order = await readOrder(reader, tenant.id, edit.orderId);
    if (edit.state !== 'open') return showEdit(order, edit);
    try {
      return showEdit(order, edit, await edits.workOut(reader, tenant, order, edit));
    } catch (error) {
      if (!(error instanceof ShopError) || error.code !== 'invalid_input') throw error;
      const why = error.problems?.map(({ where, what }) => `${where}: ${what}`) ?? [];
      return { ...showEdit(order, edit), problem: [error.message, ...why].join(' ') };
    }
  }

  async function toMerchant({ tenant }: RouteRequest, order: StoredOrder): Promise<{ json: unknown }> {
    return { json: await showToMerchant(readerOf(platform, tenant.id), tenant.id, order) };
  }

  return {
    async beginEdit(request) {
      const { tenant, body } = request;
      const edit = await edits.begin(tenant, ids(request).orderId, keyOf(request), body as BeginEdit);
      return { status: 201, json: await shown(tenant, edit) };
    },
    async listEdits(request) {
      const { tenant } = request;
      const reader = readerOf(platform, tenant.id);
      const order = await readOrder(reader, tenant.id, ids(request).orderId);
      const all = await listEdits(reader, tenant.id, order.id);
      return { json: { edits: all.map((edit) => showEdit(order, edit)) } };
    },
    async getEdit(request) {
      const { tenant } = request;
      const { orderId, editId } = ids(request);
      const edit = await readEdit(readerOf(platform, tenant.id), tenant.id, orderId, editId);
      return { json: await shown(tenant, edit) };
    },
    async changeEdit(request) {
      const { orderId, editId } = ids(request);
      const edit = await edits.change(request.tenant, orderId, editId, request.body as ChangeEdit);
      return { json: await shown(request.tenant, edit) };
    },
    async askEditApproval(request) {
      const { orderId, editId } = ids(request);
      const { message } = request.body as AskEditApproval;
      return { status: 201, json: await edits.askApproval(request.tenant, orderId, editId, message) };
    },
    async commitEdit(request) {
      const { orderId, editId } = ids(request);
      const order = await edits.commit(request.tenant, orderId, editId, request.body as CommitEdit);
      return toMerchant(request, order);
    },
    async withdrawEdit(request) {
      const { orderId, editId } = ids(request);
      const edit = await edits.withdraw(request.tenant, orderId, editId);
      return { json: await shown(request.tenant, edit) };
    },
    payOwed: async (request) =>
      toMerchant(request, await edits.payOwed(request.tenant, ids(request).orderId, request.body as PayOwed)),
  };
}

function showEdit(order: StoredOrder, edit: StoredEdit, workedOut?: WorkedOut): Edit {
  const { currency } = order;
  const isOpen = edit.state === 'open';
  return {
    id: edit.id,
    orderId: edit.orderId,
    state: edit.state,
    version: edit.version,
    currency,
    changes: [...edit.changes],
    reason: edit.reason,
    stale: isOpen && edit.orderVersion !== order.version,
    outcome: edit.outcome ?? workedOut?.outcome,
    lines: workedOut?.priced.lines.map((line) => ({
      ...snapshotOf(line),
      quantity: line.quantity,
      unitPrice: { amount: line.unitPrice, currency },
      discount: { amount: line.discount, currency },
      tax: { amount: line.tax, currency },
    })),
    discounts: workedOut === undefined ? undefined : [...workedOut.priced.discounts],
    createdAt: edit.createdAt.toISOString(),
    updatedAt: edit.updatedAt.toISOString(),
  };
}

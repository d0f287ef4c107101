/** Companies, whose members buy within limits, and with somebody's leave beyond them. */
import { ADDRESS } from '../../../runtime/domains/orders/testing/shop.ts';
import type { Actor } from '../actors.ts';
import { cart, DELIVERY, DRAFT, latest, paid, stocked, tokenIn } from './buying.ts';
import type { Guide, Said } from './telling.ts';

const PAGES = ['company', 'company-member'];

export async function aCompany(guide: Guide): Promise<void> {
  const { ask, fresh } = guide;
  const { companyId, admin } = await founded(guide);
  const gone = await ask('accounts.inviteToCompany', {
    as: admin,
    json: { email: `${fresh('x')}@example.com` },
  });
  await ask('accounts.withdrawCompanyInvitation', { as: admin, path: { invitationId: gone.id } });
  const { buyer, email, customerId } = await hired(guide, admin, { perOrder: 1 });
  for (const decision of ['declineApproval', 'grantApproval']) {
    const { cartId } = await cart(guide, buyer);
    const wish = { as: buyer, path: { cartId }, json: { ...DELIVERY, email, message: 'For the hall' } };
    const { id: approvalId } = await ask('orders.askCartApproval', wish);
    await ask('accounts.getApproval', { as: admin, path: { approvalId } });
    await ask(`accounts.${decision}`, { as: admin, path: { approvalId }, json: { message: 'So be it.' } });
  }
  const { variantId } = await stocked(guide);
  const draft = { ...DRAFT, email, customerId, lines: [{ variantId, quantity: 1 }] };
  const { id: draftId } = await ask('orders.createDraft', { json: draft });
  const offered = await ask('orders.offerDraft', { path: { draftId }, json: {} });
  await ask('orders.askOfferApproval', {
    as: buyer,
    path: { draftId },
    query: { token: tokenIn(offered) },
    json: {},
  });
  await ask('orders.listCompanyOrders', { as: admin });
  const { id: addressId } = await ask('accounts.addCompanyAddress', { as: admin, json: ADDRESS });
  await ask('accounts.deleteCompanyAddress', { as: admin, path: { addressId } });
  const member = { as: admin, path: { customerId } };
  await ask('accounts.updateCompanyMember', { ...member, json: { limits: null } });
  await ask('accounts.adminUpdateCompanyMember', {
    path: { companyId, customerId },
    json: { role: 'approver' },
  });
  await ask('accounts.removeCompanyMember', member);
}

/** An order within its buyer's limit, which the merchant makes dearer: by an edit, and by other goods for those that come back. */
export async function aCompanyOrderThatBecomesDearer(guide: Guide): Promise<void> {
  const { ask } = guide;
  const { admin } = await founded(guide);
  const { buyer } = await hired(guide, admin, { perOrder: 30_000 });
  const { orderId, token, variantId } = await paid(guide, { as: buyer });
  const other = await stocked(guide);
  const path = { orderId };
  const granted = async (asked: Promise<Said>): Promise<void> => {
    await ask('accounts.grantApproval', { as: admin, path: { approvalId: (await asked).id }, json: {} });
  };
  const lines = [{ variantId, quantity: 3 }];
  const { id: editId, version } = await ask('orders.beginEdit', { path, json: { lines } });
  const ofEdit = { path: { orderId, editId } };
  await granted(ask('orders.askEditApproval', { ...ofEdit, json: { message: 'They rang us up.' } }));
  await ask('orders.commitEdit', { ...ofEdit, json: { version, paid: { means: 'cash' } } });
  await ask('orders.createFulfilment', { path, json: {} });
  const wish = {
    lines: [{ variantId, quantity: 1, reason: 'too_small' }],
    exchange: { lines: [{ variantId: other.variantId, quantity: 2 }] },
  };
  const asked = await ask('orders.askReturn', { path, query: { token }, json: wish });
  const ofReturn = { path: { orderId, returnId: latest(asked.returns).id } };
  await granted(ask('orders.askReturnApproval', { ...ofReturn, json: {} }));
  await ask('orders.authoriseReturn', { ...ofReturn, json: {} });
}

async function founded({ ask, enter, mailed, fresh }: Guide): Promise<{ companyId: string; admin: Actor }> {
  const boss = `${fresh('boss')}@example.com`;
  const admin = await enter(boss);
  const input = { name: fresh('Works'), country: 'DE', netDays: 30, admin: boss };
  const { id: companyId } = await ask('accounts.adminCreateCompany', { json: input });
  await ask('accounts.joinCompany', { json: { token: await mailed(boss, PAGES) } });
  return { companyId, admin };
}

interface Hired {
  readonly buyer: Actor;
  readonly email: string;
  readonly customerId: string;
}

async function hired(
  { ask, enter, mailed, fresh }: Guide,
  admin: Actor,
  limits: { readonly perOrder: number },
): Promise<Hired> {
  const email = `${fresh('hand')}@example.com`;
  const buyer = await enter(email);
  await ask('accounts.inviteToCompany', {
    as: admin,
    json: { email, role: 'buyer', limits: { currency: 'EUR', ...limits } },
  });
  await ask('accounts.joinCompany', { json: { token: await mailed(email, PAGES) } });
  const { id: customerId } = await ask('accounts.getMe', { as: buyer });
  return { buyer, email, customerId };
}

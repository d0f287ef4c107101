/** Orders and what becomes of them before anything comes back: discounts, edits, disputes, offers, PayPal. */
import { ADDRESS } from '../../../runtime/domains/orders/testing/shop.ts';
import { approveAsPayer } from '../../../runtime/platform/payments/testing/paypal.ts';
import { cart, isConfirmed, ordered, paid, stocked, tokenIn } from './buying.ts';
import { orRefused, type Guide, type Said } from './telling.ts';

export async function discountsOfACart(guide: Guide): Promise<void> {
  const { ask, fresh } = guide;
  const code = fresh('save').toUpperCase();
  const rule = { title: 'Ten', benefit: { kind: 'percent', basisPoints: 1_000 }, code };
  const { id: promotionId, version } = await ask('orders.createPromotion', { json: rule });
  await ask('orders.updatePromotion', {
    path: { promotionId },
    json: { ...rule, title: 'Ten off', version },
  });
  const { cartId } = await cart(guide);
  await ask('orders.addCode', { path: { cartId }, json: { code } });
  const card = await ask('orders.issueGiftCard', { json: { amount: 500, currency: 'EUR' } });
  await ask('orders.addGiftCard', { path: { cartId }, json: { code: card.code } });
  await ask('orders.removeGiftCard', { path: { cartId, giftCardId: card.id } });
  await ask('orders.removeCode', { path: { cartId, code } });
}

export async function anOrderThatIsNotPaid(guide: Guide): Promise<void> {
  const { orderId, token } = await ordered(guide);
  await guide.ask('orders.resumePayment', { path: { orderId }, query: { token } });
  await guide.ask('orders.abandonOrder', { path: { orderId }, query: { token } });
}

export async function anOrderThatIsEdited(guide: Guide): Promise<void> {
  const { ask } = guide;
  const { orderId, variantId } = await paid(guide);
  const edit = (quantity: number) => ({ lines: [{ variantId, quantity }] });
  const first = await ask('orders.beginEdit', { path: { orderId }, json: edit(1) });
  await ask('orders.withdrawEdit', { path: { orderId, editId: first.id } });
  const { id: editId, version } = await ask('orders.beginEdit', { path: { orderId }, json: edit(1) });
  const path = { orderId, editId };
  await ask('orders.getEdit', { path });
  const changed = await ask('orders.changeEdit', {
    path,
    json: { ...edit(3), version, reason: 'They want more.' },
  });
  await ask('orders.commitEdit', { path, json: { version: changed.version, paid: { means: 'cash' } } });
}

export async function unitsThatAreGivenUp(guide: Guide): Promise<void> {
  const { orderId, variantId } = await paid(guide);
  const path = { orderId };
  await guide.ask('orders.cancelUnits', { path, json: { lines: [{ variantId, quantity: 1 }] } });
  await guide.ask('orders.refundOrder', { path, json: {} });
}

export async function aPayPalOrder(guide: Guide): Promise<void> {
  const { ask, until } = guide;
  const { orderId, token } = await ordered(guide);
  const asked = { path: { orderId }, query: { token, provider: 'paypal' } };
  const { approveUrl, intentId } = await ask('orders.resumePayment', asked);
  await approveAsPayer(approveUrl);
  await until('orders.getOrder', { path: { orderId }, query: { token } }, isConfirmed);
  const told = async (about: object): Promise<void> => {
    const id = guide.fresh('WH-');
    const create_time = new Date().toISOString();
    const event = JSON.stringify({ id, event_version: '1.0', create_time, ...about });
    const headers = await guide.signed(event);
    const bytes = Buffer.from(event);
    await ask('payments.receivePayPalWebhook', { bytes, contentType: 'application/json', headers });
  };
  await told({ event_type: 'CHECKOUT.ORDER.APPROVED', resource: { id: intentId } });
  // Whether these are taken or refused is the shop's affair, and judged; the story goes on.
  for (const about of PAYPAL_EVENTS) await told(about).catch(orRefused);
}

/** Rightly signed, of things that this shop has never heard of, or that are none. */
const PAYPAL_EVENTS: readonly object[] = [
  { event_type: 'PAYMENT.AUTHORIZATION.CREATED', resource: { id: 'NOTHING', status: 'CREATED' } },
  { event_type: 'PAYMENT.CAPTURE.COMPLETED', resource: { id: 'NOTHING', amount: { value: 'x' } } },
  { event_type: 'CUSTOMER.DISPUTE.CREATED', resource: { dispute_id: 'PP-D-1', disputed_transactions: [] } },
  { event_type: 'PAYMENT.CAPTURE.REFUNDED', resource: null },
  { event_type: 'CHECKOUT.ORDER.APPROVED', resource: { id: 7, purchase_units: {} } },
  { event_type: 'NOBODY.KNOWS', resource: { deep: [[[[{}]]]] } },
];

export async function disputes(guide: Guide): Promise<void> {
  const { ask, until } = guide;
  const seen: string[] = [];
  for (const what of ['contestDispute', 'concedeDispute']) {
    const { orderId } = await paid(guide, { card: '4000000000000259' });
    const mine = ({ disputes: all }: Said): Said => all.find((one: Said) => one.orderId === orderId);
    const found = mine(await until('payments.listDisputes', {}, (said) => mine(said) !== undefined));
    seen.push(found.id);
    const path = { disputeId: found.id };
    await ask('payments.getDispute', { path });
    await ask(`payments.${what}`, {
      path,
      ...(what === 'contestDispute' ? { json: { text: 'They have it.' } } : {}),
    });
  }
}

export async function offers(guide: Guide): Promise<void> {
  const { ask, fresh } = guide;
  const { variantId } = await stocked(guide);
  const draft = {
    email: `${fresh('buyer')}@example.com`,
    shippingAddress: ADDRESS,
    shipping: { title: 'By hand', amount: 100 },
    lines: [{ variantId, quantity: 1 }],
  };
  for (const end of ['decline', 'accept']) {
    const made = await ask('orders.createDraft', { json: { currency: 'EUR', ...draft } });
    const path = { draftId: made.id };
    await ask('orders.changeDraft', { path, json: { ...draft, version: made.version, note: 'Soon' } });
    const offered = await ask('orders.offerDraft', { path, json: { message: 'For you' } });
    const mine = { path, query: { token: tokenIn(offered) } };
    await ask('orders.getOffer', mine);
    await ask('orders.answerOffer', { ...mine, json: { message: 'Thank you' } });
    await ask(`orders.${end}Offer`, { ...mine, json: {} });
  }
  const { id: draftId } = await ask('orders.createDraft', { json: { currency: 'EUR', ...draft } });
  await ask('orders.completeDraft', { path: { draftId }, json: { means: 'cash' } });
}

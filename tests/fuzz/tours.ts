/**
 * What is only reached by several people doing the right thing in the right order: a company that approves a purchase, a paid order that
 * is edited and sent back, a passkey. Each step is a request of the campaign, judged and remembered like any other, so that afterwards
 * everything that these stories leave behind is fuzzed as well.
 */
import { ADDRESS, payAsBrowser } from '../../runtime/domains/orders/testing/shop.ts';
import type { NewCredential, SignedCredential } from '../../runtime/domains/accounts/passkeys/definition.ts';
import { createAuthenticator } from '../../runtime/domains/accounts/testing/authenticator.ts';
import { approveAsPayer } from '../../runtime/platform/payments/testing/paypal.ts';
import type { Actor } from './actors.ts';
import { PASSWORD } from './shop.ts';
import type { FuzzRequest } from './requests.ts';

/** An answer, as far as a story goes on with it. */
export type Said = any; // oxlint-disable-line typescript/no-explicit-any -- whatever the description of the operation says

export interface Guide {
  readonly tenant: string;
  /** Where the shop's pages are, and its payment processor. */
  readonly origin: string;
  readonly pay: string;
  /** @throws Refused unless it is answered 2xx */
  ask(operation: string, asked?: Asked): Promise<Said>;
  /** Asks until the answer is as wished. @throws Refused when it never is */
  until(operation: string, asked: Asked, wished: (said: Said) => boolean): Promise<Said>;
  /** Somebody new, signed in: a customer of this address, or an owner of the shop. */
  enter(email: string, kind?: 'customer' | 'owner'): Promise<Actor>;
  /** What was mailed to somebody last: the token of the link to one of these pages. */
  mailed(email: string, pages: readonly string[]): Promise<string>;
  /** Headers that prove an event to be PayPal's. */
  signed(event: string): Promise<Record<string, string>>;
  /** Never the same twice. */
  fresh(word: string): string;
}

export type Asked = Partial<
  Pick<FuzzRequest, 'path' | 'query' | 'json' | 'bytes' | 'contentType' | 'headers'>
> & {
  /** Otherwise whoever has the admin key, or nobody. */
  readonly as?: Actor;
};

export class Refused extends Error {
  override readonly name = 'Refused';
}

/** @throws what is no refusal */
export function orRefused(error: unknown): Refused {
  if (error instanceof Refused) return error;
  throw error;
}

export const TOURS: readonly ((guide: Guide) => Promise<void>)[] = [
  passkeysOfACustomer,
  passkeysOfTheStaff,
  signedInAtTwoPlaces,
  rolesOfTheStaff,
  aReview,
  aWishlist,
  whatGoesWithIt,
  aPriceList,
  aChatInAGroup,
  anExperiment,
  aPhoneAndATemplate,
  discountsOfACart,
  anOrderThatIsNotPaid,
  anOrderThatIsEdited,
  anOrderThatComesBack,
  aPayPalOrder,
  disputes,
  offers,
  aCompany,
  aTransfer,
];

async function passkeysOfACustomer({ ask, enter, fresh, origin }: Guide): Promise<void> {
  const email = `${fresh('pass')}@example.com`;
  const as = await enter(email);
  await ask('accounts.login', { json: { email, password: PASSWORD } });
  const device = createAuthenticator('ES256', origin);
  const options = await ask('accounts.preparePasskey', { as, json: { password: PASSWORD } });
  const credential: NewCredential = device.create(options);
  const { id: passkeyId } = await ask('accounts.addPasskey', { as, json: { name: 'Phone', credential } });
  const signed: SignedCredential = device.get(await ask('accounts.preparePasskeySignIn'));
  await ask('accounts.signInWithPasskey', { json: { credential: signed } });
  await ask('accounts.removePasskey', { as, path: { passkeyId } });
  await ask('accounts.askForErasure', { as, json: { password: PASSWORD } });
  await ask('accounts.withdrawErasure', { as });
}

async function passkeysOfTheStaff({ ask, enter, fresh, origin }: Guide): Promise<void> {
  const as = await enter(`${fresh('owner')}@staff.example`, 'owner');
  const device = createAuthenticator('EdDSA', origin);
  const options = await ask('accounts.prepareStaffPasskey', { as, json: { password: PASSWORD } });
  const credential: NewCredential = device.create(options, 'packed');
  const { id: passkeyId } = await ask('accounts.addStaffPasskey', { as, json: { name: 'Key', credential } });
  const signed: SignedCredential = device.get(await ask('accounts.prepareStaffPasskeySignIn'));
  await ask('accounts.signInStaffWithPasskey', { json: { credential: signed } });
  await ask('accounts.removeStaffPasskey', { as, path: { passkeyId } });
}

async function signedInAtTwoPlaces({ ask, enter, fresh }: Guide): Promise<void> {
  const [customer, owner] = [`${fresh('there')}@example.com`, `${fresh('there')}@staff.example`];
  for (const [email, kind, Who, login] of [
    [customer, 'customer', '', 'login'],
    [owner, 'owner', 'Staff', 'signInStaff'],
  ] as const) {
    const as = await enter(email, kind);
    await ask(`accounts.${login}`, { json: { email, password: PASSWORD } });
    const { sessions } = await ask(`accounts.list${Who}Sessions`, { as });
    await ask(`accounts.end${Who}Session`, { as, path: { sessionId: sessions[1].id } });
    await ask(`accounts.signOut${Who}Everywhere`, { as });
  }
}

async function rolesOfTheStaff({ ask, enter, fresh }: Guide): Promise<void> {
  const as = await enter(`${fresh('owner')}@staff.example`, 'owner');
  const role = { name: fresh('Role'), scopes: ['catalog:read'] };
  const { id: roleId } = await ask('accounts.createRole', { as, json: role });
  await ask('accounts.updateRole', { as, path: { roleId }, json: { ...role, scopes: ['orders:read'] } });
  await ask('accounts.deleteRole', { as, path: { roleId } });
}

async function aReview(guide: Guide): Promise<void> {
  const { ask, until, enter, fresh, origin } = guide;
  const [writer, reader] = [
    await enter(`${fresh('w')}@example.com`),
    await enter(`${fresh('r')}@example.com`),
  ];
  const { orderId, token } = await paid(guide, { as: writer });
  const { lines } = await ask('orders.getOrder', { path: { orderId }, query: { token } });
  const { productId } = lines[0];
  const words = { rating: 4, title: 'Good', body: 'It keeps the rain out.', name: 'Ada' };
  // The catalogue hears of the order a little later.
  const announced = { productId, contentType: 'image/png', size: PNG.length };
  const begun = await until('catalog.beginReviewPicture', { as: writer, json: announced }, () => true);
  const picture = { path: { id: begun.id } };
  const ticket = new URL(begun.destination.url, origin).searchParams.get('ticket');
  await ask('media.putShopperPicture', {
    ...picture,
    query: { ticket },
    bytes: PNG,
    contentType: 'image/png',
  });
  await ask('catalog.finishReviewPicture', { ...picture, as: writer });
  await ask('media.getOwnShopperPicture', { ...picture, as: writer });
  const json = { ...words, productId, pictures: [{ id: begun.id, alt: 'A tent in the rain' }] };
  const written = await ask('catalog.writeReview', { as: writer, json });
  const path = { id: written.id };
  const { version } = await ask('catalog.adminGetReview', { path });
  await ask('catalog.adminDecideReview', { path, json: { version, state: 'published' } });
  await ask('media.getShopperPicture', picture);
  await ask('media.adminGetShopperPicture', picture);
  const one = { ...path, pictureId: begun.id };
  await ask('catalog.adminDecideReviewPicture', { path: one, json: { version, state: 'approved' } });
  await ask('catalog.voteReview', { as: reader, path, json: { helpful: true } });
  await ask('catalog.reportReview', { as: reader, path, json: { reason: 'It is about another tent.' } });
  await ask('catalog.adminAnswerReview', { path, json: { answer: 'Thank you.' } });
  const { reviews } = await ask('catalog.listOwnReviews', { as: writer });
  const own = reviews.find(({ id }: Said) => id === written.id);
  await ask('catalog.editReview', { as: writer, path, json: { ...words, rating: 5, version: own.version } });
  await ask('catalog.withdrawReview', { as: writer, path });
}

async function aWishlist({ ask, enter, fresh }: Guide): Promise<void> {
  const as = await enter(`${fresh('wish')}@example.com`);
  const { variantId } = await product(ask, fresh);
  const { id } = await ask('catalog.createWishlist', { as, json: { name: 'For the summer' } });
  await ask('catalog.addToWishlist', { as, path: { id, variantId } });
  await ask('catalog.shareWishlist', { as, path: { id } });
  await ask('catalog.removeFromWishlist', { as, path: { id, variantId } });
}

async function whatGoesWithIt({ ask, fresh }: Guide): Promise<void> {
  const [one, other] = [await product(ask, fresh), await product(ask, fresh)];
  const path = { id: one.productId };
  const { version } = await ask('catalog.adminGetRelated', { path });
  const crossSell = [{ productId: other.productId, mutual: true }];
  await ask('catalog.adminPutRelated', { path, json: { version, crossSell, upSell: [], accessories: [] } });
}

async function aPriceList({ ask, fresh }: Guide): Promise<void> {
  const { variantId } = await product(ask, fresh);
  const list = { title: fresh('List'), currency: 'EUR' };
  const { id, version } = await ask('catalog.adminCreatePriceList', { json: list });
  const bytes = Buffer.from(`Handle,Variant SKU,Variant ID,From,Price\n,,${variantId},1,99.00\n`);
  await ask('catalog.adminImportPrices', { path: { id }, bytes, contentType: 'text/csv' });
  const changed = await ask('catalog.adminGetPriceList', { path: { id } });
  await ask('catalog.adminUpdatePriceList', {
    path: { id },
    json: { ...list, offBasisPoints: 500, version: changed.version ?? version },
  });
}

async function aChatInAGroup({ ask, enter, fresh }: Guide): Promise<void> {
  const [host, guest] = [
    await enter(`${fresh('host')}@example.com`),
    await enter(`${fresh('guest')}@example.com`),
  ];
  const { id: person } = await ask('accounts.getMe', { as: guest });
  const group = { kind: 'group', access: 'members', title: 'Campers', key: fresh('campers') };
  const { id: roomId } = await ask('chat.openRoom', { as: host, json: group });
  await ask('chat.letIn', { as: host, path: { roomId, person } });
  const file = { path: { roomId }, bytes: PNG, contentType: 'image/png', query: { name: 'tent.png' } };
  const { id } = await ask('chat.attach', { as: host, ...file });
  await ask('chat.getAttachment', { as: host, path: { roomId, id } });
  await ask('chat.sendOut', { as: host, path: { roomId, person } });
}

async function anExperiment({ ask, fresh }: Guide): Promise<void> {
  const key = fresh('flag');
  const serve = [{ variant: 'on', weight: 1 }];
  await ask('marketing.putFlag', {
    path: { key },
    json: { enabled: true, variants: { on: true, off: false }, off: 'off', rules: [], serve },
  });
  const shares = ['on', 'off'].map((variant) => ({ variant, weight: 50 }));
  const plan = { name: fresh('Trial'), flagKey: key, control: 'off', shares, goal: 'bought' };
  const { id } = await ask('marketing.createExperiment', { json: plan });
  await ask('marketing.startExperiment', { path: { id } });
}

async function aPhoneAndATemplate({ ask, until, enter, fresh }: Guide): Promise<void> {
  const as = await enter(`${fresh('phone')}@example.com`);
  const phone = `+4930${String(Math.floor(Math.random() * 1e7)).padStart(7, '1')}`;
  await ask('notifications.addPhone', { as, json: { phone } });
  const sent = ({ messages }: Said) => messages.some(({ recipient }: Said) => recipient === phone);
  const { messages } = await until('notifications.listOutbox', { query: { limit: 100 } }, sent);
  const text = JSON.stringify(messages.find(({ recipient }: Said) => recipient === phone).message);
  const code = /(?<!\w)\d{6}(?!\w)/.exec(text)?.[0];
  await ask('notifications.confirmPhone', { as, json: { phone, code } });
  await ask('notifications.putTemplate', {
    path: { kind: 'orders.confirmed', channel: 'mail', locale: 'en' },
    json: { subject: 'Thank you', text: 'It is on its way.', html: '<p>It is on its way.</p>' },
  });
}

async function discountsOfACart(guide: Guide): Promise<void> {
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

async function anOrderThatIsNotPaid(guide: Guide): Promise<void> {
  const { orderId, token } = await ordered(guide);
  await guide.ask('orders.resumePayment', { path: { orderId }, query: { token } });
  await guide.ask('orders.abandonOrder', { path: { orderId }, query: { token } });
}

async function anOrderThatIsEdited(guide: Guide): Promise<void> {
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

async function anOrderThatComesBack(guide: Guide): Promise<void> {
  const { ask } = guide;
  const { orderId, token, variantId } = await paid(guide);
  const { id: fulfilmentId } = latest(
    (
      await ask('orders.createFulfilment', {
        path: { orderId },
        json: { lines: [{ variantId, quantity: 2 }] },
      })
    ).fulfilments,
  );
  await ask('orders.updateFulfilment', { path: { orderId, fulfilmentId }, json: { delivered: true } });
  const one = { lines: [{ variantId, quantity: 1, reason: 'damaged' }] };
  const mine = { path: { orderId }, query: { token } };
  const last = async (asked: Promise<Said>) => latest((await asked).returns).id as string;
  const withdrawn = await last(ask('orders.askReturn', { ...mine, json: one }));
  await ask('orders.withdrawReturn', { path: { orderId, returnId: withdrawn }, query: { token } });
  const declined = await last(ask('orders.askReturn', { ...mine, json: one }));
  await ask('orders.declineReturn', {
    path: { orderId, returnId: declined },
    json: { answer: 'It is used.' },
  });
  const asked = await last(ask('orders.askReturn', { ...mine, json: one }));
  await ask('orders.authoriseReturn', { path: { orderId, returnId: asked }, json: { answer: 'Send it.' } });
  const returnId = await last(ask('orders.createReturn', { path: { orderId }, json: one }));
  for (const id of [asked, returnId]) {
    const path = { orderId, returnId: id };
    await ask('orders.receiveReturn', { path });
    const lines = [{ variantId, accepted: 1, restock: 1 }];
    await ask('orders.inspectReturn', { path, json: { lines } });
    await ask('orders.refundReturn', { path, json: {} });
  }
}

async function aPayPalOrder(guide: Guide): Promise<void> {
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

async function disputes(guide: Guide): Promise<void> {
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

async function offers(guide: Guide): Promise<void> {
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
}

async function aCompany(guide: Guide): Promise<void> {
  const { ask, enter, fresh, mailed } = guide;
  const boss = `${fresh('boss')}@example.com`;
  const admin = await enter(boss);
  const input = { name: fresh('Works'), country: 'DE', netDays: 30, admin: boss };
  const { id: companyId } = await ask('accounts.adminCreateCompany', { json: input });
  await ask('accounts.joinCompany', { json: { token: await mailed(boss, COMPANY_PAGES) } });
  const gone = await ask('accounts.inviteToCompany', {
    as: admin,
    json: { email: `${fresh('x')}@example.com` },
  });
  await ask('accounts.withdrawCompanyInvitation', { as: admin, path: { invitationId: gone.id } });
  const hand = `${fresh('hand')}@example.com`;
  const buyer = await enter(hand);
  const limits = { currency: 'EUR', perOrder: 1 };
  await ask('accounts.inviteToCompany', { as: admin, json: { email: hand, role: 'buyer', limits } });
  await ask('accounts.joinCompany', { json: { token: await mailed(hand, COMPANY_PAGES) } });
  const { id: customerId } = await ask('accounts.getMe', { as: buyer });
  for (const decision of ['declineApproval', 'grantApproval']) {
    const { cartId } = await cart(guide, buyer);
    const wish = { as: buyer, path: { cartId }, json: { ...DELIVERY, email: hand, message: 'For the hall' } };
    const { id: approvalId } = await ask('orders.askCartApproval', wish);
    await ask('accounts.getApproval', { as: admin, path: { approvalId } });
    await ask(`accounts.${decision}`, { as: admin, path: { approvalId }, json: { message: 'So be it.' } });
  }
  const { variantId } = await stocked(guide);
  const draft = { ...DRAFT, email: hand, customerId, lines: [{ variantId, quantity: 1 }] };
  const { id: draftId } = await ask('orders.createDraft', { json: draft });
  const offered = await ask('orders.offerDraft', { path: { draftId }, json: {} });
  await ask('orders.askOfferApproval', {
    as: buyer,
    path: { draftId },
    query: { token: tokenIn(offered) },
    json: {},
  });
  await ask('orders.listCompanyOrders', { as: admin });
  await ask('accounts.adminUpdateCompanyMember', {
    path: { companyId, customerId },
    json: { role: 'approver' },
  });
  await ask('accounts.removeCompanyMember', { as: admin, path: { customerId } });
}

async function aTransfer(guide: Guide): Promise<void> {
  const { ask, fresh } = guide;
  const { variantId } = await stocked(guide);
  const { id: to } = await ask('orders.createLocation', { json: { name: fresh('Barn'), priority: 9 } });
  const { locations } = await ask('orders.listLocations');
  const from = locations[0].id;
  await ask('orders.transferStock', { path: { variantId }, json: { from, to, quantity: 1 } });
}

// ── what the stories have in common ──────────────────────────────────────────────────────────────

/** A transparent pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const COMPANY_PAGES = ['company', 'company-member'];
const DELIVERY = { shippingAddress: ADDRESS, shippingMethod: 'standard' };
const DRAFT = { currency: 'EUR', shippingAddress: ADDRESS, shipping: { title: 'By hand', amount: 100 } };

const isConfirmed = ({ status }: Said): boolean => status === 'confirmed';

function latest(list: Said): Said {
  return list.at(-1);
}

/** Of the link by which an offer is opened. */
function tokenIn({ link }: Said): string {
  return (
    /[?&#]token=([\w-]+)|#([\w-]+)$/
      .exec(link)
      ?.slice(1)
      .find((part) => part !== undefined) ?? ''
  );
}

async function product(
  ask: Guide['ask'],
  fresh: Guide['fresh'],
): Promise<{ productId: string; variantId: string }> {
  const prices = [{ amount: 12_300, currency: 'EUR' }];
  const { id, variants } = await ask('catalog.adminCreateProduct', {
    json: { handle: fresh('tent'), title: 'A tent', variants: [{ prices, inventoryQuantity: 1_000 }] },
  });
  return { productId: id, variantId: variants[0].id };
}

/** A product of which orders know how much there is. */
async function stocked({ ask, until, fresh }: Guide): Promise<{ variantId: string }> {
  const { variantId } = await product(ask, fresh);
  const asked = { query: { variantIds: variantId } };
  await until('orders.getAvailability', asked, (said) => JSON.stringify(said).includes(variantId));
  return { variantId };
}

async function cart(guide: Guide, as?: Actor): Promise<{ cartId: string; variantId: string }> {
  const { ask } = guide;
  const { variantId } = await stocked(guide);
  const by = as === undefined ? {} : { as };
  const { id: cartId } = await ask('orders.createCart', { ...by, json: { currency: 'EUR' } });
  await ask('orders.addLine', { ...by, path: { cartId }, json: { variantId, quantity: 2 } });
  return { cartId, variantId };
}

interface Order {
  readonly orderId: string;
  readonly token: string;
  readonly variantId: string;
  readonly payment: {
    readonly intentId: string;
    readonly clientSecret: string;
    readonly publishableKey: string;
  };
}

async function ordered(guide: Guide, as?: Actor): Promise<Order> {
  const { cartId, variantId } = await cart(guide, as);
  const email = `${guide.fresh('buyer')}@example.com`;
  const { order, payment, token } = await guide.ask('orders.checkout', {
    ...(as === undefined ? {} : { as }),
    json: { cartId, email, ...DELIVERY },
  });
  return { orderId: order.id, token, variantId, payment };
}

interface Buying {
  readonly card?: string;
  readonly as?: Actor;
}

async function paid(guide: Guide, { card = '4242424242424242', as }: Buying = {}): Promise<Order> {
  const order = await ordered(guide, as);
  await payAsBrowser(guide.pay, order.payment, card);
  const { orderId, token } = order;
  await guide.until('orders.getOrder', { path: { orderId }, query: { token } }, isConfirmed);
  return order;
}

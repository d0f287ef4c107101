'use server';
/** What a visitor can do. Each action is a form's target, so it works before, and without, any script in the browser. */
import { randomUUID } from 'node:crypto';
import { revalidatePath } from 'next/cache';
import { cookies } from 'next/headers';
import { redirect } from 'next/navigation';
import { ApiError } from '../../api-client/client.ts';
import type { Answer, Input } from '../../api-client/client.ts';
import { askedOf } from './asked.ts';
import { addLine, chosenVariant, claimCart } from './carts.ts';
import { DAY, forget, MONTH, remember, YEAR } from './cookies.ts';
import { fieldErrors, localPath, messageOf, text } from './forms.ts';
import { claimWishlist } from './wishes.ts';
import { COOKIES, currentCart, orNothing, orderCookie, shop } from './shop.ts';
import type { Shop } from './shop.ts';

export interface AddState {
  readonly status: 'idle' | 'added' | 'failed';
  readonly message: string;
  /** Differs each time, so that the page can react to the same outcome twice. */
  readonly at: number;
}

/** Adds the variant that has the chosen value for each option. */
export async function addToCart(_: AddState, form: FormData): Promise<AddState> {
  const current = await shop();
  const quantity = Math.min(Math.max(Math.trunc(Number(form.get('quantity') ?? 1)) || 1, 1), 999);
  try {
    const variantId = await chosenVariant(current, form);
    if (variantId === undefined)
      return { status: 'failed', message: current.words.product.unavailable, at: Date.now() };
    await addLine(current, variantId, quantity);
  } catch (error) {
    return { status: 'failed', message: messageOf(error, current), at: Date.now() };
  }
  revalidatePath('/', 'layout');
  return { status: 'added', message: current.words.product.added, at: Date.now() };
}

/** Sets a line's quantity; zero, or the remove button, takes it out. */
export async function setLine(form: FormData): Promise<void> {
  const { api } = await shop();
  const cart = await currentCart();
  if (cart !== undefined) {
    const params = { cartId: cart.id, variantId: text(form, 'variant') };
    const quantity = Math.min(Math.max(Math.trunc(Number(form.get('quantity'))) || 0, 0), 999);
    await orNothing(api.call('orders.setLine', { params, body: { quantity } }));
  }
  revalidatePath('/', 'layout');
}

export async function setShippingMethod(form: FormData): Promise<void> {
  const { api } = await shop();
  const cart = await currentCart();
  const shippingMethod = text(form, 'method');
  if (shippingMethod !== '' && cart !== undefined)
    await api.call('orders.patchCart', { params: { cartId: cart.id }, body: { shippingMethod } });
  revalidatePath('/checkout');
}

export interface CodeState {
  /** Why the code was not taken, in words. */
  readonly message: string | undefined;
  readonly entered: string;
}

/** Enters a discount code or, where it is none, a gift card. */
export async function enterCode(_: CodeState, form: FormData): Promise<CodeState> {
  const { api, words } = await shop();
  const [code, cart] = [text(form, 'code'), await currentCart()];
  if (cart === undefined || code === '') return { message: undefined, entered: code };
  const input = { params: { cartId: cart.id }, body: { code } };
  const taken =
    (await unlessUnknown(api.call('orders.addCode', input))) ||
    (await unlessUnknown(api.call('orders.addGiftCard', input)));
  if (!taken) return { message: words.checkout.codeUnknown, entered: code };
  revalidatePath('/checkout');
  return { message: undefined, entered: '' };
}

async function unlessUnknown(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof ApiError && ['not_found', 'invalid_input'].includes(error.code)) return false;
    throw error;
  }
}

/** Takes a discount code or a gift card out. */
export async function removeCode(form: FormData): Promise<void> {
  const { api } = await shop();
  const cart = await currentCart();
  const [code, giftCardId] = [text(form, 'code'), text(form, 'gift')];
  if (cart !== undefined && code !== '')
    await orNothing(api.call('orders.removeCode', { params: { cartId: cart.id, code } }));
  if (cart !== undefined && giftCardId !== '')
    await orNothing(api.call('orders.removeGiftCard', { params: { cartId: cart.id, giftCardId } }));
  revalidatePath('/checkout');
}

/** Whether the shop may remember what this browser looks at, to recommend what suits it. The cookie is the agreement. */
export async function setPersonal(form: FormData): Promise<void> {
  if (text(form, 'personal') === 'yes') await remember(COOKIES.visit, randomUUID(), MONTH);
  else await forget(COOKIES.visit);
  revalidatePath('/', 'layout');
}

export async function setLocale(form: FormData): Promise<void> {
  const { store } = await shop();
  const locale = text(form, 'locale');
  if (store.locales.includes(locale)) await remember(COOKIES.locale, locale, YEAR);
  redirect(localPath(form.get('back')));
}

/** A cart has one currency, and follows: its lines are at today's prices in it. */
export async function setCurrency(form: FormData): Promise<void> {
  const { store, api } = await shop();
  const currency = text(form, 'currency');
  if (store.currencies.includes(currency)) {
    await remember(COOKIES.currency, currency, YEAR);
    const cart = await currentCart();
    if (cart !== undefined && cart.currency !== currency) {
      await orNothing(api.call('orders.patchCart', { params: { cartId: cart.id }, body: { currency } }));
    }
  }
  redirect(localPath(form.get('back')));
}

const MODES = ['on', 'daily', 'off'] as const;

/** Of the signed-in visitor, or of whoever was sent the link that the form repeats. */
export async function savePreferences(form: FormData): Promise<void> {
  const { api } = await shop();
  const token = text(form, 'token') || undefined;
  const preferences = Object.fromEntries(
    ['orders', 'marketing', 'wishes', 'reviews'].flatMap((category) => {
      const mode = MODES.find((one) => one === form.get(category));
      return mode === undefined ? [] : [[category, mode]];
    }),
  );
  await api.call('notifications.setPreferences', { query: { token }, body: { preferences } });
  redirect(`/preferences?saved=1${token === undefined ? '' : `&token=${encodeURIComponent(token)}`}`);
}

export interface FormState {
  /** Why it did not work, in words. */
  readonly message?: string;
  /** That somebody of the company has to approve it, or was asked to. */
  readonly approval?: 'needed' | 'waiting';
  /** That it worked, where the visitor stays on the page. */
  readonly done?: string;
  readonly errors: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
  /** Idempotency key of the next attempt. */
  readonly key: string;
}

const ADDRESS = ['name', 'line1', 'postalCode', 'city', 'country'] as const;

/** Turns the cart into an order and goes on to payment. */
export async function placeOrder(_: FormState, form: FormData): Promise<FormState> {
  const current = await shop();
  const { words, api } = current;
  const values = Object.fromEntries(['email', ...ADDRESS].map((name) => [name, text(form, name)]));
  const purchase = Object.fromEntries(['purchaseOrder', 'onAccount'].map((name) => [name, text(form, name)]));
  const errors = Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value === '')
      .map(([name]) => [name, words.error.required]),
  );
  if (errors['email'] === undefined && !/^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(values['email'] ?? ''))
    errors['email'] = words.error.email;
  if (Object.keys(errors).length > 0)
    return { message: words.error.fields, errors, values, key: crypto.randomUUID() };

  const cart = await currentCart();
  if (cart === undefined || cart.lines.length === 0) redirect('/cart');
  const shippingAddress = {
    name: values['name'] ?? '',
    line1: values['line1'] ?? '',
    postalCode: values['postalCode'] ?? '',
    city: values['city'] ?? '',
    country: values['country'] ?? '',
  };
  let target: string;
  try {
    // Shipping and tax go by where it is sent: the page that is shown again after a refusal has them right.
    await api.call('orders.patchCart', {
      params: { cartId: cart.id },
      body: { email: values['email'] ?? '', shippingAddress },
    });
    if (text(form, 'approval') !== '') {
      const { purchaseOrder } = purchaseOf(form);
      await api.call('orders.askCartApproval', { params: { cartId: cart.id }, body: { purchaseOrder } });
      target = '/account/company';
    } else {
      const { order, token, payment } = await api.call('orders.checkout', {
        idempotencyKey: text(form, 'key') || crypto.randomUUID(),
        body: {
          cartId: cart.id,
          ...purchaseOf(form),
          expectedTotal: Number(text(form, 'total')) || 0,
        },
      });
      await remember(orderCookie(order.id), token, MONTH);
      await forget(COOKIES.cart);
      target = payment === undefined ? `/orders/${order.id}` : `/checkout/${order.id}`;
    }
  } catch (error) {
    revalidatePath('/checkout');
    const approval = approvalOf(error);
    return {
      message: approval === undefined ? messageOf(error, current) : approvalWords(approval, current),
      ...(approval === undefined ? {} : { approval }),
      errors: fieldErrors(error, current),
      values: { ...values, ...purchase },
      key: crypto.randomUUID(),
    };
  }
  redirect(target);
}

/** What only members of companies fill in. */
function purchaseOf(form: FormData): { purchaseOrder?: string; onAccount?: boolean } {
  const purchaseOrder = text(form, 'purchaseOrder', 64);
  return {
    ...(purchaseOrder === '' ? {} : { purchaseOrder }),
    ...(text(form, 'onAccount') === '' ? {} : { onAccount: true }),
  };
}

function approvalOf(error: unknown): FormState['approval'] {
  if (!(error instanceof ApiError)) return undefined;
  const problem = error.problems.find(({ where }) => where === '/approval');
  return problem && (problem.what === 'waiting' ? 'waiting' : 'needed');
}

function approvalWords(approval: 'needed' | 'waiting', { words }: Shop): string {
  return approval === 'waiting' ? words.company.waiting : words.company.needsApproval;
}

/** Pays by card or by PayPal, as the shopper chose: on to PayPal's page, or to the card's fields. */
export async function payBy(form: FormData): Promise<void> {
  const { api } = await shop();
  const orderId = text(form, 'order');
  const given = text(form, 'token');
  const token = given === '' ? (await cookies()).get(orderCookie(orderId))?.value : given;
  // Who came by a link from a mail comes back from the provider without it.
  if (given !== '') await remember(orderCookie(orderId), given, MONTH);
  const provider = text(form, 'provider') === 'paypal' ? 'paypal' : 'stripe';
  const payment = await orNothing(
    api.call('orders.resumePayment', { params: { orderId }, query: { token, provider } }),
  );
  // Whatever was done meanwhile, the page knows how it stands.
  redirect(payment?.approveUrl ?? `/checkout/${orderId}`);
}

/** Gives up an unpaid order; what was in it goes back into a cart. */
export async function abandonOrder(form: FormData): Promise<void> {
  const { api } = await shop();
  const orderId = text(form, 'order');
  const token = (await cookies()).get(orderCookie(orderId))?.value;
  const order = await orNothing(api.call('orders.abandonOrder', { params: { orderId }, query: { token } }));
  if (order !== undefined && (order.status === 'cancelled' || order.status === 'expired')) {
    const lines = order.lines.map(({ variantId, quantity }) => ({ variantId, quantity }));
    const cart = await orNothing(
      api.call('orders.createCart', { body: { currency: order.totals.currency, lines } }),
    );
    if (cart !== undefined) await remember(COOKIES.cart, cart.id, MONTH);
    redirect('/cart');
  }
  redirect(`/orders/${orderId}`);
}

/** Takes an offer and goes on to its payment; where that cannot be, the page says so. */
export async function acceptOffer(form: FormData): Promise<void> {
  const { api } = await shop();
  const input = offerInput(form);
  let target: string;
  try {
    const { order, token, payment } = await api.call('orders.acceptOffer', {
      ...input,
      body: { expectedTotal: Number(text(form, 'total')) || 0 },
      idempotencyKey: text(form, 'key'),
    });
    await remember(orderCookie(order.id), token, MONTH);
    target = payment === undefined ? `/orders/${order.id}` : `/checkout/${order.id}`;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    target = offerPage(form, approvalOf(error) ?? (error.code === 'out_of_stock' ? 'stock' : 'other'));
  }
  redirect(target);
}

/** Says something about an offer, or does without it. */
export async function answerOffer(form: FormData): Promise<void> {
  const { api } = await shop();
  const input = offerInput(form);
  const message = text(form, 'message').trim().replaceAll('\r', '');
  let target = offerPage(form);
  try {
    if (text(form, 'decline') !== '')
      await api.call('orders.declineOffer', { ...input, body: message === '' ? {} : { message } });
    else
      await api.call('orders.answerOffer', {
        ...input,
        body: { message },
        idempotencyKey: text(form, 'key'),
      });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    target = offerPage(form, 'other');
  }
  redirect(target);
}

function offerInput(form: FormData) {
  const token = text(form, 'token') === '' ? undefined : text(form, 'token');
  return { params: { draftId: text(form, 'offer') }, query: { token } };
}

function offerPage(form: FormData, failed?: string): string {
  const { params, query } = offerInput(form);
  const said = { ...query, failed };
  const search = new URLSearchParams(
    Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  return `/offers/${params.draftId}?${search}`;
}

const REASONS = [
  'changed_mind',
  'too_large',
  'too_small',
  'not_as_described',
  'damaged',
  'wrong_item',
  'late',
  'other',
] as const;

/** Asks to send units of an order back; the page then says whether that could be asked. */
export async function askReturn(form: FormData): Promise<void> {
  const { api } = await shop();
  const orderId = text(form, 'order');
  const linked = text(form, 'token') === '' ? undefined : text(form, 'token');
  const token = linked ?? (await cookies()).get(orderCookie(orderId))?.value;
  const reason = REASONS.find((each) => each === form.get('reason')) ?? 'other';
  const note = text(form, 'note').trim().replaceAll('\r', '');
  const { lines, exchange } = askedOf(form.entries());
  let outcome = 'asked';
  try {
    await api.call('orders.askReturn', {
      params: { orderId },
      query: { token },
      body: {
        lines: lines.map((line) => ({ ...line, reason })),
        ...(exchange === undefined ? {} : { exchange: { lines: [...exchange.lines] } }),
        ...(note === '' ? {} : { note }),
      },
      idempotencyKey: text(form, 'key'),
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    outcome = 'failed';
  }
  const query = new URLSearchParams({ ...(linked === undefined ? {} : { token: linked }), return: outcome });
  redirect(`/orders/${orderId}?${query}`);
}

export async function login(_: FormState, form: FormData): Promise<FormState> {
  const wrong = ({ words }: Shop) => ({ unauthenticated: words.account.wrong });
  const refused = await attempt(form, ['email', 'password'], wrong, async (current) => {
    const body = { email: text(form, 'email'), password: text(form, 'password') };
    await welcome(current, await current.api.call('accounts.login', { body }));
  });
  if (refused !== undefined) return refused;
  revalidatePath('/', 'layout');
  redirect(localPath(form.get('back'), '/account'));
}

/** The answer is the same whether the shop knows the address: a mail says how to go on. */
export async function register(_: FormState, form: FormData): Promise<FormState> {
  const refused = await attempt(form, ['email', 'firstName'], silent, async ({ api, locale }) => {
    await api.call('accounts.register', {
      body: {
        email: text(form, 'email'),
        firstName: text(form, 'firstName'),
        lastName: text(form, 'lastName'),
        locale,
      },
    });
  });
  return refused ?? (await sent(form));
}

export async function forgetPassword(_: FormState, form: FormData): Promise<FormState> {
  const refused = await attempt(form, ['email'], silent, async ({ api }) => {
    await api.call('accounts.forgetPassword', { body: { email: text(form, 'email') } });
  });
  return refused ?? (await sent(form));
}

export async function askToBeForgotten(_: FormState, form: FormData): Promise<FormState> {
  const meaning = ({ words }: Shop) => ({
    invalid_input: words.account.passkeyPassword,
    rate_limited: words.reviews.fast,
  });
  const refused = await attempt(form, ['password'], meaning, async ({ api }) => {
    await api.call('accounts.askForErasure', { body: { password: text(form, 'password') } });
  });
  revalidatePath('/account/data');
  return refused ?? { errors: {}, values: {}, key: '' };
}

/** Takes the wish to be forgotten back. */
export async function stayAfterAll(): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('accounts.withdrawErasure', {}));
  revalidatePath('/account/data');
}

/** A shop that sends no mail. */
function silent({ words }: Shop): Readonly<Record<string, string>> {
  return { conflict: words.account.noMail };
}

async function sent(form: FormData): Promise<FormState> {
  const { words } = await shop();
  return { done: words.account.sent(text(form, 'email')), errors: {}, values: {}, key: '' };
}

/**
 * Does what a form about an account asks for, once it is filled in.
 * @param meaning what some refusals mean here, by their codes
 * @returns why it did not work; undefined when it did
 */
async function attempt(
  form: FormData,
  required: readonly string[],
  meaning: (current: Shop) => Readonly<Record<string, string>>,
  work: (current: Shop) => Promise<void>,
): Promise<FormState | undefined> {
  const current = await shop();
  const { words } = current;
  const { values, errors } = filledIn(form, required, current);
  if (Object.keys(errors).length > 0) return { message: words.error.fields, errors, values, key: '' };
  try {
    await work(current);
    return undefined;
  } catch (error) {
    const meant = error instanceof ApiError ? meaning(current)[error.code] : undefined;
    return {
      message: meant ?? messageOf(error, current),
      errors: fieldErrors(error, current),
      values,
      key: '',
    };
  }
}

function filledIn(
  form: FormData,
  required: readonly string[],
  { words }: Shop,
): Pick<FormState, 'values' | 'errors'> {
  const values = {
    email: text(form, 'email'),
    firstName: text(form, 'firstName'),
    lastName: text(form, 'lastName'),
  };
  const missing = required.filter((name) => text(form, name) === '');
  return { values, errors: Object.fromEntries(missing.map((name) => [name, words.error.required])) };
}

/** Once a day: whoever has copied the token from somewhere is found out, or has one that is worth nothing. */
export async function renewSession(): Promise<void> {
  const { api } = await shop();
  try {
    await rememberSession(await api.call('accounts.renewSession', {}));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // It is over. Whatever else it is, the next page asks again.
    if (error.status === 401) await forget(COOKIES.session);
  }
}

async function rememberSession({ token, expiresAt }: NewSession): Promise<void> {
  const seconds = Math.max(60, Math.round((Date.parse(expiresAt) - Date.now()) / 1000));
  await remember(COOKIES.session, token, seconds);
  await remember(COOKIES.renewed, 'yes', DAY);
}

type NewSession = Pick<Answer<'accounts.login'>, 'token' | 'expiresAt'>;

async function welcome(current: Shop, session: NewSession): Promise<void> {
  await rememberSession(session);
  const { token } = session;
  await Promise.all([claimCart(current.apiAs(token)), claimWishlist(current.apiAs(token))]);
}

/** What a passkey is asked to sign; no account is named. */
export async function preparePasskeySignIn(): Promise<Answer<'accounts.preparePasskeySignIn'>> {
  return await (await shop()).api.call('accounts.preparePasskeySignIn', {});
}

/** @returns why it did not work, in words; nothing when the visitor is in, and the page shows it */
export async function signInWithPasskey(
  credential: Input<'accounts.signInWithPasskey'>['body']['credential'],
): Promise<string | undefined> {
  const current = await shop();
  return await refusalOf(current.words.account.passkeyFailed, async () => {
    await welcome(current, await current.api.call('accounts.signInWithPasskey', { body: { credential } }));
    revalidatePath('/', 'layout');
  });
}

/** What the browser is to make a passkey of, or why not, in words. */
export async function preparePasskey(password: string): Promise<{
  readonly options?: Answer<'accounts.preparePasskey'>;
  readonly refused?: string;
}> {
  const { api, words } = await shop();
  try {
    return { options: await api.call('accounts.preparePasskey', { body: { password } }) };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    const isWrong = error.code === 'invalid_input';
    return { refused: isWrong ? words.account.passkeyPassword : words.account.passkeyFailed };
  }
}

/** @returns why it did not work, in words */
export async function addPasskey(body: Input<'accounts.addPasskey'>['body']): Promise<string | undefined> {
  const { api, words } = await shop();
  return await refusalOf(words.account.passkeyFailed, async () => {
    await api.call('accounts.addPasskey', { body });
    revalidatePath('/account');
  });
}

async function refusalOf(refused: string, work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return refused;
    throw error;
  }
}

export async function removeIdentity(form: FormData): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('accounts.removeIdentity', { params: { identityId: text(form, 'identity') } }));
  revalidatePath('/account');
}

export async function removePasskey(form: FormData): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('accounts.removePasskey', { params: { passkeyId: text(form, 'passkey') } }));
  revalidatePath('/account');
}

export async function logout(): Promise<void> {
  const { api } = await shop();
  await orNothing(api.call('accounts.logout', {}));
  await forget(COOKIES.session);
  revalidatePath('/', 'layout');
  redirect('/account');
}

/**
 * A whole shop in one process, for tests: throw-away PostgreSQL, the local processor, and a host with orders and payments.
 * Products arrive as the catalogue's events would bring them.
 */
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pino } from 'pino';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { EXPIRY } from '../../../../tests/support/expiry.ts';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { untilSeen } from '../../../../tests/support/wait.ts';
import { createHost, type Host } from '../../../host/host.ts';
import type { CreateService } from '../../../platform/domain.ts';
import type { Clock, Payments, Secrets } from '../../../platform/ports.ts';
import { choosePayments } from '../../../platform/payments/payments.ts';
import { createPayPalPayments } from '../../../platform/payments/paypal/paypal.ts';
import { createStripePayments } from '../../../platform/payments/stripe.ts';
import { systemClock } from '../../../platform/clock.ts';
import { startProcessor, type Processor } from '../../../platform/payments/processor/processor.ts';
import { payments } from '../../payments/definition.ts';
import { createPayments } from '../../payments/service.ts';
import type { PaymentsSettings } from '../../payments/settings.ts';
import { orders } from '../definition.ts';
import type { Cart, CheckoutResult, MerchantOrder, PaymentStart } from '../schemas.ts';
import { createOrders } from '../service.ts';
import { SETTINGS, type OrdersSettings } from '../settings.ts';
import { assertJournalsAgree } from './journals.ts';

export interface TestShop {
  readonly database: TestDatabase;
  readonly processor: Processor;
  readonly host: Host;
  readonly tenant: string;
  readonly merchantToken: string;
  /** Adds a product with one variant. */
  sell(variantId: string, price: number, stock: number, more?: Partial<ProductPayload>): Promise<void>;
  call<T = Record<string, unknown>>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>;
  merchant<T = Record<string, unknown>>(
    method: string,
    path: string,
    options?: CallOptions,
  ): Promise<Answer<T>>;
  /** @param account at the processor; absent: the one for cards */
  knobs(settings: Record<string, number>, account?: string): Promise<void>;
  /** Pays as a browser would. */
  pay(
    payment: { intentId: string; clientSecret: string; publishableKey: string },
    card?: string,
  ): Promise<string>;
  /** Rows of a query as the superuser. */
  rows<T>(text: string, values?: unknown[]): Promise<T[]>;
  /** Lets the shop work until a look sees what is wanted, and resolves with that. @throws Error with what was seen last */
  until<T>(look: () => Promise<T>, wanted: (seen: T) => boolean, what: string): Promise<T>;
  /** The order, once it is as wanted. @throws Error with what it is instead */
  order(id: string, wanted: (order: MerchantOrder) => boolean, what: string): Promise<MerchantOrder>;
  /** @throws AssertionError when an order is not what its journal says, whatever a test did to it */
  stop(): Promise<void>;
}

export interface ProductPayload {
  readonly published: boolean;
  readonly version: number;
  readonly prices: readonly { amount: number; currency: string }[];
  readonly inventoryPolicy: 'deny' | 'continue';
  /** Of a bundle. */
  readonly components: readonly { readonly variantId: string; readonly quantity: number }[];
}

/** A checkout that leaves something to pay. */
export type Placed = CheckoutResult & { readonly payment: PaymentStart };

export interface CallOptions {
  readonly body?: unknown;
  readonly raw?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export interface TestShopOptions {
  readonly orders?: Partial<OrdersSettings>;
  readonly payments?: Partial<PaymentsSettings>;
  readonly sweepMilliseconds?: number;
  readonly log?: string;
  /** Puts something between the domains and the processor. */
  readonly between?: (payments: Payments) => Payments;
  /** Whether the shop offers PayPal beside cards. */
  readonly paypal?: boolean;
  /** What time it is at the processor; absent: now. */
  readonly processorNow?: () => Date;
  /** What time it is in the shop; absent: now. */
  readonly clock?: Clock;
  /** Other services than the usual two. */
  readonly services?: Readonly<Record<string, CreateService>>;
}

const TENANT = 'acme';
const ADMIN = 'processor-admin';
const PAYMENTS_SETTINGS: PaymentsSettings = {
  reconcileSeconds: 1,
  quietSeconds: 1,
  lookBackSeconds: 3600,
  glanceSeconds: 1,
};
export const KEYS = {
  secretKey: 'sk_test_acme00000001',
  publishableKey: 'pk_test_acme00000001',
  webhookSecret: 'whsec_acme00000001',
};

export const PAYPAL_KEYS = {
  clientId: 'client-of-acme-000001',
  clientSecret: 'secret-of-acme-000001',
  webhookId: 'WEBHOOK0001',
};

const TENANT_SECRETS: Secrets = {
  get: (_tenant, name) =>
    Promise.resolve(
      {
        'paypal-client-id': PAYPAL_KEYS.clientId,
        'paypal-client-secret': PAYPAL_KEYS.clientSecret,
        'paypal-webhook-id': PAYPAL_KEYS.webhookId,
        'paypal-environment': 'local',
        'payments-secret-key': KEYS.secretKey,
        'payments-publishable-key': KEYS.publishableKey,
        'payments-webhook-secret': KEYS.webhookSecret,
      }[name],
    ),
};

export async function startTestShop(options: TestShopOptions = {}): Promise<TestShop> {
  const folder = ownFolder('shop');
  const database = await startTestDatabase([orders, payments]);
  const merchantToken = 'merchant-token-of-acme-0001';
  await database.addTenant(
    { id: TENANT, currencies: ['EUR', 'USD'], domains: ['orders', 'payments'] },
    { 'admin-key-hash': await merchantKeyHash(merchantToken) },
  );
  const processor = await startProcessor({
    host: '127.0.0.1',
    port: 0,
    data: join(folder, 'processor'),
    adminSecret: ADMIN,
    forTests: true,
    warn: () => undefined,
    ...(options.processorNow === undefined ? {} : { now: options.processorNow }),
  });
  const host = await startTestHost(database, processor.origin, folder, options);
  await processor.putAccount({
    id: TENANT,
    ...KEYS,
    webhookUrl: webhookUrl(portOf(host)),
    webhookHost: undefined,
    enabledEvents: undefined,
  });

  if (options.paypal === true)
    await openPayPalAccount(processor.origin, webhookUrl(portOf(host)).replace('stripe', 'paypal'));

  const call: TestShop['call'] = (method, path, more = {}) => ask(portOf(host), method, path, more);
  const merchant: TestShop['merchant'] = (method, path, more = {}) =>
    call(method, path, { ...more, headers: { authorization: `Bearer ${merchantToken}`, ...more.headers } });
  const until: TestShop['until'] = (look, wanted, what) =>
    untilSeen(
      async () => {
        await host.events.settled();
        await host.tasks.settled();
        return look();
      },
      wanted,
      { what, everyMs: 5 },
    );
  return {
    database,
    processor,
    host,
    tenant: TENANT,
    merchantToken,
    call,
    merchant,
    until,
    order: (id, wanted, what) =>
      until(
        async () => (await merchant<MerchantOrder>('GET', `/api/admin/orders/orders/${id}`)).body,
        wanted,
        what,
      ),
    async sell(variantId, price, stock, more = {}) {
      await host.platform.sql.transaction(TENANT, (tx) =>
        tx.emit({
          topic: 'catalog.product',
          type: 'catalog.product.upserted',
          key: `prd_${variantId}`,
          payload: productOf(variantId, price, stock, more),
        }),
      );
      await host.events.settled();
    },
    async knobs(settings, account = TENANT) {
      const answer = await fetch(`${processor.origin}/_admin/knobs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN}` },
        body: JSON.stringify({ account, settings }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    pay: (payment, card = '4242424242424242') => payAsBrowser(processor.origin, payment, card),
    async rows<T>(text: string, values: unknown[] = []) {
      const { rows } = await database.admin.query(text, values);
      // The test names the row's type.
      return rows as T[];
    },
    async stop() {
      // The processor first: its open connections would keep the host waiting.
      await processor.stop();
      await host.stop();
      try {
        await assertJournalsAgree(database.admin, TENANT);
      } finally {
        await database.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** A host of orders and payments with short times, listening on a free port. */
export async function startTestHost(
  database: Pick<TestDatabase, 'url' | 'secretsKey'>,
  processorOrigin: string,
  folder: string,
  options: TestShopOptions & { port?: number },
): Promise<Host> {
  const config = {
    address: '127.0.0.1',
    port: options.port ?? 0,
    adminPort: 0,
    logLevel: 'silent',
    domains: ['orders', 'payments'],
    tenant: undefined,
    databaseUrl: database.url,
    databaseConnections: 12,
    secretsKey: database.secretsKey,
    blobsUrl: pathToFileURL(join(folder, 'blobs')).href,
    sourcesUrl: undefined,
    paymentsUrl: processorOrigin,
    paymentsPublicOrigin: processorOrigin,
    peers: new Map<string, string>(),
    backends: {},
  };
  const orderSettings = { ...SETTINGS, sweepSeconds: 1, stuckSeconds: 1, ...options.orders };
  const paymentSettings = { ...PAYMENTS_SETTINGS, ...options.payments };
  const host = await createHost(config, pino({ level: options.log ?? 'silent' }), {
    checkAnswers: true,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    payments: (options.between ?? ((same) => same))(paymentsAt(processorOrigin, options.paypal === true)),
    sweepMilliseconds: options.sweepMilliseconds ?? 250,
    services: {
      orders: () =>
        Promise.resolve({
          createService:
            options.services?.['orders'] ?? ((platform) => createOrders(platform, orderSettings)),
        }),
      payments: () =>
        Promise.resolve({
          createService:
            options.services?.['payments'] ?? ((platform) => createPayments(platform, paymentSettings)),
        }),
    },
  });
  await host.start();
  return host;
}

function paymentsAt(origin: string, paypal: boolean): Payments {
  const secrets = TENANT_SECRETS;
  const stripe = createStripePayments({ secrets, url: origin, publicOrigin: origin });
  if (!paypal) return stripe;
  return choosePayments({
    stripe,
    paypal: createPayPalPayments({ secrets, clock: systemClock, url: `${origin}/paypal` }),
  });
}

/** Opens the tenant's account at the stand-in for PayPal. */
export async function openPayPalAccount(origin: string, webhook: string): Promise<void> {
  const answer = await fetch(`${origin}/_admin/paypal-accounts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}` },
    body: JSON.stringify({ id: TENANT, ...PAYPAL_KEYS, webhookUrl: webhook }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

export function portOf(host: Host): number {
  // A listening TCP server has an AddressInfo.
  return (host.server.address() as AddressInfo).port;
}

export function webhookUrl(port: number): string {
  return `http://${TENANT}.localhost:${port}/api/payments/webhooks/stripe`;
}

/** Confirms an intent with the processor; resolves to the intent's status or the refusal's code. */
export async function payAsBrowser(
  origin: string,
  payment: { intentId: string; clientSecret: string; publishableKey: string },
  card: string,
): Promise<string> {
  const answer = await fetch(`${origin}/v1/payment_intents/${payment.intentId}/confirm`, {
    method: 'POST',
    headers: { authorization: `Bearer ${payment.publishableKey}` },
    body: new URLSearchParams({
      client_secret: payment.clientSecret,
      'payment_method_data[type]': 'card',
      'payment_method_data[card][number]': card,
      'payment_method_data[card][exp_month]': EXPIRY.month,
      'payment_method_data[card][exp_year]': EXPIRY.year,
      'payment_method_data[card][cvc]': '123',
    }),
  });
  // The processor answers an intent or an error.
  const body = (await answer.json()) as { status?: string; error?: { code: string } };
  return body.status ?? body.error?.code ?? 'unknown';
}

/** Speaks to the host as the gateway would, with the tenant's host name. */
export function ask<T>(port: number, method: string, path: string, options: CallOptions): Promise<Answer<T>> {
  const json = options.body === undefined ? undefined : JSON.stringify(options.body);
  const body = options.raw ?? json;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        timeout: 30_000,
        headers: {
          host: `${TENANT}.localhost`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          // The caller names the type it then asserts on.
          resolve({
            status: response.statusCode ?? 0,
            body: (text === '' ? undefined : JSON.parse(text)) as T,
          });
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer in time`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

export const ADDRESS = {
  name: 'Ada Lovelace',
  line1: '12 St James’s Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

export function productOf(
  variantId: string,
  price: number,
  stock: number,
  more: Partial<ProductPayload>,
): object {
  const { published = true, version = 1, inventoryPolicy = 'deny', prices, components } = more;
  return {
    id: `prd_${variantId}`,
    handle: variantId,
    title: `Product ${variantId}`,
    vendor: 'Test',
    type: 'Thing',
    published,
    version,
    image: null,
    variants: [
      {
        id: variantId,
        sku: variantId.toUpperCase(),
        title: 'Default',
        options: { Size: 'M' },
        prices: prices ?? [
          { amount: price, currency: 'EUR' },
          { amount: price + 100, currency: 'USD' },
        ],
        image: null,
        requiresShipping: true,
        taxable: true,
        weightGrams: null,
        inventoryPolicy,
        inventoryQuantity: stock,
        ...(components === undefined ? {} : { components }),
      },
    ],
  };
}

export async function merchantKeyHash(token: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  return createHash('sha256').update(token).digest('hex');
}

/** An order of these units by variant, paid with a good card and confirmed. */
export async function paidOrder(
  shop: TestShop,
  units: Readonly<Record<string, number>>,
  change?: (cart: Cart) => Promise<unknown>,
  card?: string,
): Promise<MerchantOrder & { readonly token: string }> {
  const lines = Object.entries(units).map(([variantId, quantity]) => ({ variantId, quantity }));
  const { body: cart } = await shop.call<Cart>('POST', '/api/orders/carts', { body: { lines } });
  await change?.(cart);
  const { status, body: placed } = await shop.call<CheckoutResult>('POST', '/api/orders/checkout', {
    body: { cartId: cart.id, email: 'ada@example.com', shippingAddress: ADDRESS },
    headers: { 'idempotency-key': `paid-order-${cart.id}` },
  });
  if (status !== 201) throw new Error(`the checkout answered ${status}: ${JSON.stringify(placed)}`);
  if (placed.payment !== undefined) await shop.pay(placed.payment, card);
  return { ...(await confirmedOrder(shop, placed.order.id)), token: placed.token };
}

/** Waits until the saga has brought it there. */
export function confirmedOrder(shop: TestShop, id: string): Promise<MerchantOrder> {
  const isUnderWay = ({ status }: MerchantOrder): boolean =>
    status === 'pending_payment' || status === 'authorized';
  return shop.order(id, (order) => !isUnderWay(order), 'the saga ends');
}

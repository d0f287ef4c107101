/** A shop that companies buy at: orders, payments, accounts and mails in one process, with the local processor. */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ownFolder } from '../../../../tests/support/owned.ts';
import { until } from '../../../../tests/support/wait.ts';
import { ADMIN_SECRETS, startTestHost, type TestAnswer, type TestHost } from '../../../host/testing.ts';
import type { HostParts } from '../../../host/host.ts';
import { startProcessor } from '../../../platform/payments/processor/processor.ts';
import { accounts } from '../../accounts/definition.ts';
import { notifications } from '../../notifications/definition.ts';
import { payments } from '../../payments/definition.ts';
import { orders } from '../definition.ts';
import type { Cart, CheckoutResult, MerchantOrder } from '../schemas.ts';
import { ADDRESS, KEYS, payAsBrowser, productOf, webhookUrl } from './shop.ts';

export interface CompanyShop {
  readonly database: TestDatabase;
  readonly shop: TestHost;
  /** Asks as somebody who is signed in, or as nobody. */
  ask(
    who: { readonly token: string } | undefined,
    method: string,
    path: string,
    json?: object,
    key?: string,
  ): Promise<TestAnswer>;
  /** A cart of that many units of the one product, which costs 1,000 each, shipped nowhere else than to the tests' address. */
  cart(who: { readonly token: string } | undefined, quantity: number): Promise<Cart>;
  /** Checks a cart out. @param key each call has its own unless it says so */
  checkout(
    who: { readonly token: string } | undefined,
    cartId: string,
    more?: object,
    key?: string,
  ): Promise<TestAnswer>;
  /** Pays it with a good card; resolves to the order once it is confirmed. */
  pay(result: CheckoutResult): Promise<MerchantOrder>;
  stop(): Promise<void>;
}

export const TENANT = 'acme';
export const DOMAINS = ['accounts', 'notifications', 'orders', 'payments'];
const VARIANT = 'var_desk';

export async function startCompanyShop(parts: HostParts = {}): Promise<CompanyShop> {
  const folder = ownFolder('company-shop');
  const database = await startTestDatabase([accounts, notifications, orders, payments]);
  const secrets = {
    ...ADMIN_SECRETS,
    'payments-secret-key': KEYS.secretKey,
    'payments-publishable-key': KEYS.publishableKey,
    'payments-webhook-secret': KEYS.webhookSecret,
  };
  await database.addTenant({ id: TENANT, currencies: ['EUR', 'USD'], domains: DOMAINS }, secrets);
  const processor = await startProcessor({
    host: '127.0.0.1',
    port: 0,
    data: join(folder, 'processor'),
    adminSecret: 'processor-admin',
    forTests: true,
    warn: () => undefined,
  });
  const shop = await startTestHost(
    {
      databaseUrl: database.url,
      secretsKey: database.secretsKey,
      domains: DOMAINS,
      paymentsUrl: processor.origin,
      paymentsPublicOrigin: processor.origin,
    },
    parts,
  );
  await processor.putAccount({
    id: TENANT,
    ...KEYS,
    webhookUrl: webhookUrl(shop.port),
    webhookHost: undefined,
    enabledEvents: undefined,
  });
  await shop.emit(TENANT, 'catalog.product', 'upserted', VARIANT, productOf(VARIANT, 1_000, 10_000, {}));
  await shop.settled(1);
  const ask: CompanyShop['ask'] = (who, method, path, json, key = randomUUID()) =>
    shop.call(TENANT, method, path, {
      ...(json === undefined ? {} : { json }),
      headers: {
        ...(who === undefined ? {} : { authorization: `Bearer ${who.token}` }),
        'idempotency-key': key,
      },
    });
  return {
    database,
    shop,
    ask,
    async cart(who, quantity) {
      const lines = [{ variantId: VARIANT, quantity }];
      const answer = await ask(who, 'POST', '/api/orders/carts', { lines });
      return answer.json<Cart>();
    },
    checkout: (who, cartId, more = {}, key) =>
      ask(
        who,
        'POST',
        '/api/orders/checkout',
        { cartId, email: 'buyer@example.com', shippingAddress: ADDRESS, ...more },
        key,
      ),
    async pay({ order, payment }) {
      if (payment !== undefined) await payAsBrowser(processor.origin, payment, '4242424242424242');
      return until(
        async () => {
          await shop.settled(1);
          const path = `/api/admin/orders/orders/${order.id}`;
          const now = await shop.managed<MerchantOrder>(TENANT, 'GET', path);
          return now.status === 'confirmed' ? now : undefined;
        },
        { withinMs: 30_000, what: 'the order is confirmed' },
      );
    },
    async stop() {
      await processor.stop();
      await shop.stop();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

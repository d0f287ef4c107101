/** A shop of orders and notifications with one desk to sell, for tests of who is told by mail. */
import assert from 'node:assert/strict';
import { startTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts';
import { ADMIN_SECRETS, startTestHost, type TestHost } from '../../../host/testing.ts';
import type { MailMessage } from '../../../platform/ports.ts';
import { notifications } from '../../notifications/definition.ts';
import { orders } from '../definition.ts';
import type { MerchantOrder } from '../schemas.ts';
import { ADDRESS } from './shop.ts';

export type Mail = MailMessage & { readonly text: string };

export interface MailingShop {
  readonly database: TestDatabase;
  readonly shop: TestHost;
  /** Waits for the mail to somebody that says so in its subject. */
  mailTo(address: string, subject: string): Promise<Mail>;
  stop(): Promise<void>;
}

/** Sells `desk`, ten of them, at 200 euros. */
export async function startMailingShop(tenant: string): Promise<MailingShop> {
  const database = await startTestDatabase([orders, notifications]);
  const domains = ['orders', 'notifications'];
  await database.addTenant({ id: tenant, domains, locales: ['en'], currencies: ['EUR'] }, ADMIN_SECRETS);
  const shop = await startTestHost(
    { databaseUrl: database.url, secretsKey: database.secretsKey, domains },
    {
      services: {
        orders: () => import('../service.ts'),
        notifications: () => import('../../notifications/service.ts'),
      },
    },
  );
  await database.admin.query(
    `insert into shop.orders_variants (tenant_id, variant_id, product_id, product_version, title, options, prices, requires_shipping, published)
     values ($1, 'desk', 'desk', 1, 'Desk', '{}', '{"EUR": 20000}', true, true)`,
    [tenant],
  );
  await database.admin.query(
    `insert into shop.orders_stock (tenant_id, variant_id, on_hand, updated_at) values ($1, 'desk', 10, now())`,
    [tenant],
  );
  return {
    database,
    shop,
    async mailTo(address, subject) {
      for (const giveUp = Date.now() + 60_000; ;) {
        await shop.settled(3);
        const sent = await shop.host.platform.outbox.list(tenant, { limit: 100 });
        for (const { channel, message } of sent) {
          // What goes out by mail is a mail.
          const mail = message as unknown as Mail;
          if (channel === 'mail' && mail.to === address && mail.subject.includes(subject)) return mail;
        }
        assert.ok(Date.now() < giveUp, `no mail to ${address} about ${subject}`);
      }
    },
    async stop() {
      await shop.stop();
      await database.stop();
    },
  };
}

/** An order of one desk that is paid in cash, as a merchant makes it. */
export async function soldDesk({ shop }: MailingShop, tenant: string): Promise<MerchantOrder> {
  const draft = await shop.managed<{ id: string }>(
    tenant,
    'POST',
    '/api/admin/orders/drafts',
    {
      email: 'grace@example.com',
      shippingAddress: ADDRESS,
      lines: [{ variantId: 'desk', quantity: 1 }],
    },
    201,
  );
  const path = `/api/admin/orders/drafts/${draft.id}/complete`;
  return shop.managed<MerchantOrder>(tenant, 'POST', path, { means: 'cash' });
}

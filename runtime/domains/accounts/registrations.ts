/**
 * How somebody becomes a customer: they ask, a mail with a link goes to the address, and whoever has the mailbox chooses the password.
 * Asking is answered the same, after the same work, whether there is an account of the address: the task that sends the mail looks it up.
 */
import type { Platform, RouteRequest } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { Tenant, TenantId, Transaction } from '../../platform/ports.ts';
import type { Attempts } from './attempts.ts';
import { eventOf, findByEmail, type CustomerRow } from './customers.ts';
import { noteConsent } from './customers/service.ts';
import type { Confirmation, Registration } from './definition.ts';
import { GOOD_FOR_MS, overdue, SEND_LINK, wantsMail, type Links } from './links.ts';
import type { Passwords } from './passwords.ts';
import { addressOf } from './requests.ts';
import { keyOf } from './shapes.ts';
import { nextSweep } from './sweep.ts';

export interface RegistrationsOptions {
  readonly passwords: Passwords;
  readonly attempts: Attempts;
  readonly links: Links;
}

interface RegistrationRow {
  readonly id: string;
  readonly email: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly accepts_marketing: boolean;
  readonly locale: string | null;
}

export function createRegistrations(
  platform: Platform,
  { passwords, attempts, links }: RegistrationsOptions,
) {
  const { sql, clock, newId } = platform;

  async function find(tenant: TenantId, id: string): Promise<RegistrationRow | undefined> {
    const { rows } = await sql.query<RegistrationRow>(
      tenant,
      'SELECT * FROM customer_registrations WHERE tenant_id = $1 AND id = $2 AND expires_at > $3',
      [tenant, id, clock.now()],
    );
    return rows[0];
  }

  return {
    async register(request: RouteRequest) {
      const { tenant } = request;
      const input = request.body as Registration; // parsed by the route's schema
      wantsMail(tenant, 'an account cannot be opened by it');
      await attempts.count(tenant.id, 'register', keyOf(input.email), addressOf(request));
      const id = newId('reg');
      await sql.transaction(tenant.id, async (tx) => {
        await tx.query(
          `INSERT INTO customer_registrations (tenant_id, id, email, email_key, first_name, last_name, accepts_marketing, locale, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
          [
            tenant.id,
            id,
            input.email,
            keyOf(input.email),
            input.firstName,
            input.lastName,
            input.acceptsMarketing,
            input.locale ?? null,
            new Date(clock.now().getTime() + GOOD_FOR_MS.registration),
          ],
        );
        await tx.enqueue({
          name: SEND_LINK,
          payload: { purpose: 'registration', registrationId: id },
          key: id,
        });
        await tx.enqueue(nextSweep(clock));
      });
      return {};
    },

    /** By the task: who has an account is told so, with a link for a new password; who has none gets the link that makes one. */
    async send(tenant: Tenant, registrationId: string): Promise<void> {
      const asked = await find(tenant.id, registrationId);
      if (asked === undefined) return;
      const known = await findByEmail(platform, tenant.id, asked.email);
      const [page, token] =
        known === undefined
          ? (['register', await links.make(tenant.id, 'registration', asked.id)] as const)
          : (['reset', await links.make(tenant.id, 'reset', known.id)] as const);
      await platform.call(tenant.id, 'notifications', 'notify', {
        // A task that is repeated writes no second mail: the first one's link is as good.
        key: `accounts.registration:${asked.id}`,
        kind: known === undefined ? 'accounts.registration' : 'accounts.known',
        to: {
          email: known?.email ?? asked.email,
          // Whoever asked may be anybody: no words of theirs are sent to an address that is not shown to be theirs.
          ...(known === undefined || known.first_name === '' ? {} : { name: known.first_name }),
          ...(known === undefined && asked.locale !== null ? { locale: asked.locale } : {}),
        },
        channels: ['mail'],
        variables: { link: `${platform.originOf(tenant)}/api/accounts/pages/${page}#${token}` },
      });
      if (known !== undefined)
        await sql.query(tenant.id, 'DELETE FROM customer_registrations WHERE tenant_id = $1 AND id = $2', [
          tenant.id,
          asked.id,
        ]);
    },

    /**
     * Makes the customer in the transaction that uses the link up.
     * @param enter what else belongs to it: the first session
     * @throws ShopError `gone` when the link is used up or over, or the address has an account meanwhile
     */
    async confirm<T>(request: RouteRequest, enter: (tx: Transaction, row: CustomerRow) => Promise<T>) {
      const { tenant, signal } = request;
      const { token, password } = request.body as Confirmation; // parsed by the route's schema
      const id = await links.find(tenant.id, 'registration', token);
      const asked = id === undefined ? undefined : await find(tenant.id, id);
      if (asked === undefined) throw overdue();
      const hash = await passwords.hash(password, signal);
      return sql.transaction(tenant.id, async (tx) => {
        if (!(await links.use(tx, tenant.id, 'registration', token))) throw overdue();
        await tx.query('DELETE FROM customer_registrations WHERE tenant_id = $1 AND email_key = $2', [
          tenant.id,
          keyOf(asked.email),
        ]);
        const row = await addCustomer(platform, tx, tenant.id, asked, hash);
        return { row, entered: await enter(tx, row) };
      });
    },

    async removeExpired(tenant: TenantId): Promise<void> {
      await sql.query(
        tenant,
        'DELETE FROM customer_registrations WHERE tenant_id = $1 AND expires_at <= $2',
        [tenant, clock.now()],
      );
    },
  };
}

/** A new customer, who is told of. @throws ShopError `gone` when the address has an account already */
export async function addCustomer(
  platform: Pick<Platform, 'clock' | 'newId'>,
  tx: Transaction,
  tenant: TenantId,
  { email, first_name, last_name, accepts_marketing, locale }: Omit<RegistrationRow, 'id'>,
  hash: string,
): Promise<CustomerRow> {
  const { rows } = await tx.query<CustomerRow>(
    `INSERT INTO customers (tenant_id, id, version, email, email_key, password_hash, first_name, last_name, accepts_marketing, locale, created_at, updated_at)
     VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $10) ON CONFLICT (tenant_id, email_key) DO NOTHING RETURNING *`,
    [
      tenant,
      platform.newId('cus'),
      email,
      keyOf(email),
      hash,
      first_name,
      last_name,
      accepts_marketing,
      locale,
      platform.clock.now(),
    ],
  );
  const [row] = rows;
  if (row === undefined)
    throw new ShopError('gone', 'There is an account of this address already.', { remedy: 'Log in.' });
  await tx.emit(eventOf('accounts.customer.registered', row));
  if (row.accepts_marketing)
    await noteConsent(tx, platform, tenant, row.id, { granted: true, source: 'registration' });
  return row;
}

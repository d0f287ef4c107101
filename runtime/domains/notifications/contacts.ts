/** Where people can be reached, and what they want to hear there. An address is one contact, whoever it is known from. */
import type { Clock, NewId, SqlRunner, TenantId, Transaction } from '../../platform/ports.ts';
import { BY_CONSENT, type Category, type Channel, type Kind } from './kinds.ts';
import type { Mode } from './schemas.ts';

export interface Contact {
  readonly id: string;
  readonly channel: Channel;
  readonly address: string;
  readonly customerId: string | undefined;
  readonly name: string;
  readonly locale: string | undefined;
  readonly preferences: Readonly<Partial<Record<Category, Mode>>>;
  readonly details: Details;
  readonly state: 'active' | 'pending' | 'suppressed';
  readonly reason: string | undefined;
}

export interface Details {
  /** Of a browser. */
  readonly keys?: { readonly p256dh: string; readonly auth: string };
  /** Of a telephone whose owner has yet to prove it. */
  readonly code?: {
    readonly customerId: string;
    readonly hash: string;
    readonly until: number;
    readonly tries: number;
  };
  /** What the account said last of messages from the shop. */
  readonly accepts?: boolean;
}

export interface NewContact {
  readonly channel: Channel;
  readonly address: string;
  readonly customerId?: string | undefined;
  readonly name?: string | undefined;
  readonly locale?: string | undefined;
  readonly state?: 'active' | 'pending';
}

export type Contacts = ReturnType<typeof createContacts>;

const COLUMNS = [
  'id',
  'channel',
  'address',
  'customer_id',
  'name',
  'locale',
  'preferences',
  'details',
  'state',
  'reason',
] as const;

/** A contact as one value, for whoever reads it with something else. @param alias of its table; the value is for `contactIn` */
export function asJson(alias: string): string {
  return `jsonb_build_object(${COLUMNS.map((column) => `'${column}', ${alias}.${column}`).join(', ')})`;
}

export function contactIn(value: ContactRow): Contact {
  return fromRow(value);
}

export function createContacts({ clock, newId }: { readonly clock: Clock; readonly newId: NewId }) {
  const columns = COLUMNS.join(', ');

  async function read(sql: SqlRunner, where: string, values: readonly (string | null)[]): Promise<Contact[]> {
    const text = `select ${columns} from notifications_contacts where tenant_id = $1 and ${where}`;
    return (await sql.query<ContactRow>(text, values)).rows.map(fromRow);
  }

  return {
    /** The contact of an address, made when it is new; what is newly known of it is added. */
    async ensure(sql: SqlRunner, tenant: TenantId, contact: NewContact): Promise<Contact> {
      const { rows } = await sql.query<ContactRow>(
        `insert into notifications_contacts as c
           (tenant_id, id, channel, address, customer_id, name, locale, preferences, details, state, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, '{}', '{}', $8, $9, $9)
         on conflict (tenant_id, channel, address) do update set
           customer_id = coalesce(excluded.customer_id, c.customer_id), locale = coalesce(excluded.locale, c.locale),
           name = case when excluded.name = '' then c.name else excluded.name end, updated_at = excluded.updated_at
         returning ${columns}`,
        [
          tenant,
          newId('con'),
          contact.channel,
          addressKey(contact.channel, contact.address),
          contact.customerId ?? null,
          contact.name ?? '',
          contact.locale ?? null,
          contact.state ?? 'active',
          clock.now(),
        ],
      );
      const [row] = rows;
      if (row === undefined) throw new Error('an upsert returned no row');
      return fromRow(row);
    },

    async byId(sql: SqlRunner, tenant: TenantId, id: string): Promise<Contact | undefined> {
      return (await read(sql, 'id = $2', [tenant, id]))[0];
    },

    /** Waits for whoever is just writing down something for the contact, and keeps others waiting until the transaction ends. */
    async lock(tx: Transaction, tenant: TenantId, id: string): Promise<Contact | undefined> {
      return (await read(tx, 'id = $2 for update', [tenant, id]))[0];
    },

    /** Keeps the customer from asking for something twice at the same moment. */
    async lockMailboxes(tx: Transaction, tenant: TenantId, customerId: string): Promise<void> {
      await read(tx, `customer_id = $2 and channel = 'mail' order by id for update`, [tenant, customerId]);
    },

    async byAddress(
      sql: SqlRunner,
      tenant: TenantId,
      channel: Channel,
      address: string,
    ): Promise<Contact | undefined> {
      return (
        await read(sql, 'channel = $2 and address = $3', [tenant, channel, addressKey(channel, address)])
      )[0];
    },

    ofCustomer(sql: SqlRunner, tenant: TenantId, customerId: string): Promise<Contact[]> {
      return read(sql, 'customer_id = $2 order by created_at, id', [tenant, customerId]);
    },

    /** Where customers are reached: the mailbox of the account, and not those that they once ordered by; telephones and browsers. */
    async ofCustomers(
      sql: SqlRunner,
      tenant: TenantId,
      customerIds: readonly string[],
    ): Promise<ReadonlyMap<string, readonly Contact[]>> {
      const found = (
        await sql.query<ContactRow>(
          `select ${columns} from notifications_contacts where tenant_id = $1 and customer_id = any ($2::text[])
             and state = 'active' and (channel <> 'mail' or details ? 'accepts') order by created_at, id`,
          [tenant, customerIds],
        )
      ).rows.map(fromRow);
      return Map.groupBy(found, ({ customerId = '' }) => customerId);
    },

    async prefer(
      sql: SqlRunner,
      tenant: TenantId,
      id: string,
      chosen: Partial<Record<Category, Mode>>,
    ): Promise<void> {
      await sql.query(
        'update notifications_contacts set preferences = preferences || $3::jsonb, updated_at = $4 where tenant_id = $1 and id = $2',
        [tenant, id, JSON.stringify(chosen), clock.now()],
      );
    },

    async note(sql: SqlRunner, tenant: TenantId, id: string, details: Details): Promise<void> {
      await sql.query(
        'update notifications_contacts set details = details || $3::jsonb, updated_at = $4 where tenant_id = $1 and id = $2',
        [tenant, id, JSON.stringify(details), clock.now()],
      );
    },

    /** Nothing is sent there any more. */
    async suppress(sql: SqlRunner, tenant: TenantId, id: string, reason: string): Promise<void> {
      await sql.query(
        `update notifications_contacts set state = 'suppressed', reason = $3, updated_at = $4 where tenant_id = $1 and id = $2`,
        [tenant, id, reason, clock.now()],
      );
    },

    async release(sql: SqlRunner, tenant: TenantId, id: string): Promise<boolean> {
      const { rowCount } = await sql.query(
        `update notifications_contacts set state = 'active', reason = null, updated_at = $3
         where tenant_id = $1 and id = $2 and state = 'suppressed'`,
        [tenant, id, clock.now()],
      );
      return rowCount > 0;
    },
  };
}

/** What a contact wants of a category. Where consent is needed and nothing was chosen, whoever asked for news has asked for this as well. */
export function preferenceOf({ preferences }: Pick<Contact, 'preferences'>, category: Category): Mode {
  const byConsent = BY_CONSENT.some((each) => each === category);
  return preferences[category] ?? (byConsent ? (preferences.marketing ?? 'off') : 'on');
}

/** How a contact wants a kind of message. What is required goes out by mail at once. */
export function modeOf(contact: Pick<Contact, 'channel' | 'preferences'>, kind: Kind): Mode {
  const { channel, preferences } = contact;
  const wanted = kind.gathered === true ? 'daily' : preferenceOf(contact, kind.category);
  const chosen = wanted === 'daily' && preferences.digest === 'off' ? 'off' : wanted;
  return kind.required && (channel === 'mail' || kind.channels.length === 1) ? 'on' : chosen;
}

/** One spelling for each address. */
export function addressKey(channel: Channel, address: string): string {
  return channel === 'mail' ? address.trim().toLowerCase() : address.trim();
}

/** Enough to know one's own address by, and not enough to write to it: for logs and pages that a link opens. */
export function maskAddress(channel: Channel, address: string): string {
  if (channel === 'push') return URL.canParse(address) ? new URL(address).host : '…';
  if (channel === 'sms') return `…${address.slice(-3)}`;
  const at = address.lastIndexOf('@');
  return `${address.slice(0, 1)}…${at < 0 ? '' : address.slice(at)}`;
}

export interface ContactRow {
  readonly id: string;
  readonly channel: Channel;
  readonly address: string;
  readonly customer_id: string | null;
  readonly name: string;
  readonly locale: string | null;
  readonly preferences: Contact['preferences'];
  readonly details: Details;
  readonly state: Contact['state'];
  readonly reason: string | null;
}

function fromRow({ customer_id, locale, reason, ...row }: ContactRow): Contact {
  return {
    ...row,
    customerId: customer_id ?? undefined,
    locale: locale ?? undefined,
    reason: reason ?? undefined,
  };
}

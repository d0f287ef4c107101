/** Customers' rows: how they are found, shown and told of. */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';
import type { Customer } from './shapes.ts';
import { keyOf } from './shapes.ts';

export interface CustomerRow {
  readonly id: string;
  readonly version: number;
  readonly email: string;
  readonly email_key: string;
  readonly password_hash: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly accepts_marketing: boolean;
  readonly locale: string | null;
  readonly created_at: Date;
}

export function toCustomer(row: CustomerRow): Customer {
  return {
    id: row.id,
    email: row.email,
    firstName: row.first_name,
    lastName: row.last_name,
    acceptsMarketing: row.accepts_marketing,
    locale: row.locale,
    createdAt: row.created_at.toISOString(),
    version: row.version,
  };
}

export function eventOf(type: string, row: CustomerRow) {
  const { id, email, first_name: firstName, last_name: lastName, locale } = row;
  const payload = { id, email, firstName, lastName, locale, acceptsMarketing: row.accepts_marketing };
  return { topic: 'accounts.customer', type, key: id, payload };
}

export function findByEmail(
  { sql }: Pick<Platform, 'sql'>,
  tenant: TenantId,
  email: string,
): Promise<CustomerRow | undefined> {
  return findByEmailIn({ query: (text, values) => sql.query(tenant, text, values) }, tenant, email);
}

/** The same in a transaction. */
export async function findByEmailIn(
  tx: SqlRunner,
  tenant: TenantId,
  email: string,
): Promise<CustomerRow | undefined> {
  const { rows } = await tx.query<CustomerRow>(
    'SELECT * FROM customers WHERE tenant_id = $1 AND email_key = $2',
    [tenant, keyOf(email)],
  );
  return rows[0];
}

export async function findById(
  { sql }: Pick<Platform, 'sql'>,
  tenant: TenantId,
  id: string,
): Promise<CustomerRow> {
  const { rows } = await sql.query<CustomerRow>(
    tenant,
    'SELECT * FROM customers WHERE tenant_id = $1 AND id = $2',
    [tenant, id],
  );
  const [row] = rows;
  if (!row) throw gone();
  return row;
}

export function gone(): ShopError {
  return new ShopError('unauthenticated', 'This account is no longer there.', { remedy: 'Log in again.' });
}

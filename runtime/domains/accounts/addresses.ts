/** A customer's addresses, one of which is the default. */
import type { Platform } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { TenantId } from '../../platform/ports.ts';
import { gone } from './customers.ts';
import type { Address, AddressInput } from './shapes.ts';

const MOST_ADDRESSES = 50;

export async function listAddresses(
  { sql }: Platform,
  tenant: TenantId,
  customerId: string,
): Promise<Address[]> {
  const { rows } = await sql.query<AddressRow>(
    tenant,
    `SELECT id, address, is_default FROM customer_addresses WHERE tenant_id = $1 AND customer_id = $2 ORDER BY is_default DESC, created_at, id`,
    [tenant, customerId],
  );
  return rows.map(toAddress);
}

/** The first address, and any that says so, becomes the default one. */
export async function saveAddress(
  { sql, clock, newId }: Platform,
  tenant: TenantId,
  customerId: string,
  id: string | undefined,
  input: AddressInput,
): Promise<Address> {
  const { isDefault, ...address } = input;
  return sql.transaction(tenant, async (tx) => {
    // The customer's row orders changes to their addresses.
    const locked = await tx.query('SELECT id FROM customers WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [
      tenant,
      customerId,
    ]);
    if (locked.rowCount === 0) throw gone();
    const present = await tx.query<AddressRow>(
      'SELECT id, address, is_default FROM customer_addresses WHERE tenant_id = $1 AND customer_id = $2',
      [tenant, customerId],
    );
    if (id !== undefined && !present.rows.some((row) => row.id === id)) throw noAddress();
    if (id === undefined && present.rows.length >= MOST_ADDRESSES) {
      throw new ShopError('conflict', `There are ${MOST_ADDRESSES} addresses already.`, {
        remedy: 'Delete one that is not used.',
      });
    }
    const others = present.rows.filter((row) => row.id !== id);
    const becomesDefault = isDefault || !others.some((row) => row.is_default);
    if (becomesDefault) {
      await tx.query(
        'UPDATE customer_addresses SET is_default = false WHERE tenant_id = $1 AND customer_id = $2',
        [tenant, customerId],
      );
    }
    const saved = await tx.query<AddressRow>(
      `INSERT INTO customer_addresses (tenant_id, id, customer_id, address, is_default, created_at) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant_id, id) DO UPDATE SET address = excluded.address, is_default = excluded.is_default
       RETURNING id, address, is_default`,
      [tenant, id ?? newId('adr'), customerId, JSON.stringify(address), becomesDefault, clock.now()],
    );
    const [row] = saved.rows;
    if (!row) throw new Error('An address was saved without a result.');
    return toAddress(row);
  });
}

interface AddressRow {
  readonly id: string;
  readonly address: Omit<Address, 'id' | 'isDefault'>;
  readonly is_default: boolean;
}

function toAddress({ id, address, is_default: isDefault }: AddressRow): Address {
  return { ...address, id, isDefault };
}

export function noAddress(): ShopError {
  return new ShopError('not_found', 'There is no such address.');
}

/** By whom a shop takes money, whatever it costs and in whatever currency. */
import type { Platform } from '../../platform/domain.ts';
import type { PaymentProvider, TenantId } from '../../platform/ports.ts';

/** A price that every provider can be asked for where it takes the currency at all. */
const ANY_AMOUNT = 10_000;

export interface Offered {
  readonly providers: readonly PaymentProvider[];
  readonly currencies: readonly string[];
}

export async function offeredBy(
  { payments, tenants }: Pick<Platform, 'payments' | 'tenants'>,
  tenantId: TenantId,
): Promise<Offered> {
  const { currencies = [] } = (await tenants.byId(tenantId)) ?? {};
  const all = await Promise.all(
    currencies.map((currency) => payments.providers(tenantId, { amount: ANY_AMOUNT, currency })),
  );
  return { providers: [...new Set(all.flat())], currencies };
}

/** What a merchant has said of shipping and of taxes: kept as a whole, read along with every cart. */
import type { Platform, RouteHandler, RouteResponse } from '../../platform/domain.ts';
import { ShopError } from '../../platform/errors.ts';
import type { ShippingRules } from './shipping/schemas.ts';
import type { TaxRules } from './taxes/schemas.ts';

export interface Rules {
  readonly shipping?: ShippingRules;
  readonly taxes?: TaxRules;
}

/** Both kinds as one JSON object, for the statement that reads a cart; $1 tenant. */
export const RULES = '(select jsonb_object_agg(r.kind, r.rules) from orders_rules r where r.tenant_id = $1)';

type Kind = keyof Rules;

// In every handler the host has parsed the body with the schema of the route, so that the casts hold.
export function rulesRoutes(platform: Platform): Record<string, RouteHandler> {
  const { sql, clock } = platform;

  async function read(tenant: string, kind: Kind): Promise<RouteResponse> {
    const { rows } = await sql.query<{ version: number; rules: unknown }>(
      tenant,
      'select version, rules from orders_rules where tenant_id = $1 and kind = $2',
      [tenant, kind],
    );
    return { json: { version: rows[0]?.version ?? 0, rules: rows[0]?.rules } };
  }

  /** @throws ShopError `conflict` when they are of another version */
  async function write(
    tenant: string,
    kind: Kind,
    { version, rules }: { version: number; rules: unknown },
  ): Promise<RouteResponse> {
    const { rowCount } = await sql.query(
      tenant,
      `insert into orders_rules as r (tenant_id, kind, version, rules, updated_at)
       select $1, $2, 1, $3::jsonb, $5 where $4::int = 0
         or exists (select from orders_rules o where o.tenant_id = $1 and o.kind = $2)
       on conflict (tenant_id, kind) do update set version = r.version + 1, rules = excluded.rules, updated_at = excluded.updated_at
       where r.version = $4::int`,
      [tenant, kind, JSON.stringify(rules), version, clock.now()],
    );
    if (rowCount === 0) {
      throw new ShopError('conflict', 'The rules have changed meanwhile.', {
        remedy: 'Read them again and repeat the change with their version; 0 where there are none.',
      });
    }
    return read(tenant, kind);
  }

  return {
    getShippingRules: ({ tenant }) => read(tenant.id, 'shipping'),
    putShippingRules: ({ tenant, body }) =>
      write(tenant.id, 'shipping', body as { version: number; rules: ShippingRules }),
    getTaxRules: ({ tenant }) => read(tenant.id, 'taxes'),
    putTaxRules: ({ tenant, body }) =>
      write(tenant.id, 'taxes', body as { version: number; rules: TaxRules }),
  };
}

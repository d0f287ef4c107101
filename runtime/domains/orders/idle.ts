/** Carts that somebody left: for whoever reminds them. */
import { z } from 'zod';
import type { Reader } from './carts.ts';

export const idleCartsInput = z.strictObject({
  /** Carts touched last after this moment … */
  after: z.iso.datetime(),
  /** … and, of those of that moment, with a greater id. */
  afterId: z.string().max(80).default(''),
  /** … and not since this one. */
  until: z.iso.datetime(),
  limit: z.int().min(1).max(200),
});

export const idleCarts = z.object({
  carts: z.array(
    z.object({
      id: z.string(),
      email: z.string().nullable(),
      customerId: z.string().nullable(),
      currency: z.string(),
      touchedAt: z.iso.datetime(),
      lines: z.array(z.object({ title: z.string(), quantity: z.int(), unitPrice: z.int() })),
    }),
  ),
});
type IdleCarts = z.infer<typeof idleCarts>;

/** Open ones with something in them whose owner is known, in the order in which they were touched last. */
export async function findIdleCarts(
  sql: Reader,
  tenant: string,
  { after, afterId, until, limit }: z.infer<typeof idleCartsInput>,
): Promise<IdleCarts> {
  const { rows } = await sql.query<Omit<IdleCarts['carts'][number], 'touchedAt'> & { touched_at: Date }>(
    `select c.id, c.email, c.customer_id as "customerId", c.currency, date_trunc('milliseconds', c.updated_at) as touched_at, l.lines
     from orders_carts c cross join lateral (
       select jsonb_agg(jsonb_build_object('title', coalesce(v.title, ''), 'quantity', l.quantity, 'unitPrice', l.unit_price)
         order by l.added_at, l.variant_id) as lines
       from orders_cart_lines l left join orders_variants v on v.tenant_id = l.tenant_id and v.variant_id = l.variant_id
       where l.tenant_id = $1 and l.cart_id = c.id) l
     where c.tenant_id = $1 and c.status = 'open' and c.updated_at >= $2 and c.updated_at <= $4 and l.lines is not null
       and (c.email is not null or c.customer_id is not null)
       and (date_trunc('milliseconds', c.updated_at), c.id) > ($2::timestamptz, $3)
     order by date_trunc('milliseconds', c.updated_at), c.id limit $5`,
    [tenant, new Date(after), afterId, new Date(until), limit],
  );
  return { carts: rows.map(({ touched_at, ...cart }) => ({ ...cart, touchedAt: touched_at.toISOString() })) };
}

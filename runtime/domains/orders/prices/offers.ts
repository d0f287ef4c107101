/**
 * What a unit costs, for the statements that read a cart or write its lines: the cheapest of the variant's own price and of what price
 * lists say, as the catalogue shows it (`catalog/price-lists/rule.ts`). In SQL, because the price that a shopper accepts is written
 * down with their line, in the statement that looks it up.
 */

/**
 * Lists that apply, as one row `(ids, off)` that also stands where there are none; $1 tenant.
 * @param currency expression
 * @param now parameter
 * @param groups parameter: ids of the groups that the shopper is in
 */
export function listsApplying(currency: string, now: string, groups: string): string {
  return `select array_agg(list.list_id) as ids, coalesce(max(list.off_basis_points), 0) as off from orders_price_lists list
    where list.tenant_id = $1 and list.currency = ${currency} and list.enabled
      and (list.starts_at is null or list.starts_at <= ${now}) and (list.ends_at is null or list.ends_at > ${now})
      and (list.groups = '{}' or list.groups && ${groups}::text[])`;
}

/**
 * Of one unit of variant `v` of orders_variants, as bigint; null where it is not for sale so. $1 tenant. Where no list applies, none is
 * looked into.
 * @param currency expression
 * @param quantity expression
 * @param lists alias of a row of `listsApplying`
 */
export function unitPrice(currency: string, quantity: string, lists: string): string {
  const own = `(v.prices ->> ${currency})::bigint`;
  return `case when not v.published then null when ${lists}.ids is null then ${own} else least(
    ${own}, (${own} * (10000 - ${lists}.off) + 5000) / 10000, (
      select min((step.pair ->> 1)::bigint) from orders_list_prices listed, jsonb_array_elements(listed.steps) step (pair)
      where listed.tenant_id = $1 and listed.variant_id = v.variant_id and listed.list_id = any (${lists}.ids)
        and (step.pair ->> 0)::int <= ${quantity})) end`;
}

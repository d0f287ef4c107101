/**
 * In which of a schema's tables a tenant has rows. There are some two hundred, a shop uses a few dozen of them, and most of what is done to
 * the tables of a tenant has nothing to do in the others.
 */
import type { Session } from '../database.ts';
import { isCitus } from '../observe.ts';
import type { TenantTable } from '../tables.ts';
import { anyRow, filled } from './statements.ts';

/** @returns those of `tables` in which the tenant has rows, in their order */
export async function filledOf(
  session: Session,
  schema: string,
  tables: readonly TenantTable[],
  tenant: string,
): Promise<readonly TenantTable[]> {
  if (tables.length === 0) return [];
  // Of several distributed tables in one statement Citus asks that they lie together.
  if (await isCitus(session)) {
    const found: TenantTable[] = [];
    for (const table of tables) if (await hasRows(session, schema, table.name, tenant)) found.push(table);
    return found;
  }
  const rows = await session.query<{ name: string }>(filled(schema, tables), [tenant]);
  const names = new Set(rows.map(({ name }) => name));
  return tables.filter(({ name }) => names.has(name));
}

/** Whether the tenant has rows in this one. */
export async function hasRows(
  session: Session,
  schema: string,
  table: string,
  tenant: string,
): Promise<boolean> {
  const [answer] = await session.query<{ found: boolean }>(anyRow(schema, table), [tenant]);
  return answer?.found === true;
}

/**
 * What a tenant's rows in a schema amount to: counts and sums that do not depend on the order.
 */
import type { Session } from '../database.ts';
import type { TenantTable } from '../tables.ts';
import { filledOf } from './filled.ts';
import { fingerprint } from './statements.ts';

/** Of each table, how many rows and a sum over them. */
export type Fingerprints = Readonly<Record<string, Fingerprint>>;

type Fingerprint = readonly [rows: number, sum: string];
const NOTHING: Fingerprint = [0, '0'];

/** Two schemas, of one server or of two of the same major version, hold the same rows when these are equal. */
export async function fingerprints(
  session: Session,
  schema: string,
  tables: readonly TenantTable[],
  tenant: string,
): Promise<Fingerprints> {
  const result: Record<string, Fingerprint> = {};
  // The text of a time depends on the session's zone; the sums are compared between sessions too.
  await session.query(`set local timezone = 'UTC'`);
  const filled = new Set(await filledOf(session, schema, tables, tenant));
  for (const table of tables.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    result[table.name] = NOTHING;
    if (!filled.has(table)) continue;
    const [answer] = await session.query<{ rows: number; sum: string }>(fingerprint(schema, table), [tenant]);
    result[table.name] = [answer?.rows ?? 0, answer?.sum ?? '0'];
  }
  return result;
}

export function totalOf(prints: Fingerprints): number {
  return Object.values(prints).reduce((sum, [rows]) => sum + rows, 0);
}

/** Who did something, as facts may say it: by pseudonyms that chance made, or that lead back to nobody. */
import { createHash, randomBytes } from 'node:crypto';
import type { SqlRunner, TenantId } from '../../platform/ports.ts';

/**
 * The pseudonym of a customer, made at first sight. Erasing a person removes it here, and with it the only way from facts to them:
 * those stay in the books, of nobody.
 * @param person a customer's id, or a guest's e-mail address
 */
export async function subjectOf(sql: SqlRunner, tenant: TenantId, person: string): Promise<string> {
  const key = person.toLowerCase();
  const { rows } = await sql.query<{ subject: string }>(
    `with made as (
       insert into analytics_people (tenant_id, person, subject) values ($1, $2, $3)
       on conflict (tenant_id, person) do nothing returning subject
     )
     select subject from made union all select subject from analytics_people where tenant_id = $1 and person = $2 limit 1`,
    [tenant, key, `c.${randomBytes(16).toString('base64url')}`],
  );
  const [row] = rows;
  if (row !== undefined) return row.subject;
  // Another transaction made it meanwhile: this statement saw neither its own row nor the other's.
  const again = await sql.query<{ subject: string }>(
    'select subject from analytics_people where tenant_id = $1 and person = $2',
    [tenant, key],
  );
  const [found] = again.rows;
  if (found === undefined) throw new Error('a pseudonym that another transaction made cannot be seen yet');
  return found.subject;
}

/**
 * What a page calls its visit or its browser, as facts say it. Pages may send anything: what is in it cannot be told from the digest,
 * nor whether two shops are visited by one.
 * @param what `v` of a visit, `b` of a browser, `r` of a room of the chat
 */
export function digestOf(tenant: TenantId, what: 'v' | 'b' | 'r', name: string): string {
  return `${what}.${createHash('sha256').update(`${tenant}/${what}/${name}`).digest('base64url').slice(0, 22)}`;
}

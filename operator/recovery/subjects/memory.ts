/**
 * Who was erased, kept sealed in the operation for as long as backups have them: when a tenant is restored to a moment before, the
 * same person is erased again.
 */
import { z } from 'zod';
import type { TableDefinition } from '../../../runtime/platform/definition.ts';
import type { Session } from '../../provisioners/postgres/database.ts';
import type { Sealer } from '../../provisioners/sealing.ts';
import type { Person, Subject } from './holder.ts';
import { eraseRowsOf, identifyIn } from './rows.ts';

const Person = z.object({ names: z.array(z.string()), facts: z.array(z.string()) });
const KEY = 'person';

/** As part of an operation's result. */
export function sealed(
  sealer: Sealer,
  { tenant, customer = '' }: Subject,
  person: Person,
): Readonly<Record<string, string>> {
  return { [KEY]: sealer.seal(tenant, nameOf(customer), JSON.stringify(person)).toString('base64') };
}

/** `undefined`: nobody has written it down, or not with this key. */
export function remembered(
  sealer: Sealer,
  { tenant, customer = '' }: Subject,
  result: Readonly<Record<string, unknown>>,
): Person | undefined {
  const value = result[KEY];
  if (typeof value !== 'string') return undefined;
  const text = sealer.open(tenant, nameOf(customer), Buffer.from(value, 'base64'));
  return text === undefined ? undefined : Person.parse(JSON.parse(text));
}

/** Backups that had them are gone: nothing can bring them back. */
export async function forgetErased(session: Session, before: Date): Promise<void> {
  await session.query(
    `update platform.operations set result = result - $1 where kind = 'erase' and ended_at < $2 and result ? $1`,
    [KEY, before],
  );
}

export interface Replay {
  readonly tables: readonly TableDefinition[];
  readonly sealer: Sealer;
}

/**
 * Erases from a copy of the tenant's rows whoever was erased after the moment the copy is of. Safe to repeat.
 * @param schema of the copy
 * @returns how many persons that were
 */
export async function replayErasures(
  session: Session,
  { tables, sealer }: Replay,
  { tenant, schema, since }: { readonly tenant: string; readonly schema: string; readonly since: Date },
): Promise<number> {
  const erasures = await session.query<{ customer: string; result: Record<string, unknown> }>(
    `select arguments->>'customer' as customer, result from platform.operations
      where kind = 'erase' and tenant_id = $1 and coalesce(ended_at, clock_timestamp()) > $2 order by started_at`,
    [tenant, since],
  );
  for (const { customer, result } of erasures) {
    const subject = { tenant, customer };
    const person = remembered(sealer, subject, result) ??
      (await identifyIn(session, schema, tables, subject)) ?? { names: [customer], facts: [] };
    await eraseRowsOf(session, schema, tables, tenant, person);
  }
  return erasures.length;
}

function nameOf(customer: string): string {
  return `erased/${customer}`;
}

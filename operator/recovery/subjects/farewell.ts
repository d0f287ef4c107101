/**
 * The last mail to a customer who had asked to be forgotten: that it is done. It goes out before anything is erased, because afterwards
 * nobody knows the address; what is written down for it is erased with the rest. The shop's own runtime sends it, by a task that is left
 * for it here. It is a courtesy: what is not gone out in time keeps nobody's data.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ident, type Database } from '../../provisioners/postgres/database.ts';
import type { Subject } from './holder.ts';
import { homeOf } from './rows.ts';

const TASK = 'accounts.tell-erasure';
const KIND = 'accounts.erased';
const LOOK_MS = 100;

export interface FarewellOptions {
  /** How long it is waited for. */
  readonly withinMs: number;
}

/**
 * Safe to repeat: nobody is told twice of one wish.
 * @returns whether they were told; not, where they had not asked, the shop sends no mail, or it took too long
 */
export async function sayFarewell(
  database: Database,
  subject: Subject,
  { withinMs }: FarewellOptions,
): Promise<boolean> {
  const { tenant, customer = '' } = subject;
  const schema = ident(await homeOf(database, subject));
  const asked = await database.query(
    `select 1 from ${schema}.customer_erasure_requests where tenant_id = $1 and customer_id = $2`,
    [tenant, customer],
  );
  if (asked.length === 0) return false;
  const task = `tsk_${randomUUID().replaceAll('-', '')}`;
  // The runtime finds it by its sweep, within seconds.
  await database.query(
    `insert into ${schema}.tasks (tenant_id, id, name, payload, run_at, created_at, updated_at) values ($1, $2, $3, $4, now(), now(), now())`,
    [tenant, task, TASK, JSON.stringify({ customerId: customer, happening: 'done' })],
  );
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const [state] = await database.query<{ waits: boolean; told: boolean }>(
      `select exists (select 1 from ${schema}.tasks where tenant_id = $1 and id = $2 and state <> 'dead') or bool_or(d.state = 'waiting') is true as waits,
         bool_or(d.state = 'sent') is true as told
       from ${schema}.notifications_deliveries d where d.tenant_id = $1 and d.kind = $3 and starts_with(d.source, $4)`,
      [tenant, task, KIND, `erasure:${customer}:`],
    );
    if (state !== undefined && !state.waits) return state.told;
    await pause(LOOK_MS);
  }
  return false;
}

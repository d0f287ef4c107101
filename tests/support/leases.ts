/** What a process that was killed had claimed, free at once: leases are seconds to minutes long, and no test waits for that. */
import type { Pool } from 'pg';

/** As if the leases of all that is claimed had run out, of tasks and of idempotency keys. Who lives on may be followed, as after too long a sleep. */
export async function endLeases(admin: Pool): Promise<void> {
  await admin.query(`
    update shop.tasks set lease_until = now() - interval '1 second' where state = 'running';
    update shop.idempotency_keys set locked_until = now() - interval '1 second' where status is null`);
}

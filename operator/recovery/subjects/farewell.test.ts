/** The last mail: left for the shop's runtime, waited for while it goes out, and never in the way of erasing. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { until } from '../../../tests/support/wait.ts';
import { directoryRow } from '../../../tests/support/writers.ts';
import { openDatabase, type Database } from '../../provisioners/postgres/database.ts';
import { loadCatalogue } from '../../provisioners/postgres/desired.ts';
import { createDirectory } from '../../provisioners/postgres/directory.ts';
import { createPostgres } from '../../provisioners/postgres/postgres.ts';
import { createSealer } from '../../provisioners/sealing.ts';
import { sayFarewell } from './farewell.ts';

const SUBJECT = { tenant: 'acme', customer: 'cus_ada' };
let server: TestPostgres;
let database: Database;

before(async () => {
  server = await startTestPostgres();
  database = await openDatabase(server.adminUrl);
  const catalogue = await loadCatalogue();
  await createPostgres(database, catalogue).ensure(catalogue.pool());
  const sealer = createSealer(Buffer.alloc(32, 7).toString('base64'));
  await createDirectory(database, sealer).ensure(directoryRow('acme'), {});
});
after(async () => {
  await database.close();
  await server.stop();
});

const waiting = () =>
  database.query<{ id: string; payload: unknown }>(
    `select id, payload from shop.tasks where tenant_id = 'acme' and name = 'accounts.tell-erasure'`,
  );
const ask = () =>
  database.query(
    `insert into shop.customer_erasure_requests values ('acme', 'cus_ada', now()) on conflict do nothing`,
  );

/** As the shop's runtime does: the mail is written down, the task is over, and later the mail is gone out. */
async function runtime(outcome: 'sent' | 'failed'): Promise<void> {
  const [task] = await until(
    async () => {
      const tasks = await waiting();
      return tasks.length > 0 ? tasks : undefined;
    },
    { withinMs: 30_000, what: 'a task is left for the runtime' },
  );
  assert.deepEqual(task?.payload, { customerId: 'cus_ada', happening: 'done' });
  await database.query(
    `with contact as (
       insert into shop.notifications_contacts (tenant_id, id, channel, address, name, preferences, details, state, created_at, updated_at)
       values ('acme', 'con_1', 'mail', 'ada@example.com', '', '{}', '{}', 'active', now(), now()) on conflict do nothing
     )
     insert into shop.notifications_deliveries (tenant_id, id, source, kind, channel, contact_id, variables, state, attempts, created_at)
     values ('acme', 'ntf_1', 'erasure:cus_ada:1', 'accounts.erased', 'mail', 'con_1', '{}', 'waiting', 0, now())`,
  );
  await database.query('delete from shop.tasks where id = $1', [task.id]);
  await database.query(`update shop.notifications_deliveries set state = $1 where id = 'ntf_1'`, [outcome]);
}

test('who had not asked is not written to', async () => {
  assert.equal(await sayFarewell(database, SUBJECT, { withinMs: 30_000 }), false);
  assert.deepEqual(await waiting(), []);
});

test('a shop that nobody runs keeps nobody waiting for ever', async () => {
  await ask();
  assert.equal(await sayFarewell(database, SUBJECT, { withinMs: 200 }), false);
  await database.query('delete from shop.tasks');
});

test('it is waited for until the mail has gone out, or cannot', async () => {
  await ask();
  for (const outcome of ['sent', 'failed'] as const) {
    const [told] = await Promise.all([
      sayFarewell(database, SUBJECT, { withinMs: 30_000 }),
      runtime(outcome),
    ]);
    assert.equal(told, outcome === 'sent');
    await database.query('delete from shop.notifications_deliveries');
  }
});

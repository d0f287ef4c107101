import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { startTestPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import { openDatabase } from '../../provisioners/postgres/database.ts';
import { observe } from '../../provisioners/postgres/observe.ts';
import { mayEnter } from './look.ts';

let postgres: TestPostgres;
before(async () => {
  postgres = await startTestPostgres();
});
after(() => postgres.stop());

test('a role is entered by its logins, and not by those of another or by such as may not log in', async () => {
  const admin = new Client({ connectionString: postgres.adminUrl });
  await admin.connect();
  const database = await openDatabase(postgres.adminUrl, { max: 1 });
  const entered = async (role: string): Promise<boolean> =>
    mayEnter((await observe(database, [], [role])).roles, role);
  try {
    await admin.query(`create role tenant_a nologin; create role tenant_b nologin;
      create role "tenant_b.00000001" login in role tenant_b; create role "tenant_a.00000001" nologin in role tenant_a`);
    assert.equal(await entered('tenant_a'), false);
    await admin.query(`create role "tenant_a.00000002" login in role tenant_a`);
    assert.equal(await entered('tenant_a'), true);
    assert.equal(await entered('tenant_c'), false);
  } finally {
    await database.close();
    await admin.end();
  }
});

import { after, before } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { systemClock } from '../clock.ts';
import { searchContract } from '../contract/search.ts';
import { createNewId } from '../ids.ts';
import { createPostgres, type PostgresSql } from '../sql/postgres.ts';
import { createPostgresSearch } from './postgres.ts';

let database: TestDatabase;
let sql: PostgresSql;
let tenants = 0;

before(async () => {
  database = await startTestDatabase([]);
  sql = createPostgres({
    connectionString: database.url,
    clock: systemClock,
    newId: createNewId(systemClock),
    connections: 4,
  });
});
after(async () => {
  await sql.close();
  await database.stop();
});

searchContract('search in PostgreSQL', async () => {
  tenants += 1;
  return { search: createPostgresSearch(sql), tenants: [`t${tenants}-a`, `t${tenants}-b`] };
});

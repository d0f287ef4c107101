import { after, before } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { searchContract } from '../contract/search.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { createPostgresSearch } from './postgres.ts';

let database: TestDatabase;
let sql: PostgresSql;
let tenants = 0;

before(async () => {
  database = await startTestDatabase([]);
  sql = database.open({ connections: 4 });
});
after(() => database.stop());

searchContract('search in PostgreSQL', async () => {
  tenants += 1;
  return { search: createPostgresSearch(sql), tenants: [`t${tenants}-a`, `t${tenants}-b`] };
});

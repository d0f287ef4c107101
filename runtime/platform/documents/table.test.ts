/** The documents port in the database: the contract, and that a page is read along an index below row-level security. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { COLLECTIONS, documentsContract } from '../contract/documents.ts';
import type { SqlValue } from '../ports.ts';
import type { PostgresSql } from '../sql/postgres.ts';
import { createTableDocuments } from './table.ts';

let database: TestDatabase;
let sql: PostgresSql;

before(async () => {
  database = await startTestDatabase([]);
  sql = database.open({ connections: 4 });
});
after(() => database.stop());

documentsContract('documents in the database', () => createTableDocuments({ sql, collections: COLLECTIONS }));

test('a page of many documents reads little more than the page, wherever it begins', async () => {
  await database.admin.query(`
    INSERT INTO shop.documents SELECT 'big', 'content.page', 'p' || n, 'v', '{"author":"ann"}' FROM generate_series(1, 20000) n;
    INSERT INTO shop.document_fields SELECT 'big', 'content.page', 'author', '"a' || n % 10 || '"', 'p' || n FROM generate_series(1, 20000) n;
    ANALYZE shop.documents; ANALYZE shop.document_fields`);
  const statements: { text: string; values: readonly SqlValue[] | undefined }[] = [];
  const spied = createTableDocuments({
    sql: {
      ...sql,
      query(tenant, text, values) {
        statements.push({ text, values });
        return sql.query(tenant, text, values);
      },
    },
    collections: COLLECTIONS,
  });
  await spied.find('big', 'content.page', { where: { author: 'a3' }, limit: 10, after: 'p5' });
  await spied.find('big', 'content.page', { where: {}, limit: 10, after: 'p5' });
  for (const { text, values } of statements) {
    const { rows } = await sql.query<{ 'QUERY PLAN': string }>(
      'big',
      `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ${text}`,
      values,
    );
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    assert.doesNotMatch(plan, /Sort|Seq Scan|Bitmap/);
    const read = [...plan.matchAll(/actual rows=([\d.]+)/g)].map(([, count]) => Number(count));
    assert.ok(read.length > 0 && Math.max(...read) < 200, plan);
  }
});

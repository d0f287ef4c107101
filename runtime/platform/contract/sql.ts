/**
 * What the sql port keeps on whatever server: rows of one tenant, all or nothing, events and tasks with the rows they speak of.
 * Needs a table `things (tenant_id, id, n bigint, at timestamptz, doc jsonb, tags text[])` under the tenants' policy.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ShopError } from '../errors.ts';
import type { Sql } from '../ports.ts';

export interface SqlUnderTest {
  readonly sql: Sql;
}

/** Registers the suite. */
export function sqlContract(adapter: string, setUp: () => Promise<SqlUnderTest>): void {
  let number = 0;
  const fresh = () => `sql-${++number}-${process.pid}`;
  const insert = 'INSERT INTO things (tenant_id, id, n, at, doc, tags) VALUES ($1, $2, $3, $4, $5, $6)';

  test(`${adapter}: values of every used type come back as they went in`, async () => {
    const { sql } = await setUp();
    const tenant = fresh();
    const at = new Date('2026-05-04T03:02:01.123Z');
    const doc = { deep: [1, 'ü"\\'] };
    const tags = ['x', 'y "z"\\'];
    await sql.query(tenant, insert, [tenant, 'types', 9_007_199_254_740_991n, at, JSON.stringify(doc), tags]);
    for (let round = 0; round < 3; round++) {
      const { rows, rowCount } = await sql.query(
        tenant,
        `SELECT tenant_id, id, n, at, doc, tags, 1.5::numeric AS price, true AS yes, '\\x00ff'::bytea AS bytes FROM things WHERE tenant_id = $1 AND id = $2`,
        [tenant, 'types'],
      );
      assert.equal(rowCount, 1);
      assert.deepEqual(rows[0], {
        tenant_id: tenant,
        id: 'types',
        n: 9_007_199_254_740_991,
        at,
        doc,
        tags,
        price: '1.5',
        yes: true,
        bytes: Buffer.from([0, 255]),
      });
    }
  });

  test(`${adapter}: a tenant neither sees, changes nor writes the rows of another`, async () => {
    const { sql } = await setUp();
    const [mine, other] = [fresh(), fresh()];
    await sql.query(mine, insert, [mine, 'mine', 1, null, null, null]);
    for (const text of [
      'SELECT * FROM things WHERE tenant_id = $1',
      'UPDATE things SET n = 2 WHERE tenant_id = $1',
      'DELETE FROM things WHERE tenant_id = $1',
    ])
      assert.equal((await sql.query(other, text, [mine])).rowCount, 0, text);
    await assert.rejects(
      sql.query(other, insert, [mine, 'theirs', 1, null, null, null]),
      /row-level security/,
    );
    assert.equal((await sql.query(mine, 'SELECT n FROM things WHERE tenant_id = $1', [mine])).rowCount, 1);
  });

  test(`${adapter}: one row is written once by many, by what routes to one tenant`, async () => {
    const { sql } = await setUp();
    const tenant = fresh();
    await Promise.all(
      Array.from({ length: 12 }, () =>
        sql.transaction(tenant, async (tx) => {
          await tx.query(
            `INSERT INTO things (tenant_id, id, n) VALUES ($1, 'sum', 1)
             ON CONFLICT (tenant_id, id) DO UPDATE SET n = things.n + 1`,
            [tenant],
          );
          await tx.query(`SELECT n FROM things WHERE tenant_id = $1 AND id = 'sum' FOR UPDATE`, [tenant]);
        }),
      ),
    );
    const { rows } = await sql.query(tenant, `SELECT n FROM things WHERE tenant_id = $1`, [tenant]);
    assert.deepEqual(rows, [{ n: 12 }]);
  });

  test(`${adapter}: a transaction keeps all or nothing, its events and tasks included`, async () => {
    const { sql } = await setUp();
    const tenant = fresh();
    await assert.rejects(
      sql.transaction(tenant, async (tx) => {
        await tx.query(insert, [tenant, 'half', 1, null, null, null]);
        await tx.emit({ topic: 't', type: 't.x', key: 'k', payload: {} });
        throw new ShopError('out_of_stock', 'none left');
      }),
      { code: 'out_of_stock' },
    );
    const told = `SELECT 'thing' AS what FROM things WHERE tenant_id = $1 UNION ALL SELECT 'event' FROM promised_events WHERE tenant_id = $1
      UNION ALL SELECT 'event' FROM event_log WHERE tenant_id = $1 UNION ALL SELECT 'task' FROM tasks WHERE tenant_id = $1`;
    assert.deepEqual((await sql.query(tenant, told, [tenant])).rows, []);
    await sql.transaction(tenant, async (tx) => {
      await tx.query(insert, [tenant, 'whole', 1, null, null, null]);
      await tx.emit({ topic: 't', type: 't.x', key: 'k', payload: {} });
      await tx.enqueue({ name: 'x.do', payload: {}, key: 'one' }, { name: 'x.do', payload: {}, key: 'one' });
    });
    const { rows } = await sql.query<{ what: string }>(tenant, told, [tenant]);
    assert.deepEqual(rows.map(({ what }) => what).toSorted(), ['event', 'task', 'thing']);
  });

  test(`${adapter}: what is asked for together is done in its order; what is left for the end is done with the commit, or nothing is`, async () => {
    const { sql } = await setUp();
    const tenant = fresh();
    const all = 'SELECT id, n FROM things WHERE tenant_id = $1 ORDER BY id';
    const more = `UPDATE things SET n = n + 10 WHERE tenant_id = $1 AND id = 'one'`;
    await sql.transaction(tenant, async (tx) => {
      const [made, seen] = await Promise.all([
        tx.query(insert, [tenant, 'one', 1, null, null, null]),
        tx.query(all, [tenant]),
      ]);
      assert.deepEqual([made.rowCount, seen.rows], [1, [{ id: 'one', n: 1 }]]);
      tx.atEnd(more, [tenant]);
      assert.deepEqual((await tx.query(all, [tenant])).rows, [{ id: 'one', n: 1 }]);
    });
    assert.deepEqual((await sql.query(tenant, all, [tenant])).rows, [{ id: 'one', n: 11 }]);
    await assert.rejects(
      sql.transaction(tenant, async (tx) => {
        await tx.query(insert, [tenant, 'two', 2, null, null, null]);
        tx.atEnd(insert, [tenant, 'one', 1, null, null, null]);
      }),
      { code: 'conflict' },
    );
    await assert.rejects(
      sql.transaction(tenant, async (tx) => {
        await Promise.all([
          tx.query(insert, [tenant, 'three', 3, null, null, null]),
          tx.query(insert, [tenant, 'one', 1, null, null, null]),
        ]);
      }),
      { code: 'conflict' },
    );
    assert.deepEqual((await sql.query(tenant, all, [tenant])).rows, [{ id: 'one', n: 11 }]);
    await sql.transaction(tenant, (tx) => Promise.resolve(tx.atEnd(more, [tenant])));
    assert.deepEqual((await sql.query(tenant, all, [tenant])).rows, [{ id: 'one', n: 21 }], 'alone as well');
  });
}

/** How an erasure paces itself; what it removes is told by `postgres.test.ts` and `move/moves.test.ts`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deleteNext } from './citus.ts';
import type { Session } from './database.ts';
import { eraseRows, nextSize, restOf } from './erase.ts';

const table = { name: 'books', columns: [], shape: '', key: ['id', 'part'], sequences: [] };

test('batches come to take about the time they may, whatever a row costs', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 0.3, noNaN: true }), (msPerRow) => {
      let size = 200;
      for (let turn = 0; turn < 12; turn++) size = nextSize(size, size * msPerRow);
      const took = size * msPerRow;
      assert.ok(took <= 21 || size === 50, `a batch of ${size} takes ${took} ms`);
    }),
  );
});

test('an idle server is given no rest, a busy one more the more sessions work there, within bounds', () => {
  assert.equal(restOf(10, 0), 0);
  assert.ok(restOf(10, 2) > restOf(10, 1));
  assert.equal(restOf(10, 50), restOf(10, 500));
});

test('each batch goes on after the key the last one ended at, and the end is a batch that finds nothing', async () => {
  const asked: (readonly unknown[] | undefined)[] = [];
  const answers = [
    { changed: 200, last: ['b1', '2'] },
    { changed: 0, last: ['b7', '1'] },
    { changed: 0, last: null },
  ];
  const session: Session = {
    async query<Row>(text: string, values?: readonly unknown[]) {
      if (text.includes('pg_stat_activity')) return [{ count: 0 }] as Row[];
      asked.push(values);
      return [answers[asked.length - 1]] as Row[];
    },
  };
  assert.equal(
    await eraseRows(session, (work) => work(session), { schema: 'shop', table, tenant: 'a' }),
    200,
  );
  assert.deepEqual(asked, [['a'], ['a', 'b1', '2'], ['a', 'b7', '1']]);
});

test('every part of a batch names the tenant, so that Citus sends it to one shard', () => {
  const text = deleteNext('shop', table, 100, true);
  assert.equal(text.match(/tenant_id = \$1/g)?.length, 2);
  assert.match(text, /\(t\."id", t\."part"\) > \(\$2, \$3\)/);
  assert.doesNotMatch(text, /ctid/);
  assert.match(
    deleteNext('shop', { name: 'settings', key: [] }, 100, false),
    /where tenant_id = \$1 returning/,
  );
});

/** A tenant on its way to a node, on a server that answers as Citus would. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Database, Session } from './database.ts';
import { createNodes, NoSuchNodeError, NotCitusError } from './nodes.ts';

/** Two workers and one table; knows where the tenant's shard is. */
function cluster({ citus = true }: { readonly citus?: boolean } = {}) {
  const shard = { shard: 102_008, isolated: false, host: 'w1', port: 5432 };
  const asked: string[] = [];
  const session: Session = {
    async query<Row>(text: string) {
      asked.push(text);
      if (text.includes('pg_extension')) return [{ citus }] as Row[];
      if (text.includes('pg_dist_shard')) return [{ ...shard }] as Row[];
      if (text.includes('from pg_dist_node'))
        return [
          { host: 'c', port: 5432, coordinator: true },
          { host: 'w1', port: 5432, coordinator: false },
          { host: 'w2', port: 5432, coordinator: false },
        ] as Row[];
      if (text.includes('pg_class c join'))
        return [
          {
            answer: {
              name: 'books',
              columns: ['tenant_id', 'id'],
              shape: '',
              key: ['tenant_id', 'id'],
              sequences: [],
              references: [],
            },
          },
        ] as Row[];
      if (text.includes('isolate_tenant_to_new_shard'))
        Object.assign(shard, { shard: 102_040, isolated: true });
      if (text.includes('citus_move_shard_placement')) shard.host = 'w2';
      return [];
    },
  };
  const database: Database = { ...session, session: (work) => work(session), close: async () => undefined };
  return { asked, nodes: createNodes(database), shard };
}

test('a tenant is isolated, then brought to the node; a second time nothing is done', async () => {
  const { nodes, shard } = cluster();
  const done = await nodes.bring('acme', 'shop', 'w2:5432');
  assert.equal(done.length, 2);
  assert.match(done[0] ?? '', /isolate_tenant_to_new_shard\('shop\.books', 'acme'/);
  assert.match(done[1] ?? '', /citus_move_shard_placement\(102040, 'w1', 5432, 'w2', 5432/);
  assert.equal(shard.host, 'w2');
  assert.deepEqual(await nodes.bring('acme', 'shop', 'w2'), []);
});

test('a node that is not there is named, with those that are', async () => {
  const { nodes, asked } = cluster();
  await assert.rejects(nodes.bring('acme', 'shop', 'w9'), (error: unknown) => {
    assert.ok(error instanceof NoSuchNodeError);
    assert.match(error.remedy, /c:5432, w1:5432, w2:5432/);
    return true;
  });
  assert.ok(!asked.some((text) => /isolate|move_shard/.test(text)));
});

test('a server without Citus is said to be one, and asked for nothing else', async () => {
  const { nodes, asked } = cluster({ citus: false });
  await assert.rejects(nodes.bring('acme', 'shop', 'w2'), NotCitusError);
  await assert.rejects(nodes.rebalancePlan(), NotCitusError);
  await assert.rejects(nodes.rebalance(), NotCitusError);
  assert.ok(asked.every((text) => !/pg_dist|rebalance/.test(text)));
});

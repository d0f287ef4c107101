/**
 * What Citus is asked, and in which order, held against what was observed on a real one.
 */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { shelf } from '../testing/definition.ts';
import {
  copyWhole,
  distributionActions,
  inOrder,
  nodeActions,
  schemaToNodeAction,
  shardToNodeActions,
  undistributeActions,
} from './citus.ts';
import { loadCatalogue } from './desired.ts';
import type { Catalogue, DesiredSchema } from './desired.ts';
import type { ObservedServer, ObservedTable } from './observe.ts';
import { planSchema, planServer } from './plan.ts';

let catalogue: Catalogue;
before(async () => {
  catalogue = await loadCatalogue([shelf]);
});

function table(name: string, references: string[] = []): ObservedTable {
  return { name, secured: false, forced: false, policies: [], grants: {}, references };
}

function server(desired: DesiredSchema, parts: Partial<ObservedServer> = {}): ObservedServer {
  const tables = desired.tables.map(({ name }) => table(name, name === 'books' ? ['shelves', 'units'] : []));
  return {
    citus: true,
    extensions: ['citus', 'pg_trgm'],
    ledger: true,
    roles: new Map(),
    schemas: new Map([
      [desired.schema, { exists: true, usage: [], tables, migrations: [...desired.migrations] }],
    ]),
    distributed: new Map(),
    distributedSchemas: new Set(),
    nodes: [],
    ...parts,
  };
}

const described = (desired: DesiredSchema, observed: ObservedServer) =>
  distributionActions(desired, observed).map(({ describe }) => describe);

test('plain PostgreSQL is asked nothing of Citus', () => {
  const pool = catalogue.pool();
  const observed = server(pool, { citus: false });
  assert.deepEqual(distributionActions(pool, observed), []);
  assert.doesNotMatch(JSON.stringify(planSchema(pool, observed, [])), /citus|distribut/i);
});

test('reference tables are spread before the tables whose foreign keys name them', () => {
  const actions = described(catalogue.pool(), server(catalogue.pool()));
  assert.equal(actions[0], `SELECT create_reference_table('shop.units')`);
});

test('tenant tables are distributed by tenant_id, parents first, all in one colocation group', () => {
  const actions = described(catalogue.pool(), server(catalogue.pool()));
  const at = (name: string) => actions.findIndex((action) => action.includes(`'shop.${name}', 'tenant_id'`));
  assert.ok(at('shelves') < at('books'));
  assert.equal(
    actions.filter((action) => action.includes('colocate_with')).length,
    actions.length - 2,
    'all but the first and the reference table',
  );
});

test('what is spread already is left alone', () => {
  const pool = catalogue.pool();
  const distributed = new Map(
    pool.tables.map(
      ({ name, spread }) => [`shop.${name}`, spread === 'reference' ? 'reference' : 'distributed'] as const,
    ),
  );
  assert.deepEqual(described(pool, server(pool, { distributed })), []);
});

test('a dedicated schema is distributed whole, and called back before it is dropped', () => {
  const own = catalogue.dedicated('tenant_acme', ['shelf']);
  assert.deepEqual(described(own, server(own)), [`SELECT citus_schema_distribute('tenant_acme')`]);
  const spread = server(own, { distributedSchemas: new Set(['tenant_acme']) });
  assert.deepEqual(described(own, spread), []);
  assert.deepEqual(
    undistributeActions('tenant_acme', spread).map(({ describe }) => describe),
    [`SELECT citus_schema_undistribute('tenant_acme')`],
  );
});

test('SET LOCAL reaches the workers: roles carry citus.propagate_set_commands = local', () => {
  const actions = planSchema(catalogue.pool(), server(catalogue.pool()), []).map(({ describe }) => describe);
  assert.ok(actions.includes('ALTER ROLE shop_runtime SET citus.propagate_set_commands = local'));
});

test('nothing is derived from tables before they are there: foreign keys decide the order', () => {
  const pool = catalogue.pool();
  const fresh = server(pool, { schemas: new Map() });
  const actions = planSchema(pool, fresh, []).map(({ describe }) => describe);
  assert.ok(actions.some((action) => action.startsWith('APPLY MIGRATION')));
  assert.ok(!actions.some((action) => /create_distributed_table|POLICY|SECURE/.test(action)));
});

test('policies and grants come after the distribution', () => {
  const actions = planSchema(catalogue.pool(), server(catalogue.pool()), []).map(({ describe }) => describe);
  const last = actions.findLastIndex((action) => action.includes('create_distributed_table'));
  assert.ok(last < actions.findIndex((action) => /POLICY|SECURE/.test(action)));
});

test('a move joins nothing: what an earlier try left goes, children first, then each table is copied whole, parents first', () => {
  const tables = [
    { name: 'shelves', columns: ['tenant_id', 'id'] },
    { name: 'books', columns: ['tenant_id', 'id', 'shelf_id'] },
  ];
  const statements = copyWhole({ from: 'shop', to: 'tenant_acme' }, tables).map(({ text }) => text);
  assert.deepEqual(statements, [
    'delete from "tenant_acme"."books" where tenant_id = $1',
    'delete from "tenant_acme"."shelves" where tenant_id = $1',
    'insert into "tenant_acme"."shelves" ("tenant_id", "id") select "tenant_id", "id" from "shop"."shelves" where tenant_id = $1',
    'insert into "tenant_acme"."books" ("tenant_id", "id", "shelf_id") select "tenant_id", "id", "shelf_id" from "shop"."books" where tenant_id = $1',
  ]);
});

test('coordinator and workers come before every table, once, and nobody is taken away', () => {
  const options = {
    coordinator: { host: 'c', port: 5432 },
    workers: [
      { host: 'w1', port: 5432 },
      { host: 'w2', port: 5432 },
    ],
  };
  const fresh = server(catalogue.pool(), { nodes: [{ host: 'localhost', port: 5432, coordinator: true }] });
  assert.deepEqual(
    nodeActions(options, fresh).map(({ describe }) => describe),
    [
      `SELECT citus_set_coordinator_host('c', 5432)`,
      `SELECT citus_add_node('w1', 5432)`,
      `SELECT citus_add_node('w2', 5432)`,
    ],
  );
  const plan = planServer(catalogue.directory, fresh, options).map(({ describe }) => describe);
  assert.match(plan[0] ?? '', /citus_set_coordinator_host/);
  const nodes = [
    { host: 'c', port: 5432, coordinator: true },
    ...options.workers.map((worker) => ({ ...worker, coordinator: false })),
    { host: 'w3', port: 5432, coordinator: false },
  ];
  assert.deepEqual(nodeActions(options, server(catalogue.pool(), { nodes })), []);
  assert.deepEqual(nodeActions(options, server(catalogue.pool(), { citus: false })), []);
});

test('the number of shards is said once, of the first table; the others are colocated with it', () => {
  const actions = distributionActions(catalogue.pool(), server(catalogue.pool()), { shards: 64 });
  const counted = actions.filter(({ describe }) => describe.includes('shard_count => 64'));
  assert.equal(counted.length, 1);
  assert.doesNotMatch(counted[0]?.describe ?? '', /colocate_with/);
});

test('a tenant gets a shard of its own, then moves with it; where it is already, nothing is done', () => {
  const [from, to] = [
    { host: 'w1', port: 5432 },
    { host: 'w2', port: 5433 },
  ];
  const described = (shard: Parameters<typeof shardToNodeActions>[2]) =>
    shardToNodeActions('shop.books', 'acme', shard, to).map(({ describe }) => describe);
  assert.deepEqual(described({ shard: 102_008, isolated: false, node: from }), [
    `SELECT isolate_tenant_to_new_shard('shop.books', 'acme', 'CASCADE', shard_transfer_mode => 'block_writes')`,
  ]);
  assert.deepEqual(described({ shard: 102_040, isolated: true, node: from }), [
    `SELECT citus_move_shard_placement(102040, 'w1', 5432, 'w2', 5433, shard_transfer_mode => 'block_writes')`,
  ]);
  assert.deepEqual(described({ shard: 102_040, isolated: true, node: to }), []);
  assert.equal(
    schemaToNodeAction('tenant_acme', to).describe,
    `SELECT citus_schema_move('tenant_acme', 'w2', 5433, shard_transfer_mode => 'block_writes')`,
  );
});

test('on Citus the role itself may log in, without a password, for its connections between nodes', () => {
  const described = (citus: boolean) =>
    planSchema(
      catalogue.pool(),
      server(catalogue.pool(), { citus, roles: new Map([['shop_runtime', ROLE]]) }),
      [],
    )
      .map(({ describe }) => describe)
      .filter((action) => action.includes('PASSWORD NULL'));
  assert.deepEqual(described(true), ['ALTER ROLE shop_runtime LOGIN PASSWORD NULL']);
  assert.deepEqual(described(false), []);
});

const ROLE = {
  name: 'shop_runtime',
  login: false,
  bypass: false,
  superuser: false,
  connections: -1,
  verifier: null,
  settings: [],
  memberOf: [],
};

test('an order with a cycle still names every table once', () => {
  const order = inOrder(
    ['a', 'b', 'c'],
    new Map([
      ['a', ['b']],
      ['b', ['a']],
    ]),
  );
  assert.deepEqual([...order].toSorted(), ['a', 'b', 'c']);
});

/**
 * Every statement that is Citus' and not PostgreSQL's. Nothing here runs where the extension is absent.
 * The rules come from observation of a real server; see the tests for each of them.
 */
import type { Action } from './action.ts';
import { ident, literal } from './database.ts';
import type { Statement } from './database.ts';
import type { DesiredSchema } from './desired.ts';
import type { ObservedServer } from './observe.ts';

/** Roles of runtimes: SET LOCAL must travel to the workers, or the policies there see no tenant. */
export const ROLE_SETTING = { name: 'citus.propagate_set_commands', value: 'local' };

/**
 * Citus' own connections to the workers are the role's, not the login's: there it may log in. It has no password, so only
 * nodes that trust each other can use that.
 */
export function roleMayLogIn({ citus }: Pick<ObservedServer, 'citus'>): boolean {
  return citus;
}

/** What the cluster shall be, as ConfigMap `platform` says. */
export interface CitusOptions {
  /** How workers reach the coordinator; absent: a cluster that somebody else keeps. */
  readonly coordinator?: CitusNode;
  readonly workers: readonly CitusNode[];
  /** Shards of the pool's tables; absent: the server's `citus.shard_count`. Fixed once they are spread. */
  readonly shards?: number;
}

export interface CitusNode {
  readonly host: string;
  readonly port: number;
}

export interface ObservedNode extends CitusNode {
  readonly coordinator: boolean;
}

export const NODES = `select nodename as host, nodeport as port, groupid = 0 as coordinator from pg_dist_node where isactive order by 1, 2`;

/**
 * Coordinator and workers, before any table: adding a node copies reference tables, which fails while local tables have
 * foreign keys to them. Nodes that nobody names are left alone: taking one away moves shards, and is a person's decision.
 */
export function nodeActions(
  { coordinator, workers }: CitusOptions,
  { citus, nodes }: Pick<ObservedServer, 'citus' | 'nodes'>,
): readonly Action[] {
  if (!citus) return [];
  const has = ({ host, port }: CitusNode, isCoordinator: boolean): boolean =>
    nodes.some((node) => node.host === host && node.port === port && node.coordinator === isCoordinator);
  return [
    ...(coordinator === undefined || has(coordinator, true)
      ? []
      : [call(`citus_set_coordinator_host(${literal(coordinator.host)}, ${coordinator.port})`)]),
    ...workers
      .filter((worker) => !has(worker, false))
      .map(({ host, port }) => call(`citus_add_node(${literal(host)}, ${port})`)),
  ];
}

/** Where a pooled tenant's rows are. */
export interface TenantShard {
  readonly shard: number;
  /** No other tenant's rows are in it. */
  readonly isolated: boolean;
  readonly node: CitusNode;
}

/** Any table of the group will do: colocated shards move together. $1 is the table, $2 the tenant. */
export const TENANT_SHARD = `
select s.shardid::int as shard, s.shardminvalue = s.shardmaxvalue as isolated, n.nodename as host, n.nodeport as port
from pg_dist_shard s
join pg_dist_placement p on p.shardid = s.shardid
join pg_dist_node n on n.groupid = p.groupid
where s.shardid = get_shard_id_for_distribution_column($1::regclass, $2::text)`;

/**
 * Puts a pooled tenant's shard on a node of its own choice: isolated from its neighbours in every colocated table, then moved.
 * Writes to the shard wait meanwhile (`block_writes`), which needs no logical replication and so no setting of the server's.
 * Where the shard's number is not known yet, the move is planned at the next look.
 */
export function shardToNodeActions(
  table: string,
  tenant: string,
  { shard, isolated, node }: TenantShard,
  to: CitusNode,
): readonly Action[] {
  if (!isolated)
    return [
      call(
        `isolate_tenant_to_new_shard(${literal(table)}, ${literal(tenant)}, 'CASCADE', shard_transfer_mode => 'block_writes')`,
      ),
    ];
  if (node.host === to.host && node.port === to.port) return [];
  return [
    call(
      `citus_move_shard_placement(${shard}, ${literal(node.host)}, ${node.port}, ${literal(to.host)}, ${to.port}, shard_transfer_mode => 'block_writes')`,
    ),
  ];
}

/** A dedicated tenant's schema, whole, to another node. */
export function schemaToNodeAction(schema: string, to: CitusNode): Action {
  return call(
    `citus_schema_move(${literal(schema)}, ${literal(to.host)}, ${to.port}, shard_transfer_mode => 'block_writes')`,
  );
}

/** Node of a distributed schema. $1 is the schema. */
export const SCHEMA_NODE = `
select distinct nodename as host, nodeport as port from citus_shards
where table_name in (select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1)`;

/** What a rebalancing would move; moves nothing. */
export const REBALANCE_PLAN = `
select table_name::text as "table", shardid::text as shard, shard_size::text as bytes,
  sourcename || ':' || sourceport as "from", targetname || ':' || targetport as "to"
from get_rebalance_table_shards_plan()`;

/**
 * Starts it in the background of the server, which goes on without us. That there is nothing to move is a notice, not an
 * error: the plan is asked first.
 */
export const REBALANCE_START = `select citus_rebalance_start(shard_transfer_mode => 'block_writes')::text as job`;

/** Of the present or last one. */
export const REBALANCE_STATUS = `select state::text as state, coalesce(details::text, '{}') as details from citus_rebalance_status()`;

/**
 * Spreads the tables of a schema that are not spread yet: reference tables first, because a distributed table's
 * foreign keys may name only tables that are already spread; then tenant tables, parents first, all colocated.
 */
export function distributionActions(
  desired: DesiredSchema,
  observed: ObservedServer,
  { shards }: Pick<CitusOptions, 'shards'> = {},
): readonly Action[] {
  if (!observed.citus) return [];
  if (desired.kind === 'dedicated') return schemaActions(desired, observed);
  const references = observed.schemas.get(desired.schema)?.tables ?? [];
  const parents = new Map(references.map((table) => [table.name, table.references]));
  const missing = desired.tables.filter(({ name }) => !isSpread(observed, desired.schema, name));
  const first = desired.tables.find(({ spread }) => spread === 'tenant')?.name;
  return [
    ...missing
      .filter(({ spread }) => spread === 'reference')
      .map(({ name }) => call(`create_reference_table(${literal(`${desired.schema}.${name}`)})`)),
    ...inOrder(
      missing.filter(({ spread }) => spread === 'tenant').map(({ name }) => name),
      parents,
    ).map((name) => {
      const colocate =
        first === undefined || first === name
          ? shards === undefined
            ? ''
            : `, shard_count => ${shards}`
          : `, colocate_with => ${literal(`${desired.schema}.${first}`)}`;
      return call(
        `create_distributed_table(${literal(`${desired.schema}.${name}`)}, 'tenant_id'${colocate})`,
      );
    }),
  ];
}

/** A distributed schema keeps a dedicated tenant's tables together on one node, to be moved as one. */
function schemaActions(desired: DesiredSchema, observed: ObservedServer): readonly Action[] {
  if (observed.distributedSchemas.has(desired.schema)) return [];
  return [call(`citus_schema_distribute(${literal(desired.schema)})`)];
}

/** Before a schema is dropped its shards are called back, so that no orphan stays on a worker. */
export function undistributeActions(schema: string, observed: ObservedServer): readonly Action[] {
  return observed.distributedSchemas.has(schema)
    ? [call(`citus_schema_undistribute(${literal(schema)})`)]
    : [];
}

/**
 * Deletes the tenant's next rows in the order of the primary key, from where the last batch ended; routed to one shard, because
 * every part names the tenant. (`ctid` cannot be named on a distributed table.) $1 is the tenant, $2… the last key.
 * Answers one row: `changed`, and `last`, the key of the last row looked at as texts, null when there was none.
 * Nothing is joined: where the server does not know yet how many rows a tenant has it takes them for one, and would go through all of
 * them for each of the batch.
 */
export function deleteNext(
  schema: string,
  { name, key }: { readonly name: string; readonly key: readonly string[] },
  size: number,
  goesOn: boolean,
): string {
  const at = `${ident(schema)}.${ident(name)}`;
  // One row at most.
  if (key.length === 0)
    return `with gone as (delete from ${at} where tenant_id = $1 returning 1)
      select count(*)::int as changed, null::text[] as last from gone`;
  const list = (alias: string): string => key.map((column) => `${alias}.${ident(column)}`).join(', ');
  const after = (alias: string): string =>
    goesOn ? ` and (${list(alias)}) > (${key.map((_, index) => `$${index + 2}`).join(', ')})` : '';
  return `with next as materialized (
      select ${list('t')} from ${at} t where t.tenant_id = $1${after('t')} order by ${list('t')} limit ${size}
    ), last as materialized (
      select ${list('n')} from next n order by ${key.map((column) => `n.${ident(column)} desc`).join(', ')} limit 1
    ), gone as (
      delete from ${at} d where d.tenant_id = $1${after('d')} and (${list('d')}) <= (select ${list('l')} from last l) returning 1
    )
    select (select count(*)::int from gone) as changed,
      (select array[${key.map((column) => `l.${ident(column)}::text`).join(', ')}] from last l) as last`;
}

/** Deletes all rows of one tenant, where its transaction holds everything else as well. */
function deleteRows(schema: string, table: string): string {
  return `delete from ${ident(schema)}.${ident(table)} where tenant_id = $1`;
}

/**
 * Copies a tenant between the distributed tables of the pool and a distributed schema, on one cluster. The two are not
 * colocated, so nothing can be joined: what an earlier try left is removed, children first, and every table is copied whole,
 * parents first, through the coordinator. The source stands still meanwhile. $1 is the tenant.
 */
export function copyWhole(
  { from, to }: { readonly from: string; readonly to: string },
  tables: readonly { readonly name: string; readonly columns: readonly string[] }[],
): readonly Statement[] {
  return [
    ...tables.toReversed().map(({ name }) => ({ text: deleteRows(to, name) })),
    ...tables.map(({ name, columns }) => {
      const list = columns.map(ident).join(', ');
      return {
        text: `insert into ${ident(to)}.${ident(name)} (${list}) select ${list} from ${ident(from)}.${ident(name)} where tenant_id = $1`,
      };
    }),
  ];
}

/** The directory is read on the coordinator and joined with nothing: it stays a local table. */
function isSpread(observed: ObservedServer, schema: string, table: string): boolean {
  return (
    observed.distributed.has(`${schema}.${table}`) || (schema === 'public' && observed.distributed.has(table))
  );
}

function call(expression: string): Action {
  return { describe: `SELECT ${expression}`, statements: [{ text: `select ${expression}` }], atomic: false };
}

/** Tables so that each comes after those it references. Cycles keep the given order. */
export function inOrder(
  names: readonly string[],
  references: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const result: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const parent of references.get(name) ?? []) if (names.includes(parent)) visit(parent);
    result.push(name);
  };
  names.forEach(visit);
  return result;
}

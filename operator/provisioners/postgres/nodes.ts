/**
 * Which node of a Citus cluster holds what, and bringing it elsewhere: a tenant to a node, or shards to where there is room.
 * Asked for by a person each time, looked at anew after each step, and safe to repeat after it was cut off.
 */
import { z } from 'zod';
import { run } from './action.ts';
import type { Action } from './action.ts';
import {
  NODES,
  REBALANCE_PLAN,
  REBALANCE_START,
  REBALANCE_STATUS,
  SCHEMA_NODE,
  schemaToNodeAction,
  shardToNodeActions,
  TENANT_SHARD,
} from './citus.ts';
import type { CitusNode, ObservedNode, TenantShard } from './citus.ts';
import type { Database, Session } from './database.ts';
import { POOL_SCHEMA } from './desired.ts';
import { isCitus } from './observe.ts';
import { tenantTables } from './tables.ts';

/** Where there are no shards, none can be brought anywhere. */
export class NotCitusError extends Error {
  readonly remedy =
    'a server of its own is given to a tenant by moving it to a dedicated schema, or by another platform';
  constructor() {
    super('the database server has no Citus: every row is on the one server there is');
    this.name = 'NotCitusError';
  }
}

export class NoSuchNodeError extends Error {
  readonly remedy: string;
  constructor(node: string, nodes: readonly ObservedNode[]) {
    super(`the cluster has no node ${node}`);
    this.name = 'NoSuchNodeError';
    this.remedy = `name one of ${nodes.map(nameOf).join(', ')}, or add it: CITUS_WORKERS in ConfigMap platform`;
  }
}

export interface PlannedShard {
  readonly table: string;
  readonly shard: string;
  readonly bytes: string;
  readonly from: string;
  readonly to: string;
}

export interface Nodes {
  /** The next step that brings the tenant's rows to the node; none when they are there. @throws NotCitusError, NoSuchNodeError */
  plan(tenant: string, schema: string, node: string): Promise<readonly Action[]>;
  /** @returns what was done, in words */
  bring(tenant: string, schema: string, node: string): Promise<readonly string[]>;
  /** What a rebalancing would move. @throws NotCitusError */
  rebalancePlan(): Promise<readonly PlannedShard[]>;
  /** Starts one in the server's background; fine when there is nothing to move. */
  rebalance(): Promise<void>;
  /** State of the present or last rebalancing; `undefined` when there was none. */
  rebalanceStatus(): Promise<string | undefined>;
}

/** Isolation, then the move; a plan that is longer does not settle. */
const STEPS = 3;

export function createNodes(database: Database): Nodes {
  const next = async (
    session: Session,
    tenant: string,
    schema: string,
    name: string,
  ): Promise<readonly Action[]> => {
    await needCitus(session);
    const nodes = await session.query<ObservedNode>(NODES);
    const to = nodes.find((node) => nameOf(node) === name || node.host === name);
    if (to === undefined) throw new NoSuchNodeError(name, nodes);
    if (schema !== POOL_SCHEMA) {
      const at = await session.query<CitusNode>(SCHEMA_NODE, [schema]);
      return at.every((node) => nameOf(node) === nameOf(to)) ? [] : [schemaToNodeAction(schema, to)];
    }
    const [table] = await tenantTables(session, POOL_SCHEMA);
    if (table === undefined) return [];
    const at = `${POOL_SCHEMA}.${table.name}`;
    const [row] = await session.query(TENANT_SHARD, [at, tenant]);
    return shardToNodeActions(at, tenant, shardOf(row), to);
  };

  return {
    plan: (tenant, schema, node) => next(database, tenant, schema, node),
    bring: (tenant, schema, node) =>
      database.session(async (session) => {
        const done: string[] = [];
        for (let step = 0; step < STEPS; step++) {
          const actions = await next(session, tenant, schema, node);
          if (actions.length === 0) return done;
          await run(session, actions);
          done.push(...actions.map(({ describe }) => describe));
        }
        throw new Error(`${tenant} does not come to ${node}: ${done.join('; ')}`);
      }),
    async rebalancePlan() {
      await needCitus(database);
      return database.query<PlannedShard>(REBALANCE_PLAN);
    },
    async rebalance() {
      await needCitus(database);
      await database.query(REBALANCE_START);
    },
    async rebalanceStatus() {
      await needCitus(database);
      const [row] = await database.query<{ state: string }>(REBALANCE_STATUS);
      return row?.state;
    },
  };
}

async function needCitus(session: Session): Promise<void> {
  if (!(await isCitus(session))) throw new NotCitusError();
}

const Shard = z.object({ shard: z.number(), isolated: z.boolean(), host: z.string(), port: z.number() });

function shardOf(row: unknown): TenantShard {
  const { shard, isolated, host, port } = Shard.parse(row);
  return { shard, isolated, node: { host, port } };
}

function nameOf({ host, port }: CitusNode): string {
  return `${host}:${port}`;
}

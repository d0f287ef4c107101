/**
 * `shopmind move TENANT --to-node NODE` and `shopmind rebalance`: what is asked of a Citus cluster by a person, each time shown
 * before it is done. Where the server has no Citus, they say so and do nothing.
 */
import type { Client } from '../../kube/client.ts';
import {
  createNodes,
  NoSuchNodeError,
  NotCitusError,
  type Nodes,
} from '../../provisioners/postgres/nodes.ts';
import { homeOf, schemaOf } from '../../resources/presets.ts';
import type { Call } from '../command.ts';
import { withCluster } from '../connection.ts';
import { platformOf, withDatabase } from '../data/look.ts';
import { EXIT, Failure } from '../failure.ts';
import { findTenant } from '../tenant/find.ts';
import { confirm } from '../terminal/confirm.ts';

/** Shards of many gigabytes take their time. */
const PATIENCE_MS = 6 * 3_600_000;

export async function moveToNode({ cli, args: [name = ''], flags }: Call): Promise<number> {
  const node = flags.text('toNode') ?? '';
  if (flags.text('to') !== undefined)
    throw new Failure('--to and --to-node are two moves', {
      exitCode: EXIT.usage,
      remedy: 'Do one after the other.',
    });
  return withCluster(cli, async (client) => {
    const tenant = await findTenant(client, name);
    const schema = schemaOf(name, homeOf(tenant));
    return withNodes(client, async (nodes) => {
      const plan = await nodes.plan(name, schema, node);
      if (plan.length === 0) {
        cli.print(`${name} is on ${node} already`);
        return 0;
      }
      for (const { describe } of plan) cli.note(cli.notes.dim(describe));
      await confirm(
        cli,
        `The rows of ${tenant.spec.displayName} move to ${node}. It takes no changes while they are copied.`,
        flags.on('yes'),
      );
      for (const done of await nodes.bring(name, schema, node)) cli.note(done);
      cli.print(`${name} is on ${node}`);
      return 0;
    });
  });
}

export async function rebalance({ cli, flags }: Call): Promise<number> {
  return withCluster(cli, async (client) =>
    withNodes(client, async (nodes) => {
      const plan = await nodes.rebalancePlan();
      if (plan.length === 0) cli.print('the shards are spread evenly: nothing would move');
      else
        for (const { table, shard, bytes, from, to } of plan)
          cli.print(`${table} shard ${shard} (${bytes} bytes): ${from} → ${to}`);
      if (plan.length === 0 || flags.on('dryRun')) return 0;
      await confirm(
        cli,
        `${plan.length} shards move, one after the other. Changes to a shard wait while it is copied.`,
        flags.on('yes'),
      );
      await nodes.rebalance();
      cli.note(`the server moves them: ${(await nodes.rebalanceStatus()) ?? 'done'}`);
      return 0;
    }),
  );
}

async function withNodes(client: Client, work: (nodes: Nodes) => Promise<number>): Promise<number> {
  try {
    return await withDatabase(
      client,
      await platformOf(client),
      (database) => work(createNodes(database)),
      PATIENCE_MS,
    );
  } catch (error) {
    if (error instanceof NotCitusError || error instanceof NoSuchNodeError)
      throw new Failure(error.message, { exitCode: EXIT.failure, cause: error, remedy: error.remedy });
    throw error;
  }
}

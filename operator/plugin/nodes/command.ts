/** `shopmind rebalance`: what it says of itself. */
import { YES, type CommandDefinition } from '../command.ts';
import { DATA_PLANE_NEEDS } from '../plan/command.ts';

export const command: CommandDefinition = {
  name: 'rebalance',
  group: 'Data',
  summary: 'spread the shards of a Citus cluster evenly over its nodes',
  about:
    'Shows which shards would move, asks, and starts it in the background of the server, which goes on without being watched. ' +
    'Changes to a shard wait while it moves. A tenant with a shard of its own may be moved too: bring it back with move --to-node.',
  options: [{ flags: '--dry-run', summary: 'only show what would move' }, YES],
  examples: [
    ['rebalance --dry-run', 'what would move'],
    ['rebalance', 'after a node was added'],
  ],
  needs: DATA_PLANE_NEEDS,
  async run(call) {
    const { rebalance } = await import('./nodes.ts');
    return rebalance(call);
  },
};

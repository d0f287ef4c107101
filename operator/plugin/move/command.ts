/** `shopmind move`: what it says of itself. */
import { READ_TENANTS, TENANT, YES, type CommandDefinition } from '../command.ts';
import { PATCH_TENANTS } from '../change/needs.ts';
import { PLAN_NEEDS } from '../plan/command.ts';

export const command: CommandDefinition = {
  name: 'move',
  group: 'Change',
  summary:
    'bring a tenant, rows and all, into the pool or out of it, while the shop goes on; or to a node of a Citus cluster',
  about:
    'Shows the plan, asks, sets spec.placement and follows the phases of the move. Moving back before the switch calls it off. ' +
    'Ctrl-C stops following, not the move. With --to-node the rows stay where they are in the data model: the tenant gets a shard of ' +
    'its own, which moves to the node; its changes wait meanwhile.',
  arguments: [TENANT],
  options: [
    { flags: '--to <placement>', summary: 'where to', completes: ['pooled', 'dedicated'] },
    { flags: '--to-node <node>', summary: 'a node of the cluster, as host:port' },
    YES,
    { flags: '--no-wait', summary: 'do not follow the move' },
    { flags: '--timeout <span>', summary: 'how long to follow it', default: '30m' },
  ],
  examples: [
    ['move acme --to dedicated', 'it has outgrown the pool'],
    ['move acme --to pooled', 'back, or call it off while it is under way'],
    ['move acme --to-node worker-3:5432', 'a shard and a node of its own'],
  ],
  exitCodes: { 0: 'it is there', 1: 'the move was called off', 75: 'not within the time; it goes on' },
  needs: [{ ...READ_TENANTS, verbs: ['get', 'list', 'watch'] }, PATCH_TENANTS, ...PLAN_NEEDS],
  async run(call) {
    if (call.flags.text('toNode') !== undefined) return (await import('../nodes/nodes.ts')).moveToNode(call);
    return (await import('./move.ts')).move(call);
  },
};

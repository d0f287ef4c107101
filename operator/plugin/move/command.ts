/** `shopmind move`: what it says of itself. */
import { READ_TENANTS, TENANT, YES, type CommandDefinition } from '../command.ts';
import { PATCH_TENANTS } from '../change/needs.ts';
import { PLAN_NEEDS } from '../plan/command.ts';

export const command: CommandDefinition = {
  name: 'move',
  group: 'Change',
  summary: 'bring a tenant, rows and all, into the pool or out of it, while the shop goes on',
  about:
    'Shows the plan, asks, sets spec.placement and follows the phases of the move. Moving back before the switch calls it off. ' +
    'Ctrl-C stops following, not the move.',
  arguments: [TENANT],
  options: [
    { flags: '--to <placement>', summary: 'where to', required: true, completes: ['pooled', 'dedicated'] },
    YES,
    { flags: '--no-wait', summary: 'do not follow the move' },
    { flags: '--timeout <span>', summary: 'how long to follow it', default: '30m' },
  ],
  examples: [
    ['move acme --to dedicated', 'it has outgrown the pool'],
    ['move acme --to pooled', 'back, or call it off while it is under way'],
  ],
  exitCodes: { 0: 'it is there', 1: 'the move was called off', 75: 'not within the time; it goes on' },
  needs: [{ ...READ_TENANTS, verbs: ['get', 'list', 'watch'] }, PATCH_TENANTS, ...PLAN_NEEDS],
  async run(call) {
    const { move } = await import('./move.ts');
    return move(call);
  },
};

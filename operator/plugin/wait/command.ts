/** `shopmind wait`: what it says of itself. */
import { READ_TENANTS, type CommandDefinition } from '../command.ts';
import { command as tree } from '../tree/command.ts';

export const command: CommandDefinition = {
  name: 'wait',
  group: 'Look',
  summary: 'wait until tenants are Ready, or whatever else is asked for',
  about:
    'Ends at once, with code 1, when a tenant is Stalled: it will not get there unless somebody changes something. ' +
    'Without success the root cause is told at the end.',
  arguments: [
    { name: 'tenant', summary: 'names of tenants', required: true, rest: true, completes: 'tenant' },
  ],
  options: [
    {
      flags: '--for <what>',
      summary: 'Ready, Suspended, delete, or a condition: CatalogReady, DataPlaneReady=False',
      default: 'Ready',
    },
    { flags: '--timeout <span>', summary: 'how long to wait', default: '5m' },
    { flags: '--patient', summary: 'go on waiting when a tenant is Stalled' },
  ],
  examples: [
    ['wait acme', 'after kubectl apply'],
    ['wait acme fjord --for CatalogReady --timeout 10m', 'until both catalogues are in'],
    ['wait acme --for delete', 'after kubectl delete'],
  ],
  exitCodes: {
    0: 'it is so',
    1: 'a tenant is Stalled and will not get there by itself',
    75: 'not within the time',
  },
  needs: [
    { ...READ_TENANTS, verbs: ['get', 'list', 'watch'] },
    ...tree.needs.filter(({ optional }) => optional),
  ],
  async run(call) {
    const { wait } = await import('./wait.ts');
    return wait(call);
  },
};

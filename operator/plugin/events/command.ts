/** `shopmind events`: what it says of itself. */
import { NAMESPACE, OUTPUT, READ_TENANTS, TENANT, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'events',
  group: 'Look',
  summary: 'what happened to a tenant and everything that serves it, or to all of ShopMind',
  about:
    'The oldest first, so that the newest stands above the prompt. The cluster keeps events for an hour.',
  arguments: [{ ...TENANT, required: false }],
  options: [
    OUTPUT,
    NAMESPACE,
    { flags: '-w, --watch', summary: 'go on with what happens, until Ctrl-C' },
    { flags: '--warnings', summary: 'warnings only' },
  ],
  examples: [
    ['events acme', 'what happened to acme'],
    ['events --warnings -w', 'every warning, as it comes'],
  ],
  needs: [
    READ_TENANTS,
    {
      group: '',
      resources: ['events'],
      verbs: ['list', 'watch'],
      where: 'cluster',
      why: 'events about tenants are in namespace default, those about their Pods where the Pods are',
    },
  ],
  async run(call) {
    const { events } = await import('./events.ts');
    return events(call);
  },
};

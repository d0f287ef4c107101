/** `shopmind tree`: what it says of itself. */
import { OUTPUT, TENANT, type CommandDefinition } from '../command.ts';
import { command as status } from '../status/command.ts';

export const command: CommandDefinition = {
  name: 'tree',
  group: 'Look',
  summary: 'every object and external resource of a tenant with how it fares, the root cause first',
  about:
    'The root cause is the deepest part that is in trouble and not the consequence of another trouble. Messages are never cut. ' +
    'Secrets are looked at by their metadata: no value of one is read but the one that opens the database.',
  arguments: [TENANT],
  options: [
    OUTPUT,
    { flags: '-w, --watch', summary: 'again with every change, until Ctrl-C' },
    { flags: '--no-data-plane', summary: 'do not connect to the database' },
    { flags: '--troubles', summary: 'only branches with trouble in them' },
  ],
  examples: [
    ['tree acme', 'everything acme consists of'],
    ['tree acme --troubles', 'only what is not well, and the way to it'],
  ],
  exitCodes: { 0: 'the tenant is well, or off on purpose', 1: 'something is in trouble' },
  needs: [
    ...status.needs,
    {
      group: '*',
      resources: ['*'],
      verbs: ['get'],
      where: 'tenant',
      why: 'every object in the inventories of the tenant and its Services is looked at',
      optional: true,
    },
  ],
  async run(call) {
    const { tree } = await import('./tree.ts');
    return tree(call);
  },
};

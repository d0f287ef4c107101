/** `shopmind uninstall`: what it says of itself. */
import { READ_TENANTS, YES, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'uninstall',
  group: 'Installation',
  summary: 'say what would go and what stays; with --yes, take the installation out',
  about:
    'Definitions, data, the namespace with its Secrets, and tenants always stay. While tenants exist it refuses, because nobody would take them apart any more.',
  options: [
    { ...YES, summary: 'do it' },
    {
      flags: '--keep-tenants',
      summary: 'also while tenants exist: their shops stay as they are, and nobody looks after them',
    },
  ],
  examples: [
    ['uninstall', 'what would go, and what stays'],
    ['uninstall --yes', 'do it'],
  ],
  needs: [
    { ...READ_TENANTS, verbs: ['list'], why: 'it refuses while tenants exist' },
    {
      group: '*',
      resources: ['*'],
      verbs: ['get', 'delete'],
      where: 'cluster',
      why: 'what install put in, roles among it, is found and deleted: for whoever may install',
    },
  ],
  async run(call) {
    const { uninstall } = await import('./uninstall.ts');
    await uninstall(call);
  },
};

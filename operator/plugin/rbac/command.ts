/** `shopmind rbac`: what it says of itself. */
import type { CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'rbac',
  group: 'Installation',
  summary: 'who needs which permission, and why: operator, gateway, and the caller of each command',
  about:
    'With --command and -o yaml it prints the roles that let somebody run that command and nothing else. Speaks to no cluster.',
  options: [
    { flags: '--command <name>', summary: 'only what this command of the plugin needs' },
    {
      flags: '-o, --output <format>',
      summary: 'text, json, or yaml: the roles for one command',
      default: 'text',
      completes: ['text', 'json', 'yaml'],
    },
  ],
  examples: [
    ['rbac', 'everything'],
    ['rbac --command status -o yaml | kubectl apply -f -', 'roles for people who may look, not touch'],
  ],
  needs: [],
  cluster: false,
  async run(call) {
    const { rbac } = await import('./rbac.ts');
    await rbac(call);
  },
};

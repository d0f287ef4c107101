/** `shopmind version`: what it says of itself. */
import { OUTPUT, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'version',
  group: 'Installation',
  summary: 'versions of the plugin, of the operator and of the API server',
  options: [OUTPUT, { flags: '--client', summary: 'of the plugin only, without asking a cluster' }],
  examples: [
    ['version', 'all three'],
    ['version --client -o json', 'for scripts'],
  ],
  needs: [
    {
      group: 'apps',
      resources: ['deployments'],
      verbs: ['get'],
      where: 'system',
      why: 'the image of the operator tells its version',
      optional: true,
    },
  ],
  run: async (call) => (await import('./version.ts')).version(call),
};

/** `shopmind install`: what it says of itself. */
import type { CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'install',
  group: 'Installation',
  summary: 'print the manifests of an installation; nothing is applied',
  about: [
    'kubectl takes objects only of kinds that are served already: definitions first, then the rest, as in the examples.',
    'Server-side apply refuses to change definitions that somebody else owns, such as a newer Gateway API.',
    'The values there are: operator/chart/values.yaml. ConfigMap and Secret "platform" are yours to make: docs/operating.md.',
  ].join('\n'),
  options: [
    { flags: '--version <tag>', summary: 'tag of the images' },
    {
      flags: '-f, --values <file...>',
      summary: 'YAML files of values; later ones win',
      completes: 'file',
    },
    { flags: '--set <key=value...>', summary: 'single values, over those of files' },
    { flags: '--no-crds', summary: 'without CustomResourceDefinitions' },
    { flags: '--crds-only', summary: 'nothing but CustomResourceDefinitions' },
    { flags: '--no-gateway-api', summary: 'without those of the Gateway API, where the cluster has them' },
  ],
  examples: [
    ['install --crds-only | kubectl apply --server-side -f -', 'the definitions'],
    ['install --no-crds | kubectl apply --server-side -f -', 'everything else'],
    ['install -f values.yaml --set gateway.service.type=LoadBalancer', 'with choices of your own'],
  ],
  needs: [],
  cluster: false,
  async run(call) {
    const { install } = await import('./install.ts');
    await install(call);
  },
};

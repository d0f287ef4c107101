/** `shopmind status`: what it says of itself. */
import { NAMESPACE, OUTPUT, READ_TENANTS, TENANT, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'status',
  group: 'Look',
  summary: 'how all tenants are, what is wrong first; or everything about one',
  about:
    'For one tenant: the root cause when something is wrong, conditions, services and Pods, endpoints, data plane, catalogue, ' +
    'canary, recent warnings. Reads only. What you may not read is named, not left out.',
  arguments: [{ ...TENANT, required: false }],
  options: [
    OUTPUT,
    NAMESPACE,
    { flags: '-w, --watch', summary: 'again with every change, until Ctrl-C' },
    { flags: '--no-data-plane', summary: 'do not connect to the database' },
  ],
  examples: [
    ['status', 'all tenants'],
    ['status acme', 'one tenant'],
    ['status acme -w', 'and how it goes on'],
    ['status -o json | jq -r \'.tenants[] | select(.state == "Stalled") | .name\'', 'for scripts'],
  ],
  needs: [
    READ_TENANTS,
    {
      group: 'shopmind.ai',
      resources: ['services'],
      verbs: ['list'],
      where: 'tenant',
      why: 'what runs for the tenant',
      optional: true,
    },
    {
      group: '',
      resources: ['pods', 'events'],
      verbs: ['list'],
      where: 'tenant',
      why: 'which Pod fails and what warned',
      optional: true,
    },
    {
      group: 'apps',
      resources: ['deployments', 'replicasets'],
      verbs: ['list'],
      where: 'tenant',
      why: 'which revision the Pods are of',
      optional: true,
    },
    {
      group: '',
      resources: ['configmaps', 'secrets'],
      verbs: ['get'],
      where: 'system',
      why: 'the database is looked at too (Secret platform)',
      optional: true,
    },
  ],
  async run(call) {
    const { status } = await import('./status.ts');
    return status(call);
  },
};

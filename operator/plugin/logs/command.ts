/** `shopmind logs`: what it says of itself. */
import { READ_TENANTS, TENANT, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'logs',
  group: 'Look',
  summary: 'what the Pods of a tenant say, all together in the order of time',
  about:
    'A pooled tenant shares its Pods: of the pool only lines about the tenant are shown, and how many were left out is told. ' +
    'DOMAIN is a domain (orders), the name of a Service, or operator, gateway or storefront for what these say of the tenant.',
  arguments: [TENANT, { name: 'domain', summary: 'only what hosts this domain', completes: 'domain' }],
  options: [
    { flags: '-f, --follow', summary: 'go on with what is said, also by Pods yet to come, until Ctrl-C' },
    { flags: '--since <span>', summary: 'not older than: 90s, 5m, 2h' },
    { flags: '--tail <lines>', summary: 'of each Pod the last lines only (default: 1000, all with --since)' },
    { flags: '--all', summary: "of shared Pods every line, also other tenants'" },
    { flags: '--previous', summary: 'what the containers said before they were started again' },
    { flags: '--raw', summary: 'lines as they are, without the name of the Pod: for jq' },
    { flags: '--stacks', summary: 'errors with their stacks' },
  ],
  examples: [
    ['logs acme', 'the last lines of every Pod'],
    ['logs acme orders -f', 'what happens to orders, as it happens'],
    ['logs acme operator --since 1h', 'what the operator did with acme'],
    ["logs acme --raw | jq 'select(.level >= 50)'", 'errors only'],
  ],
  needs: [
    READ_TENANTS,
    {
      group: 'shopmind.ai',
      resources: ['services'],
      verbs: ['list'],
      where: 'tenant',
      why: 'which Service hosts a domain',
    },
    {
      group: '',
      resources: ['pods'],
      verbs: ['list', 'watch'],
      where: 'tenant',
      why: 'which Pods there are',
    },
    { group: '', resources: ['pods/log'], verbs: ['get'], where: 'tenant', why: 'what they say' },
  ],
  async run(call) {
    const { logs } = await import('./logs.ts');
    return logs(call);
  },
};

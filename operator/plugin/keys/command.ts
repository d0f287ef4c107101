/** `shopmind keys`: what it says of itself. */
import { OUTPUT, READ_TENANTS, readSecret, TENANT, YES, type CommandDefinition } from '../command.ts';

export const command: CommandDefinition = {
  name: 'keys',
  group: 'Data',
  summary: 'the API keys by which the programs of a merchant enter: list them, make one, revoke one',
  about:
    'A new key is alone on stdout, this once: nobody can show it again. What was done is in the audit log of the shop, as done by ' +
    'its admin key.',
  arguments: [
    { name: 'verb', summary: 'what to do', required: true, completes: ['list', 'create', 'revoke'] },
    TENANT,
    { name: 'key', summary: 'create: what the key is called; revoke: its id, as list shows it' },
  ],
  options: [
    OUTPUT,
    YES,
    { flags: '--scope <scope...>', summary: 'what a new key may do, such as catalog:read' },
    {
      flags: '--expires <time>',
      summary: 'until when a new key is good (RFC 3339); default: until it is revoked',
    },
    { flags: '--all', summary: 'list those that were revoked or are over, too' },
  ],
  examples: [
    ['keys list acme', 'who may enter, and since when they were not seen'],
    ['keys create acme "stock keeping" --scope catalog:read orders:read', 'a key for a program'],
    ['keys revoke acme key_01k9', 'it opens nothing from now on'],
  ],
  needs: [
    READ_TENANTS,
    readSecret('Secret <tenant>-admin holds the key that the shop takes for the merchant'),
    {
      group: 'discovery.k8s.io',
      resources: ['endpointslices'],
      verbs: ['list'],
      where: 'system',
      why: 'where the gateway is, through which the shop is asked',
    },
    {
      group: '',
      resources: ['pods/portforward'],
      verbs: ['get', 'create'],
      where: 'system',
      why: 'reaches a gateway that is known inside the cluster only',
      optional: true,
    },
  ],
  run: async (call) => (await import('./keys.ts')).keys(call),
};
